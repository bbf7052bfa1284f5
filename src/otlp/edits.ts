// What processors did to the spans of one batch, as flat tables: a new attribute is encoded once into `written`, and a
// row of `changes` says where it goes. Nothing is allocated per edit once the tables have grown.
import { AssertionError } from "node:assert";
import { putVarint, varintLength, Writer } from "../wire/writer.ts";
import type { AttributeKey } from "./attribute-key.ts";
import { rowColumns } from "./columns.ts";
import { Table } from "./table.ts";
import type { TraceIndex } from "./trace-index.ts";

/** Columns of `changes`: a whole attribute in `written`, its AnyValue, its key, the next one added to the same span. */
export const changeColumns = { start: 0, end: 1, valueStart: 2, key: 3, next: 4 } as const;

const unchanged = 0;
const removed = -1;

export class Edits {
  readonly changes = new Table(5);
  readonly written = new Writer(4096);
  #touchedSpans = 0;
  /** By span: the length by which it grows, the first and the last added change plus 1 (0 is none), touched or not. */
  readonly #spans = new Table(4);
  /** By attribute row: 0, -1 for removed, or the change that replaces it plus 1. */
  readonly #rows = new Table(1);
  /** By scope: 1 where the schema URL goes. */
  readonly #schemas = new Table(1);
  #index: TraceIndex | undefined;

  /** Forgets everything and gets ready for the batch that `index` describes. */
  reset(index: TraceIndex): void {
    for (const table of [this.changes, this.#spans, this.#rows, this.#schemas]) table.clear();
    this.written.position = 0;
    this.#touchedSpans = 0;
    this.#spans.appendMany(index.spans.length);
    this.#rows.appendMany(index.rows.length);
    this.#schemas.appendMany(index.scopes.length);
    this.#index = index;
  }

  /** Whether anything differs. */
  get any(): boolean {
    return this.#touchedSpans > 0;
  }

  touches(span: number): boolean {
    return this.#spans.at(span, 3) === 1;
  }

  /** By how many bytes the content of a span grows. */
  growth(span: number): number {
    return this.#spans.at(span, 0);
  }

  /** The change that replaces an attribute row, -1 when the row is gone, -2 when it is as received. */
  replacement(row: number): number {
    const state = this.#rows.at(row, 0);
    if (state === unchanged) return -2;
    return state === removed ? -1 : state - 1;
  }

  /** The first change that was added to a span, -1 when there is none; the next one is in `changeColumns.next`. */
  firstAdded(span: number): number {
    return this.#spans.at(span, 1) - 1;
  }

  clearsSchema(scope: number): boolean {
    return this.#schemas.at(scope, 0) === 1;
  }

  clearSchema(scope: number): void {
    this.#schemas.set(scope, 0, 1);
  }

  removeRow(span: number, row: number): void {
    const lengthNow = this.#lengthOf(row);
    this.#rows.set(row, 0, removed);
    this.#grow(span, -lengthNow);
  }

  /** Takes an added attribute back. */
  removeAdded(span: number, change: number): void {
    this.#grow(span, this.changes.at(change, changeColumns.start) - this.changes.at(change, changeColumns.end));
    this.changes.set(change, changeColumns.end, this.changes.at(change, changeColumns.start));
  }

  /** Puts the change in the place of an attribute row. */
  replaceRow(span: number, row: number, change: number): void {
    const lengthNow = this.#lengthOf(row);
    this.#rows.set(row, 0, change + 1);
    this.#grow(span, this.#changeLength(change) - lengthNow);
  }

  /** Adds the change at the end of a span. */
  add(span: number, change: number): void {
    const last = this.#spans.at(span, 2);
    if (last === 0) this.#spans.set(span, 1, change + 1);
    else this.changes.set(last - 1, changeColumns.next, change);
    this.#spans.set(span, 2, change + 1);
    this.#grow(span, this.#changeLength(change));
  }

  /** Puts another change in the place of one that was added before. */
  replaceAdded(span: number, change: number, by: number): void {
    const difference = this.#changeLength(by) - this.#changeLength(change);
    for (const column of [changeColumns.start, changeColumns.end, changeColumns.valueStart]) {
      this.changes.set(change, column, this.changes.at(by, column));
    }
    this.#grow(span, difference);
  }

  /**
   * Begins an attribute whose AnyValue will take `valueLength` bytes, with room for it; the caller writes the value.
   * Returns the number of the change.
   */
  begin(key: AttributeKey, valueLength: number): number {
    // A message that is built before it is needed costs more than the change.
    if (!this.#index!.keys.declares(key))
      throw new AssertionError({ message: `attribute ${key.name} is written but not declared` });
    const { field } = key;
    const length = field.length + 1 + varintLength(valueLength) + valueLength;
    const { written, changes } = this;
    written.ensure(length + 16);
    const { bytes } = written;
    let at = written.position;
    const change = changes.append();
    const { values } = changes;
    const base = change * changes.width;
    values[base + changeColumns.start] = at;
    bytes[at++] = 0x4a;
    at = putVarint(bytes, at, length);
    for (let i = 0; i < field.length; i++) bytes[at++] = field[i]!;
    bytes[at++] = 0x12;
    at = putVarint(bytes, at, valueLength);
    values[base + changeColumns.end] = at + valueLength;
    values[base + changeColumns.valueStart] = at;
    values[base + changeColumns.key] = key.id;
    values[base + changeColumns.next] = -1;
    written.position = at;
    return change;
  }

  /** Begins a field of another kind than an attribute, of `length` bytes, that takes the place of a row: the caller writes all of it. */
  beginField(key: AttributeKey, length: number, contentLength: number): number {
    const { written, changes } = this;
    written.ensure(length + 16);
    const change = changes.append();
    changes.set(change, changeColumns.start, written.position);
    changes.set(change, changeColumns.end, written.position + length);
    changes.set(change, changeColumns.valueStart, written.position + length - contentLength);
    changes.set(change, changeColumns.key, key.id);
    changes.set(change, changeColumns.next, -1);
    return change;
  }

  #changeLength(change: number): number {
    return this.changes.at(change, changeColumns.end) - this.changes.at(change, changeColumns.start);
  }

  /** How many bytes the attribute of a row takes as things stand. */
  #lengthOf(row: number): number {
    const state = this.#rows.at(row, 0);
    if (state === removed) return 0;
    if (state !== unchanged) return this.#changeLength(state - 1);
    const rows = this.#index!.rows;
    return rows.at(row, rowColumns.end) - rows.at(row, rowColumns.tag);
  }

  #grow(span: number, by: number): void {
    const { values, width } = this.#spans;
    values[span * width] = values[span * width]! + by;
    if (values[span * width + 3] === 1) return;
    values[span * width + 3] = 1;
    this.#touchedSpans++;
  }
}
