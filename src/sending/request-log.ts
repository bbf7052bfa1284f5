// Requests on disk, each written once however many exporters are to send it. What an exporter has still to send is an
// index of its own, so that it may finish in any order, and a record goes when nobody has to send it any more.
// Keys: `r/<n>` the bytes of request n, `a/<n>` what is known of it, `n/<n>` for how many exporters it is where that is
// not one, `x/<exporter>/<signal>/<n>` that an exporter is to send it.
import { createHash } from "node:crypto";
import type { Encoded, Signal } from "../core/batch.ts";
import { Note } from "../core/note.ts";
import { type Storage, StorageFull, type Store, type Writing } from "../core/storage.ts";
import type { Waiter } from "./fifo.ts";
import { readRequest, writeAbout } from "./request-record.ts";

/** The log of a store: all exporters that name it share it. */
export function requestLog(store: Store): RequestLog {
  const log = logs.get(store) ?? new RequestLog(store.area("requests", "queue"));
  logs.set(store, log);
  return log;
}

const logs = new Note<RequestLog>("request log");

/** What a record and its index take beside the request. */
const overheadBytes = 8 * 1024;
const readAtOnce = 1_000;

/** Who sends a part of the log. */
export interface Reader {
  /** What it has begun to send, and has not finished. */
  readonly begun: ReadonlySet<number>;
  /** Another one takes over what it has not begun. */
  retire(successor: Reader): void;
  /** Takes what a predecessor did not finish. */
  adopt(signal: Signal, waiter: Waiter): void;
  /** Its successor is gone before it was itself: it sends again what is left and what nobody has `begun`. */
  resume(begun: ReadonlySet<number>): void;
}

export class RequestLog {
  readonly #storage: Storage;
  /** By the request as pipelines hand it to all their exporters. */
  readonly #written = new WeakMap<Encoded, number>();
  readonly #recent = new Map<number, Encoded>();
  #recentBytes = 0;
  #recentBytesMax = 0;
  #reservedBytes = 0;
  readonly #readers = new Map<string, Reader>();
  /** Who sent before whom, as long as both are there. */
  readonly #predecessors = new Map<Reader, Reader>();
  #hasToldOrphans = false;
  #next: number;

  constructor(storage: Storage) {
    this.#storage = storage;
    const [last] = storage.range({ from: "r/", to: "r0", limit: 1, reverse: true });
    this.#next = last === undefined ? 0 : recordOf(last.key) + 1;
  }

  get bytesMax(): number {
    return this.#storage.bytesMax;
  }

  /** Requests that were just written are the next to be read: up to so many bytes of them stay in memory, too. */
  keepInMemory(bytes: number): void {
    this.#recentBytesMax = Math.max(this.#recentBytesMax, bytes);
  }

  /** Sets room aside. Throws `StorageFull`; what comes back gives the room back. */
  reserve(bytes: number): () => void {
    const held = bytes + overheadBytes;
    if (this.#storage.bytesMax < this.#storage.bytes + this.#reservedBytes + held)
      throw new StorageFull(this.#storage.bytesMax);
    this.#reservedBytes += held;
    return () => {
      this.#reservedBytes -= held;
    };
  }

  /** Writes a request, or notes that this exporter is to send it too. Throws `StorageFull`. */
  append(exporter: string, encoded: Encoded): number {
    const known = this.#written.get(encoded);
    return this.#storage.transaction((writing) => {
      const shares = known !== undefined && this.#join(writing, known);
      const record = shares ? known : this.#next;
      if (!shares) {
        writing.put(recordKey(record), encoded.bytes);
        writing.put(aboutKey(record), writeAbout(encoded));
      }
      writing.put(indexKey(exporter, encoded.signal, record), writeIndex(encoded));
      if (shares) return record;
      this.#next++;
      this.#written.set(encoded, record);
      this.#remember(record, encoded);
      return record;
    });
  }

  /**
   * Puts other bytes in the place of a request that nobody has begun to send, once however many exporters say so.
   * Throws `StorageFull`, and then it is as it was.
   */
  replace(exporter: string, record: number, encoded: Encoded): void {
    const isNew = this.#written.get(encoded) !== record;
    this.#storage.transaction((writing) => {
      if (isNew) {
        writing.put(recordKey(record), encoded.bytes);
        writing.put(aboutKey(record), writeAbout(encoded));
      }
      writing.put(indexKey(exporter, encoded.signal, record), writeIndex(encoded));
    });
    if (!isNew) return;
    this.#written.set(encoded, record);
    this.#forget(record);
    this.#remember(record, encoded);
  }

  durable(): Promise<void> {
    return this.#storage.durable();
  }

  /** The request, `damaged` bytes, or nothing at all. */
  read(record: number): Encoded | { readonly damaged: Uint8Array } | undefined {
    const recent = this.#recent.get(record);
    if (recent !== undefined) return recent;
    const bytes = this.#storage.get(recordKey(record));
    return bytes && (readRequest(this.#storage.get(aboutKey(record)), bytes) ?? { damaged: bytes });
  }

  /** This exporter has nothing to do with a record any more. `length` is that of the request, where it was read. */
  finish(exporter: string, signal: Signal, record: number, length?: number): void {
    this.#storage.transaction((writing) => {
      const index = indexKey(exporter, signal, record);
      if (writing.get(index) === undefined) return;
      writing.remove(index);
      const readers = readCount(writing.get(countKey(record)));
      if (2 < readers) writing.put(countKey(record), Uint8Array.of(readers - 1));
      else if (readers === 2) writing.remove(countKey(record));
      else {
        writing.remove(recordKey(record), length);
        writing.remove(aboutKey(record));
        this.#forget(record);
      }
    });
  }

  /** What an exporter had not finished, oldest first. */
  *unfinished(exporter: string, signal: Signal): Iterable<Omit<Waiter, "since">> {
    const prefix = indexPrefix(exporter, signal);
    let from = prefix;
    for (;;) {
      const found = this.#storage.range({ from, to: `${prefix}~`, limit: readAtOnce });
      for (const { key, value } of found) yield { record: recordOf(key), ...readIndex(value) };
      if (found.length < readAtOnce) return;
      from = `${found.at(-1)?.key}!`;
    }
  }

  /** Who has something to send in this log and is not there to do it. Told once, when all who are there have come. */
  orphans(): string[] {
    const found: string[] = [];
    if (this.#hasToldOrphans) return found;
    this.#hasToldOrphans = true;
    for (let from = "x/"; ; ) {
      const [next] = this.#storage.range({ from, to: "x0", limit: 1 });
      if (next === undefined) return found;
      const name = next.key.split("/")[1] ?? "";
      if (!this.#readers.has(name)) found.push(decodeURIComponent(name));
      from = `x/${name}0`;
    }
  }

  /** From now on `reader` sends for an exporter; answers what those before it are still about to finish. */
  attach(exporter: string, reader: Reader): ReadonlySet<number> {
    const before = this.#readers.get(exporter);
    this.#readers.set(exporter, reader);
    if (before === undefined) return new Set();
    this.#predecessors.set(reader, before);
    before.retire(reader);
    return this.#begunUntil(before);
  }

  /** A reader leaves. When a reload that brought it fails, the one before it goes on. */
  detach(exporter: string, reader: Reader): void {
    const before = this.#predecessors.get(reader);
    this.#predecessors.delete(reader);
    if (this.#readers.get(exporter) === reader) {
      this.#readers.delete(exporter);
      if (before === undefined) return;
      this.#readers.set(exporter, before);
      before.resume(this.#begunUntil(before));
      return;
    }
    for (const [later, earlier] of this.#predecessors) {
      if (earlier !== reader) continue;
      if (before) this.#predecessors.set(later, before);
      else this.#predecessors.delete(later);
    }
  }

  /** What a reader and those before it have begun. */
  #begunUntil(last: Reader): ReadonlySet<number> {
    const begun = new Set<number>();
    for (let reader: Reader | undefined = last; reader; reader = this.#predecessors.get(reader))
      for (const record of reader.begun) begun.add(record);
    return begun;
  }

  /** Counts one exporter more, if the record is still there. */
  #join(writing: Writing, record: number): boolean {
    if (writing.get(recordKey(record)) === undefined) return false;
    writing.put(countKey(record), Uint8Array.of(readCount(writing.get(countKey(record))) + 1));
    return true;
  }

  #remember(record: number, { signal, bytes, items, context }: Encoded): void {
    this.#recent.set(record, { signal, bytes, items, context, notes: {} });
    this.#recentBytes += bytes.length;
    for (const oldest of this.#recent.keys()) {
      if (this.#recentBytes <= this.#recentBytesMax) return;
      this.#forget(oldest);
    }
  }

  #forget(record: number): void {
    const recent = this.#recent.get(record);
    if (recent === undefined) return;
    this.#recentBytes -= recent.bytes.length;
    this.#recent.delete(record);
  }
}

/** The name of an exporter as part of a key. */
export function keyOfExporter(id: string): string {
  const name = encodeURIComponent(id);
  return name.length <= 200 ? name : createHash("sha256").update(id).digest("hex");
}

const letters = { traces: "t", metrics: "m", logs: "l" } as const;

function indexPrefix(exporter: string, signal: Signal): string {
  return `x/${exporter}/${letters[signal]}/`;
}

function indexKey(exporter: string, signal: Signal, record: number): string {
  return indexPrefix(exporter, signal) + numberKey(record);
}

function recordKey(record: number): string {
  return `r/${numberKey(record)}`;
}

function aboutKey(record: number): string {
  return `a/${numberKey(record)}`;
}

/** How many exporters a record is for, where it is more than one. */
function countKey(record: number): string {
  return `n/${numberKey(record)}`;
}

function numberKey(record: number): string {
  return record.toString(16).padStart(14, "0");
}

function recordOf(key: string): number {
  return Number.parseInt(key.slice(-14), 16);
}

function readCount(value: Uint8Array | undefined): number {
  return value?.[0] ?? 1;
}

function writeIndex({ items, bytes }: Encoded): Uint8Array {
  const value = Buffer.allocUnsafe(8);
  value.writeUInt32LE(items, 0);
  value.writeUInt32LE(bytes.length, 4);
  return value;
}

function readIndex(value: Uint8Array): Pick<Waiter, "items" | "bytes"> {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return { items: view.getUint32(0, true), bytes: view.getUint32(4, true) };
}
