// What strings of OTLP/JSON mean: escapes, hexadecimal ids, base64.

/** Undoes the escapes of the string `json[from, to)`, which was checked. A lone surrogate becomes U+FFFD. */
export function withoutEscapes(json: Uint8Array, from: number, to: number): Uint8Array {
  const text = new Uint8Array(to - from);
  let end = 0;
  for (let at = from; at < to; ) {
    if (json[at] !== 0x5c) {
      text[end++] = json[at++]!;
      continue;
    }
    if (json[at + 1] !== 0x75) {
      text[end++] = shortEscapes[json[at + 1]!]!;
      at += 2;
      continue;
    }
    let code = unitAt(json, at);
    at += 6;
    if (code >= 0xd800 && code < 0xe000) {
      const low = code < 0xdc00 && json[at] === 0x5c && json[at + 1] === 0x75 ? unitAt(json, at) : 0;
      const paired = low >= 0xdc00 && low < 0xe000;
      // Emitters cut texts between the halves of a pair; JSON parsers take that, UTF-8 cannot say it.
      code = paired ? 0x10000 + (code - 0xd800) * 0x400 + (low - 0xdc00) : 0xfffd;
      if (paired) at += 6;
    }
    end = putCharacter(text, end, code);
  }
  return text.subarray(0, end);
}

const shortEscapes: Uint8Array = new Uint8Array(128);
for (const [letter, code] of Object.entries({ '"': 0x22, "\\": 0x5c, "/": 0x2f, b: 8, f: 12, n: 10, r: 13, t: 9 }))
  shortEscapes[letter.charCodeAt(0)] = code;

function unitAt(json: Uint8Array, at: number): number {
  let unit = 0;
  for (let digit = at + 2; digit < at + 6; digit++) unit = unit * 16 + hexDigits[json[digit]!]!;
  return unit;
}

/** Writes a character as UTF-8: never longer than its escape. */
function putCharacter(text: Uint8Array, at: number, code: number): number {
  let end = at;
  if (code < 0x80) {
    text[end++] = code;
    return end;
  }
  if (code < 0x800) text[end++] = 0xc0 | (code >>> 6);
  else {
    if (code < 0x10000) text[end++] = 0xe0 | (code >>> 12);
    else {
      text[end++] = 0xf0 | (code >>> 18);
      text[end++] = 0x80 | ((code >>> 12) & 0x3f);
    }
    text[end++] = 0x80 | ((code >>> 6) & 0x3f);
  }
  text[end++] = 0x80 | (code & 0x3f);
  return end;
}

/** Value of a hexadecimal digit by its character code; -1 for other bytes. */
export const hexDigits: Int8Array = digitTable(["0123456789abcdef", "0123456789ABCDEF"]);

/** Both alphabets: the web-safe one is what protobuf's JSON readers take as well. */
const base64Digits = digitTable([
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
]);

function digitTable(alphabets: readonly string[]): Int8Array {
  const table = new Int8Array(256).fill(-1);
  for (const alphabet of alphabets)
    for (let digit = 0; digit < alphabet.length; digit++) table[alphabet.charCodeAt(digit)] = digit;
  return table;
}

/** The bytes of the base64 `text[from, to)`, with or without padding; undefined when it is none. */
export function base64(text: Uint8Array, from: number, to: number): Uint8Array | undefined {
  let end = to;
  if ((to - from) % 4 === 0)
    for (let padding = 0; padding < 2 && end > from && text[end - 1] === 0x3d; padding++) end--;
  const bytes = new Uint8Array(Math.floor(((end - from) * 3) / 4));
  if ((end - from) % 4 === 1) return undefined;
  let bits = 0;
  let held = 0;
  let length = 0;
  for (let at = from; at < end; at++) {
    const digit = base64Digits[text[at]!]!;
    if (digit < 0) return undefined;
    bits = ((bits << 6) | digit) & 0xffffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[length++] = (bits >>> held) & 0xff;
    }
  }
  return bytes;
}
