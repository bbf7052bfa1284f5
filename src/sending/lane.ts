// One signal of one exporter: as many parcels on their way as there are consumers, the next whenever one is free.
import type { Host } from "../core/host.ts";
import type { Batcher, Parcel } from "./batcher.ts";
import type { Delivery, SetAside, Stopping } from "./delivery.ts";

export interface LaneParts {
  readonly batcher: Batcher;
  readonly delivery: Delivery;
  readonly consumers: number;
  readonly stopping: Stopping;
  readonly host: Host;
  /** Whether the queue outlives the process. */
  readonly lasts: boolean;
  /** Whether another sender takes over what this one leaves. */
  hasSuccessor(): boolean;
  /** Told when what was on its way is not any more, and has given its room back. */
  finished(): void;
  readonly setAside: SetAside | undefined;
}

/** A backend that refuses this many in a row refuses more than single requests: what is left is not taken apart. */
const rejectionsMax = 8;

export class Lane {
  readonly #parts: LaneParts;
  #busy = 0;
  #isTimed = false;
  /** Set when the time is over and the backend does not answer: the rest stays in the queue. */
  #isKeeping = false;
  #whenIdle: (() => void) | undefined;
  /** What was on its way when the time was over, where the queue does not keep it. */
  readonly #left: Parcel[] = [];
  /** Why. */
  #leftBecause: string | undefined;

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  /** Starts whatever may be sent now. */
  pump(): void {
    const { batcher, consumers, stopping } = this.#parts;
    while (this.#busy < consumers && !stopping.over.aborted && !this.#isKeeping) {
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

  /** What was never sent, once the time is over. With a queue that lasts only what was taken from it. */
  takeRest(): readonly Parcel[] {
    const { batcher, lasts } = this.#parts;
    if (lasts) return batcher.withdraw();
    const rest = this.#left.splice(0);
    for (let parcel = batcher.next(true); parcel !== undefined; parcel = batcher.next(true)) rest.push(parcel);
    return rest;
  }

  /** What the backend said last to something that is left over. */
  get leftBecause(): string {
    return this.#leftBecause ?? "no time was left";
  }

  async #send(parcel: Parcel): Promise<void> {
    await this.#deliver(parcel, { rejections: 0 });
    this.#busy--;
    this.#parts.finished();
    this.pump();
  }

  /** One bad request among several must not take the others with it: what is refused as a whole is sent in halves. */
  async #deliver(parcel: Parcel, streak: { rejections: number }): Promise<void> {
    const { delivery, stopping, lasts, setAside, hasSuccessor } = this.#parts;
    const outcome = await delivery.deliver(parcel.encoded, stopping, () => lasts || hasSuccessor());
    if (outcome.kind === "kept") {
      this.#isKeeping = true;
      this.#leftBecause = outcome.reason;
      if (lasts) parcel.keep();
      else this.#left.push(parcel);
    } else if (outcome.kind === "rejected") {
      const halves = streak.rejections < rejectionsMax ? parcel.halves?.() : undefined;
      for (const half of halves ?? []) await this.#deliver(half, streak);
      if (halves !== undefined) return;
      streak.rejections++;
      parcel.finish(await delivery.giveUp(parcel.encoded, outcome, setAside));
    } else {
      streak.rejections = 0;
      if (outcome.kind === "delivered") parcel.encoded.release?.();
      parcel.finish(outcome.kind === "given_up" ? outcome.refused : undefined);
    }
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
