// One span at a time, read in place. There is one view per batch: it is pointed at a span, asked, told what to change,
// and pointed at the next. A read sees what was changed before, by this processor or an earlier one.
import { AssertionError } from "node:assert";
import { hex, utf8 } from "../wire/utf8.ts";
import { varintLength } from "../wire/writer.ts";
import {
  type AnyValue,
  anyValueOf,
  bigintOf,
  booleanOf,
  contentStart,
  doubleOf,
  integerOf,
  typeOf,
  type ValueType,
} from "./any-value.ts";
import { type AttributeKey, spanEvent } from "./attribute-key.ts";
import { changeColumns, type Edits } from "./edits.ts";
import { EventCut, type EventJudge } from "./event-cut.ts";
import { resourceColumns, rowColumns, scopeColumns, spanColumns, type TraceIndex } from "./trace-index.ts";

/** Longest text that is read without asking for more: names and identifiers are shorter, prompts are not. */
const textBytesMax = 4096;

const absent = -1;

export class SpanView {
  /** Position of the span in the batch. */
  index = -1;
  /** Bytes of text that were decoded since the batch began; prompts must not be among them. */
  decodedBytes = 0;
  readonly #index: TraceIndex;
  readonly #edits: Edits;
  /** By key id: an attribute row, or -(change + 2) for one that was added; valid where the stamp is the current one. */
  readonly #slots: Int32Array;
  readonly #stamps: Int32Array;
  #stamp = 0;
  /** Whether some key, or some prefix, has several rows on this span. */
  #hasDuplicates = false;
  // Where the value that was found last lies.
  #bytes: Uint8Array;
  #start = 0;
  #end = 0;

  constructor(index: TraceIndex, edits: Edits) {
    this.#index = index;
    this.#edits = edits;
    this.#bytes = index.bytes;
    this.#slots = new Int32Array(index.keys.idsEnd);
    this.#stamps = new Int32Array(index.keys.idsEnd);
  }

  /** Points the view at a span. */
  moveTo(span: number): this {
    this.index = span;
    this.#stamp++;
    this.#hasDuplicates = false;
    const { values, width } = this.#index.rows;
    const rowsEnd = this.rowsEnd;
    const isTouched = this.#edits.touches(span);
    for (let row = this.rowsStart; row < rowsEnd; row++) {
      const id = values[row * width + rowColumns.key]!;
      // Of two attributes with one key the first counts, as in the Collector.
      if (this.#stamps[id] === this.#stamp) {
        this.#hasDuplicates = true;
        continue;
      }
      if (isTouched && this.#edits.replacement(row) === -1) continue;
      this.#stamps[id] = this.#stamp;
      this.#slots[id] = row;
    }
    if (isTouched) this.#showAdded(span);
    return this;
  }

  #showAdded(span: number): void {
    const changes = this.#edits.changes;
    for (let at = this.#edits.firstAdded(span); at >= 0; at = changes.at(at, changeColumns.next)) {
      if (changes.at(at, changeColumns.start) === changes.at(at, changeColumns.end)) continue;
      const id = changes.at(at, changeColumns.key);
      this.#stamps[id] = this.#stamp;
      this.#slots[id] = -(at + 2);
    }
  }

  // What a span has by itself.

  /** 32 lower-case hex digits, empty when the span has none. */
  get traceId(): string {
    return this.#id(spanColumns.traceId, 16);
  }

  /** 16 lower-case hex digits, empty when the span has none. */
  get spanId(): string {
    return this.#id(spanColumns.spanId, 8);
  }

  /** Empty for a root. */
  get parentSpanId(): string {
    return this.#id(spanColumns.parentSpanId, 8);
  }

  get name(): string {
    return this.#text(this.#column(spanColumns.nameStart), this.#column(spanColumns.nameEnd));
  }

  /** The W3C trace state as it came. */
  get traceState(): string {
    return this.#text(this.#column(spanColumns.traceStateStart), this.#column(spanColumns.traceStateEnd));
  }

  /** SpanKind: 1 internal, 2 server, 3 client, 4 producer, 5 consumer; 0 unknown. */
  get kind(): number {
    return this.#column(spanColumns.kind);
  }

  /** Status code: 0 unset, 1 ok, 2 error. */
  get statusCode(): number {
    return this.#column(spanColumns.status);
  }

  /** Milliseconds since 1970, with a fraction; 0 when the span does not say. */
  get startMs(): number {
    return this.#timeMs(spanColumns.startTime);
  }

  get endMs(): number {
    return this.#timeMs(spanColumns.endTime);
  }

  // What its scope and resource have.

  /** Number of the scope in the batch: spans of one scope share it. */
  get scope(): number {
    return this.#column(spanColumns.scope);
  }

  get scopeName(): string {
    return this.#scopeText(scopeColumns.nameStart);
  }

  get scopeVersion(): string {
    return this.#scopeText(scopeColumns.versionStart);
  }

  /** Number of the resource in the batch. */
  get resource(): number {
    return this.#index.scopes.at(this.scope, scopeColumns.resource);
  }

  /** A declared resource attribute that is a string. */
  resourceText(key: AttributeKey): string | undefined {
    const resources = this.#index.resources;
    const end = resources.at(this.resource, resourceColumns.rowsEnd);
    for (let row = resources.at(this.resource, resourceColumns.rowsStart); row < end; row++) {
      if (this.#index.rows.at(row, rowColumns.key) !== key.id) continue;
      this.#pointAtRow(row);
      return this.#textFound(textBytesMax);
    }
    return undefined;
  }

  /** False when no key of the span is marked, by its id, and none was added since it came: then there is nothing to ask. */
  mayHave(marks: Uint8Array): boolean {
    if (this.#edits.touches(this.index)) return true;
    const { values, width } = this.#index.rows;
    const rowsEnd = this.rowsEnd;
    for (let row = this.rowsStart; row < rowsEnd; row++) {
      if (marks[values[row * width + rowColumns.key]!] === 1) return true;
    }
    return false;
  }

  // Attributes, by key.

  has(key: AttributeKey): boolean {
    return this.#stamps[key.id] === this.#stamp && this.#slots[key.id] !== absent;
  }

  /** Undefined when the span does not have the attribute. */
  type(key: AttributeKey): ValueType | undefined {
    return this.#find(key) ? typeOf(this.#bytes, this.#start, this.#end) : undefined;
  }

  /** A string of at most `bytesMax` bytes; undefined for others. */
  text(key: AttributeKey, bytesMax = textBytesMax): string | undefined {
    return this.#find(key) ? this.#textFound(bytesMax) : undefined;
  }

  /** How many bytes a string has, without reading it; undefined when it is none. */
  textBytes(key: AttributeKey): number | undefined {
    if (!this.#find(key)) return undefined;
    const start = contentStart(this.#bytes, this.#start, this.#end, 0x0a);
    return start < 0 ? undefined : this.#end - start;
  }

  /** An int of at most 53 bits; undefined for others, and for numbers in strings and doubles. */
  integer(key: AttributeKey): number | undefined {
    return this.#find(key) ? integerOf(this.#bytes, this.#start, this.#end) : undefined;
  }

  bigint(key: AttributeKey): bigint | undefined {
    return this.#find(key) ? bigintOf(this.#bytes, this.#start, this.#end) : undefined;
  }

  double(key: AttributeKey): number | undefined {
    return this.#find(key) ? doubleOf(this.#bytes, this.#start, this.#end) : undefined;
  }

  boolean(key: AttributeKey): boolean | undefined {
    return this.#find(key) ? booleanOf(this.#bytes, this.#start, this.#end) : undefined;
  }

  /** Any value, decoded whole: for small ones, and for `explain`. Undefined when absent, empty, or a text beyond `bytesMax`. */
  value(key: AttributeKey, bytesMax = textBytesMax): AnyValue {
    if (!this.#find(key) || this.#end - this.#start > bytesMax + 6) return undefined;
    this.decodedBytes += this.#end - this.#start;
    return anyValueOf(this.#bytes, this.#start, this.#end);
  }

  // Attributes, as they came: for keys that are only known by a prefix. Removed ones are left out by `rowKey`.

  get rowsStart(): number {
    return this.#column(spanColumns.rowsStart);
  }

  get rowsEnd(): number {
    return this.#column(spanColumns.rowsEnd);
  }

  /** Id of the declared key or prefix of an attribute row, -1 when it was removed. */
  rowKey(row: number): number {
    return this.#edits.replacement(row) === -1 ? -1 : this.#index.rows.at(row, rowColumns.key);
  }

  /** The whole name of an attribute row. */
  rowName(row: number): string {
    const rows = this.#index.rows;
    return utf8(this.#index.bytes, rows.at(row, rowColumns.keyStart), rows.at(row, rowColumns.keyEnd));
  }

  rowType(row: number): ValueType {
    this.#pointAtRow(row);
    return typeOf(this.#bytes, this.#start, this.#end);
  }

  rowText(row: number, bytesMax = textBytesMax): string | undefined {
    this.#pointAtRow(row);
    return this.#textFound(bytesMax);
  }

  rowInteger(row: number): number | undefined {
    this.#pointAtRow(row);
    return integerOf(this.#bytes, this.#start, this.#end);
  }

  rowValue(row: number, bytesMax = textBytesMax): AnyValue {
    this.#pointAtRow(row);
    if (this.#end - this.#start > bytesMax + 6) return undefined;
    this.decodedBytes += this.#end - this.#start;
    return anyValueOf(this.#bytes, this.#start, this.#end);
  }

  // Changes. Keys that are written must be declared like keys that are read, so that none is there twice.

  setText(key: AttributeKey, value: string): void {
    const utf8Length = utf8Bytes(value);
    const change = this.#begin(key, 1 + varintLength(utf8Length) + utf8Length);
    const written = this.#edits.written;
    written.ensure(value.length * 3 + 8);
    written.byte(0x0a);
    written.varint(utf8Length);
    written.text(value);
    this.#put(key, change);
  }

  /** Writes an int. Negative numbers and numbers beyond 2^53 go through `setBigint`. */
  setInteger(key: AttributeKey, value: number): void {
    if (value < 0) return this.setBigint(key, BigInt(value));
    const change = this.#begin(key, 1 + varintLength(value));
    this.#edits.written.byte(0x18);
    this.#edits.written.varint(value);
    this.#put(key, change);
  }

  setBigint(key: AttributeKey, value: bigint): void {
    if (value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)) return this.setInteger(key, Number(value));
    const length = value < 0n ? 10 : Math.ceil(value.toString(2).length / 7);
    const change = this.#begin(key, 1 + length);
    this.#edits.written.byte(0x18);
    this.#edits.written.varint64(value);
    this.#put(key, change);
  }

  setDouble(key: AttributeKey, value: number): void {
    const change = this.#begin(key, 9);
    this.#edits.written.byte(0x21);
    this.#edits.written.double(value);
    this.#put(key, change);
  }

  setBoolean(key: AttributeKey, value: boolean): void {
    const change = this.#begin(key, 2);
    this.#edits.written.byte(0x10);
    this.#edits.written.byte(value ? 1 : 0);
    this.#put(key, change);
  }

  setTexts(key: AttributeKey, values: readonly string[]): void {
    let listLength = 0;
    for (let at = 0; at < values.length; at++) listLength += fieldLength(itemLength(values[at]!));
    const change = this.#begin(key, 1 + varintLength(listLength) + listLength);
    const written = this.#edits.written;
    written.ensure(listLength * 3 + 16);
    written.byte(0x2a);
    written.varint(listLength);
    for (let at = 0; at < values.length; at++) {
      written.byte(0x0a);
      written.varint(itemLength(values[at]!));
      written.byte(0x0a);
      written.varint(utf8Bytes(values[at]!));
      written.text(values[at]!);
    }
    this.#put(key, change);
  }

  /** Writes the value of `from` under `to` as well, byte for byte. Does nothing when the span has no `from`. */
  copy(from: AttributeKey, to: AttributeKey): void {
    if (!this.#find(from)) return;
    const valueLength = this.#end - this.#start;
    const inWritten = this.#bytes === this.#edits.written.bytes;
    const start = this.#start;
    const change = this.#begin(to, valueLength);
    // `begin` may have moved what was written before to a larger buffer.
    const source = inWritten ? this.#edits.written.bytes : this.#bytes;
    this.#edits.written.copy(source, start, start + valueLength);
    this.#put(to, change);
  }

  /** Gives the attribute another name. */
  rename(from: AttributeKey, to: AttributeKey): void {
    this.copy(from, to);
    this.remove(from);
  }

  /** Writes the value of an attribute row under `to` as well. */
  copyRow(row: number, to: AttributeKey): void {
    this.#put(to, this.#copyOfRow(row, to));
  }

  /**
   * Gives the attribute of a row another name, one below a prefix perhaps: several may go under one prefix, so none
   * of them takes the place of another.
   */
  moveRow(row: number, to: AttributeKey): void {
    if (this.rowKey(row) < 0) return;
    this.#edits.add(this.index, this.#copyOfRow(row, to));
    this.removeRow(row);
  }

  /** Takes every attribute with this key away. */
  remove(key: AttributeKey): void {
    if (!this.has(key)) return;
    const slot = this.#slots[key.id]!;
    if (slot < absent) this.#edits.removeAdded(this.index, -slot - 2);
    else {
      this.#edits.removeRow(this.index, slot);
      if (this.#hasDuplicates) this.#removeRowsAfter(slot, key);
    }
    this.#slots[key.id] = absent;
  }

  /** Takes one attribute row away: for keys that are only known by a prefix. */
  removeRow(row: number): void {
    if (this.rowKey(row) < 0) return;
    this.#edits.removeRow(this.index, row);
    this.moveTo(this.index);
  }

  /** Takes away every attribute whose key or prefix has a 1 in `marks`, by id; whether there was one. */
  removeMarked(marks: Uint8Array): boolean {
    let removed = false;
    for (let row = this.rowsStart; row < this.rowsEnd; row++) {
      const id = this.rowKey(row);
      if (id < 0 || marks[id] !== 1) continue;
      this.#edits.removeRow(this.index, row);
      removed = true;
    }
    if (removed) this.moveTo(this.index);
    return removed;
  }

  /** Takes attributes of the span's events away, where events are declared; whether there was one. */
  removeFromEvents(goes: EventJudge): boolean {
    let removed = false;
    for (let row = this.rowsStart; row < this.rowsEnd; row++) {
      if (this.rowKey(row) !== spanEvent.id) continue;
      this.#pointAtRow(row);
      const cut = new EventCut(this.#index.keys);
      if (!cut.read(this.#bytes, this.#start, this.#end, goes)) continue;
      const change = this.#edits.beginField(spanEvent, cut.fieldLength, cut.contentLength);
      cut.write(this.#edits.written);
      this.#edits.replaceRow(this.index, row, change);
      removed = true;
    }
    return removed;
  }

  /** Clears the schema URL of the span's scope: it speaks of attribute names that are no longer those of a spec. */
  clearSchemaUrl(): void {
    this.#edits.clearSchema(this.scope);
  }

  #copyOfRow(row: number, to: AttributeKey): number {
    this.#pointAtRow(row);
    const start = this.#start;
    const length = this.#end - start;
    const replaced = this.#bytes !== this.#index.bytes;
    const change = this.#begin(to, length);
    const source = replaced ? this.#edits.written.bytes : this.#index.bytes;
    this.#edits.written.copy(source, start, start + length);
    return change;
  }

  #begin(key: AttributeKey, valueLength: number): number {
    // A message that is built before it is needed costs more than the change.
    if (!this.#index.keys.declares(key))
      throw new AssertionError({ message: `attribute ${key.name} is written but not declared` });
    return this.#edits.begin(key, valueLength);
  }

  /** Puts a finished change where the attribute was, or at the end of the span. */
  #put(key: AttributeKey, change: number): void {
    if (!this.has(key)) {
      this.#edits.add(this.index, change);
      this.#stamps[key.id] = this.#stamp;
      this.#slots[key.id] = -(change + 2);
      return;
    }
    const slot = this.#slots[key.id]!;
    if (slot < absent) return this.#edits.replaceAdded(this.index, -slot - 2, change);
    this.#edits.replaceRow(this.index, slot, change);
    if (this.#hasDuplicates) this.#removeRowsAfter(slot, key);
  }

  #removeRowsAfter(first: number, key: AttributeKey): void {
    for (let row = first + 1; row < this.rowsEnd; row++) {
      if (this.rowKey(row) === key.id) this.#edits.removeRow(this.index, row);
    }
  }

  #find(key: AttributeKey): boolean {
    if (this.#stamps[key.id] !== this.#stamp) return false;
    const slot = this.#slots[key.id]!;
    if (slot === absent) return false;
    if (slot < absent) this.#pointAtChange(-slot - 2);
    else this.#pointAtRow(slot);
    return true;
  }

  #pointAtRow(row: number): void {
    const replacement = this.#edits.replacement(row);
    if (replacement >= 0) return this.#pointAtChange(replacement);
    const { values, width } = this.#index.rows;
    this.#bytes = this.#index.bytes;
    this.#start = values[row * width + rowColumns.valueStart]!;
    this.#end = values[row * width + rowColumns.valueEnd]!;
  }

  #pointAtChange(change: number): void {
    const { values, width } = this.#edits.changes;
    this.#bytes = this.#edits.written.bytes;
    this.#start = values[change * width + changeColumns.valueStart]!;
    this.#end = values[change * width + changeColumns.end]!;
  }

  #textFound(bytesMax: number): string | undefined {
    const start = contentStart(this.#bytes, this.#start, this.#end, 0x0a);
    if (start < 0 || this.#end - start > bytesMax) return undefined;
    this.decodedBytes += this.#end - start;
    return utf8(this.#bytes, start, this.#end);
  }

  #column(column: number): number {
    const { values, width } = this.#index.spans;
    return values[this.index * width + column]!;
  }

  #scopeText(column: number): string {
    return this.#text(this.#index.scopes.at(this.scope, column), this.#index.scopes.at(this.scope, column + 1));
  }

  #text(start: number, end: number): string {
    return utf8(this.#index.bytes, start, Math.min(end, start + textBytesMax));
  }

  #id(column: number, length: number): string {
    const start = this.#column(column);
    const { bytes } = this.#index;
    // An id of zeros alone is none (OTLP); it is what some emitters write for it.
    return start < 0 || isZero(bytes, start, start + length) ? "" : hex(bytes, start, start + length);
  }

  /** A fixed64 of nanoseconds. A double of milliseconds keeps a quarter of a microsecond for two centuries. */
  #timeMs(column: number): number {
    const at = this.#column(column);
    if (at < 0) return 0;
    const { bytes } = this.#index;
    const low = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
    const high = (bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24)) >>> 0;
    return high * 4294.967296 + low / 1e6;
  }
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] !== 0) return false;
  return true;
}

/** How many bytes a text takes as an AnyValue. */
function itemLength(text: string): number {
  return fieldLength(utf8Bytes(text));
}

/** How many bytes a field takes whose number is below 16: tag, length, content. */
function fieldLength(contentLength: number): number {
  return 1 + varintLength(contentLength) + contentLength;
}

/** How many bytes a text has in UTF-8. Most of what is written here is a short ASCII word: no call out of JavaScript then. */
function utf8Bytes(value: string): number {
  if (value.length > 64) return Buffer.byteLength(value);
  for (let at = 0; at < value.length; at++) if (value.charCodeAt(at) > 0x7f) return Buffer.byteLength(value);
  return value.length;
}
