// Protobuf bytes appended to one growing buffer. It knows no message.

const encoder = new TextEncoder();

export class Writer {
  bytes: Uint8Array;
  position = 0;
  /** A view of `bytes`. */
  view: DataView;

  constructor(sizeBytes = 1024) {
    this.bytes = new Uint8Array(sizeBytes);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Makes room for `count` more bytes. Call it before `byte`, `varint`, `copy` and `text`, which do not check. */
  ensure(count: number): void {
    const needed = this.position + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.position));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  byte(value: number): void {
    this.bytes[this.position++] = value;
  }

  /** A whole number of up to 53 bits, not negative: at most 8 bytes. */
  varint(value: number): void {
    const bytes = this.bytes;
    let at = this.position;
    let rest = value;
    while (rest > 0x7fffffff) {
      bytes[at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.position = at;
  }

  /** A 64-bit number as protobuf writes int64: negative ones take 10 bytes. */
  varint64(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    while (rest > 0x7fn) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.byte(Number(rest));
  }

  double(value: number): void {
    this.view.setFloat64(this.position, value, true);
    this.position += 8;
  }

  /** Copies `source` from `start` to `end`. */
  copy(source: Uint8Array, start: number, end: number): void {
    const bytes = this.bytes;
    let to = this.position;
    // A loop beats `set(subarray)` for the short keys and values of attributes: no view object.
    if (end - start < 64) for (let at = start; at < end; at++) bytes[to++] = source[at]!;
    else {
      bytes.set(source.subarray(start, end), to);
      to += end - start;
    }
    this.position = to;
  }

  /** A text of ASCII alone, without a length. */
  ascii(value: string): void {
    const { bytes, position } = this;
    for (let at = 0; at < value.length; at++) bytes[position + at] = value.charCodeAt(at);
    this.position = position + value.length;
  }

  /** UTF-8 of `value` without a length. Room of 3 bytes a UTF-16 unit must be there. */
  text(value: string): void {
    const bytes = this.bytes;
    let to = this.position;
    for (let at = 0; at < value.length; at++) {
      const unit = value.charCodeAt(at);
      if (unit > 0x7f) {
        this.position += encoder.encodeInto(value, bytes.subarray(this.position)).written;
        return;
      }
      bytes[to++] = unit;
    }
    this.position = to;
  }
}

/** How many bytes `value` takes as a varint. */
export function varintLength(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  let length = 5;
  for (let rest = Math.floor(value / 0x800000000); rest > 0; rest = Math.floor(rest / 128)) length++;
  return length;
}

/** Writes a varint into `bytes` at `at`; returns where it ends. */
export function putVarint(bytes: Uint8Array, at: number, value: number): number {
  let to = at;
  let rest = value;
  while (rest > 0x7f) {
    bytes[to++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[to++] = rest;
  return to;
}
