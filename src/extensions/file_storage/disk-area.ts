// One area of a store on disk. Reads look through what is not written yet at what is.
import { Refused } from "../../core/refused.ts";
import { type RangeQuery, type Storage, StorageFull, type StoredEntry, type Writing } from "../../core/storage.ts";
import { Overlay } from "./overlay.ts";

/** What an area reads of the file below it. Keys carry the name of the area. */
export interface Written {
  get(key: string): Uint8Array | undefined;
  range(query: Omit<RangeQuery, "limit">): Iterable<StoredEntry>;
}

/** The store around an area. */
export interface Surface {
  readonly written: Written;
  /** Why nothing can be written at present. */
  readonly hindrance: string | undefined;
  /** Asks for a commit soon. */
  touched(): void;
  durable(): Promise<void>;
}

/** What areas of one purpose share. */
export interface Share {
  bytes: number;
  readonly bytesMax: number;
}

export class DiskArea implements Storage {
  readonly lasting = true;
  readonly #prefix: string;
  readonly #surface: Surface;
  readonly #share: Share;
  #bytes: number;
  #pending = new Overlay();
  #committing: Overlay | undefined;
  #undo: Undo[] | undefined;
  readonly #writing: Writing = {
    get: (key) => this.get(key),
    range: (query) => this.range(query),
    put: (key, value) => this.#put(key, value),
    remove: (key, length) => this.#remove(key, length),
  };

  /** `bytes` is what is stored already. */
  constructor(prefix: string, bytes: number, share: Share, surface: Surface) {
    this.#prefix = prefix;
    this.#bytes = bytes;
    this.#share = share;
    this.#surface = surface;
    share.bytes += bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What the areas that share a bound leave to this one. */
  get bytesMax(): number {
    return this.#share.bytesMax - this.#share.bytes + this.#bytes;
  }

  get hasPending(): boolean {
    return 0 < this.#pending.size;
  }

  get(key: string): Uint8Array | undefined {
    if (this.#pending.has(key)) return this.#pending.get(key);
    if (this.#committing?.has(key)) return this.#committing.get(key);
    return this.#surface.written.get(this.#prefix + key);
  }

  range(query: RangeQuery): readonly StoredEntry[] {
    const { from, to, limit } = query;
    const found: StoredEntry[] = [];
    if (limit < 1 || to <= from) return found;
    const isBefore = query.reverse ? (a: string, b: string) => b < a : (a: string, b: string) => a < b;
    const below = new Head(
      this.#surface.written.range({ ...query, from: this.#prefix + from, to: this.#prefix + to }),
      ({ key }) => key.slice(this.#prefix.length),
    );
    const above = [this.#pending, ...(this.#committing ? [this.#committing] : [])].map(
      (overlay) => new Head(overlay.walk(query), (key) => key),
    );
    const heads = [...above, below];
    while (found.length < limit) {
      let next: string | undefined;
      for (const { key } of heads) if (key !== undefined && (next === undefined || isBefore(key, next))) next = key;
      if (next === undefined) break;
      const written = below.key === next ? below.item?.value : undefined;
      const value = this.#overlaid(next, written);
      if (value !== undefined) found.push({ key: next, value });
      for (const head of heads) if (head.key === next) head.advance();
    }
    for (const head of heads) head.close();
    return found;
  }

  transaction<T>(work: (writing: Writing) => T): T {
    if (this.#undo !== undefined) throw new Error("file storage: transactions do not nest");
    this.#undo = [];
    try {
      const result = work(this.#writing);
      if (0 < this.#undo.length) this.#surface.touched();
      return result;
    } catch (error) {
      for (const { key, was, value, size } of this.#undo.reverse()) {
        if (was) this.#pending.set(key, value);
        else this.#pending.drop(key);
        this.#grow(-size);
      }
      throw error;
    } finally {
      this.#undo = undefined;
    }
  }

  durable(): Promise<void> {
    return this.#surface.durable();
  }

  /** Hands what is not written to a commit: keys as they stand in the file, undefined for a removal. */
  beginCommit(): Iterable<[string, Uint8Array | undefined]> {
    this.#committing = this.#pending;
    this.#pending = new Overlay();
    return withPrefix(this.#prefix, this.#committing.entries());
  }

  /** What was not committed is pending again, below what came since. */
  endCommit(committed: boolean): void {
    const tried = this.#committing;
    this.#committing = undefined;
    if (committed || tried === undefined) return;
    this.#pending.pourOver(tried);
    this.#pending = tried;
  }

  #overlaid(key: string, written: Uint8Array | undefined): Uint8Array | undefined {
    if (this.#pending.has(key)) return this.#pending.get(key);
    return this.#committing?.has(key) ? this.#committing.get(key) : written;
  }

  #put(key: string, value: Uint8Array): void {
    const { hindrance } = this.#surface;
    if (hindrance !== undefined) throw new Refused("unavailable", `file storage: ${hindrance}`);
    const size = storedBytes(key, value.length) - this.#sizeNow(key);
    if (0 < size && this.#share.bytesMax < this.#share.bytes + size) throw new StorageFull(this.#share.bytesMax);
    this.#change(key, value, size);
  }

  #remove(key: string, length: number | undefined): void {
    const size = length === undefined ? this.#sizeNow(key) : storedBytes(key, length);
    if (0 < size) this.#change(key, undefined, -size);
  }

  #change(key: string, value: Uint8Array | undefined, size: number): void {
    const was = this.#pending.has(key);
    this.#undo?.push({ key, was, value: this.#pending.get(key), size });
    this.#pending.set(key, value);
    this.#grow(size);
  }

  #sizeNow(key: string): number {
    const value = this.get(key);
    return value === undefined ? 0 : storedBytes(key, value.length);
  }

  #grow(size: number): void {
    this.#bytes += size;
    this.#share.bytes += size;
  }
}

interface Undo {
  readonly key: string;
  /** Whether it was pending before, with `value`. */
  readonly was: boolean;
  readonly value: Uint8Array | undefined;
  readonly size: number;
}

const pageBytes = 4096;
/** Larger values get pages of their own, of which the last is partly empty; smaller ones share pages, two thirds full. */
const sharedPageBytesMax = 2000;

/** What an entry takes in the file, with a value of `length` bytes. */
export function storedBytes(key: string, length: number): number {
  const bytes = key.length + length + 16;
  if (bytes <= sharedPageBytesMax) return Math.ceil(bytes * 1.5);
  return Math.ceil((length + 16) / pageBytes) * pageBytes + key.length * 2 + 64;
}

/** A sequence, and what comes next in it. */
class Head<T> {
  item: T | undefined;
  key: string | undefined;
  readonly #iterator: Iterator<T>;
  readonly #keyOf: (item: T) => string;

  constructor(items: Iterable<T>, keyOf: (item: T) => string) {
    this.#iterator = items[Symbol.iterator]();
    this.#keyOf = keyOf;
    this.advance();
  }

  advance(): void {
    const next = this.#iterator.next();
    this.item = next.done ? undefined : next.value;
    this.key = this.item === undefined ? undefined : this.#keyOf(this.item);
  }

  close(): void {
    if (this.key !== undefined) this.#iterator.return?.();
  }
}

function* withPrefix<V>(prefix: string, entries: Iterable<[string, V]>): Iterable<[string, V]> {
  for (const [key, value] of entries) yield [prefix + key, value];
}
