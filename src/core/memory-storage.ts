// The storage that forgets: a map for values, and its keys in sorted chunks for ranges.
import { SortedKeys } from "./sorted-keys.ts";
import { type RangeQuery, type Storage, StorageFull, type StoredEntry, type Writing } from "./storage.ts";

/** What an entry costs beside its characters and bytes: slots in map and chunk, headers of string and array (measured). */
const entryOverheadBytes = 400;

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
    const found: StoredEntry[] = [];
    if (query.limit < 1) return found;
    for (const key of this.#keys.walk(query)) {
      const value = this.#values.get(key);
      if (value !== undefined) found.push({ key, value });
      if (query.limit <= found.length) break;
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
