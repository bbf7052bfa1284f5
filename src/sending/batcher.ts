// Turns what waits into what is sent: joins small requests, splits large ones. It holds nothing that the queue does not
// hold too, but for the rest of a split.
import type { Encoded, Signal } from "../core/batch.ts";
import type { Clock } from "../core/host.ts";
import type { Refused } from "../core/refused.ts";
import { concat } from "../otlp/concat.ts";
import { split } from "../otlp/split.ts";
import type { Queue } from "./queue.ts";
import { type BatchRule, requestBytesMax } from "./settings.ts";

/** One request to send. Several entries of the queue may be in it, and several parcels may be of one entry. */
export interface Parcel {
  readonly encoded: Encoded;
  /** Monotonic milliseconds since when the oldest in it waits. */
  readonly since: number;
  finish(failure?: Refused): void;
  /** Leaves what is in it to whoever has the queue next. */
  keep(): void;
  /** The same in two halves, where it is several requests joined. Their ends take the place of its own. */
  halves?(): readonly Parcel[];
}

export class Batcher {
  readonly #signal: Signal;
  readonly #queue: Queue;
  readonly #rule: BatchRule | undefined;
  readonly #clock: Clock;
  /** Parcels that are ready: the parts of a split. */
  #ready: Parcel[] = [];
  /** The last part of a split, which waits for more. */
  #rest: Parcel | undefined;

  constructor(signal: Signal, queue: Queue, rule: BatchRule | undefined, clock: Clock) {
    this.#signal = signal;
    this.#queue = queue;
    this.#rule = rule;
    this.#clock = clock;
  }

  /** The next request to send, or nothing when it is better to wait. `flush` waits for nothing. */
  next(flush: boolean): Parcel | undefined {
    const ready = this.#ready.shift();
    if (ready !== undefined) return ready;
    const since = this.#oldest();
    if (since === undefined || !(flush || this.#isDue(since))) return undefined;
    this.#fill(flush);
    return this.#ready.shift();
  }

  /** What was taken from the queue and not sent. */
  withdraw(): readonly Parcel[] {
    const left = [...this.#ready, ...(this.#rest ? [this.#rest] : [])];
    this.#ready = [];
    this.#rest = undefined;
    return left;
  }

  /** Milliseconds until the oldest has waited long enough; undefined when nothing waits. */
  dueInMs(): number | undefined {
    const since = this.#oldest();
    return since === undefined
      ? undefined
      : Math.max(0, since + (this.#rule?.flushTimeoutMs ?? 0) - this.#clock.monotonic());
  }

  #oldest(): number | undefined {
    return this.#rest?.since ?? this.#queue.peek(this.#signal)?.since;
  }

  #isDue(since: number): boolean {
    if (this.#rule === undefined || this.#rule.flushTimeoutMs <= this.#clock.monotonic() - since) return true;
    const waiting = this.#queue.waiting(this.#signal)[this.#rule.by];
    return this.#rule.min <= waiting + (this.#rest ? sizeOf(this.#rest.encoded, this.#rule) : 0);
  }

  #fill(flush: boolean): void {
    const pieces = this.#gather();
    const whole = parcelOf(pieces);
    const parts = this.#split(whole.encoded);
    this.#ready = parts.length === 1 ? [whole] : partsOf(whole, parts);
    const last = parts.at(-1);
    const mayWait = !flush && 1 < parts.length && this.#rule !== undefined && last !== undefined;
    if (mayWait && sizeOf(last, this.#rule) < this.#rule.min) this.#rest = this.#ready.pop();
  }

  /** Takes until there is enough for a request, at least one and never above what a request may have. */
  #gather(): Piece[] {
    const rule = this.#rule;
    const pieces: Piece[] = [];
    let size = 0;
    let bytes = 0;
    const add = (piece: Piece): void => {
      pieces.push(piece);
      size += rule ? sizeOf(piece.encoded, rule) : 0;
      bytes += piece.encoded.bytes.length;
    };
    if (this.#rest) add(this.#rest);
    this.#rest = undefined;
    for (;;) {
      const next = this.#queue.peek(this.#signal);
      if (next === undefined) return pieces;
      const enough = rule === undefined || (rule.max || rule.min) <= size;
      if (0 < pieces.length && (enough || requestBytesMax < bytes + next.encoded.bytes.length)) return pieces;
      const taken = this.#queue.take(this.#signal);
      if (taken) add(taken);
    }
  }

  #split(joined: Encoded): Encoded[] {
    try {
      const max = this.#rule?.max ?? 0;
      const parts = this.#rule && 0 < max ? split(joined, { by: this.#rule.by, max }) : [joined];
      return parts.flatMap((part) => split(part, { by: "bytes", max: requestBytesMax }));
    } catch {
      // Doors let only requests in that can be read. One that cannot be split here goes whole and is judged like any other.
      return [joined];
    }
  }
}

function sizeOf(encoded: Encoded, rule: BatchRule): number {
  return rule.by === "items" ? encoded.items : encoded.bytes.length;
}

type Piece = Pick<Parcel, "encoded" | "since" | "finish"> & { keep?(): void };

/** One request of all pieces. */
function parcelOf(pieces: readonly Piece[]): Parcel {
  const middle = pieces.length >> 1;
  return {
    encoded: concat(pieces.map((piece) => piece.encoded)),
    since: pieces[0]?.since ?? 0,
    finish: (failure) => {
      for (const piece of pieces) piece.finish(failure);
    },
    keep: () => {
      for (const piece of pieces) piece.keep?.();
    },
    ...(0 < middle ? { halves: () => [parcelOf(pieces.slice(0, middle)), parcelOf(pieces.slice(middle))] } : {}),
  };
}

/** Ends the whole when all parts have ended: kept when one of them is, given up when one of them was. */
function partsOf(whole: Parcel, parts: readonly Encoded[]): Parcel[] {
  let open = parts.length;
  let worst: Refused | undefined;
  let isKept = false;
  const end = (): void => {
    open--;
    if (open > 0) return;
    if (isKept) whole.keep();
    else whole.finish(worst);
  };
  const finish = (failure?: Refused): void => {
    worst ??= failure;
    end();
  };
  const keep = (): void => {
    isKept = true;
    end();
  };
  return parts.map((encoded) => ({ encoded, since: whole.since, finish, keep }));
}
