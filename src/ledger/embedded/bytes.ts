// How records of ledgers are written: variable-length integers and length-prefixed text.
// A record starts with the number of its layout, so that a later one can still read it.

/** Grows as it is written to, and is used again for the next record. */
export class RecordWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  restart(): void {
    this.#length = 0;
  }

  /** A safe integer that is not negative. */
  integer(value: number): void {
    this.#room(10);
    let rest = value;
    while (127 < rest) {
      this.#bytes[this.#length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** 32 bits. */
  integer32(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.#length, value);
    this.#length += 4;
  }

  /** A safe integer that is not negative, big-endian in at most 7 bytes. */
  bytes(value: number, count: number): void {
    this.#room(count);
    let rest = value;
    for (let at = this.#length + count - 1; this.#length <= at; at--) {
      this.#bytes[at] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    this.#length += count;
  }

  /** 64 bits, signed. */
  int64(value: bigint): void {
    this.#room(8);
    this.#view.setBigInt64(this.#length, BigInt.asIntN(64, value));
    this.#length += 8;
  }

  double(value: number): void {
    this.#room(8);
    this.#view.setFloat64(this.#length, value);
    this.#length += 8;
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.integer(length);
    this.#room(length);
    encoder.encodeInto(value, this.#bytes.subarray(this.#length));
    this.#length += length;
  }

  /** As it is. */
  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** A copy of what was written. */
  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** What was written, with its length in 32 bits at an offset; not a copy. */
  withLengthAt(at: number): Uint8Array {
    this.#view.setUint32(at, this.#length);
    return this.#bytes.subarray(0, this.#length);
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Reads in the order of writing. What is not as written throws: a store that is damaged must not be added to. */
export class RecordReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, from: number) {
    this.#at = from;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  /** What is left; not a copy. */
  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }

  integer(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#view.getUint8(this.#at++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  integer32(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4);
  }

  bytes(count: number): number {
    let value = 0;
    for (let rest = count; 0 < rest; rest--) value = value * 256 + this.#view.getUint8(this.#at++);
    return value;
  }

  int64(): bigint {
    this.#at += 8;
    return this.#view.getBigInt64(this.#at - 8);
  }

  uint64(): bigint {
    return BigInt.asUintN(64, this.int64());
  }

  double(): number {
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8);
  }

  text(): string {
    const length = this.integer();
    this.#at += length;
    if (this.#bytes.length < this.#at) throw new RangeError("ledger record: ends within a text; the store is damaged");
    return decoder.decode(this.#bytes.subarray(this.#at - length, this.#at));
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
