// Which attribute row or change each declared key has on the span that is looked at. Two arrays by key id are used again
// span after span: what an earlier span left is told by its stamp, so that nothing has to be cleared.

import * as column from "./columns.ts";
import type { Edits } from "./edits.ts";
import type { TraceIndex } from "./trace-index.ts";

export function slotOfChange(change: number): number {
  return -(change + 2);
}

export function changeOfSlot(slot: number): number {
  return -slot - 2;
}

export class SpanSlots {
  /** Whether some key, or some prefix, has several rows on this span. */
  hasDuplicates = false;
  readonly #index: TraceIndex;
  readonly #edits: Edits;
  readonly #slots: Int32Array;
  readonly #stamps: Int32Array;
  #stamp = 0;

  constructor(index: TraceIndex, edits: Edits) {
    this.#index = index;
    this.#edits = edits;
    this.#slots = new Int32Array(index.keys.idsEnd);
    this.#stamps = new Int32Array(index.keys.idsEnd);
  }

  at(key: number): number {
    return this.#stamps[key] === this.#stamp ? this.#slots[key]! : column.absent;
  }

  set(key: number, slot: number): void {
    this.#stamps[key] = this.#stamp;
    this.#slots[key] = slot;
  }

  /** Looks at a span, whose attribute rows are `[rowsStart, rowsEnd)`. */
  fill(span: number, rowsStart: number, rowsEnd: number): void {
    this.#stamp++;
    this.hasDuplicates = false;
    const { values } = this.#index.rows;
    const isTouched = this.#edits.touches(span);
    for (let row = rowsStart; row < rowsEnd; row++) {
      const id = values[row * column.rowWidth + column.rowKey]!;
      // Of two attributes with one key the first counts, as in the Collector.
      if (this.#stamps[id] === this.#stamp) {
        this.hasDuplicates = true;
        continue;
      }
      if (isTouched && this.#edits.replacement(row) === -1) continue;
      this.#stamps[id] = this.#stamp;
      this.#slots[id] = row;
    }
    if (isTouched) this.#fillAdded(span);
  }

  #fillAdded(span: number): void {
    const { changes } = this.#edits;
    for (let at = this.#edits.firstAdded(span); at >= 0; at = changes.at(at, column.changeNext)) {
      if (changes.at(at, column.changeStart) === changes.at(at, column.changeEnd)) continue;
      this.set(changes.at(at, column.changeKey), slotOfChange(at));
    }
  }
}
