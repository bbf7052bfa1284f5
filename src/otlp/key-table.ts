// Which of the attributes of a span somebody declared. Compares bytes, never strings, four at a time.
import type { AttributeKeys } from "../core/component.ts";
import { type AttributeKey, attributeKey, attributePrefix, spanEvent, spanName, spanStatus } from "./attribute-key.ts";

const slotCount = 4096;

export class KeyTable {
  /** One more than the greatest id in the table. */
  readonly idsEnd: number;
  /** Whether somebody declared the events of spans, and with them names and status. */
  readonly events: boolean;
  readonly #declared: Uint8Array;
  /** A bit for every length, modulo 128, and last byte of a key. */
  readonly #endings = new Int32Array(1024);
  /** By slot: the first entry plus 1, 0 for none. */
  readonly #slots = new Int16Array(slotCount);
  /** By first byte: the prefixes that start with it, the longest first. */
  readonly #prefixes: (readonly AttributeKey[] | undefined)[] = new Array(256).fill(undefined);
  // By entry: its key's id and length, where its words start, and the next entry of the slot plus 1.
  readonly #ids: Int32Array;
  readonly #lengths: Int32Array;
  readonly #wordStarts: Int32Array;
  readonly #next: Int16Array;
  /** The bytes of all keys as little-endian words; the last word of a key overlaps the one before. */
  readonly #words: Int32Array;

  /** The union of what the processors declare: at most 32,766 names. */
  constructor(declared: readonly AttributeKeys[]) {
    const exact = [...new Set(declared.flatMap((keys) => keys.exact))].map(attributeKey);
    const prefixes = [...new Set(declared.flatMap((keys) => keys.prefixes))].map(attributePrefix);
    this.events = declared.some(({ events }) => events === true);
    const all = [...exact, ...prefixes, ...(this.events ? [spanEvent, spanName, spanStatus] : [])];
    this.idsEnd = Math.max(-1, ...all.map(({ id }) => id)) + 1;
    this.#declared = new Uint8Array(this.idsEnd);
    for (const { id } of all) this.#declared[id] = 1;
    this.#ids = Int32Array.from(exact, ({ id }) => id);
    this.#lengths = Int32Array.from(exact, ({ bytes }) => bytes.length);
    this.#wordStarts = new Int32Array(exact.length);
    this.#next = new Int16Array(exact.length);
    this.#words = Int32Array.from(exact.flatMap((key, entry) => this.#enter(key, entry, exact)));
    for (const prefix of prefixes.sort((a, b) => b.bytes.length - a.bytes.length)) this.#enterPrefix(prefix);
  }

  declares(key: AttributeKey): boolean {
    return this.#declared[key.id] === 1;
  }

  /**
   * The id of the declared key, or else of the longest declared prefix, that `bytes[start, end)` is; -1 when none.
   * `view` is a view of the same bytes.
   */
  find(bytes: Uint8Array, view: DataView, start: number, end: number): number {
    const length = end - start;
    const last = length === 0 ? 0 : bytes[end - 1]!;
    // Most names of spans are nobody's: one look at length and last byte tells so. bench codec ours, with plain texts: 1.03x.
    const mayBe = (this.#endings[endingWord(length, last)]! >>> (last & 31)) & 1;
    let at = mayBe === 0 ? 0 : this.#slots[length < 4 ? length : slotOf(view, start, length)]!;
    for (; at !== 0; at = this.#next[at - 1]!) {
      if (this.#lengths[at - 1] === length && this.#isKey(at - 1, view, start, end)) return this.#ids[at - 1]!;
    }
    const prefixes = length === 0 ? this.#prefixes[0] : this.#prefixes[bytes[start]!];
    if (prefixes === undefined) return -1;
    for (let i = 0; i < prefixes.length; i++) {
      const prefix = prefixes[i]!;
      if (prefix.bytes.length <= length && startsWith(bytes, start, prefix.bytes)) return prefix.id;
    }
    return -1;
  }

  #isKey(entry: number, view: DataView, start: number, end: number): boolean {
    const words = this.#words;
    let word = this.#wordStarts[entry]!;
    let at = start;
    // Backwards would fail sooner on a different name, but a name in the right slot is almost always the right one.
    for (; at + 4 <= end; at += 4) if (view.getInt32(at, true) !== words[word++]) return false;
    if (at === end) return true;
    if (end - start >= 4) return view.getInt32(end - 4, true) === words[word];
    let rest = 0;
    for (let i = end - 1; i >= start; i--) rest = (rest << 8) | view.getUint8(i);
    return rest === words[word];
  }

  /** Puts a key into its slot and returns its words. */
  #enter({ bytes }: AttributeKey, entry: number, exact: readonly AttributeKey[]): readonly number[] {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const slot = bytes.length < 4 ? bytes.length : slotOf(view, 0, bytes.length);
    this.#next[entry] = this.#slots[slot]!;
    this.#slots[slot] = entry + 1;
    const last = bytes[bytes.length - 1] ?? 0;
    this.#endings[endingWord(bytes.length, last)]! |= 1 << (last & 31);
    const before = exact[entry - 1];
    this.#wordStarts[entry] = before ? this.#wordStarts[entry - 1]! + wordCount(before.bytes.length) : 0;
    return wordsOf(bytes);
  }

  /** The empty prefix, which is every name, is asked last for all of them. */
  #enterPrefix(prefix: AttributeKey): void {
    const first = prefix.bytes[0];
    for (let byte = 0; byte < 256; byte++) {
      if (first === undefined || first === byte) this.#prefixes[byte] = [...(this.#prefixes[byte] ?? []), prefix];
    }
  }
}

function wordCount(length: number): number {
  return Math.ceil(length / 4);
}

function wordsOf(bytes: Uint8Array): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: wordCount(bytes.length) }, (_, i) => {
    if (bytes.length >= 4) return view.getInt32(Math.min(i * 4, bytes.length - 4), true);
    return bytes.reduceRight((word, byte) => (word << 8) | byte, 0);
  });
}

/** Where the bit of a length and a last byte lies: 32 to a word. */
function endingWord(length: number, last: number): number {
  return ((length & 127) << 3) | (last >> 5);
}

/** A hash of the length and eight bytes: enough to tell some hundred dotted names apart without reading them. For four bytes and more. */
function slotOf(view: DataView, start: number, length: number): number {
  const last = view.getInt32(start + length - 4, true);
  const middle = view.getInt32(start + ((length - 4) >> 1), true);
  return Math.imul(last ^ Math.imul(middle + length, 0x9e3779b1), 0x85ebca6b) >>> 20;
}

/** Compares backwards: dotted names differ at the end. The caller has checked that there are enough bytes. */
function startsWith(bytes: Uint8Array, start: number, head: Uint8Array): boolean {
  for (let at = head.length - 1; at >= 0; at--) if (bytes[start + at] !== head[at]) return false;
  return true;
}
