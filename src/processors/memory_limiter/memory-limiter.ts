// Refuses requests while memory is short. The doors read `host.pressure` before they read a body; what is already
// inside when the limit is crossed is refused here.
import { z } from "zod";
import type { Batch } from "../../core/batch.ts";
import { type Processor, processor } from "../../core/component.ts";
import type { Host } from "../../core/host.ts";
import { Refused } from "../../core/refused.ts";
import { duration, inert } from "../../core/settings.ts";
import { Collection } from "./collection.ts";
import { type Shortage, shortage } from "./shortage.ts";

const spikePercentageDefault = 20;

const mebibytes = z.int().min(0).default(0);
const percentage = z.int().min(0).max(100);
const doubling = inert("the wait after a collection that frees little doubles, up to a minute");

const settings = z.strictObject({
  check_interval: duration("1s", "How often memory is looked at. More than 0."),
  limit_mib: mebibytes.meta({
    description:
      "Most MiB that heap and buffers may take. 0 leaves it to `limit_percentage`; anything else wins over it.",
  }),
  spike_limit_mib: mebibytes.meta({
    description:
      "MiB below `limit_mib` at which refusing begins: room for what is already on its way in. 0 is a fifth of the limit.",
  }),
  limit_percentage: percentage.default(80).meta({
    description: "The limit in percent of the container's memory, or else of the machine's.",
  }),
  spike_limit_percentage: percentage.default(spikePercentageDefault).meta({
    description:
      "Percent below `limit_percentage` at which refusing begins. 0 is a fifth of the limit, and so is the default where the limit is not above it.",
  }),
  min_gc_interval_when_soft_limited: duration(
    "10s",
    "At least this long between two collections of garbage while memory is above the limit less the spike.",
  ),
  min_gc_interval_when_hard_limited: duration(
    "0s",
    "The same above the limit itself. Memory is looked at every `check_interval`, so that is the shortest.",
  ),
  max_gc_interval_when_soft_limited: doubling,
  max_gc_interval_when_hard_limited: doubling,
});
type Settings = z.output<typeof settings>;

export const memoryLimiter = processor({
  type: "memory_limiter",
  summary: "Refuses requests, retryably, while memory is short.",
  signals: ["traces", "metrics", "logs"],
  settings,
  *check(given) {
    const { check_interval, limit_mib, spike_limit_mib, limit_percentage, spike_limit_percentage } = given;
    if (check_interval <= 0) yield { path: ["check_interval"], text: "must be more than 0; write it as 1s" };
    if (limit_mib === 0 && limit_percentage === 0) {
      yield { path: ["limit_mib"], text: "limit_mib or limit_percentage must be more than 0" };
    }
    if (0 < limit_mib && limit_mib <= spike_limit_mib) {
      yield { path: ["spike_limit_mib"], text: `must be below limit_mib (${limit_mib}), not ${spike_limit_mib}` };
    }
    const spikeIsDefault = spike_limit_percentage === spikePercentageDefault;
    if (0 < limit_percentage && limit_percentage <= spike_limit_percentage && !spikeIsDefault) {
      yield {
        path: ["spike_limit_percentage"],
        text: `must be below limit_percentage (${limit_percentage}), not ${spike_limit_percentage}`,
      };
    }
  },
  create: (given, host) => new MemoryLimiter(given, host),
});

/** Items that came as far as this processor. What the doors refuse they count themselves. */
const counters = {
  accepted: {
    traces: "otelcol_processor_memory_limiter_accepted_spans",
    logs: "otelcol_processor_memory_limiter_accepted_log_records",
    metrics: "otelcol_processor_memory_limiter_accepted_metric_points",
  },
  refused: {
    traces: "otelcol_processor_memory_limiter_refused_spans",
    logs: "otelcol_processor_memory_limiter_refused_log_records",
    metrics: "otelcol_processor_memory_limiter_refused_metric_points",
  },
} as const;

class MemoryLimiter implements Processor {
  readonly #settings: Settings;
  readonly #host: Host;
  readonly #label: { readonly processor: string };
  readonly #collection: Collection;
  #stopChecking: (() => void) | undefined;
  /** Why requests are refused, while they are. */
  #reason: string | undefined;
  #anonymousBefore = 0;

  constructor(settings: Settings, host: Host) {
    this.#settings = settings;
    this.#host = host;
    this.#label = { processor: host.id.replace(/^processors\.|@.*$/g, "") };
    this.#collection = new Collection(settings, host);
  }

  async start(): Promise<void> {
    this.#stopChecking ??= this.#host.clock.every(this.#settings.check_interval, () => this.#check());
    this.#check();
  }

  async stop(): Promise<void> {
    this.#stopChecking?.();
    this.#stopChecking = undefined;
    this.#setReason(undefined);
  }

  process(batch: Batch): Batch {
    const { signal, items } = batch;
    if (this.#reason === undefined) {
      this.#host.meter.add(counters.accepted[signal], items, this.#label);
      return batch;
    }
    this.#host.meter.add(counters.refused[signal], items, this.#label);
    throw new Refused("overloaded", this.#reason, { retryAfterMs: this.#settings.check_interval });
  }

  /** They were let in when they came. */
  stampAgain(batch: Batch): Batch {
    return batch;
  }

  /** Garbage counts as used until it is collected, so a shortage is believed only after that. */
  #check(): void {
    let short = this.#look();
    if (short && this.#collection.collect(short.degree)) short = this.#look();
    this.#anonymousBefore = this.#host.memory().anonymousBytes;
    if ((short === undefined) === (this.#reason === undefined)) return;
    this.#setReason(short?.reason);
    if (short === undefined) this.#host.log.info("memory is below the limit again; taking requests");
    else this.#host.log.warn("memory is short; refusing requests", { reason: short.reason });
  }

  #look(): Shortage | undefined {
    const before = { anonymousBytes: this.#anonymousBefore, isShort: this.#reason !== undefined };
    return shortage(this.#settings, this.#host.memory(), before);
  }

  #setReason(reason: string | undefined): void {
    if (reason === this.#reason) return;
    const { pressure } = this.#host;
    // The reason of another pipeline's limiter is not ours to take away.
    if (reason !== undefined || pressure.reason === this.#reason) pressure.reason = reason;
    if (reason === undefined) this.#host.report("ok");
    else this.#host.report("degraded", reason);
    this.#reason = reason;
  }
}
