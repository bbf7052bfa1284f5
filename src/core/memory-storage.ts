// The storage that forgets: a map for values, and its keys in sorted chunks for ranges.
import { type RangeQuery, type Storage, StorageFull, type StoredEntry, type Writing } from "./storage.ts";

/** What an entry costs beside its characters and bytes: slots in map and chunk, headers of string and array (measured). */
const entryOverheadBytes = 400;
/** Small enough that inserting in the middle is cheap, large enough that there are few chunks. */
const chunkKeysMax = 512;

/** A `Storage` in memory, bounded by `bytesMax`. */
export class MemoryStorage implements Storage {
  readonly lasting = false;
  readonly bytesMax: number;
  readonly #values = new Map<string, Uint8Array>();
  readonly #keys = new SortedKeys();
  #bytes = 0;
  /** What to put back, newest last, when the transaction throws. */
  #undo: { key: string; value: Uint8Array | undefined }[] | undefined;
  readonly #writing: Writing = {
    get: (key) => this.get(key),
    range: (query) => this.range(query),
    put: (key, value) => this.#put(key, value),
    remove: (key) => this.#remove(key),
  };

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Uint8Array | undefined {
    return this.#values.get(key);
  }

  range(query: RangeQuery): readonly StoredEntry[] {
    const keys = this.#keys.range(query);
    const found: StoredEntry[] = [];
    for (const key of keys) {
      const value = this.#values.get(key);
      if (value !== undefined) found.push({ key, value });
    }
    return found;
  }

  transaction<T>(work: (writing: Writing) => T): T {
    if (this.#undo !== undefined) throw new Error("memory storage: transactions do not nest");
    this.#undo = [];
    try {
      const result = work(this.#writing);
      this.#undo = undefined;
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  async durable(): Promise<void> {}

  #rollBack(): void {
    const undo = this.#undo ?? [];
    this.#undo = undefined;
    for (const { key, value } of undo.reverse()) {
      if (value === undefined) this.#drop(key);
      else this.#set(key, value);
    }
  }

  #put(key: string, value: Uint8Array): void {
    const before = this.#values.get(key);
    const grown = this.#bytes + sizeOf(key, value) - (before === undefined ? 0 : sizeOf(key, before));
    if (grown > this.bytesMax) throw new StorageFull(this.bytesMax);
    this.#undo?.push({ key, value: before });
    this.#set(key, value);
  }

  #remove(key: string): void {
    const before = this.#values.get(key);
    if (before === undefined) return;
    this.#undo?.push({ key, value: before });
    this.#drop(key);
  }

  #set(key: string, value: Uint8Array): void {
    const before = this.#values.get(key);
    if (before === undefined) this.#keys.add(key);
    else this.#bytes -= sizeOf(key, before);
    this.#values.set(key, value);
    this.#bytes += sizeOf(key, value);
  }

  #drop(key: string): void {
    const before = this.#values.get(key);
    if (before === undefined) return;
    this.#values.delete(key);
    this.#keys.remove(key);
    this.#bytes -= sizeOf(key, before);
  }
}

function sizeOf(key: string, value: Uint8Array): number {
  return key.length + value.length + entryOverheadBytes;
}

/** Sorted strings in chunks of at most `chunkKeysMax`; no chunk is empty. */
class SortedKeys {
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

  range({ from, to, limit, reverse }: RangeQuery): string[] {
    return reverse ? this.#backwards(from, to, limit) : this.#forwards(from, to, limit);
  }

  #forwards(from: string, to: string, limit: number): string[] {
    const found: string[] = [];
    for (let at = this.#chunkOf(from); at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at] ?? [];
      for (let index = firstAtLeast(chunk, from); index < chunk.length; index++) {
        const key = chunk[index];
        if (key === undefined || to <= key || limit <= found.length) return found;
        found.push(key);
      }
    }
    return found;
  }

  #backwards(from: string, to: string, limit: number): string[] {
    const found: string[] = [];
    for (let at = this.#chunkOf(to); 0 <= at; at--) {
      const chunk = this.#chunks[at] ?? [];
      for (let index = firstAtLeast(chunk, to) - 1; 0 <= index; index--) {
        const key = chunk[index];
        if (key === undefined || key < from || limit <= found.length) return found;
        found.push(key);
      }
    }
    return found;
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
