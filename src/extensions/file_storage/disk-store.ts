// A data directory: one LMDB file for all areas. What is written becomes visible at once and reaches the disk with the
// next commit, off this thread; everything that was written since the last commit goes with one. So requests of one
// moment share a commit, and a charge and its request can share one.
import { statfsSync, statSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { RootDatabase } from "lmdb";
import type { Host } from "../../core/host.ts";
import { Refused } from "../../core/refused.ts";
import type { AreaPurpose, Storage, Store, StoredEntry } from "../../core/storage.ts";
import { DiskArea, type Share, type Surface, storedBytes, type Written } from "./disk-area.ts";
import { SetAside } from "./set-aside.ts";

export type Sync = "always" | "interval" | "never";

export interface DiskStoreOptions {
  readonly directory: string;
  readonly bytesMax: number;
  readonly sync: Sync;
  readonly host: Host;
  /** How long after a commit the next one waits for more to come; 0 by default. */
  readonly commitDelayMs?: number;
  /** Bytes that the disk still takes; asked of the system by default. */
  readonly freeBytes?: () => number;
}

export const dataFile = "data.mdb";

/** Opens the file, which must be whole and nobody else's, and compacts it when most of it is empty. */
export async function openDiskStore(options: DiskStoreOptions): Promise<DiskStore> {
  const path = join(options.directory, dataFile);
  const { open } = await import("lmdb");
  const reopen = () =>
    open<Uint8Array, string>({
      path,
      noSubdir: true,
      encoding: "binary",
      cache: false,
      separateFlushed: true,
      ...(options.sync === "never" ? { noSync: true, overlappingSync: false } : {}),
      ...privateFiles,
    });
  let db = reopen();
  const fileBytes = statSync(path).size;
  if (worthCompactingBytes < fileBytes && usedBytes(db) * 2 < fileBytes) {
    const copy = `${path}.compact`;
    await rm(copy, { force: true });
    await db.backup(copy, true);
    await db.close();
    await rename(copy, path);
    options.host.log.info("the store was compacted", { bytes_before: fileBytes, bytes: statSync(path).size });
    db = reopen();
  }
  return new DiskStore(options, db);
}

/** Not in the types of lmdb 3.5, but in its source: the mode of the files that it makes. */
const privateFiles = { permissionsMode: 0o600 };

const worthCompactingBytes = 64 * 1024 ** 2;
const retryMs = 1_000;
/** What a commit may take besides its values: copies of the pages on the way to them. */
const commitRoomBytes = 1024 ** 2;
/** How much longer a file is than what is in it when it is full: free space lies in pieces. */
const fragmentation = 1.25;
/** How long a disk may take for a commit until nothing more is taken on. */
const pendingCommitsMs = 5_000;
/** Charges are small: a span takes 50 bytes for as long as it may come again, a counter 400 for its window. */
const chargesShareMax = 256 * 1024 ** 2;
const totalsPrefix = "@bytes/";

export class DiskStore implements Store {
  readonly #options: DiskStoreOptions;
  readonly #db: RootDatabase<Uint8Array, string>;
  readonly #areas = new Map<string, DiskArea>();
  readonly #shares: Readonly<Record<AreaPurpose, Share>>;
  readonly #setAside: SetAside;
  readonly #surface: Surface;
  #hindrance: string | undefined;
  #next: Deferred | undefined;
  #current: Deferred | undefined;
  #isScheduled = false;
  #isRetrying = false;
  /** Runs while what is written waits for more, to share a commit with it. */
  #gathering: Promise<void> | undefined;
  /** Aborts when nothing is to be gathered any more. */
  readonly #finishing = new AbortController();
  readonly #closing = new AbortController();
  #startedMs = 0;

  constructor(options: DiskStoreOptions, db: RootDatabase<Uint8Array, string>) {
    this.#options = options;
    this.#db = db;
    this.#setAside = new SetAside(options.directory, Math.floor(options.bytesMax / 16));
    const { bytesMax } = options;
    const charges = { bytes: 0, bytesMax: Math.min(chargesShareMax, Math.floor(bytesMax / 4)) };
    const hasCharges = () => [...this.#areas.keys()].some((key) => key.startsWith("charges/"));
    this.#shares = {
      charges,
      queue: {
        bytes: 0,
        get bytesMax() {
          return hasCharges() ? bytesMax - charges.bytesMax : bytesMax;
        },
      },
    };
    this.#surface = this.#surfaceOf(writtenIn(db));
  }

  get bytes(): number {
    return this.#shares.charges.bytes + this.#shares.queue.bytes;
  }

  area(name: string, purpose: AreaPurpose): Storage {
    const key = `${purpose}/${name}`;
    const known = this.#areas.get(key);
    if (known !== undefined) return known;
    const area = new DiskArea(`${key}/`, this.#totalOf(key), this.#shares[purpose], this.#surface);
    this.#areas.set(key, area);
    return area;
  }

  setAside(name: string, bytes: Uint8Array, extension?: string): Promise<string> {
    return this.#setAside.put(name, bytes, extension);
  }

  /** Writes what is not written, as far as `deadline` lets it, and closes the file. */
  async close(deadline: AbortSignal): Promise<void> {
    this.#finishing.abort();
    const over = new Promise<void>((resolve) => deadline.addEventListener("abort", () => resolve(), { once: true }));
    const written = this.#durable().catch(() => undefined);
    await (deadline.aborted ? undefined : Promise.race([written, over]));
    this.#hindrance = "it is closed";
    this.#closing.abort();
    // A file that takes nothing any more never finishes closing either.
    const closed = new AbortController();
    // Not AbortSignal.any: in Node.js 20 a joined signal that nobody holds may be collected before it fires.
    const giveUp = (): void => closed.abort();
    deadline.addEventListener("abort", giveUp, { once: true });
    const late = this.#options.host.clock.sleep(retryMs, deadline.aborted ? deadline : closed.signal);
    await Promise.race([this.#db.close(), late]);
    closed.abort();
    deadline.removeEventListener("abort", giveUp);
  }

  #surfaceOf(written: Written): Surface {
    const hindrance = () => this.#hindrance ?? this.#slowness();
    return {
      written,
      get hindrance() {
        return hindrance();
      },
      touched: () => this.#schedule(),
      durable: () => this.#durable(),
    };
  }

  #slowness(): string | undefined {
    if (this.#current === undefined) return undefined;
    const sinceMs = this.#options.host.clock.monotonic() - this.#startedMs;
    return sinceMs < pendingCommitsMs ? undefined : `the disk has not answered for ${Math.round(sinceMs / 1000)} s`;
  }

  /** Resolves with the commit that has everything so far. */
  #durable(): Promise<void> {
    if (this.#next !== undefined) return this.#next.promise;
    return this.#current?.promise ?? Promise.resolve();
  }

  #schedule(): void {
    this.#next ??= deferred();
    if (this.#isScheduled || this.#current !== undefined) return;
    this.#isScheduled = true;
    void this.#gathered().then(() => {
      this.#isScheduled = false;
      void this.#commit();
    });
  }

  /** What arrives in one turn of the event loop goes together, and under load what arrives within the delay. */
  async #gathered(): Promise<void> {
    await this.#gathering;
    await nextTurn();
  }

  /** A commit costs the same for one request as for many: from its start on the next one gathers. */
  #gather(): void {
    const { commitDelayMs = 0, host } = this.#options;
    if (commitDelayMs === 0 || this.#finishing.signal.aborted) return;
    const gathering = host.clock.sleep(commitDelayMs, this.#finishing.signal).then(() => {
      if (this.#gathering === gathering) this.#gathering = undefined;
    });
    this.#gathering = gathering;
  }

  async #commit(): Promise<void> {
    const group = this.#next;
    if (group === undefined || this.#current !== undefined) return;
    this.#next = undefined;
    this.#current = group;
    this.#startedMs = this.#options.host.clock.monotonic();
    this.#gather();
    const changed = [...this.#areas].filter(([, area]) => area.hasPending);
    const failure = await this.#write(changed);
    this.#current = undefined;
    for (const [, area] of changed) area.endCommit(failure === undefined);
    if (failure === undefined) this.#works(group);
    else this.#fails(group, failure);
    if (this.#next !== undefined && failure === undefined) this.#schedule();
  }

  async #write(changed: readonly (readonly [string, DiskArea])[]): Promise<Error | undefined> {
    const entries: [string, Uint8Array | undefined][] = [];
    for (const [key, area] of changed) {
      entries.push([totalsPrefix + key, Buffer.from(String(area.bytes))]);
      for (const entry of area.beginCommit()) entries.push(entry);
    }
    try {
      this.#checkRoom(entries);
      await write(this.#db, entries);
      if (this.#options.sync === "always") await this.#db.flushed;
      // Reads of this turn must not see the file as it was before.
      this.#db.resetReadTxn();
      return undefined;
    } catch (cause) {
      return cause instanceof Error ? cause : new Error(String(cause));
    }
  }

  /**
   * LMDB complains on the terminal when a disk is full, so it is asked before. Removals and charges may use what is kept
   * free for them: removals make room, and a charge must not be lost for a request that was refused.
   */
  #checkRoom(entries: readonly [string, Uint8Array | undefined][]): void {
    let bytes = 0;
    for (const [key, value] of entries) if (value && key.startsWith("queue/")) bytes += storedBytes(key, value.length);
    if (0 < bytes && this.#roomBytes() < bytes + commitRoomBytes) throw new Error("no space left on the disk");
  }

  /** What the disk takes, and what is free within the file. */
  #roomBytes(): number {
    const { directory, freeBytes = () => freeBytesOf(directory) } = this.#options;
    const unusedBytes = statSync(join(directory, dataFile)).size - this.bytes * fragmentation;
    return freeBytes() + Math.max(0, unusedBytes);
  }

  #works(group: Deferred): void {
    group.resolve();
    if (this.#hindrance !== undefined) this.#tryAgainLater();
  }

  #fails(group: Deferred, failure: Error): void {
    const { host, directory } = this.#options;
    if (this.#hindrance === undefined)
      host.log.error("the store cannot be written", { directory, error: failure.message });
    this.#hindrance = failure.message;
    host.report("degraded", failure.message);
    group.reject(new Refused("unavailable", `file storage: ${failure.message}`, { cause: failure }));
    // What was tried is still to be written.
    this.#next ??= deferred();
    this.#tryAgainLater();
  }

  /** Until everything is written and there is room for more than the next request. */
  #tryAgainLater(): void {
    if (this.#isRetrying || this.#closing.signal.aborted) return;
    this.#isRetrying = true;
    void this.#options.host.clock.sleep(retryMs, this.#closing.signal).then(async () => {
      await this.#commit();
      this.#isRetrying = false;
      if (this.#hindrance === undefined || this.#closing.signal.aborted) return;
      if (this.#next !== undefined || this.#roomBytes() < 2 * commitRoomBytes) return this.#tryAgainLater();
      this.#hindrance = undefined;
      this.#options.host.report("ok");
      this.#options.host.log.info("the store can be written again");
    });
  }

  #totalOf(key: string): number {
    const known = this.#db.get(totalsPrefix + key);
    return known === undefined ? 0 : Number(Buffer.from(known).toString());
  }
}

function freeBytesOf(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}

function usedBytes(db: RootDatabase<Uint8Array, string>): number {
  let bytes = 0;
  for (const { value } of db.getRange({ start: totalsPrefix, end: "@bytes0" }))
    bytes += Number(Buffer.from(value).toString());
  return bytes;
}

function writtenIn(db: RootDatabase<Uint8Array, string>): Written {
  return {
    get: (key) => db.get(key),
    range: ({ from, to, reverse }): Iterable<StoredEntry> =>
      reverse
        ? db.getRange({ start: to, exclusiveStart: true, end: from, inclusiveEnd: true, reverse: true })
        : db.getRange({ start: from, end: to }),
  };
}

/** All or nothing. Rejects with the error of the system. */
async function write(
  db: RootDatabase<Uint8Array, string>,
  entries: readonly [string, Uint8Array | undefined][],
): Promise<void> {
  const parts = new Set<Promise<unknown>>();
  const whole = db.batch(() => {
    for (const [key, value] of entries) parts.add(value === undefined ? db.remove(key) : db.put(key, value));
  });
  // They fail with the whole, and only that is looked at.
  for (const part of parts) part.catch(() => undefined);
  try {
    await whole;
  } catch (error) {
    throw await causeOf(error);
  }
}

async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && "commitError" in error && error.commitError instanceof Promise)) return error;
  return error.commitError.then(
    () => error,
    (cause: unknown) => cause,
  );
}

interface Deferred {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

function deferred(): Deferred {
  let resolve = (): void => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  // Nobody may be waiting.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
