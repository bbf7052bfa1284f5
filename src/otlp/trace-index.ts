// Where everything lies in an ExportTraceServiceRequest: one bounds-checked pass over the bytes fills flat tables of
// offsets. Nothing is decoded and nothing is allocated per span; the tables are used again for the next request.
// Attributes that nobody declared leave no trace here, and prompts are passed over by their length.
import { Malformed } from "../wire/malformed.ts";
import { Reader } from "../wire/reader.ts";
import { spanEvent } from "./attribute-key.ts";
import type { KeyTable } from "./key-table.ts";
import {
  anyValueShape,
  checkId,
  checkShape,
  eventShape,
  linkShape,
  resourceShape,
  type Shape,
  scopeShape,
  statusShape,
} from "./shape.ts";
import { Table } from "./table.ts";

/** Columns of `resources`. Offsets are into the request; `tag` is where the field that holds the message starts. */
export const resourceColumns = {
  tag: 0,
  start: 1,
  end: 2,
  rowsStart: 3,
  rowsEnd: 4,
  schemaTag: 5,
  schemaEnd: 6,
} as const;
/** Columns of `scopes`. */
export const scopeColumns = {
  tag: 0,
  start: 1,
  end: 2,
  resource: 3,
  nameStart: 4,
  nameEnd: 5,
  versionStart: 6,
  versionEnd: 7,
  schemaTag: 8,
  schemaEnd: 9,
} as const;
/** Columns of `spans`. Offsets are -1 where the span does not have the field; `kind` and `status` are values. */
export const spanColumns = {
  tag: 0,
  start: 1,
  end: 2,
  scope: 3,
  traceId: 4,
  spanId: 5,
  parentSpanId: 6,
  nameStart: 7,
  nameEnd: 8,
  kind: 9,
  startTime: 10,
  endTime: 11,
  status: 12,
  rowsStart: 13,
  rowsEnd: 14,
  traceStateStart: 15,
  traceStateEnd: 16,
} as const;
/** Columns of `rows`: one declared attribute, from its tag to its end, and its AnyValue. */
export const rowColumns = { key: 0, tag: 1, end: 2, keyStart: 3, keyEnd: 4, valueStart: 5, valueEnd: 6 } as const;

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

/** Where a value starts whose length prefix is at `at` and which fills the attribute up to `end`; -1 unless it is one plain value. */
function plainValueStart(bytes: Uint8Array, at: number, end: number): number {
  let length = 0;
  let start = at;
  for (let shift = 0; shift < 28 && start < end; shift += 7) {
    const byte = bytes[start++]!;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) return start + length === end && isPlainValue(bytes, start, end) ? start : -1;
  }
  return -1;
}

/** Whether `[start, end)` is exactly one string, bool, int or double. */
function isPlainValue(bytes: Uint8Array, start: number, end: number): boolean {
  if (start >= end) return false;
  const tag = bytes[start]!;
  let at = start + 1;
  if (tag === 0x21) return end - at === 8;
  if (tag === 0x0a) {
    let length = 0;
    for (let shift = 0; shift < 35 && at < end; shift += 7) {
      const byte = bytes[at++]!;
      length += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return at + length === end;
    }
    return false;
  }
  if (tag !== 0x18 && tag !== 0x10) return false;
  while (at < end && bytes[at]! > 0x7f) at++;
  return at + 1 === end && end - start <= 11;
}

/** The fields of a span by wire type, for those that are not indexed, or came with a wire type of another field. */
const spanShape: Shape = {
  fields: [undefined, 2, 2, 2, 2, 2, 0, 1, 1, 2, 0, 2, 0, 2, 0, 2, 5].map((wireType) =>
    wireType === undefined ? undefined : { wireType },
  ),
};
const keyValueShape: Shape = { fields: [undefined, { wireType: 2 }, { wireType: 2 }, { wireType: 0 }] };

/** Field 8 is the last member of AnyValue's oneof. */
const valueTagsEnd = 9 << 3;

function checkNested(reader: Reader, shape: Shape): void {
  const outer = reader.end;
  reader.end = reader.contentEnd();
  checkShape(reader, shape);
  reader.end = outer;
}

/** Checks the one field whose tag, at `at`, was just read. */
function checkOne(reader: Reader, tag: number, at: number, shape: Shape): void {
  const field = shape.fields[tag >>> 3];
  if (field === undefined) return reader.skip(tag);
  if (field.wireType !== (tag & 7)) throw new Malformed(`field ${tag >>> 3} has wire type ${tag & 7}`, at);
  if (field.nested === undefined) return reader.skip(tag);
  checkNested(reader, field.nested());
}

/** Passes over a field whose number is none of 1 to `known`, all of which are length-delimited. */
function skipUnknown(reader: Reader, tag: number, at: number, known: number): void {
  if (tag >>> 3 <= known) throw new Malformed(`field ${tag >>> 3} has wire type ${tag & 7}`, at);
  reader.skip(tag);
}
