// A bounds-checked cursor over protobuf bytes (https://protobuf.dev/programming-guides/encoding). It knows no message.
// Every read checks against `end`, so nested messages are read by narrowing `end` and widening it again.
import { Malformed } from "./malformed.ts";

export const wireVarint = 0;
export const wireFixed64 = 1;
export const wireLength = 2;
export const wireGroupStart = 3;
export const wireFixed32 = 5;

/** How deep groups may nest. They left the language in 2010; OTLP never had one. */
const groupDepthMax = 32;

export class Reader {
  bytes: Uint8Array;
  position: number;
  end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  /** Reads a tag: field number times 8 plus wire type. Throws on field 0 and on the wire types 6 and 7. */
  tag(): number {
    const at = this.position;
    const tag = this.#header();
    if (tag < 8 || (tag & 7) > wireFixed32) throw new Malformed("illegal tag", at);
    return tag;
  }

  /**
   * Reads a tag or a length: at most 32 bits in five bytes. Parsers differ on longer ones (some refuse, some cut), so
   * behind one of them they would see another structure than we do.
   */
  #header(): number {
    const at = this.position;
    if (at < this.end && this.bytes[at]! < 0x80) {
      this.position = at + 1;
      return this.bytes[at]!;
    }
    const value = this.uint32();
    const length = this.position - at;
    if (length > 5 || (length === 5 && this.bytes[at + 4]! > 0x0f)) {
      throw new Malformed("tag or length of more than 32 bits", at);
    }
    return value;
  }

  /** Reads a varint of at most 32 significant bits; longer forms of small numbers are accepted, as parsers do. */
  uint32(): number {
    const bytes = this.bytes;
    let at = this.position;
    if (at >= this.end) throw new Malformed("truncated varint", at);
    let byte = bytes[at++]!;
    if (byte < 0x80) {
      this.position = at;
      return byte;
    }
    let value = byte & 0x7f;
    for (let shift = 7; shift < 70; shift += 7) {
      if (at >= this.end) throw new Malformed("truncated varint", at);
      byte = bytes[at++]!;
      if (shift < 28) value |= (byte & 0x7f) << shift;
      else if (shift === 28) value = value + (byte & 0x0f) * 0x10000000;
      if (byte < 0x80) {
        this.position = at;
        return value;
      }
    }
    throw new Malformed("varint of more than 10 bytes", this.position);
  }

  /** Passes over a varint of up to 64 bits. */
  skipVarint(): void {
    const from = this.position;
    for (let at = from; at < from + 10; at++) {
      if (at >= this.end) throw new Malformed("truncated varint", at);
      if (this.bytes[at]! < 0x80) {
        this.position = at + 1;
        return;
      }
    }
    throw new Malformed("varint of more than 10 bytes", from);
  }

  /** Reads a length and returns where its content ends; `position` is where it starts. */
  contentEnd(): number {
    const at = this.position;
    const end = this.#header() + this.position;
    if (end > this.end) throw new Malformed("length past the end", at);
    return end;
  }

  /** Passes over `count` bytes. */
  skipBytes(count: number): void {
    if (this.position + count > this.end) throw new Malformed("truncated field", this.position);
    this.position += count;
  }

  /** Passes over the value of the field whose tag was just read. */
  skip(tag: number, depth = 0): void {
    switch (tag & 7) {
      case wireVarint:
        return this.skipVarint();
      case wireFixed64:
        return this.skipBytes(8);
      case wireLength:
        this.position = this.contentEnd();
        return;
      case wireFixed32:
        return this.skipBytes(4);
      case wireGroupStart:
        return this.#skipGroup(tag, depth);
      default:
        throw new Malformed("group end without a start", this.position);
    }
  }

  #skipGroup(start: number, depth: number): void {
    if (depth === groupDepthMax) throw new Malformed("groups nested too deep", this.position);
    for (;;) {
      const tag = this.tag();
      if (tag === start + 1) return;
      this.skip(tag, depth + 1);
    }
  }
}
