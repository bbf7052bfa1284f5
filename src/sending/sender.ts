// What every exporter shares: room is set aside, requests wait, are joined or split, sent by a number of consumers for
// each signal, tried again, and counted. An exporter adds nothing but `push`, one attempt.
import { type Encoded, type Signal, signals } from "../core/batch.ts";
import type { Batching, Component, Exporter, Reservation } from "../core/component.ts";
import type { Host } from "../core/host.ts";
import { itemWord } from "../core/metrics.ts";
import { quietWarning } from "../core/quiet-log.ts";
import { Refused } from "../core/refused.ts";
import { Batcher, type Parcel } from "./batcher.ts";
import { Delivery, exporterLabel, type Push, type Stopping } from "./delivery.ts";
import { type Load, MemoryQueue, type Queue, sizes } from "./queue.ts";
import { batchRuleOf, capacityOf, type SendingSettings } from "./settings.ts";

export type Sender = Required<Pick<Exporter & Component, "reserve" | "start" | "stop">>;

export function createSender(
  settings: SendingSettings,
  batching: Batching | undefined,
  push: Push,
  host: Host,
): Sender {
  return new QueuedSender(settings, batching, push, host);
}

class QueuedSender implements Sender {
  readonly #host: Host;
  readonly #queue: Queue;
  readonly #delivery: Delivery;
  readonly #lanes: Readonly<Record<Signal, Lane>>;
  readonly #waitForResult: boolean;
  readonly #draining = new AbortController();
  readonly #over = new AbortController();
  readonly #warnRefused: ReturnType<typeof quietWarning>;
  #unwatch: (() => void) | undefined;

  constructor(settings: SendingSettings, batching: Batching | undefined, push: Push, host: Host) {
    const { sending_queue: queueing, retry_on_failure: retrying } = settings;
    this.#host = host;
    this.#queue = new MemoryQueue(capacityOf(queueing), host.clock);
    this.#delivery = new Delivery(retrying, push, host);
    this.#waitForResult = queueing.wait_for_result || !queueing.enabled;
    this.#warnRefused = quietWarning(host, "a request was refused");
    const rule = batchRuleOf(queueing, batching);
    const stopping = { draining: this.#draining.signal, over: this.#over.signal };
    const lane = (signal: Signal): Lane =>
      new Lane({
        batcher: new Batcher(signal, this.#queue, rule, host.clock),
        delivery: this.#delivery,
        // Without a queue every sender is served at once; the queue's bytes still bound how many there are.
        consumers: queueing.enabled ? queueing.num_consumers : Number.POSITIVE_INFINITY,
        stopping,
        host,
      });
    this.#lanes = { traces: lane("traces"), metrics: lane("metrics"), logs: lane("logs") };
  }

  async start(): Promise<void> {
    const exporter = exporterLabel(this.#host);
    const { meter } = this.#host;
    this.#unwatch = meter.watch(() => {
      for (const { signal, size } of sizes(this.#queue)) {
        meter.set("otelcol_exporter_queue_size", size, { exporter, data_type: signal });
        meter.set("otelcol_exporter_queue_capacity", this.#queue.capacity.max, { exporter, data_type: signal });
      }
    });
  }

  reserve(bytes: number, load?: Load): Reservation {
    if (this.#draining.signal.aborted) throw new Refused("unavailable", "stopping");
    try {
      const room = this.#queue.reserve(bytes, load);
      return { commit: (encoded) => this.#commit(encoded, room.put(encoded)), release: room.release };
    } catch (refused) {
      if (refused instanceof Refused) this.#countRefused(refused, load);
      throw refused;
    }
  }

  /** Sends what is queued until the deadline, then counts and tells what is lost. */
  async stop(deadline: AbortSignal): Promise<void> {
    if (this.#draining.signal.aborted) return;
    this.#draining.abort();
    const lanes = signals.map((signal) => this.#lanes[signal]);
    for (const lane of lanes) lane.pump();
    const end = (): void => this.#over.abort();
    if (deadline.aborted) end();
    else deadline.addEventListener("abort", end, { once: true });
    await Promise.all(lanes.map((lane) => lane.idle()));
    deadline.removeEventListener("abort", end);
    for (const signal of signals) this.#dropRest(signal);
    this.#unwatch?.();
  }

  #commit(encoded: Encoded, entry: ReturnType<ReturnType<Queue["reserve"]>["put"]>): Promise<void> | void {
    const { signal } = encoded;
    if (entry instanceof Promise || this.#waitForResult) return this.#commitSlowly(signal, entry);
    this.#lanes[signal].pump();
  }

  async #commitSlowly(signal: Signal, put: ReturnType<ReturnType<Queue["reserve"]>["put"]>): Promise<void> {
    const entry = await put;
    this.#lanes[signal].pump();
    const failure = this.#waitForResult ? await entry.finished : undefined;
    if (failure !== undefined) throw failure;
  }

  #countRefused(refused: Refused, load: Load | undefined): void {
    const exporter = exporterLabel(this.#host);
    if (load)
      this.#host.meter.add(`otelcol_exporter_enqueue_failed_${itemWord[load.signal]}`, load.items, { exporter });
    this.#warnRefused({ reason: refused.message });
  }

  #dropRest(signal: Signal): void {
    const lane = this.#lanes[signal];
    let items = 0;
    for (let parcel = lane.takeRest(); parcel !== undefined; parcel = lane.takeRest()) {
      items += parcel.encoded.items;
      this.#delivery.countFailed(parcel.encoded, parcel.encoded.items);
      parcel.finish(new Refused("unavailable", "stopped before it could be sent"));
    }
    if (items > 0)
      this.#host.log.error("stopped before everything was sent, data dropped", { signal, dropped_items: items });
  }
}

interface LaneParts {
  readonly batcher: Batcher;
  readonly delivery: Delivery;
  readonly consumers: number;
  readonly stopping: Stopping;
  readonly host: Host;
}

/** One signal of one exporter: as many parcels on their way as there are consumers, the next whenever one is free. */
class Lane {
  readonly #parts: LaneParts;
  #busy = 0;
  #isTimed = false;
  #whenIdle: (() => void) | undefined;

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  /** Starts whatever may be sent now. */
  pump(): void {
    const { batcher, consumers, stopping } = this.#parts;
    while (this.#busy < consumers && !stopping.over.aborted) {
      const parcel = batcher.next(stopping.draining.aborted);
      if (parcel === undefined) break;
      this.#busy++;
      void this.#send(parcel);
    }
    this.#arm();
    if (this.#busy === 0) this.#whenIdle?.();
  }

  /** Resolves when nothing is on its way and nothing more will be. Asked for once, when draining. */
  async idle(): Promise<void> {
    if (this.#busy === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
    });
  }

  /** What was never sent, once the time is over. */
  takeRest(): Parcel | undefined {
    return this.#parts.batcher.next(true);
  }

  async #send(parcel: Parcel): Promise<void> {
    const failure = await this.#parts.delivery.deliver(parcel.encoded, this.#parts.stopping);
    this.#busy--;
    parcel.finish(failure);
    this.pump();
  }

  /** Wakes when the oldest that waits has waited long enough. A free consumer would have taken it otherwise. */
  #arm(): void {
    const { batcher, consumers, stopping, host } = this.#parts;
    const dueInMs = batcher.dueInMs();
    if (this.#isTimed || this.#busy === consumers || dueInMs === undefined || stopping.draining.aborted) return;
    this.#isTimed = true;
    void host.clock.sleep(dueInMs, stopping.draining).then(() => {
      this.#isTimed = false;
      this.pump();
    });
  }
}
