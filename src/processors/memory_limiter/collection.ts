// Collecting garbage while memory is short, and not more often than it helps.
import type { Host } from "../../core/host.ts";
import type { Shortage } from "./shortage.ts";

/** A collection that frees less than this part of what is used was for nothing. */
const usefulShare = 0.05;
const waitMsMax = 60_000;

export interface Intervals {
  readonly check_interval: number;
  readonly min_gc_interval_when_soft_limited: number;
  readonly min_gc_interval_when_hard_limited: number;
}

/** When garbage is collected by force: Node.js sees no need to before its own limits, which are higher. */
export class Collection {
  readonly #settings: Intervals;
  readonly #host: Host;
  #lastMs = Number.NEGATIVE_INFINITY;
  /** How long to wait after collections that were for nothing. */
  #waitMs = 0;

  constructor(settings: Intervals, host: Host) {
    this.#settings = settings;
    this.#host = host;
  }

  /** Whether it was time for one. */
  collect(degree: Shortage["degree"]): boolean {
    const { clock } = this.#host;
    const sinceMs = clock.monotonic() - this.#lastMs;
    if (sinceMs < Math.max(this.#settings[`min_gc_interval_when_${degree}_limited`], this.#waitMs)) return false;
    const beforeBytes = this.#usedBytes();
    this.#host.collectGarbage();
    const freedBytes = beforeBytes - this.#usedBytes();
    this.#lastMs = clock.monotonic();
    this.#waitMs =
      freedBytes < beforeBytes * usefulShare
        ? Math.min(waitMsMax, Math.max(this.#settings.check_interval, this.#waitMs) * 2)
        : 0;
    return true;
  }

  #usedBytes(): number {
    const { heapBytes, externalBytes } = this.#host.memory();
    return heapBytes + externalBytes;
  }
}
