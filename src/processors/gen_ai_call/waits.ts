// What waits, and until when. All of it waits equally long, so that the first that began is the first that ends.
import type { Wait } from "../../core/hold.ts";
import type { Clock } from "../../core/host.ts";

export interface WaitBounds {
  readonly spansMax: number;
  readonly bytesMax: number;
}

export class Waits {
  readonly #bounds: WaitBounds;
  readonly #clock: Clock;
  /** With the monotonic milliseconds at which each is over, oldest first. */
  readonly #dueMs = new Map<Wait, number>();
  readonly #closed = new AbortController();
  #spans = 0;
  #bytes = 0;
  #isTimed = false;

  constructor(bounds: WaitBounds, clock: Clock) {
    this.#bounds = bounds;
    this.#clock = clock;
  }

  /** Whether so many spans more may wait, as far as is known before they are encoded. */
  hasRoom(spans: number): boolean {
    return !this.#closed.signal.aborted && this.#spans + spans <= this.#bounds.spansMax;
  }

  /** False where there is no room. */
  begin(wait: Wait, ms: number): boolean {
    if (!this.hasRoom(wait.spans) || this.#bounds.bytesMax < this.#bytes + wait.bytes) return false;
    this.#dueMs.set(wait, this.#clock.monotonic() + ms);
    this.#spans += wait.spans;
    this.#bytes += wait.bytes;
    this.#arm();
    return true;
  }

  /** Forgets one that is over. */
  end(wait: Wait): void {
    if (!this.#dueMs.delete(wait)) return;
    this.#spans -= wait.spans;
    this.#bytes -= wait.bytes;
  }

  /** Ends all that wait, and lets nothing wait any more. */
  close(): void {
    this.#closed.abort();
    for (const wait of this.#dueMs.keys()) wait.end();
  }

  #arm(): void {
    const [first] = this.#dueMs.values();
    if (this.#isTimed || first === undefined || this.#closed.signal.aborted) return;
    this.#isTimed = true;
    void this.#clock.sleep(Math.max(0, first - this.#clock.monotonic()), this.#closed.signal).then(() => {
      this.#isTimed = false;
      this.#endDue();
      this.#arm();
    });
  }

  #endDue(): void {
    const nowMs = this.#clock.monotonic();
    for (const [wait, dueMs] of this.#dueMs) {
      if (nowMs < dueMs) return;
      wait.end();
    }
  }
}
