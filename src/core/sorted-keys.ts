// Keys in order, for stores that keep what they hold, or what is not written yet, in memory.

/** Small enough that inserting in the middle is cheap, large enough that there are few chunks. */
const chunkKeysMax = 512;

export interface KeyRange {
  readonly from: string;
  /** Exclusive. */
  readonly to: string;
  readonly reverse?: boolean;
}

/** Sorted strings in chunks of at most `chunkKeysMax`; no chunk is empty. */
export class SortedKeys {
  readonly #chunks: string[][] = [];

  add(key: string): void {
    const chunk = this.#chunks[this.#chunkOf(key)];
    if (chunk === undefined) {
      this.#chunks.push([key]);
      return;
    }
    chunk.splice(firstAtLeast(chunk, key), 0, key);
    if (chunk.length <= chunkKeysMax) return;
    const at = this.#chunks.indexOf(chunk);
    this.#chunks.splice(at + 1, 0, chunk.splice(chunk.length >> 1));
  }

  remove(key: string): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return;
    const index = firstAtLeast(chunk, key);
    if (chunk[index] !== key) return;
    chunk.splice(index, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  /** Keys with `from <= key < to`, in order or backwards. Nothing may change while it is walked. */
  walk({ from, to, reverse }: KeyRange): Iterable<string> {
    return reverse ? this.#backwards(from, to) : this.#forwards(from, to);
  }

  *#forwards(from: string, to: string): Iterable<string> {
    for (let at = this.#chunkOf(from); at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at] ?? [];
      for (let index = firstAtLeast(chunk, from); index < chunk.length; index++) {
        const key = chunk[index];
        if (key === undefined || to <= key) return;
        yield key;
      }
    }
  }

  *#backwards(from: string, to: string): Iterable<string> {
    for (let at = this.#chunkOf(to); 0 <= at; at--) {
      const chunk = this.#chunks[at] ?? [];
      for (let index = firstAtLeast(chunk, to) - 1; 0 <= index; index--) {
        const key = chunk[index];
        if (key === undefined || key < from) return;
        yield key;
      }
    }
  }

  /** Position of the last chunk that starts at or before `key`, 0 when none does. */
  #chunkOf(key: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const first = this.#chunks[middle]?.[0] ?? "";
      if (first <= key) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : low - 1;
  }
}

/** Position of the first key that is not below `key`. */
function firstAtLeast(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
