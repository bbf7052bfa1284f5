// A queue that outlives the process. In memory there are only the numbers of what waits; a request is acknowledged when
// its record is as safe as the store makes it, and leaves the disk when a backend has it or it is given up.
import { type Encoded, type Signal, signals } from "../core/batch.ts";
import type { Held } from "../core/hold.ts";
import type { Host } from "../core/host.ts";
import { quietWarning } from "../core/quiet-log.ts";
import { Refused } from "../core/refused.ts";
import { StorageFull, type Store } from "../core/storage.ts";
import { Fifo, type Waiter } from "./fifo.ts";
import { type Entry, type Load, type Queue, type Room, sizeBy, type Waiting } from "./queue.ts";
import { keyOfExporter, type Reader, type RequestLog, requestLog } from "./request-log.ts";
import type { Capacity } from "./settings.ts";

export interface DiskQueueOptions {
  readonly store: Store;
  /** Id of the exporter. */
  readonly exporter: string;
  readonly capacity: Capacity;
  readonly onFull: "refuse" | "drop_oldest";
  /** How much of what waits is kept in memory, too. */
  readonly memoryBytes: number;
  readonly host: Host;
  /** Told when there is something to send that was not put here. */
  woken(): void;
  /** Told of items that are lost. */
  lost(signal: Signal, items: number): void;
}

export class DiskQueue implements Queue, Reader {
  readonly lasting = true;
  readonly capacity: Capacity;
  readonly #options: DiskQueueOptions;
  readonly #log: RequestLog;
  readonly #name: string;
  readonly #lanes: Readonly<Record<Signal, Lane>>;
  /** Records that were taken and are not finished, and those that are not safe yet. */
  readonly begun = new Set<number>();
  readonly #warnGaveWay: ReturnType<typeof quietWarning>;
  readonly #warnAsTheyCame: ReturnType<typeof quietWarning>;
  /** In the unit of the sizer: reserved, waiting and on its way. */
  #used = 0;
  #held = 0;
  #successor: Reader | undefined;

  /** Finds what was not finished before, by an earlier process or by the queue that this one replaces. */
  constructor(options: DiskQueueOptions) {
    this.#options = options;
    this.capacity = options.capacity;
    this.#log = requestLog(options.store);
    this.#log.keepInMemory(options.memoryBytes);
    this.#name = keyOfExporter(options.exporter);
    this.#lanes = { traces: new Lane(), metrics: new Lane(), logs: new Lane() };
    this.#warnGaveWay = quietWarning(options.host, "the sending queue is full, its oldest requests give way");
    const asTheyCame = "spans that waited leave as they came, because their storage takes no more";
    this.#warnAsTheyCame = quietWarning(options.host, asTheyCame);
    this.#recover(this.#log.attach(this.#name, this));
  }

  reserve(bytes: number, load?: Load): Room {
    this.#tellOrphans();
    let held = sizeBy(this.capacity.sizer, bytes, load?.items ?? 1);
    let giveBack: (() => void) | undefined = this.#makeRoom(held, bytes);
    this.#used += held;
    const release = (): void => {
      this.#used -= held;
      held = 0;
      giveBack?.();
      giveBack = undefined;
    };
    return {
      put: (encoded) => {
        release();
        return this.#put(encoded);
      },
      hold: (encoded) => {
        release();
        return this.#hold(encoded);
      },
      release,
    };
  }

  get held(): number {
    return this.#held;
  }

  waiting(signal: Signal): Waiting {
    return this.#lanes[signal].fifo;
  }

  peek(signal: Signal): Entry | undefined {
    const lane = this.#lanes[signal];
    while (lane.head === undefined) {
      const oldest = lane.fifo.peek();
      if (oldest === undefined) return undefined;
      const read = this.#log.read(oldest.record);
      if (read !== undefined && !("damaged" in read)) lane.head = this.#entry(signal, oldest, read);
      else this.#dropDamaged(signal, read?.damaged);
    }
    return lane.head;
  }

  take(signal: Signal): Entry | undefined {
    const entry = this.peek(signal);
    const lane = this.#lanes[signal];
    lane.head = undefined;
    const oldest = lane.fifo.take();
    if (oldest) this.begun.add(oldest.record);
    return entry;
  }

  size(signal: Signal): number {
    return this.#lanes[signal].size;
  }

  /** Resolves when what was finished is forgotten on disk too. */
  async close(): Promise<void> {
    this.#log.detach(this.#name, this);
    await this.#log.durable();
  }

  retire(successor: Reader): void {
    this.#successor = successor;
    for (const signal of signals) {
      const lane = this.#lanes[signal];
      lane.head = undefined;
      for (let one = lane.fifo.take(); one; one = lane.fifo.take()) this.#leave(signal, one);
    }
  }

  resume(begun: ReadonlySet<number>): void {
    this.#successor = undefined;
    this.#recover(begun);
    this.#options.woken();
  }

  adopt(signal: Signal, waiter: Waiter): void {
    if (this.#successor) this.#successor.adopt(signal, waiter);
    else {
      this.#wait(signal, waiter);
      this.#options.woken();
    }
  }

  /** Waits for all that is on disk, but what somebody has begun to send. */
  #recover(begun: ReadonlySet<number>): void {
    for (const signal of signals)
      for (const found of this.#log.unfinished(this.#name, signal))
        if (!begun.has(found.record)) this.#wait(signal, { ...found, since: 0 });
  }

  /** Requests come when all exporters have started. */
  #tellOrphans(): void {
    const exporters = this.#log.orphans();
    if (exporters.length === 0) return;
    const text = "the storage holds requests of exporters that are not there; name them again to have them sent";
    this.#options.host.log.warn(text, { exporters });
  }

  /** Room in the queue and in the store, or `Refused`. */
  #makeRoom(size: number, bytes: number): () => void {
    const { sizer, max } = this.capacity;
    if (max < size || this.#log.bytesMax < bytes)
      throw new Refused("too_large", `a request of ${size} ${sizer} is larger than the sending queue, ${max} ${sizer}`);
    for (;;) {
      const isFull = max < this.#used + size;
      try {
        if (!isFull) return this.#log.reserve(bytes);
      } catch (error) {
        if (!(error instanceof StorageFull)) throw error;
      }
      if (this.#options.onFull === "drop_oldest" && this.#dropOldest()) continue;
      const what = isFull ? `the sending queue is full, ${max} ${sizer}` : "the storage of the sending queue is full";
      throw new Refused("overloaded", what);
    }
  }

  async #put(encoded: Encoded): Promise<void> {
    const giveBack = this.#occupy(encoded);
    try {
      const record = await this.#write(encoded);
      this.#arrive(record, encoded);
    } finally {
      giveBack();
    }
  }

  /**
   * On disk it is a request like any other, as it would be sent now, so that the next process sends it. In this one it
   * counts as begun until it leaves: nobody else sends it meanwhile.
   */
  #hold(encoded: Encoded): Held {
    let giveBack: (() => void) | undefined = this.#occupy(encoded);
    const size = sizeBy(this.capacity.sizer, encoded.bytes.length, encoded.items);
    this.#held += size;
    let written: number | undefined;
    let leaving: Encoded | undefined;
    const end = (): void => {
      if (giveBack) this.#held -= size;
      giveBack?.();
      giveBack = undefined;
    };
    const go = (): void => {
      if (written === undefined || leaving === undefined) return;
      end();
      this.#arrive(written, leaving === encoded ? encoded : this.#replaced(written, encoded, leaving));
      this.#options.woken();
    };
    const safe = this.#write(encoded).then((record) => {
      written = record;
      go();
    });
    safe.catch(end);
    const leave = (as: Encoded): void => {
      leaving = as;
      go();
    };
    return { safe, leave };
  }

  /** What stands on disk from now on. */
  #replaced(record: number, encoded: Encoded, by: Encoded): Encoded {
    try {
      this.#log.replace(this.#name, record, by);
      return by;
    } catch (error) {
      this.#warnAsTheyCame({ error });
      return encoded;
    }
  }

  /** Resolves with the number of the record, which counts as begun, or rejects with `Refused`. */
  async #write(encoded: Encoded): Promise<number> {
    let record: number | undefined;
    try {
      record = this.#log.append(this.#name, encoded);
      this.begun.add(record);
      await this.#log.durable();
      return record;
    } catch (cause) {
      if (record !== undefined) {
        this.#log.finish(this.#name, encoded.signal, record);
        this.begun.delete(record);
      }
      if (cause instanceof Refused) throw cause;
      const code = cause instanceof StorageFull ? "overloaded" : "unavailable";
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Refused(code, `the sending queue cannot be written: ${reason}`, { cause });
    }
  }

  /** A record that is on disk, and that nobody has begun to send. */
  #arrive(record: number, { signal, items, bytes }: Encoded): void {
    this.begun.delete(record);
    const waiter = { record, items, bytes: bytes.length, since: this.#options.host.clock.monotonic() };
    if (this.#successor) this.#successor.adopt(signal, waiter);
    else this.#wait(signal, waiter);
  }

  #occupy({ signal, bytes, items }: Encoded): () => void {
    const size = sizeBy(this.capacity.sizer, bytes.length, items);
    const lane = this.#lanes[signal];
    this.#used += size;
    lane.size += size;
    return () => {
      this.#used -= size;
      lane.size -= size;
    };
  }

  #wait(signal: Signal, waiter: Waiter): void {
    const lane = this.#lanes[signal];
    lane.fifo.put(waiter);
    const size = sizeBy(this.capacity.sizer, waiter.bytes, waiter.items);
    this.#used += size;
    lane.size += size;
  }

  #entry(signal: Signal, waiter: Waiter, encoded: Encoded): Entry {
    let isOpen = true;
    const end = (): boolean => {
      if (!isOpen) return false;
      isOpen = false;
      this.begun.delete(waiter.record);
      this.#leave(signal, waiter);
      return true;
    };
    // Its memory is not given back: other exporters, and what writes to the disk, may read the same bytes.
    const { signal: _signal, release: _release, ...rest } = encoded;
    return {
      encoded: { signal, ...rest },
      since: waiter.since,
      // Nobody may wait for the result of a request that is on disk: `wait_for_result` is refused beside `storage`.
      finished: Promise.resolve(undefined),
      finish: () => {
        if (end()) this.#log.finish(this.#name, signal, waiter.record, encoded.bytes.length);
      },
      keep: () => {
        if (end()) this.#successor?.adopt(signal, waiter);
      },
    };
  }

  #dropOldest(): boolean {
    for (const signal of signals) {
      const lane = this.#lanes[signal];
      const oldest = lane.fifo.take();
      if (oldest === undefined) continue;
      lane.head = undefined;
      this.#forget(signal, oldest);
      this.#count("spantoll_exporter_gave_way_items_total", signal, oldest.items);
      this.#warnGaveWay({ signal, dropped_items: oldest.items });
      return true;
    }
    return false;
  }

  #dropDamaged(signal: Signal, bytes: Uint8Array | undefined): void {
    const lost = this.#lanes[signal].fifo.take();
    if (lost === undefined) return;
    this.#forget(signal, lost);
    this.#count("spantoll_exporter_damaged_items_total", signal, lost.items);
    const { host, store, exporter } = this.#options;
    host.log.error("a request in the queue is damaged and cannot be sent", { signal, dropped_items: lost.items });
    if (bytes === undefined) return;
    store.setAside(`${exporter}-${signal}-damaged-${lost.record}`, bytes).catch((error: unknown) => {
      host.log.error("what is damaged cannot be set aside", { error });
    });
  }

  #forget(signal: Signal, waiter: Waiter): void {
    this.#leave(signal, waiter);
    this.#log.finish(this.#name, signal, waiter.record);
    this.#options.lost(signal, waiter.items);
  }

  #leave(signal: Signal, { bytes, items }: Waiter): void {
    const size = sizeBy(this.capacity.sizer, bytes, items);
    this.#used -= size;
    this.#lanes[signal].size -= size;
  }

  #count(
    name: "spantoll_exporter_gave_way_items_total" | "spantoll_exporter_damaged_items_total",
    signal: Signal,
    items: number,
  ): void {
    this.#options.host.meter.add(name, items, { exporter: this.#options.exporter, data_type: signal });
  }
}

class Lane {
  readonly fifo = new Fifo();
  /** The oldest, read. */
  head: Entry | undefined;
  size = 0;
}
