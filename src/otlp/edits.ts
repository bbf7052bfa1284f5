// What processors did to the spans of one batch, as flat tables: a new attribute is encoded once into `written`, and a
// row of `changes` says where it goes. Nothing is allocated per edit once the tables have grown.
import { AssertionError } from "node:assert";
import { putVarint, varintLength, Writer } from "../wire/writer.ts";
import type { AttributeKey } from "./attribute-key.ts";
import * as column from "./columns.ts";
import type { KeyTable } from "./key-table.ts";
import { Table } from "./table.ts";
import type { TraceIndex } from "./trace-index.ts";

export class Edits {
  readonly changes = new Table(column.changeWidth);
  readonly written = new Writer(4096);
  /** Whether anything differs. */
  any = false;
  readonly #spans = new Table(column.editedWidth);
  readonly #rows = new Table(1);
  /** By scope: 1 where the schema URL goes. */
  readonly #schemas = new Table(1);
  #keys: KeyTable | undefined;

  /** Forgets everything and gets ready for the batch that `index` describes. */
  reset(index: TraceIndex): void {
    this.changes.clear();
    this.written.position = 0;
    this.any = false;
    this.#spans.clear();
    this.#spans.appendMany(index.spans.length);
    this.#rows.clear();
    this.#rows.appendMany(index.rows.length);
    this.#schemas.clear();
    this.#schemas.appendMany(index.scopes.length);
    this.#keys = index.keys;
  }

  touches(span: number): boolean {
    return this.#spans.values[span * column.editedWidth + column.editedTouched] === 1;
  }

  /** By attribute row. */
  get rowStates(): Int32Array {
    return this.#rows.values;
  }

  /** The change that replaces an attribute row, -1 when the row is gone, -2 when it is as received. */
  replacement(row: number): number {
    const state = this.#rows.values[row]!;
    if (state === column.rowUnchanged) return -2;
    return state === column.rowRemoved ? -1 : state - 1;
  }

  /** The first change that was added to a span, -1 when there is none; the next one is in `column.changeNext`. */
  firstAdded(span: number): number {
    return this.#spans.values[span * column.editedWidth + column.editedFirst]! - 1;
  }

  clearsSchema(scope: number): boolean {
    return this.#schemas.values[scope] === 1;
  }

  /** Takes the schema URL of a scope away, because of one of its spans. */
  clearSchema(span: number, scope: number): void {
    this.#schemas.values[scope] = 1;
    this.#touch(span);
  }

  removeRow(span: number, row: number): void {
    this.#rows.values[row] = column.rowRemoved;
    this.#touch(span);
  }

  /** Takes an added attribute back. */
  removeAdded(change: number): void {
    this.changes.set(change, column.changeEnd, this.changes.at(change, column.changeStart));
  }

  /** Puts the change in the place of an attribute row. */
  replaceRow(span: number, row: number, change: number): void {
    this.#rows.values[row] = change + 1;
    this.#touch(span);
  }

  /** Adds the change at the end of a span. */
  add(span: number, change: number): void {
    const { values } = this.#spans;
    const base = span * column.editedWidth;
    const last = values[base + column.editedLast]!;
    if (last === 0) values[base + column.editedFirst] = change + 1;
    else this.changes.set(last - 1, column.changeNext, change);
    values[base + column.editedLast] = change + 1;
    this.#touch(span);
  }

  /** Puts another change in the place of one that was added before. */
  replaceAdded(change: number, by: number): void {
    this.changes.set(change, column.changeStart, this.changes.at(by, column.changeStart));
    this.changes.set(change, column.changeEnd, this.changes.at(by, column.changeEnd));
    this.changes.set(change, column.changeValueStart, this.changes.at(by, column.changeValueStart));
  }

  /**
   * Begins an attribute whose AnyValue will take `valueLength` bytes, with room for it; the caller writes the value.
   * Returns the number of the change.
   */
  begin(key: AttributeKey, valueLength: number): number {
    // A message that is built before it is needed costs more than the change.
    if (!this.#keys!.declares(key))
      throw new AssertionError({ message: `attribute ${key.name} is written but not declared` });
    const { fieldWords } = key;
    const fieldLength = key.field.length;
    const length = fieldLength + 1 + varintLength(valueLength) + valueLength;
    const { written, changes } = this;
    written.ensure(length + 16);
    const { bytes, view } = written;
    let at = written.position;
    const change = changes.append();
    const { values } = changes;
    const base = change * column.changeWidth;
    values[base + column.changeStart] = at;
    bytes[at++] = 0x4a;
    at = putVarint(bytes, at, length);
    // Whole words: what is written too much is written over next.
    for (let i = 0; i < fieldWords.length; i++) view.setInt32(at + i * 4, fieldWords[i]!, true);
    at += fieldLength;
    bytes[at++] = 0x12;
    at = putVarint(bytes, at, valueLength);
    values[base + column.changeEnd] = at + valueLength;
    values[base + column.changeValueStart] = at;
    values[base + column.changeKey] = key.id;
    values[base + column.changeNext] = -1;
    written.position = at;
    return change;
  }

  /** Begins a field of another kind than an attribute, of `length` bytes, that takes the place of a row: the caller writes all of it. */
  beginField(key: AttributeKey, length: number, contentLength: number): number {
    const { written, changes } = this;
    written.ensure(length + 16);
    const change = changes.append();
    changes.set(change, column.changeStart, written.position);
    changes.set(change, column.changeEnd, written.position + length);
    changes.set(change, column.changeValueStart, written.position + length - contentLength);
    changes.set(change, column.changeKey, key.id);
    changes.set(change, column.changeNext, -1);
    return change;
  }

  #touch(span: number): void {
    this.#spans.values[span * column.editedWidth + column.editedTouched] = 1;
    this.any = true;
  }
}
