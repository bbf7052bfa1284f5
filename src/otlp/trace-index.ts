// Where everything lies in an ExportTraceServiceRequest: one bounds-checked pass over the bytes fills flat tables of
// offsets. Nothing is decoded and nothing is allocated per span; the tables are used again for the next request.
// Attributes that nobody declared leave no trace here, and prompts are passed over by their length.
import { Reader } from "../wire/reader.ts";
import { spanEvent } from "./attribute-key.ts";
import { resourceColumns, rowColumns, scopeColumns, spanColumns } from "./columns.ts";
import type { KeyTable } from "./key-table.ts";
import { plainValueStart } from "./plain-value.ts";
import {
  anyValueShape,
  checkId,
  checkNested,
  checkOne,
  eventShape,
  keyValueShape,
  linkShape,
  resourceShape,
  scopeShape,
  skipUnknown,
  spanShape,
  statusShape,
} from "./shape.ts";
import { Table } from "./table.ts";

export class TraceIndex {
  readonly resources = new Table(7);
  readonly scopes = new Table(10);
  readonly spans = new Table(17);
  readonly rows = new Table(7);
  bytes: Uint8Array = new Uint8Array(0);
  readonly keys: KeyTable;
  readonly #reader = new Reader(this.bytes);
  #view = new DataView(this.bytes.buffer);

  constructor(keys: KeyTable) {
    this.keys = keys;
  }

  /** Fills the tables. Throws `Malformed` and is then to be read again before it is used. */
  read(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (const table of [this.resources, this.scopes, this.spans, this.rows]) table.clear();
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
    const { values, width } = this.rows;
    for (let row = rowsStart; row < rowsEnd; row++) if (marks[values[row * width + rowColumns.key]!] === 1) return true;
    return false;
  }

  #readResourceSpans(tagAt: number): void {
    const reader = this.#reader;
    const outer = reader.end;
    reader.end = reader.contentEnd();
    const resource = this.resources.appendZeros();
    const row = this.resources.values;
    const base = resource * this.resources.width;
    row[base + resourceColumns.tag] = tagAt;
    row[base + resourceColumns.start] = reader.position;
    row[base + resourceColumns.end] = reader.end;
    row[base + resourceColumns.schemaTag] = -1;
    while (reader.position < reader.end) {
      const at = reader.position;
      const tag = reader.tag();
      if (tag === 0x12) this.#readScopeSpans(at, resource);
      else if (tag === 0x0a) this.#readResource(resource);
      else if (tag === 0x1a) {
        reader.position = reader.contentEnd();
        this.resources.set(resource, resourceColumns.schemaTag, at);
        this.resources.set(resource, resourceColumns.schemaEnd, reader.position);
      } else skipUnknown(reader, tag, at, 3);
    }
    reader.end = outer;
  }

  #readResource(resource: number): void {
    const reader = this.#reader;
    const outer = reader.end;
    reader.end = reader.contentEnd();
    this.resources.set(resource, resourceColumns.rowsStart, this.rows.length);
    while (reader.position < reader.end) {
      const at = reader.position;
      const tag = reader.tag();
      if (tag === 0x0a) this.#readLongAttribute(at);
      else checkOne(reader, tag, at, resourceShape);
    }
    this.resources.set(resource, resourceColumns.rowsEnd, this.rows.length);
    reader.end = outer;
  }

  #readScopeSpans(tagAt: number, resource: number): void {
    const reader = this.#reader;
    const outer = reader.end;
    reader.end = reader.contentEnd();
    const scope = this.scopes.appendZeros();
    const base = scope * this.scopes.width;
    const row = this.scopes.values;
    row[base + scopeColumns.tag] = tagAt;
    row[base + scopeColumns.start] = reader.position;
    row[base + scopeColumns.end] = reader.end;
    row[base + scopeColumns.resource] = resource;
    row[base + scopeColumns.schemaTag] = -1;
    while (reader.position < reader.end) {
      const at = reader.position;
      const tag = reader.tag();
      if (tag === 0x12) this.#readSpan(at, scope);
      else if (tag === 0x0a) this.#readScope(scope);
      else if (tag === 0x1a) {
        reader.position = reader.contentEnd();
        this.scopes.set(scope, scopeColumns.schemaTag, at);
        this.scopes.set(scope, scopeColumns.schemaEnd, reader.position);
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
      const column = tag === 0x0a ? scopeColumns.nameStart : scopeColumns.versionStart;
      this.scopes.set(scope, column, reader.position);
      this.scopes.set(scope, column + 1, end);
      reader.position = end;
    }
    reader.end = outer;
  }

  #readSpan(tagAt: number, scope: number): void {
    const reader = this.#reader;
    const outer = reader.end;
    reader.end = reader.contentEnd();
    const span = this.spans.appendZeros();
    // The table may have grown, and grows no more until this span is read: its columns are written directly.
    const values = this.spans.values;
    const base = span * this.spans.width;
    values[base + spanColumns.tag] = tagAt;
    values[base + spanColumns.start] = reader.position;
    values[base + spanColumns.end] = reader.end;
    values[base + spanColumns.scope] = scope;
    values[base + spanColumns.traceId] = -1;
    values[base + spanColumns.spanId] = -1;
    values[base + spanColumns.parentSpanId] = -1;
    values[base + spanColumns.startTime] = -1;
    values[base + spanColumns.endTime] = -1;
    values[base + spanColumns.rowsStart] = this.rows.length;
    this.#readSpanFields(values, base);
    values[base + spanColumns.rowsEnd] = this.rows.length;
    reader.end = outer;
  }

  // Positions live in local variables, and what nearly every emitter writes (one-byte tags and lengths, ids of their
  // full length) is read without a call. bench/codec: 1.8x for the index.
  #readSpanFields(values: Int32Array, base: number): void {
    const reader = this.#reader;
    const { bytes } = this;
    const { end } = reader;
    let at = reader.position;
    while (at < end) {
      const tag = bytes[at]!;
      const next = at + 2 < end ? bytes[at + 1]! : 0x80;
      if (tag === 0x4a && next < 0x80 && at + 2 + next <= end) {
        this.#readAttribute(at, at + 2, at + 2 + next);
        at += 2 + next;
      } else if (tag === 0x0a && next === 16 && at + 18 <= end) {
        values[base + spanColumns.traceId] = at + 2;
        at += 18;
      } else if ((tag === 0x12 || tag === 0x22) && next === 8 && at + 10 <= end) {
        values[base + (tag === 0x12 ? spanColumns.spanId : spanColumns.parentSpanId)] = at + 2;
        at += 10;
      } else if ((tag === 0x39 || tag === 0x41) && at + 9 <= end) {
        values[base + (tag === 0x39 ? spanColumns.startTime : spanColumns.endTime)] = at + 1;
        at += 9;
      } else {
        reader.position = at;
        this.#readSpanField(values, base);
        at = reader.position;
      }
    }
    reader.position = at;
  }

  #readSpanField(values: Int32Array, base: number): void {
    const reader = this.#reader;
    const at = reader.position;
    const tag = reader.tag();
    switch (tag) {
      case 0x4a:
        return this.#readLongAttribute(at);
      case 0x0a:
        values[base + spanColumns.traceId] = checkId(reader, 16);
        return;
      case 0x12:
        values[base + spanColumns.spanId] = checkId(reader, 8);
        return;
      case 0x22:
        values[base + spanColumns.parentSpanId] = checkId(reader, 8);
        return;
      case 0x1a:
      case 0x2a: {
        const end = reader.contentEnd();
        const column = tag === 0x2a ? spanColumns.nameStart : spanColumns.traceStateStart;
        values[base + column] = reader.position;
        values[base + column + 1] = end;
        reader.position = end;
        return;
      }
      case 0x30:
        values[base + spanColumns.kind] = reader.uint32();
        return;
      case 0x39:
      case 0x41:
        values[base + (tag === 0x39 ? spanColumns.startTime : spanColumns.endTime)] = reader.position;
        return reader.skipBytes(8);
      case 0x5a:
        return this.#readEvent(at);
      case 0x6a:
        return checkNested(reader, linkShape);
      case 0x7a:
        values[base + spanColumns.status] = this.#readStatus();
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

  #readStatus(): number {
    const reader = this.#reader;
    const outer = reader.end;
    reader.end = reader.contentEnd();
    let code = 0;
    while (reader.position < reader.end) {
      const at = reader.position;
      const tag = reader.tag();
      if (tag === 0x18) code = reader.uint32();
      else checkOne(reader, tag, at, statusShape);
    }
    reader.end = outer;
    return code;
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
    const key = this.keys.find(bytes, this.#view, keyStart, keyEnd);
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
          if (memberTag >= valueTagsEnd) continue;
          valueStart = member;
          valueEnd = reader.position;
        }
        reader.end = end;
      } else checkOne(reader, tag, at, keyValueShape);
    }
    reader.end = outer;
    const key = this.keys.find(this.bytes, this.#view, keyStart, keyEnd);
    if (key >= 0) this.#keepRow(key, tagAt, end, keyStart, keyEnd, valueStart, valueEnd);
  }

  // biome-ignore lint/complexity/useMaxParams: seven numbers of the hot path, not worth an object each
  #keepRow(
    key: number,
    tagAt: number,
    end: number,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    const row = this.rows.append() * this.rows.width;
    const values = this.rows.values;
    values[row + rowColumns.key] = key;
    values[row + rowColumns.tag] = tagAt;
    values[row + rowColumns.end] = end;
    values[row + rowColumns.keyStart] = keyStart;
    values[row + rowColumns.keyEnd] = keyEnd;
    values[row + rowColumns.valueStart] = valueStart;
    values[row + rowColumns.valueEnd] = valueEnd;
  }
}

/** Field 8 is the last member of AnyValue's oneof. */
const valueTagsEnd = 9 << 3;
