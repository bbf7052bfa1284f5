// Where everything lies in an ExportTraceServiceRequest: one bounds-checked pass over the bytes fills flat tables of
// offsets. Nothing is decoded and nothing is allocated per span; the tables are used again for the next request.
// Attributes that nobody declared leave no trace here, and prompts are passed over by their length.
import { Reader } from "../wire/reader.ts";
import { spanEvent, spanName, spanStatus } from "./attribute-key.ts";
import * as column from "./columns.ts";
import * as heads from "./heads.ts";
import type { KeyTable } from "./key-table.ts";
import { isVarint, plainValueStart } from "./plain-value.ts";
import {
  anyValueShape,
  checkId,
  checkNested,
  checkOne,
  eventShape,
  keyValueShape,
  linkShape,
  readStatusCode,
  resourceShape,
  scopeShape,
  skipUnknown,
  spanShape,
} from "./shape.ts";
import { Table } from "./table.ts";

export class TraceIndex {
  readonly resources = new Table(column.resourceWidth);
  readonly scopes = new Table(column.scopeWidth);
  readonly spans = new Table(column.spanWidth);
  readonly rows = new Table(column.rowWidth);
  bytes: Uint8Array = new Uint8Array(0);
  readonly keys: KeyTable;
  readonly #reader = new Reader(this.bytes);
  view = new DataView(this.bytes.buffer);

  constructor(keys: KeyTable) {
    this.keys = keys;
  }

  /** Fills the tables. Throws `Malformed` and is then to be read again before it is used. */
  read(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.resources.clear();
    this.scopes.clear();
    this.spans.clear();
    this.rows.clear();
    const reader = this.#reader;
    reader.bytes = bytes;
    reader.position = 0;
    reader.end = bytes.length;
    while (reader.position < bytes.length) {
      const at = reader.position;
      const tag = reader.tag();
      if (tag === 0x0a) this.#readResourceSpans(at);
      else skipUnknown(reader, tag, at, 1);
    }
  }

  /** Whether some attribute row of `[rowsStart, rowsEnd)` has a key with a 1 in `marks`, by id. */
  hasMarked(marks: Uint8Array, rowsStart: number, rowsEnd: number): boolean {
    const { values } = this.rows;
    for (let row = rowsStart; row < rowsEnd; row++)
      if (marks[values[row * column.rowWidth + column.rowKey]!] === 1) return true;
    return false;
  }

  #readResourceSpans(tagAt: number): void {
    const reader = this.#reader;
    const outer = reader.end;
    reader.end = reader.contentEnd();
    const resource = this.resources.appendZeros();
    const row = this.resources.values;
    const base = resource * column.resourceWidth;
    row[base + column.resourceTag] = tagAt;
    row[base + column.resourceStart] = reader.position;
    row[base + column.resourceEnd] = reader.end;
    row[base + column.resourceSchemaTag] = -1;
    while (reader.position < reader.end) {
      const at = reader.position;
      const tag = reader.tag();
      if (tag === 0x12) this.#readScopeSpans(at, resource);
      else if (tag === 0x0a) this.#readResource(resource);
      else if (tag === 0x1a) {
        reader.position = reader.contentEnd();
        this.resources.set(resource, column.resourceSchemaTag, at);
        this.resources.set(resource, column.resourceSchemaEnd, reader.position);
      } else skipUnknown(reader, tag, at, 3);
    }
    reader.end = outer;
  }

  #readResource(resource: number): void {
    const reader = this.#reader;
    const outer = reader.end;
    reader.end = reader.contentEnd();
    this.resources.set(resource, column.resourceRowsStart, this.rows.length);
    while (reader.position < reader.end) {
      const at = reader.position;
      const tag = reader.tag();
      if (tag === 0x0a) this.#readLongAttribute(at);
      else checkOne(reader, tag, at, resourceShape);
    }
    this.resources.set(resource, column.resourceRowsEnd, this.rows.length);
    reader.end = outer;
  }

  #readScopeSpans(tagAt: number, resource: number): void {
    const reader = this.#reader;
    const outer = reader.end;
    reader.end = reader.contentEnd();
    const scope = this.scopes.appendZeros();
    const base = scope * column.scopeWidth;
    const row = this.scopes.values;
    row[base + column.scopeTag] = tagAt;
    row[base + column.scopeStart] = reader.position;
    row[base + column.scopeEnd] = reader.end;
    row[base + column.scopeResource] = resource;
    row[base + column.scopeSchemaTag] = -1;
    while (reader.position < reader.end) {
      const at = reader.position;
      const tag = reader.tag();
      if (tag === 0x12) this.#readSpan(at, scope);
      else if (tag === 0x0a) this.#readScope(scope);
      else if (tag === 0x1a) {
        reader.position = reader.contentEnd();
        this.scopes.set(scope, column.scopeSchemaTag, at);
        this.scopes.set(scope, column.scopeSchemaEnd, reader.position);
      } else skipUnknown(reader, tag, at, 3);
    }
    reader.end = outer;
  }

  #readScope(scope: number): void {
    const reader = this.#reader;
    const outer = reader.end;
    reader.end = reader.contentEnd();
    while (reader.position < reader.end) {
      const at = reader.position;
      const tag = reader.tag();
      if (tag !== 0x0a && tag !== 0x12) {
        checkOne(reader, tag, at, scopeShape);
        continue;
      }
      const end = reader.contentEnd();
      const field = tag === 0x0a ? column.scopeNameStart : column.scopeVersionStart;
      this.scopes.set(scope, field, reader.position);
      this.scopes.set(scope, field + 1, end);
      reader.position = end;
    }
    reader.end = outer;
  }

  #readSpan(tagAt: number, scope: number): void {
    const reader = this.#reader;
    const outer = reader.end;
    reader.end = reader.contentEnd();
    const span = this.spans.append();
    // The table may have grown, and grows no more until this span is read: its columns are written directly.
    const values = this.spans.values;
    const base = span * column.spanWidth;
    values[base + column.spanTag] = tagAt;
    values[base + column.spanStart] = reader.position;
    values[base + column.spanEnd] = reader.end;
    values[base + column.spanScope] = scope;
    values[base + column.spanTraceId] = -1;
    values[base + column.spanSpanId] = -1;
    values[base + column.spanParentSpanId] = -1;
    values[base + column.spanNameStart] = 0;
    values[base + column.spanNameEnd] = 0;
    values[base + column.spanKind] = 0;
    values[base + column.spanStartTime] = -1;
    values[base + column.spanEndTime] = -1;
    values[base + column.spanStatus] = 0;
    values[base + column.spanTraceStateStart] = 0;
    values[base + column.spanTraceStateEnd] = 0;
    values[base + column.spanRowsStart] = this.rows.length;
    this.#readSpanFields(values, base);
    values[base + column.spanRowsEnd] = this.rows.length;
    reader.end = outer;
  }

  // Positions live in local variables, and what nearly every emitter writes (one-byte lengths, ids of their full
  // length) is read without a call, the head of an attribute four bytes at once. bench/codec: 2.5x for the index.
  #readSpanFields(values: Int32Array, base: number): void {
    const reader = this.#reader;
    const { bytes } = this;
    const view = this.view;
    const { keys } = this;
    const { end } = reader;
    let at = reader.position;
    while (at + 4 <= end) {
      const head = view.getInt32(at, true);
      const tag = head & 0xff;
      const next = (head >> 8) & 0xff;
      if ((head & heads.attributeMask) === heads.attribute && at + 2 + next <= end) {
        const attributeEnd = at + 2 + next;
        const keyStart = at + 4;
        const keyEnd = keyStart + (head >>> 24);
        const value = keyEnd + 4 <= attributeEnd ? view.getInt32(keyEnd, true) : 0;
        const valueLength = attributeEnd - keyEnd - 2;
        if (
          value === (heads.textValue | (valueLength << 8) | ((valueLength - 2) << 24)) ||
          ((value & heads.intValueMask) === (heads.intValue | (valueLength << 8)) &&
            isVarint(bytes, keyEnd + 3, attributeEnd))
        ) {
          const key = keys.find(bytes, view, keyStart, keyEnd);
          if (key >= 0) this.#keepRow(key, at, attributeEnd, keyStart, keyEnd, keyEnd + 2, attributeEnd);
        } else this.#readAttribute(at, at + 2, attributeEnd);
        at = attributeEnd;
      } else if (
        (head & heads.longAttributeMask) === heads.longAttribute &&
        at + 3 + ((next & 0x7f) | ((head >> 9) & 0x3f80)) <= end
      ) {
        const attributeEnd = at + 3 + ((next & 0x7f) | ((head >> 9) & 0x3f80));
        this.#readAttribute(at, at + 3, attributeEnd);
        at = attributeEnd;
      } else if (tag === 0x0a && next === 16 && at + 18 <= end) {
        values[base + column.spanTraceId] = at + 2;
        at += 18;
      } else if ((tag === 0x12 || tag === 0x22) && next === 8 && at + 10 <= end) {
        values[base + (tag === 0x12 ? column.spanSpanId : column.spanParentSpanId)] = at + 2;
        at += 10;
      } else if ((tag === 0x39 || tag === 0x41) && at + 9 <= end) {
        values[base + (tag === 0x39 ? column.spanStartTime : column.spanEndTime)] = at + 1;
        at += 9;
      } else if (tag === 0x2a && next < 0x80 && at + 2 + next <= end) {
        values[base + column.spanNameStart] = at + 2;
        values[base + column.spanNameEnd] = at + 2 + next;
        if (keys.events) this.#keepRow(spanName.id, at, at + 2 + next);
        at += 2 + next;
      } else if (tag === 0x30 && next < 0x80) {
        values[base + column.spanKind] = next;
        at += 2;
      } else if ((head & heads.flagsMask) === heads.flags && at + 6 <= end) {
        at += 6;
      } else {
        reader.position = at;
        this.#readSpanField(values, base);
        at = reader.position;
      }
    }
    reader.position = at;
    while (reader.position < end) this.#readSpanField(values, base);
  }

  #readSpanField(values: Int32Array, base: number): void {
    const reader = this.#reader;
    const at = reader.position;
    const tag = reader.tag();
    switch (tag) {
      case 0x4a:
        return this.#readLongAttribute(at);
      case 0x0a:
        values[base + column.spanTraceId] = checkId(reader, 16);
        return;
      case 0x12:
        values[base + column.spanSpanId] = checkId(reader, 8);
        return;
      case 0x22:
        values[base + column.spanParentSpanId] = checkId(reader, 8);
        return;
      case 0x1a:
      case 0x2a: {
        const end = reader.contentEnd();
        const field = tag === 0x2a ? column.spanNameStart : column.spanTraceStateStart;
        values[base + field] = reader.position;
        values[base + field + 1] = end;
        reader.position = end;
        if (tag === 0x2a && this.keys.events) this.#keepRow(spanName.id, at, end);
        return;
      }
      case 0x30:
        values[base + column.spanKind] = reader.uint32();
        return;
      case 0x39:
      case 0x41:
        values[base + (tag === 0x39 ? column.spanStartTime : column.spanEndTime)] = reader.position;
        return reader.skipBytes(8);
      case 0x5a:
        return this.#readEvent(at);
      case 0x6a:
        return checkNested(reader, linkShape);
      case 0x7a:
        values[base + column.spanStatus] = readStatusCode(reader);
        if (this.keys.events) this.#keepRow(spanStatus.id, at, reader.position);
        return;
      default:
        return checkOne(reader, tag, at, spanShape);
    }
  }

  /** Checks an event; where somebody asked for events it becomes a row among the attributes. */
  #readEvent(tagAt: number): void {
    const reader = this.#reader;
    if (!this.keys.events) return checkNested(reader, eventShape);
    const lengthAt = reader.position;
    const end = reader.contentEnd();
    const start = reader.position;
    reader.position = lengthAt;
    checkNested(reader, eventShape);
    this.#keepRow(spanEvent.id, tagAt, end, start, start, start, end);
  }

  /** Reads an attribute whose tag was read, whatever its length. */
  #readLongAttribute(tagAt: number): void {
    const reader = this.#reader;
    const end = reader.contentEnd();
    this.#readAttribute(tagAt, reader.position, end);
    reader.position = end;
  }

  /** Reads the KeyValue in `[start, end)`; a row is kept when its key is declared. */
  #readAttribute(tagAt: number, start: number, end: number): void {
    const { bytes } = this;
    const keyStart = start + 2;
    const keyLength = keyStart <= end ? bytes[start + 1]! : 0x80;
    const keyEnd = keyStart + keyLength;
    // Key and value in this order, each once: anything else goes the long way.
    if (bytes[start] !== 0x0a || keyLength > 0x7f || keyEnd + 2 > end || bytes[keyEnd] !== 0x12) {
      return this.#readOddAttribute(tagAt, start, end);
    }
    const valueLength = bytes[keyEnd + 1]!;
    let valueStart = keyEnd + 2;
    // A string of less than 126 bytes, the rule; else whatever it is, checked in steps.
    if (
      valueLength > 0x7f ||
      valueStart + valueLength !== end ||
      bytes[valueStart] !== 0x0a ||
      bytes[valueStart + 1] !== valueLength - 2
    ) {
      valueStart = plainValueStart(bytes, keyEnd + 1, end);
      if (valueStart < 0) return this.#readOddAttribute(tagAt, start, end);
    }
    const key = this.keys.find(bytes, this.view, keyStart, keyEnd);
    if (key >= 0) this.#keepRow(key, tagAt, end, keyStart, keyEnd, valueStart, end);
  }

  #readOddAttribute(tagAt: number, start: number, end: number): void {
    const reader = this.#reader;
    const outer = reader.end;
    reader.position = start;
    reader.end = end;
    let keyStart = end;
    let keyEnd = end;
    let valueStart = end;
    let valueEnd = end;
    while (reader.position < end) {
      const at = reader.position;
      const tag = reader.tag();
      if (tag === 0x0a) {
        keyEnd = reader.contentEnd();
        keyStart = reader.position;
        reader.position = keyEnd;
      } else if (tag === 0x12) {
        const contentEnd = reader.contentEnd();
        reader.end = contentEnd;
        valueStart = reader.position;
        valueEnd = reader.position;
        // Of several members of the oneof the last one counts, as parsers have it.
        while (reader.position < contentEnd) {
          const member = reader.position;
          const memberTag = reader.tag();
          checkOne(reader, memberTag, member, anyValueShape);
          if (memberTag >= heads.valueTagsEnd) continue;
          valueStart = member;
          valueEnd = reader.position;
        }
        reader.end = end;
      } else checkOne(reader, tag, at, keyValueShape);
    }
    reader.end = outer;
    const key = this.keys.find(this.bytes, this.view, keyStart, keyEnd);
    if (key >= 0) this.#keepRow(key, tagAt, end, keyStart, keyEnd, valueStart, valueEnd);
  }

  // biome-ignore lint/complexity/useMaxParams: seven numbers of the hot path, not worth an object each
  #keepRow(
    key: number,
    tagAt: number,
    end: number,
    keyStart = tagAt,
    keyEnd = tagAt,
    valueStart = tagAt,
    valueEnd = end,
  ): void {
    const row = this.rows.append() * column.rowWidth;
    const values = this.rows.values;
    values[row + column.rowKey] = key;
    values[row + column.rowTag] = tagAt;
    values[row + column.rowEnd] = end;
    values[row + column.rowKeyStart] = keyStart;
    values[row + column.rowKeyEnd] = keyEnd;
    values[row + column.rowValueStart] = valueStart;
    values[row + column.rowValueEnd] = valueEnd;
  }
}
