// The texts of a span that are no attributes: its name, what its status says, its events. Each is a whole field, indexed as a
// row among the attributes where somebody declared events, and replaced like one.
import { Reader } from "../wire/reader.ts";
import { utf8 } from "../wire/utf8.ts";
import { varintLength } from "../wire/writer.ts";
import { type AttributeKey, spanEvent, spanName, spanStatus } from "./attribute-key.ts";
import * as column from "./columns.ts";
import type { Edits } from "./edits.ts";
import { EventCut, type EventJudge } from "./event-cut.ts";
import type { TraceIndex } from "./trace-index.ts";

const nameTag = 0x2a;
const statusTag = 0x7a;
const messageTag = 0x12;
const codeTag = 0x18;

export class SpanTexts {
  readonly #index: TraceIndex;
  readonly #edits: Edits;
  readonly #cut: EventCut;
  // The row that was found last, and where its field or its content lies now.
  #row = column.none;
  #bytes: Uint8Array;
  #start = 0;
  #end = 0;

  constructor(index: TraceIndex, edits: Edits) {
    this.#index = index;
    this.#edits = edits;
    this.#cut = new EventCut(index.keys);
    this.#bytes = index.bytes;
  }

  /** The name as it is now, cut off after `bytesMax` bytes. */
  name(span: number, bytesMax: number): string {
    const { spans } = this.#index;
    let bytes = this.#index.bytes;
    let start = spans.at(span, column.spanNameStart);
    let end = spans.at(span, column.spanNameEnd);
    this.#row = column.none;
    if (this.#edits.touches(span) && this.#next(span, spanName) && this.#bytes !== bytes) {
      bytes = this.#bytes;
      start = this.#start;
      end = this.#end;
    }
    return utf8(bytes, start, Math.min(end, start + bytesMax));
  }

  /** Replaces a name that ends so as it came, however long it is; `end` is ASCII. */
  replaceName(span: number, end: string, name: string): boolean {
    const ends = this.#nameEndsWith(span, end);
    if (ends) this.#setName(span, name);
    return ends;
  }

  #nameEndsWith(span: number, end: string): boolean {
    const { spans, bytes } = this.#index;
    const nameEnd = spans.at(span, column.spanNameEnd);
    const from = nameEnd - end.length;
    if (from < spans.at(span, column.spanNameStart)) return false;
    for (let at = 0; at < end.length; at++) if (bytes[from + at] !== end.charCodeAt(at)) return false;
    return true;
  }

  #setName(span: number, name: string): void {
    const text = Buffer.from(name);
    this.#row = column.none;
    while (this.#next(span, spanName)) {
      const length = 1 + varintLength(text.length) + text.length;
      const change = this.#edits.beginField(spanName, length, text.length);
      const out = this.#edits.written;
      out.byte(nameTag);
      out.varint(text.length);
      out.copy(text, 0, text.length);
      this.#edits.replaceRow(span, this.#row, change);
    }
  }

  removeStatusMessage(span: number): boolean {
    let removed = false;
    this.#row = column.none;
    while (this.#next(span, spanStatus)) {
      // What was written before has no message any more.
      if (this.#bytes !== this.#index.bytes) continue;
      const code = this.#codeBesideMessage();
      if (code === undefined) continue;
      const contentLength = code === 0 ? 0 : 1 + varintLength(code);
      const change = this.#edits.beginField(spanStatus, 2 + contentLength, contentLength);
      const out = this.#edits.written;
      out.byte(statusTag);
      out.varint(contentLength);
      if (code !== 0) {
        out.byte(codeTag);
        out.varint(code);
      }
      this.#edits.replaceRow(span, this.#row, change);
      removed = true;
    }
    return removed;
  }

  removeFromEvents(span: number, goes: EventJudge): boolean {
    let removed = false;
    this.#row = column.none;
    while (this.#next(span, spanEvent)) {
      if (!this.#cut.read(this.#bytes, this.#start, this.#end, goes)) continue;
      this.#edits.replaceRow(span, this.#row, this.#cut.writeTo(this.#edits));
      removed = true;
    }
    return removed;
  }

  /** The code of the status at hand, undefined where it holds no message. A status may come in parts, each a field. */
  #codeBesideMessage(): number | undefined {
    const reader = new Reader(this.#bytes, this.#start, this.#end);
    reader.tag();
    reader.end = reader.contentEnd();
    let code = 0;
    let hasMessage = false;
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag === codeTag) {
        code = reader.uint32();
        continue;
      }
      hasMessage ||= tag === messageTag;
      reader.skip(tag);
    }
    return hasMessage ? code : undefined;
  }

  /** Moves on to the next row of the span with this key that is still there. */
  #next(span: number, key: AttributeKey): boolean {
    const { spans, rows } = this.#index;
    const rowsEnd = spans.at(span, column.spanRowsEnd);
    let row = this.#row === column.none ? spans.at(span, column.spanRowsStart) : this.#row + 1;
    for (; row < rowsEnd; row++) {
      if (rows.at(row, column.rowKey) !== key.id) continue;
      const replacement = this.#edits.replacement(row);
      if (replacement === -1) continue;
      this.#row = row;
      this.#point(row, replacement);
      return true;
    }
    return false;
  }

  #point(row: number, replacement: number): void {
    const { rows } = this.#index;
    const { changes, written } = this.#edits;
    const isWritten = 0 <= replacement;
    this.#bytes = isWritten ? written.bytes : this.#index.bytes;
    this.#start = isWritten ? changes.at(replacement, column.changeValueStart) : rows.at(row, column.rowValueStart);
    this.#end = isWritten ? changes.at(replacement, column.changeEnd) : rows.at(row, column.rowValueEnd);
  }
}
