// Where encoded requests wait. The sender knows this interface only; whether the bytes are in memory or on disk, and for
// how many exporters, is the queue's own business. First in, first out for each signal.
import type { Batch, Encoded, Signal } from "../core/batch.ts";
import { signals } from "../core/batch.ts";
import type { Held } from "../core/hold.ts";
import type { Clock } from "../core/host.ts";
import { Refused } from "../core/refused.ts";
import type { Capacity, Sizer } from "./settings.ts";

/** What is about to come, as far as it is known before it is encoded. */
export type Load = Pick<Batch, "signal" | "items">;

/** Room for one request. */
export interface Room {
  /** Takes the request. What is returned resolves when it is as safe as this queue makes it; it never throws. */
  put(encoded: Encoded): Entry | Promise<void>;
  /** Takes spans that do not leave yet: they take their room, and nobody finds them before they leave. */
  hold(encoded: Encoded): Held;
  release(): void;
}

/** A request in the queue: waiting, or taken and on its way. It takes its room until it is finished. */
export interface Entry {
  readonly encoded: Encoded;
  /** Monotonic milliseconds since when it waits. */
  readonly since: number;
  /** Resolves when it is finished: with nothing when a backend has it, with the reason when it was given up. */
  readonly finished: Promise<Refused | undefined>;
  /** Gives its room back. Only the first call counts. */
  finish(failure?: Refused): void;
  /** Leaves it to whoever has this queue next: another process, or what replaces this exporter. Where that is possible. */
  keep?(): void;
}

export interface Waiting {
  readonly items: number;
  readonly bytes: number;
}

export interface Queue {
  /** Whether what is in it outlives the process. */
  readonly lasting: boolean;
  readonly capacity: Capacity;
  /** What does not leave yet, in the unit of the sizer. */
  readonly held: number;
  /** Throws `Refused`: "overloaded" when there is no room now, "too_large" when there never will be. */
  reserve(bytes: number, load?: Load): Room;
  /** What waits of a signal and was not taken yet. */
  waiting(signal: Signal): Waiting;
  /** The oldest that waits. */
  peek(signal: Signal): Entry | undefined;
  /** Takes the oldest. It stays in the queue's care until it is finished. */
  take(signal: Signal): Entry | undefined;
  /** What the queue holds of a signal, waiting or on its way, in the unit of its sizer. */
  size(signal: Signal): number;
  /** Called last. */
  close(): Promise<void>;
}

export class MemoryQueue implements Queue {
  readonly lasting = false;
  readonly capacity: Capacity;
  readonly #clock: Clock;
  readonly #lanes: Readonly<Record<Signal, Lane>>;
  /** In the unit of the sizer: reserved, waiting and on its way. */
  #used = 0;
  #held = 0;

  constructor(capacity: Capacity, clock: Clock) {
    this.capacity = capacity;
    this.#clock = clock;
    this.#lanes = { traces: new Lane(), metrics: new Lane(), logs: new Lane() };
  }

  reserve(bytes: number, load?: Load): Room {
    const { sizer, max } = this.capacity;
    let held = sizeBy(sizer, bytes, load?.items ?? 1);
    if (max < held)
      throw new Refused("too_large", `a request of ${held} ${sizer} is larger than the sending queue, ${max} ${sizer}`);
    if (max < this.#used + held) throw new Refused("overloaded", `the sending queue is full, ${max} ${sizer}`);
    this.#used += held;
    const release = (): void => {
      this.#used -= held;
      held = 0;
    };
    return {
      put: (encoded) => {
        // Processors may have made it longer than what was reserved; it is not refused any more.
        release();
        return this.#add(encoded);
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
    return this.#lanes[signal];
  }

  peek(signal: Signal): Entry | undefined {
    return this.#lanes[signal].peek();
  }

  take(signal: Signal): Entry | undefined {
    return this.#lanes[signal].take();
  }

  size(signal: Signal): number {
    return this.#lanes[signal].size;
  }

  async close(): Promise<void> {}

  #hold(encoded: Encoded): Held {
    const giveBack = this.#occupy(encoded);
    const size = sizeBy(this.capacity.sizer, encoded.bytes.length, encoded.items);
    this.#held += size;
    return {
      safe: undefined,
      leave: (leaving) => {
        this.#held -= size;
        giveBack();
        this.#add(leaving);
      },
    };
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

  #add(encoded: Encoded): Entry {
    const giveBack = this.#occupy(encoded);
    let settle: ((failure?: Refused) => void) | undefined;
    const finished = new Promise<Refused | undefined>((resolve) => {
      settle = resolve;
    });
    const finish = (failure?: Refused): void => {
      if (settle === undefined) return;
      giveBack();
      settle(failure);
      settle = undefined;
    };
    // What processors found out is not sent, so it does not wait either: only bytes are counted here.
    const kept: Encoded = { ...encoded, notes: {} };
    const entry: Entry = { encoded: kept, since: this.#clock.monotonic(), finished, finish };
    this.#lanes[encoded.signal].put(entry);
    return entry;
  }
}

/** How much of every signal a queue holds, for the gauges. */
export function sizes(queue: Queue): readonly { readonly signal: Signal; readonly size: number }[] {
  return signals.map((signal) => ({ signal, size: queue.size(signal) }));
}

export function sizeBy(sizer: Sizer, bytes: number, items: number): number {
  if (sizer === "bytes") return bytes;
  return sizer === "items" ? items : 1;
}

/** First in, first out. The array is cut when half of it is taken, so that taking costs the same however long it is. */
class Lane {
  size = 0;
  items = 0;
  bytes = 0;
  #entries: Entry[] = [];
  #taken = 0;

  put(entry: Entry): void {
    this.#entries.push(entry);
    this.items += entry.encoded.items;
    this.bytes += entry.encoded.bytes.length;
  }

  peek(): Entry | undefined {
    return this.#entries[this.#taken];
  }

  take(): Entry | undefined {
    const entry = this.#entries[this.#taken];
    if (entry === undefined) return undefined;
    this.#taken++;
    this.items -= entry.encoded.items;
    this.bytes -= entry.encoded.bytes.length;
    if (this.#entries.length <= this.#taken * 2) {
      this.#entries = this.#entries.slice(this.#taken);
      this.#taken = 0;
    }
    return entry;
  }
}
