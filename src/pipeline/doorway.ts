// What stands between a receiver and the doors of the pipelines: it stays while doors are changed behind it.
import type { Arrival } from "../core/batch.ts";
import type { Accept } from "../core/component.ts";

export class Doorway {
  #accept: Accept | undefined;
  #waiting: (() => void)[] = [];

  /** What the receiver gets. A request goes where the doorway leads when it comes, and waits while that is nowhere. */
  readonly accept: Accept = (arrival: Arrival) => this.#accept?.(arrival) ?? this.#wait(arrival);

  lead(accept: Accept): void {
    this.#accept = accept;
    for (const go of this.#waiting.splice(0)) go();
  }

  async #wait(arrival: Arrival): Promise<number> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.accept(arrival);
  }
}

/** Requests that are behind the doors of a graph. */
export class Flight {
  #count = 0;
  #landed: (() => void)[] = [];

  /** The same door, with a look at who is inside. */
  watch(accept: Accept): Accept {
    return async (arrival) => {
      this.#count++;
      try {
        return await accept(arrival);
      } finally {
        if (--this.#count === 0) for (const tell of this.#landed.splice(0)) tell();
      }
    };
  }

  /** Resolves when nobody is inside, or when there is no time left. */
  async landed(deadline: AbortSignal): Promise<void> {
    if (this.#count === 0 || deadline.aborted) return;
    await new Promise<void>((resolve) => {
      this.#landed.push(resolve);
      deadline.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}
