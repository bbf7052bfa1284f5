// One span at a time, read in place. There is one view per batch: it is pointed at a span, asked, told what to change,
// and pointed at the next. A read sees what was changed before, by this processor or an earlier one.
import { utf8 } from "../wire/utf8.ts";
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
import type { AttributeKey } from "./attribute-key.ts";
import { bigintChange, booleanChange, doubleChange, integerChange, textChange, textsChange } from "./change-values.ts";
import * as column from "./columns.ts";
import type { Edits } from "./edits.ts";
import type { EventJudge } from "./event-cut.ts";
import { idText, timeMs } from "./fixed-fields.ts";
import { changeOfSlot, SpanSlots, slotOfChange } from "./span-slots.ts";
import { SpanTexts } from "./span-texts.ts";
import type { TraceIndex } from "./trace-index.ts";

/** Longest text that is read without asking for more: names and identifiers are shorter, prompts are not. */
const textBytesMax = 4096;

export class SpanView {
  /** Position of the span in the batch. */
  index = -1;
  /** The attribute rows of the span, as they came: for keys that are only known by a prefix. `rowKey` tells removed ones. */
  rowsStart = 0;
  rowsEnd = 0;
  /** Bytes of text that were decoded since the batch began; prompts must not be among them. */
  decodedBytes = 0;
  readonly #index: TraceIndex;
  readonly #edits: Edits;
  readonly #slots: SpanSlots;
  readonly #texts: SpanTexts;
  // Where the value that was found last lies.
  #bytes: Uint8Array;
  #start = 0;
  #end = 0;

  constructor(index: TraceIndex, edits: Edits) {
    this.#index = index;
    this.#edits = edits;
    this.#bytes = index.bytes;
    this.#slots = new SpanSlots(index, edits);
    this.#texts = new SpanTexts(index, edits);
  }

  /** Points the view at a span. */
  moveTo(span: number): this {
    const { values } = this.#index.spans;
    const base = span * column.spanWidth;
    this.index = span;
    this.rowsStart = values[base + column.spanRowsStart]!;
    this.rowsEnd = values[base + column.spanRowsEnd]!;
    this.#slots.fill(span, this.rowsStart, this.rowsEnd);
    return this;
  }

  /** 32 lower-case hex digits, empty when the span has none. */
  get traceId(): string {
    return idText(this.#index.bytes, this.#column(column.spanTraceId), 16);
  }

  /** 16 lower-case hex digits, empty when the span has none. */
  get spanId(): string {
    return idText(this.#index.bytes, this.#column(column.spanSpanId), 8);
  }

  /** Empty for a root. */
  get parentSpanId(): string {
    return idText(this.#index.bytes, this.#column(column.spanParentSpanId), 8);
  }

  get name(): string {
    return this.#texts.name(this.index, textBytesMax);
  }

  /** The W3C trace state as it came. */
  get traceState(): string {
    const start = this.#column(column.spanTraceStateStart);
    return utf8(this.#index.bytes, start, Math.min(this.#column(column.spanTraceStateEnd), start + textBytesMax));
  }

  /** SpanKind: 1 internal, 2 server, 3 client, 4 producer, 5 consumer; 0 unknown. */
  get kind(): number {
    return this.#column(column.spanKind);
  }

  /** Status code: 0 unset, 1 ok, 2 error. */
  get statusCode(): number {
    return this.#column(column.spanStatus);
  }

  /** Milliseconds since 1970, with a fraction; 0 when the span does not say. */
  get startMs(): number {
    return timeMs(this.#index.bytes, this.#column(column.spanStartTime));
  }

  get endMs(): number {
    return timeMs(this.#index.bytes, this.#column(column.spanEndTime));
  }

  // What its scope and resource have.

  /** Number of the scope in the batch: spans of one scope share it. */
  get scope(): number {
    return this.#column(column.spanScope);
  }

  get scopeName(): string {
    return this.#scopeText(column.scopeNameStart, column.scopeNameEnd);
  }

  get scopeVersion(): string {
    return this.#scopeText(column.scopeVersionStart, column.scopeVersionEnd);
  }

  /** Number of the resource in the batch. */
  get resource(): number {
    return this.#index.scopes.at(this.scope, column.scopeResource);
  }

  /** A declared resource attribute that is a string. */
  resourceText(key: AttributeKey): string | undefined {
    const resources = this.#index.resources;
    const end = resources.at(this.resource, column.resourceRowsEnd);
    for (let row = resources.at(this.resource, column.resourceRowsStart); row < end; row++) {
      if (this.#index.rows.at(row, column.rowKey) !== key.id) continue;
      this.#pointAtRow(row);
      return this.#textFound(textBytesMax);
    }
    return undefined;
  }

  /** False when no key of the span is marked, by its id, and none was added since it came: then there is nothing to ask. */
  mayHave(marks: Uint8Array): boolean {
    return this.#edits.touches(this.index) || this.#index.hasMarked(marks, this.rowsStart, this.rowsEnd);
  }

  // Attributes, by key.

  has(key: AttributeKey): boolean {
    return this.#slots.at(key.id) !== column.absent;
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
    return this.#find(key) ? this.#valueFound(bytesMax) : undefined;
  }

  /** Id of the declared key or prefix of an attribute row, -1 when it was removed. */
  rowKey(row: number): number {
    return this.#edits.replacement(row) === -1 ? -1 : this.#index.rows.at(row, column.rowKey);
  }

  /** The whole name of an attribute row. */
  rowName(row: number): string {
    const rows = this.#index.rows;
    return utf8(this.#index.bytes, rows.at(row, column.rowKeyStart), rows.at(row, column.rowKeyEnd));
  }

  rowType(row: number): ValueType {
    this.#pointAtRow(row);
    return typeOf(this.#bytes, this.#start, this.#end);
  }

  rowText(row: number, bytesMax = textBytesMax): string | undefined {
    this.#pointAtRow(row);
    return this.#textFound(bytesMax);
  }

  rowValue(row: number, bytesMax = textBytesMax): AnyValue {
    this.#pointAtRow(row);
    return this.#valueFound(bytesMax);
  }

  // Changes. Keys that are written must be declared like keys that are read, so that none is there twice.

  setText(key: AttributeKey, value: string): void {
    this.#put(key, textChange(this.#edits, key, value));
  }

  /** Writes an int; any that a double holds exactly. */
  setInteger(key: AttributeKey, value: number): void {
    this.#put(key, integerChange(this.#edits, key, value));
  }

  setBigint(key: AttributeKey, value: bigint): void {
    this.#put(key, bigintChange(this.#edits, key, value));
  }

  setDouble(key: AttributeKey, value: number): void {
    this.#put(key, doubleChange(this.#edits, key, value));
  }

  setBoolean(key: AttributeKey, value: boolean): void {
    this.#put(key, booleanChange(this.#edits, key, value));
  }

  setTexts(key: AttributeKey, values: readonly string[]): void {
    this.#put(key, textsChange(this.#edits, key, values));
  }

  /** Writes the value of `from` under `to` as well, byte for byte. Does nothing when the span has no `from`. */
  copy(from: AttributeKey, to: AttributeKey): void {
    if (this.#find(from)) this.#put(to, this.#copyFound(to));
  }

  /** Gives the attribute another name. */
  rename(from: AttributeKey, to: AttributeKey): void {
    const slot = this.#slots.at(from.id);
    if (slot === column.absent || from === to) return;
    this.#pointAt(slot);
    this.#put(to, this.#copyFound(to));
    this.#removeSlot(slot, from);
  }

  /** Gives the attribute of a row another name, below a prefix perhaps, where none takes the place of another. */
  moveRow(row: number, to: AttributeKey): void {
    if (this.rowKey(row) < 0) return;
    this.#pointAtRow(row);
    this.#edits.add(this.index, this.#copyFound(to));
    this.removeRow(row);
  }

  /** Takes every attribute with this key away. */
  remove(key: AttributeKey): void {
    if (this.#slots.at(key.id) !== column.absent) this.#removeSlot(this.#slots.at(key.id), key);
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
    return this.#texts.removeFromEvents(this.index, goes);
  }

  /** Gives a span whose name ends with `end`, in ASCII, another one, where events are declared; whether it does. */
  replaceName(end: string, name: string): boolean {
    return this.#texts.replaceName(this.index, end, name);
  }

  /** Takes away what the status says beside its code, where events are declared; whether it said anything. */
  removeStatusMessage(): boolean {
    return this.#texts.removeStatusMessage(this.index);
  }

  /** Clears the schema URL of the span's scope: it speaks of attribute names that are no longer those of a spec. */
  clearSchemaUrl(): void {
    this.#edits.clearSchema(this.index, this.scope);
  }

  /** The value that was found last, as a change under another name. */
  #copyFound(to: AttributeKey): number {
    const start = this.#start;
    const end = this.#end;
    const inWritten = this.#bytes !== this.#index.bytes;
    const change = this.#edits.begin(to, end - start);
    // `begin` may have moved what was written before to a larger buffer.
    this.#edits.written.copy(inWritten ? this.#edits.written.bytes : this.#index.bytes, start, end);
    return change;
  }

  /** Puts a finished change where the attribute was, or at the end of the span. */
  #put(key: AttributeKey, change: number): void {
    const slot = this.#slots.at(key.id);
    if (slot === column.absent) {
      this.#edits.add(this.index, change);
      this.#slots.set(key.id, slotOfChange(change));
      return;
    }
    if (slot < column.absent) return this.#edits.replaceAdded(changeOfSlot(slot), change);
    this.#edits.replaceRow(this.index, slot, change);
    if (this.#slots.hasDuplicates) this.#removeRowsAfter(slot, key);
  }

  #removeSlot(slot: number, key: AttributeKey): void {
    if (slot < column.absent) this.#edits.removeAdded(changeOfSlot(slot));
    else {
      this.#edits.removeRow(this.index, slot);
      if (this.#slots.hasDuplicates) this.#removeRowsAfter(slot, key);
    }
    this.#slots.set(key.id, column.absent);
  }

  #removeRowsAfter(first: number, key: AttributeKey): void {
    for (let row = first + 1; row < this.rowsEnd; row++) {
      if (this.rowKey(row) === key.id) this.#edits.removeRow(this.index, row);
    }
  }

  #find(key: AttributeKey): boolean {
    const slot = this.#slots.at(key.id);
    if (slot === column.absent) return false;
    this.#pointAt(slot);
    return true;
  }

  #pointAt(slot: number): void {
    if (slot < column.absent) this.#pointAtChange(changeOfSlot(slot));
    else this.#pointAtRow(slot);
  }

  #pointAtRow(row: number): void {
    const replacement = this.#edits.replacement(row);
    if (replacement >= 0) return this.#pointAtChange(replacement);
    const { values } = this.#index.rows;
    this.#bytes = this.#index.bytes;
    this.#start = values[row * column.rowWidth + column.rowValueStart]!;
    this.#end = values[row * column.rowWidth + column.rowValueEnd]!;
  }

  #pointAtChange(change: number): void {
    const { values } = this.#edits.changes;
    this.#bytes = this.#edits.written.bytes;
    this.#start = values[change * column.changeWidth + column.changeValueStart]!;
    this.#end = values[change * column.changeWidth + column.changeEnd]!;
  }

  #textFound(bytesMax: number): string | undefined {
    const start = contentStart(this.#bytes, this.#start, this.#end, 0x0a);
    if (start < 0 || this.#end - start > bytesMax) return undefined;
    this.decodedBytes += this.#end - start;
    return utf8(this.#bytes, start, this.#end);
  }

  #valueFound(bytesMax: number): AnyValue {
    // Tag and length of a text take up to six bytes.
    if (this.#end - this.#start > bytesMax + 6) return undefined;
    this.decodedBytes += this.#end - this.#start;
    return anyValueOf(this.#bytes, this.#start, this.#end);
  }

  #column(at: number): number {
    return this.#index.spans.values[this.index * column.spanWidth + at]!;
  }

  #scopeText(start: number, end: number): string {
    const from = this.#index.scopes.at(this.scope, start);
    return utf8(this.#index.bytes, from, Math.min(this.#index.scopes.at(this.scope, end), from + textBytesMax));
  }
}
