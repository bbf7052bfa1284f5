// Protobuf written front to back although the length of a message is known only at its end. One byte is kept for
// every length, and room is made when that was too little: for all open messages at once, so a byte moves at most
// once for every byte that lengths grow, however deep the nesting is.
import { putVarint, varintLength, Writer } from "../wire/writer.ts";
import { depthMax } from "./json-cursor.ts";
import { fieldsMax } from "./json-plan.ts";
import { hexDigits } from "./json-text.ts";

/** Kept between requests, so that one of usual size finds its pages warm. */
const keptBytes = 4 * 1024 * 1024;
/** The request itself, and a packed list inside of the innermost message. */
const levels = depthMax + 2;

export class JsonOutput {
  #writer = new Writer(64 * 1024);
  /** Where the content of every open message starts, and how many bytes are kept for its length. */
  readonly #starts = new Int32Array(levels);
  readonly #widths = new Uint8Array(levels);
  /** Where the fields of every open message lie, counted from its start: they move when a length before them grows. */
  readonly #from = new Int32Array(levels * fieldsMax);
  readonly #to = new Int32Array(levels * fieldsMax);
  #depth = 0;

  reset(): void {
    if (this.#writer.bytes.length > keptBytes) this.#writer = new Writer(64 * 1024);
    this.#writer.position = 0;
    this.#depth = 0;
    // The request has no length before it: nothing can be too long.
    this.#widths[0] = 10;
  }

  /** A copy of what was written. */
  result(): Uint8Array {
    return this.#writer.bytes.slice(0, this.#writer.position);
  }

  /** Where the next byte goes, counted from the start of the innermost open message. */
  get offset(): number {
    return this.#writer.position - this.#starts[this.#depth]!;
  }

  /** Opens the message or packed list that `tag` announces. */
  open(tag: number): void {
    const writer = this.#writer;
    writer.ensure(8);
    writer.varint(tag);
    writer.position += 1;
    this.#depth++;
    this.#starts[this.#depth] = writer.position;
    this.#widths[this.#depth] = 1;
  }

  close(): void {
    const needed = varintLength(this.offset);
    if (needed > this.#widths[this.#depth]!) this.#widen();
    const start = this.#starts[this.#depth]!;
    putVarint(this.#writer.bytes, start - this.#widths[this.#depth]!, this.#writer.position - start);
    this.#depth--;
  }

  /** Notes that the field `index` of the innermost message lies between `from` and here. */
  mark(index: number, from: number): void {
    const slot = this.#depth * fieldsMax + index;
    this.#from[slot] = from;
    this.#to[slot] = this.offset;
  }

  /** Takes the field `index` out of the innermost message again. */
  remove(index: number): void {
    const base = this.#depth * fieldsMax;
    const from = this.#from[base + index]!;
    const to = this.#to[base + index]!;
    this.truncate(from, to);
    for (let slot = base; slot < base + fieldsMax; slot++) {
      if (this.#from[slot]! < to) continue;
      this.#from[slot]! -= to - from;
      this.#to[slot]! -= to - from;
    }
    this.#to[base + index] = from;
  }

  /** Takes out what lies between two offsets of the innermost message. */
  truncate(from: number, to: number): void {
    const writer = this.#writer;
    const start = this.#starts[this.#depth]!;
    writer.bytes.copyWithin(start + from, start + to, writer.position);
    writer.position -= to - from;
  }

  varint(value: number): void {
    this.#writer.ensure(10);
    this.#writer.varint(value);
  }

  /** A varint of 64 bits in two halves. */
  varint64(low: number, high: number): void {
    this.#writer.ensure(10);
    let lower = low;
    let upper = high;
    while (upper > 0 || lower > 0x7f) {
      this.#writer.byte((lower & 0x7f) | 0x80);
      lower = ((lower >>> 7) | (upper << 25)) >>> 0;
      upper >>>= 7;
    }
    this.#writer.byte(lower);
  }

  fixed32(value: number): void {
    this.#writer.ensure(4);
    const { bytes, position } = this.#writer;
    bytes[position] = value;
    bytes[position + 1] = value >>> 8;
    bytes[position + 2] = value >>> 16;
    bytes[position + 3] = value >>> 24;
    this.#writer.position = position + 4;
  }

  double(value: number): void {
    this.#writer.ensure(8);
    this.#writer.double(value);
  }

  /** Length and content of `bytes[from, to)`. */
  content(bytes: Uint8Array, from: number, to: number): void {
    this.#writer.ensure(to - from + 5);
    this.#writer.varint(to - from);
    this.#writer.copy(bytes, from, to);
  }

  /** Length and content of the hexadecimal `digits[from, to)`, an even number; false when one of them is no digit. */
  hex(digits: Uint8Array, from: number, to: number): boolean {
    const writer = this.#writer;
    writer.ensure((to - from) / 2 + 5);
    writer.varint((to - from) / 2);
    let bad = 0;
    for (let at = from; at < to; at += 2) {
      const high = hexDigits[digits[at]!]!;
      const low = hexDigits[digits[at + 1]!]!;
      bad |= high | low;
      writer.byte((high << 4) | low);
    }
    return bad >= 0;
  }

  /** Makes room for longer lengths, in every open message that has grown out of what was kept for it. */
  #widen(): void {
    const writer = this.#writer;
    writer.ensure(5 * (this.#depth + 1));
    const end = writer.position;
    let shift = 0;
    for (let level = 0; level <= this.#depth; level++) shift += this.#growth(level, end);
    writer.position += shift;
    let segmentEnd = end;
    for (let level = this.#depth; shift > 0; level--) {
      const start = this.#starts[level]!;
      const growth = this.#growth(level, end);
      const lengthAt = start - this.#widths[level]!;
      writer.bytes.copyWithin(start + shift, start, segmentEnd);
      this.#starts[level] = start + shift;
      this.#widths[level]! += growth;
      shift -= growth;
      segmentEnd = lengthAt;
    }
  }

  /** How many bytes more the length of an open message needs, were it to end at `end`. */
  #growth(level: number, end: number): number {
    return Math.max(0, varintLength(end - this.#starts[level]!) - this.#widths[level]!);
  }
}
