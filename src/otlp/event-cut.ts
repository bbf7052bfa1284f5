// The events of a span without some of their attributes. Names are compared as bytes and values are passed over, so
// that nothing of what goes is decoded.
import { Reader } from "../wire/reader.ts";
import { utf8 } from "../wire/utf8.ts";
import { varintLength } from "../wire/writer.ts";
import { spanEvent } from "./attribute-key.ts";
import type { Edits } from "./edits.ts";
import type { KeyTable } from "./key-table.ts";

/** Whether an attribute of the event with this name goes; `key` is the id of its declared key or prefix, -1 for others. */
export type EventJudge = (event: string, key: number) => boolean;

/** Longest name of an event that is told apart. */
const nameBytesMax = 256;

/** What goes of one event after the other. */
export class EventCut {
  readonly #keys: KeyTable;
  /** Where what goes starts and ends, in pairs. */
  readonly #cuts: number[] = [];
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;

  constructor(keys: KeyTable) {
    this.#keys = keys;
  }

  /** Looks at the event whose content is `bytes[start, end)`, which was checked before; false when all of it stays. */
  read(bytes: Uint8Array, start: number, end: number, goes: EventJudge): boolean {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#cuts.length = 0;
    const name = this.#name();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const reader = new Reader(bytes, start, end);
    while (reader.position < end) {
      const at = reader.position;
      const tag = reader.tag();
      if (tag !== 0x1a) {
        reader.skip(tag);
        continue;
      }
      const attributeEnd = reader.contentEnd();
      const key = this.#keyOf(view, reader.position, attributeEnd);
      reader.position = attributeEnd;
      if (goes(name, key)) this.#cuts.push(at, attributeEnd);
    }
    return 0 < this.#cuts.length;
  }

  /** Writes the event as field 11 of a span, without what goes; returns the number of the change. */
  writeTo(edits: Edits): number {
    const contentLength = this.#contentLength();
    const change = edits.beginField(spanEvent, 1 + varintLength(contentLength) + contentLength, contentLength);
    const out = edits.written;
    out.byte(0x5a);
    out.varint(contentLength);
    let from = this.#start;
    for (let cut = 0; cut < this.#cuts.length; cut += 2) {
      out.copy(this.#bytes, from, this.#cuts[cut] ?? from);
      from = this.#cuts[cut + 1] ?? from;
    }
    out.copy(this.#bytes, from, this.#end);
    return change;
  }

  /** Bytes of its content, without what goes. */
  #contentLength(): number {
    let length = this.#end - this.#start;
    for (let cut = 0; cut < this.#cuts.length; cut += 2) length -= (this.#cuts[cut + 1] ?? 0) - (this.#cuts[cut] ?? 0);
    return length;
  }

  #name(): string {
    const reader = new Reader(this.#bytes, this.#start, this.#end);
    while (reader.position < this.#end) {
      const tag = reader.tag();
      if (tag !== 0x12) {
        reader.skip(tag);
        continue;
      }
      const end = reader.contentEnd();
      return utf8(this.#bytes, reader.position, Math.min(end, reader.position + nameBytesMax));
    }
    return "";
  }

  #keyOf(view: DataView, start: number, end: number): number {
    const reader = new Reader(this.#bytes, start, end);
    while (reader.position < end) {
      const tag = reader.tag();
      if (tag !== 0x0a) {
        reader.skip(tag);
        continue;
      }
      const keyEnd = reader.contentEnd();
      return this.#keys.find(this.#bytes, view, reader.position, keyEnd);
    }
    return -1;
  }
}
