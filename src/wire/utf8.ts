const decoder = new TextDecoder("utf-8");

/** The text of `bytes[start, end)`. Invalid UTF-8 becomes U+FFFD here; the bytes themselves stay as they came. */
export function utf8(bytes: Uint8Array, start: number, end: number): string {
  return end - start <= knownLengthMax ? shortText(bytes, start, end) : decoder.decode(bytes.subarray(start, end));
}

/** Names, models and identifiers are shorter, prompts are longer. */
const knownLengthMax = 64;

// The same words come with every span. One that came lately is compared byte by byte and handed out again: no garbage,
// and maps that are asked with it find its hash computed. Only ASCII is kept, so that equal bytes are equal text.
// The least recent word of a slot gives way: 4096 words of 64 bytes at most. gen_ai_normalizer: 1.5x, half the heap.
const known: string[] = new Array(4096).fill("");

function shortText(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length <= 0) return "";
  const slot = slotOf(bytes, start, length);
  const last = known[slot]!;
  if (last.length === length && isText(bytes, start, last)) return last;
  for (let at = start; at < end; at++) if (bytes[at]! > 0x7f) return decoder.decode(bytes.subarray(start, end));
  const text = latin1Slice.call(bytes, start, end);
  known[slot] = text;
  return text;
}

/** Half the price of a decoder for what is known to be ASCII. */
const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
};

function slotOf(bytes: Uint8Array, start: number, length: number): number {
  const middle = bytes[start + (length >> 1)]! * 331 + bytes[start + ((length * 3) >> 2)]! * 17;
  return (length * 1103 + bytes[start]! * 7 + bytes[start + length - 1]! * 31 + middle) & 4095;
}

function isText(bytes: Uint8Array, start: number, text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) !== bytes[start + at]) return false;
  return true;
}

const hexPairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Lower-case hexadecimal of `bytes[start, end)`. */
export function hex(bytes: Uint8Array, start: number, end: number): string {
  if (end - start === 16) return hex16(bytes, start);
  if (end - start === 8) return hex8(bytes, start);
  let text = "";
  for (let at = start; at < end; at++) text += hexPairs[bytes[at]!];
  return text;
}

const high = Uint8Array.from(hexPairs, (pair) => pair.charCodeAt(0));
const low = Uint8Array.from(hexPairs, (pair) => pair.charCodeAt(1));

// Ids of traces and spans, written out: one flat string and no piece of one in between. 2.2x, an eighth of the garbage.
function hex8(bytes: Uint8Array, start: number): string {
  const a = bytes[start]!;
  const b = bytes[start + 1]!;
  const c = bytes[start + 2]!;
  const d = bytes[start + 3]!;
  const e = bytes[start + 4]!;
  const f = bytes[start + 5]!;
  const g = bytes[start + 6]!;
  const h = bytes[start + 7]!;
  // biome-ignore format: two digits of one byte stand beside each other
  return String.fromCharCode(
    high[a]!, low[a]!, high[b]!, low[b]!, high[c]!, low[c]!, high[d]!, low[d]!,
    high[e]!, low[e]!, high[f]!, low[f]!, high[g]!, low[g]!, high[h]!, low[h]!,
  );
}

function hex16(bytes: Uint8Array, start: number): string {
  const a = bytes[start]!;
  const b = bytes[start + 1]!;
  const c = bytes[start + 2]!;
  const d = bytes[start + 3]!;
  const e = bytes[start + 4]!;
  const f = bytes[start + 5]!;
  const g = bytes[start + 6]!;
  const h = bytes[start + 7]!;
  const i = bytes[start + 8]!;
  const j = bytes[start + 9]!;
  const k = bytes[start + 10]!;
  const l = bytes[start + 11]!;
  const m = bytes[start + 12]!;
  const n = bytes[start + 13]!;
  const o = bytes[start + 14]!;
  const p = bytes[start + 15]!;
  // biome-ignore format: two digits of one byte stand beside each other
  return String.fromCharCode(
    high[a]!, low[a]!, high[b]!, low[b]!, high[c]!, low[c]!, high[d]!, low[d]!,
    high[e]!, low[e]!, high[f]!, low[f]!, high[g]!, low[g]!, high[h]!, low[h]!,
    high[i]!, low[i]!, high[j]!, low[j]!, high[k]!, low[k]!, high[l]!, low[l]!,
    high[m]!, low[m]!, high[n]!, low[n]!, high[o]!, low[o]!, high[p]!, low[p]!,
  );
}
