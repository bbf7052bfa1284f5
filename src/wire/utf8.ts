const decoder = new TextDecoder("utf-8");

/** The text of `bytes[start, end)`. Invalid UTF-8 becomes U+FFFD here; the bytes themselves stay as they came. */
export function utf8(bytes: Uint8Array, start: number, end: number): string {
  // Names and values of attributes are short ASCII: building from character codes beats any decoder below 24 bytes.
  if (end - start <= 24) {
    let text = "";
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      if (byte > 0x7f) return decoder.decode(bytes.subarray(start, end));
      text += String.fromCharCode(byte);
    }
    return text;
  }
  return decoder.decode(bytes.subarray(start, end));
}

const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Lower-case hexadecimal of `bytes[start, end)`. */
export function hex(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at++) text += hexPairs[bytes[at]!];
  return text;
}
