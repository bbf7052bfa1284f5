// What remembers: ordered keys, bytes as values, changes that happen whole or not at all.
// Two backs stand behind it: a sorted map in memory (`memory-storage.ts`) and a file on disk. The interface holds what
// both can promise, so it is synchronous where the disk back is (a transaction runs to its end before anything else
// does) and a promise only where the disk is slow: `durable`.

import { Note } from "./note.ts";

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
  /** Who knows the length of the value says it, so that a large one need not be read to be counted. */
  remove(key: string, length?: number): void;
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

/** What an area is for. Charges have a share of their own that nothing else can use up. */
export type AreaPurpose = "charges" | "queue";

/** What an extension offers to components that name it as their `storage`. It is open once extensions have started. */
export interface Store {
  /** The same area for the same name. Areas of one purpose share one bound. Throws when the store is not open. */
  area(name: string, purpose: AreaPurpose): Storage;
  /**
   * Keeps bytes that nobody takes as a file that people find, as long as there is room for them: the oldest give way.
   * Resolves with the path, or rejects when it cannot be written. An OTLP request unless `extension` says otherwise.
   */
  setAside(name: string, bytes: Uint8Array, extension?: string): Promise<string>;
}

/** The stores of one service by the id of their extension, on `Host.common`. */
export const stores = new Note<Map<string, Store>>("stores");

/** Makes a store known, or takes it back with undefined. */
export function offerStore(common: object, id: string, store: Store | undefined): void {
  const offered = stores.get(common) ?? new Map<string, Store>();
  if (store === undefined) offered.delete(id);
  else offered.set(id, store);
  stores.set(common, offered);
}

/** The store under an id. Throws when no extension offers it. */
export function storeOf(common: object, id: string): Store {
  const store = stores.get(common)?.get(id);
  if (store === undefined) throw new Error(`storage ${JSON.stringify(id)} is not there; name it in service.extensions`);
  return store;
}
