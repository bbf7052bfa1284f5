// Which spans wait: those that tell usage, whose role depends on others, and of which more may become known.
import { holds } from "../../core/hold.ts";
import type { Host } from "../../core/host.ts";
import type { TraceMemory } from "../../genai/trace-memory.ts";
import { type HeldCall, HeldCalls, type WaitCounter } from "./held-calls.ts";
import { Patience } from "./patience.ts";
import type { CallSettings } from "./settings.ts";
import { Waits } from "./waits.ts";

export class Holder {
  readonly #patience: Patience;
  readonly #waits: Waits;
  readonly #memory: TraceMemory;
  readonly #count: WaitCounter;

  constructor({ hold, hold_max_spans, hold_max_size }: CallSettings, memory: TraceMemory, host: Host) {
    this.#patience = new Patience(hold);
    this.#waits = new Waits({ spansMax: hold_max_spans, bytesMax: hold_max_size }, host.clock);
    this.#memory = memory;
    this.#count = (result, spans) => {
      if (0 < spans) host.meter.add("spantoll_held_spans_total", spans, { result });
    };
  }

  /** Notes on a batch which of its spans wait. They are in the order of the batch. */
  hold(notes: object, told: readonly HeldCall[], nowMs: number): void {
    for (const { teller } of told) this.#patience.see(teller.layer, nowMs);
    const waiting = told.filter((one) => this.#patience.isFor(one.teller.layer, nowMs) && this.#isRemembered(one));
    if (waiting.length === 0) return;
    if (this.#waits.hasRoom(waiting.length)) {
      holds.set(notes, new HeldCalls(waiting, this.#waits, this.#patience.ms, this.#count));
    } else this.#count("no_room", waiting.length);
  }

  /** Nothing waits any more. */
  close(): void {
    this.#waits.close();
  }

  /** What nobody finds by its trace is never decided again. */
  #isRemembered({ teller }: HeldCall): boolean {
    return this.#memory.find(teller.traceId)?.span(teller.spanId)?.teller === teller;
  }
}
