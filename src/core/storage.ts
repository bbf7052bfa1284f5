// What remembers: ordered keys, bytes as values, changes that happen whole or not at all.
// Two backs stand behind it: a sorted map in memory (`memory-storage.ts`) and a file on disk. The interface holds what
// both can promise, so it is synchronous where the disk back is (a transaction runs to its end before anything else
// does) and a promise only where the disk is slow: `durable`.

/**
 * One named area of a store. Keys are printable ASCII of at most 500 characters, so that the order of strings and of
 * bytes is the same. Values belong to the store once they are put: nobody changes their bytes afterwards.
 */
export interface Storage extends Reading {
  /**
   * Runs `work` at once. What it wrote is kept whole, or not at all when it throws; the error is passed on.
   * Transactions do not nest. Throws `StorageFull` when the bound would be passed.
   */
  transaction<T>(work: (writing: Writing) => T): T;
  /** Resolves when every transaction so far is as safe as this store makes it. */
  durable(): Promise<void>;
  /** Whether what is stored is still there after a restart. */
  readonly lasting: boolean;
  /** What is stored, counted with keys and overhead. */
  readonly bytes: number;
  readonly bytesMax: number;
}

export interface Reading {
  get(key: string): Uint8Array | undefined;
  /** Entries with `from <= key < to` in order of keys, or backwards; never more than `limit`. */
  range(query: RangeQuery): readonly StoredEntry[];
}

/** Reads in a transaction see its own writes. */
export interface Writing extends Reading {
  put(key: string, value: Uint8Array): void;
  remove(key: string): void;
}

export interface RangeQuery {
  readonly from: string;
  readonly to: string;
  readonly limit: number;
  readonly reverse?: boolean;
}

export interface StoredEntry {
  readonly key: string;
  readonly value: Uint8Array;
}

/** The bound of a store is reached: an operating condition that its user answers by making room or by refusing. */
export class StorageFull extends Error {
  override readonly name = "StorageFull";

  constructor(bytesMax: number) {
    super(`storage: holds its ${bytesMax} bytes; raise its size, or wait until entries expire`);
  }
}
