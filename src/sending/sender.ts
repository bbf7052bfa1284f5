// What every exporter shares: room is set aside, requests wait, are joined or split, sent by a number of consumers for
// each signal, tried again, and counted. An exporter adds nothing but `push`, one attempt.
import { setMaxListeners } from "node:events";
import { type Encoded, type Signal, signals } from "../core/batch.ts";
import type { Batching, Component, Exporter, Reservation } from "../core/component.ts";
import type { Held } from "../core/hold.ts";
import type { Host } from "../core/host.ts";
import { itemWord } from "../core/metrics.ts";
import { Note } from "../core/note.ts";
import { quietWarning } from "../core/quiet-log.ts";
import { Refused } from "../core/refused.ts";
import { type Store, storeOf } from "../core/storage.ts";
import { Batcher, type Parcel } from "./batcher.ts";
import { Delivery, exporterLabel, type Push } from "./delivery.ts";
import { DiskQueue } from "./disk-queue.ts";
import { Lane } from "./lane.ts";
import { Overflow } from "./overflow.ts";
import { type Load, MemoryQueue, type Queue, type Room, sizeBy, sizes } from "./queue.ts";
import { batchRuleOf, capacityOf, heldShareMax, overflowBytesMax, retryOf, type SendingSettings } from "./settings.ts";

export type Sender = Required<Pick<Exporter & Component, "reserve" | "start" | "stop">>;

export function createSender(
  settings: SendingSettings,
  batching: Batching | undefined,
  push: Push,
  host: Host,
): Sender {
  return new QueuedSender(settings, batching, push, host);
}

/** A small container keeps no more of what is on disk than this share of its memory. */
const keptShare = 1 / 8;

/** By id of the exporter: who sends for it now. After a reload that is another one than before. */
const senders = new Note<Map<string, QueuedSender>>("senders");

/** A queue and what takes from it. */
interface Work {
  readonly queue: Queue;
  readonly lanes: Readonly<Record<Signal, Lane>>;
  /** Those who wait for room, where a full queue does not refuse at once. */
  readonly overflow: Overflow | undefined;
}

class QueuedSender implements Sender {
  readonly #settings: SendingSettings;
  readonly #batching: Batching | undefined;
  readonly #host: Host;
  readonly #delivery: Delivery;
  readonly #waitForResult: boolean;
  readonly #draining = new AbortController();
  readonly #over = new AbortController();
  readonly #warnRefused: ReturnType<typeof quietWarning>;
  /** Undefined until the store is open. */
  #work: Work | undefined;
  #unwatch: (() => void) | undefined;
  /** For each request that waits: how to end it. */
  readonly #waits = new Set<() => void>();

  constructor(settings: SendingSettings, batching: Batching | undefined, push: Push, host: Host) {
    const { sending_queue: queueing } = settings;
    this.#settings = settings;
    this.#batching = batching;
    this.#host = host;
    // Every consumer listens to them, and Node.js warns of more than ten.
    setMaxListeners(0, this.#draining.signal, this.#over.signal);
    this.#delivery = new Delivery(retryOf(settings), push, host);
    this.#waitForResult = queueing.wait_for_result || !queueing.enabled;
    this.#warnRefused = quietWarning(host, "a request was refused");
    if (queueing.storage === undefined)
      this.#work = this.#workOn(new MemoryQueue(capacityOf(queueing), host.clock), undefined);
  }

  async start(): Promise<void> {
    const { storage } = this.#settings.sending_queue;
    if (storage !== undefined) this.#work = this.#recover(storeOf(this.#host.common, storage));
    const exporter = exporterLabel(this.#host);
    this.#senders().set(exporter, this);
    const { meter } = this.#host;
    this.#unwatch = meter.watch(() => {
      if (this.#work === undefined) return;
      const { queue } = this.#work;
      for (const { signal, size } of sizes(queue)) {
        meter.set("otelcol_exporter_queue_size", size, { exporter, data_type: signal });
        meter.set("otelcol_exporter_queue_capacity", queue.capacity.max, { exporter, data_type: signal });
      }
    });
    this.#pump();
  }

  reserve(bytes: number, load?: Load): Reservation {
    if (this.#draining.signal.aborted) throw new Refused("unavailable", "stopping");
    if (this.#work === undefined) throw new Refused("unavailable", "starting");
    try {
      return this.#reserve(this.#work, bytes, load);
    } catch (refused) {
      if (refused instanceof Refused) this.#countRefused(refused, load);
      throw refused;
    }
  }

  #reserve({ queue, overflow }: Work, bytes: number, load: Load | undefined): Reservation {
    try {
      // Who comes later is not served before those who wait.
      if (overflow?.isEmpty === false) throw new Refused("overloaded", "others wait for room");
      const room = queue.reserve(bytes, load);
      const release = (): void => {
        room.release();
        overflow?.serve();
      };
      return { ...this.#reservation(() => room, this.#mayHold(queue, bytes, load)), release };
    } catch (refused) {
      if (overflow === undefined || !(refused instanceof Refused) || refused.code !== "overloaded") throw refused;
      const turn = overflow.wait(bytes, load);
      const release = (): void => {
        turn.release();
        overflow.serve();
      };
      return { ready: turn.ready, ...this.#reservation(() => turn.room, false), release };
    }
  }

  #reservation(room: () => Room, mayHold: boolean): Pick<Reservation, "commit" | "hold"> {
    const commit = (encoded: Encoded) => this.#commit(encoded, room().put(encoded));
    if (!mayHold) return { commit };
    return { commit, hold: (encoded, end) => this.#hold(encoded.signal, room().hold(encoded), end) };
  }

  /** Who waits for the backend's answer waits for all of a request: none of its spans waits here. */
  #mayHold({ capacity, held }: Queue, bytes: number, load: Load | undefined): boolean {
    const size = sizeBy(capacity.sizer, bytes, load?.items ?? 1);
    return !this.#waitForResult && held + size <= capacity.max * heldShareMax;
  }

  /**
   * Sends what is queued until the deadline, then counts and tells what is lost, or leaves it on disk. Where another
   * sender has taken the place of this one, that gets what is left, and it need not be tried until the deadline.
   */
  async stop(deadline: AbortSignal): Promise<void> {
    if (this.#draining.signal.aborted) return;
    this.#draining.abort();
    if (this.#work === undefined) return;
    const { queue, overflow } = this.#work;
    for (const end of this.#waits) end();
    overflow?.end();
    const lanes = signals.map((signal) => this.#laneOf(signal));
    for (const lane of lanes) lane?.pump();
    const end = (): void => this.#over.abort();
    if (deadline.aborted) end();
    else deadline.addEventListener("abort", end, { once: true });
    await Promise.all(lanes.map((lane) => lane?.idle()));
    deadline.removeEventListener("abort", end);
    for (const signal of signals) this.#endRest(signal, queue);
    if (this.#senders().get(exporterLabel(this.#host)) === this) this.#senders().delete(exporterLabel(this.#host));
    await queue.close();
    this.#unwatch?.();
  }

  #recover(store: Store): Work {
    const { sending_queue: queueing } = this.#settings;
    const exporter = exporterLabel(this.#host);
    const queue = new DiskQueue({
      store,
      exporter,
      capacity: capacityOf(queueing),
      onFull: queueing.on_full,
      memoryBytes: Math.min(queueing.keep_in_memory, this.#host.memory().limitBytes * keptShare),
      host: this.#host,
      woken: () => this.#pump(),
      lost: (signal, items) => this.#delivery.countFailed({ signal }, items),
    });
    const found = signals.flatMap((signal) => {
      const { items } = queue.waiting(signal);
      return items === 0 ? [] : [[itemWord[signal], items]];
    });
    if (found.length > 0) this.#host.log.info("found in the queue on disk", Object.fromEntries(found));
    return this.#workOn(queue, store);
  }

  #workOn(queue: Queue, store: Store | undefined): Work {
    const { sending_queue: queueing } = this.#settings;
    const host = this.#host;
    const rule = batchRuleOf(queueing, this.#batching);
    const overflow = queueing.block_on_overflow ? this.#overflowOf(queue) : undefined;
    const lane = (signal: Signal): Lane =>
      new Lane({
        batcher: new Batcher(signal, queue, rule, host.clock),
        delivery: this.#delivery,
        // Without a queue every sender is served at once; the queue's bytes still bound how many there are.
        consumers: queueing.enabled ? queueing.num_consumers : Number.POSITIVE_INFINITY,
        stopping: { draining: this.#draining.signal, over: this.#over.signal },
        host,
        lasts: queue.lasting,
        hasSuccessor: () => this.#successor() !== undefined,
        finished: () => overflow?.serve(),
        setAside: store && ((encoded) => store.setAside(this.#nameOf(encoded), encoded.bytes)),
      });
    return { queue, lanes: { traces: lane("traces"), metrics: lane("metrics"), logs: lane("logs") }, overflow };
  }

  #overflowOf(queue: Queue): Overflow {
    const { sending_queue: queueing } = this.#settings;
    return new Overflow({
      clock: this.#host.clock,
      timeoutMs: queueing.overflow_timeout,
      bytesMax: overflowBytesMax(queueing),
      reserve: (bytes, load) => queue.reserve(bytes, load),
      refused: (reason, load) => this.#countRefused(reason, load),
    });
  }

  /** Of a file: when, who, what. */
  #nameOf({ signal }: Encoded): string {
    const at = new Date(this.#host.clock.now()).toISOString().replaceAll(/[-:]/g, "");
    return `${at}-${exporterLabel(this.#host)}-${signal}`;
  }

  #laneOf(signal: Signal): Lane | undefined {
    return this.#work?.lanes[signal];
  }

  #pump(): void {
    for (const signal of signals) this.#laneOf(signal)?.pump();
  }

  #hold(signal: Signal, { safe, leave }: Held, end: () => void): Held {
    this.#waits.add(end);
    if (this.#draining.signal.aborted) end();
    return {
      safe,
      leave: (encoded) => {
        this.#waits.delete(end);
        leave(encoded);
        this.#laneOf(signal)?.pump();
      },
    };
  }

  #commit(encoded: Encoded, entry: ReturnType<Room["put"]>): Promise<void> | void {
    const { signal } = encoded;
    if (entry instanceof Promise || this.#waitForResult) return this.#commitSlowly(signal, entry);
    this.#laneOf(signal)?.pump();
  }

  async #commitSlowly(signal: Signal, put: ReturnType<Room["put"]>): Promise<void> {
    const entry = await put;
    this.#laneOf(signal)?.pump();
    const failure = this.#waitForResult ? await entry?.finished : undefined;
    if (failure !== undefined) throw failure;
  }

  #countRefused(refused: Refused, load: Load | undefined): void {
    const exporter = exporterLabel(this.#host);
    if (load)
      this.#host.meter.add(`otelcol_exporter_enqueue_failed_${itemWord[load.signal]}`, load.items, { exporter });
    this.#warnRefused({ reason: refused.message });
  }

  #endRest(signal: Signal, queue: Queue): void {
    const rest = this.#laneOf(signal)?.takeRest() ?? [];
    if (queue.lasting) {
      for (const parcel of rest) parcel.keep();
      const { items } = queue.waiting(signal);
      if (items > 0) this.#host.log.info("stopped; what waits stays on disk", { signal, items });
      return;
    }
    const lost = rest.filter((parcel) => !this.#handOver(parcel));
    if (lost.length === 0) return;
    const reason = `stopped: ${this.#laneOf(signal)?.leftBecause}`;
    for (const parcel of lost) parcel.finish(new Refused("unavailable", reason));
    const items = lost.reduce((sum, { encoded }) => sum + encoded.items, 0);
    this.#delivery.countFailed({ signal }, items);
    this.#host.log.error("stopped before everything was sent, data dropped", {
      signal,
      dropped_items: items,
      error: reason,
    });
  }

  /** Whether there is a successor, with room. */
  #handOver({ encoded, finish }: Parcel): boolean {
    try {
      const successor = this.#successor();
      if (successor === undefined) return false;
      const committed = successor.reserve(encoded.bytes.length, encoded).commit(encoded);
      void Promise.resolve(committed).then(() => finish(), finish);
      return true;
    } catch {
      return false;
    }
  }

  #senders(): Map<string, QueuedSender> {
    const known = senders.get(this.#host.common) ?? new Map<string, QueuedSender>();
    senders.set(this.#host.common, known);
    return known;
  }

  #successor(): QueuedSender | undefined {
    const current = this.#senders().get(exporterLabel(this.#host));
    return current === this ? undefined : current;
  }
}
