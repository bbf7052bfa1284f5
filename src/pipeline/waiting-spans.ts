// The spans of one request that wait, parted from it: kept by the exporters of its pipeline as they would be sent now,
// stamped again once for all of them when they leave.
import { strict as assert } from "node:assert";
import type { Batch, Context, Encoded } from "../core/batch.ts";
import type { Processor, Reservation } from "../core/component.ts";
import type { Held, Hold, Wait } from "../core/hold.ts";
import { keepItems } from "../otlp/keep-items.ts";
import type { TraceBatches } from "../otlp/trace-batch.ts";
import { sharedBy } from "./shared-by.ts";

/** What is needed to say anew what is to be said of spans. */
export interface Restamping {
  readonly processors: readonly Processor[];
  readonly traces: TraceBatches;
  /** Told when it cannot be done: then spans leave as they came. */
  failed(error: unknown): void;
}

export class WaitingSpans implements Wait {
  readonly spans: number;
  readonly bytes: number;
  /** What is left of the request and does not wait; undefined where all of it waits. */
  readonly rest: Encoded | undefined;
  readonly #hold: Hold;
  readonly #restamping: Restamping;
  /** As they would be sent now, and as they came. */
  readonly #encoded: Encoded;
  readonly #received: Uint8Array;
  readonly #held: Held[] = [];
  #state: "gathering" | "waiting" | "over" = "gathering";
  #isToEnd = false;

  /** Parts a request, of which `received` is what came in. */
  constructor(whole: Encoded, received: Uint8Array, hold: Hold, restamping: Restamping) {
    this.#hold = hold;
    this.#restamping = restamping;
    this.spans = hold.spans.length;
    const { signal, bytes, items, context, notes } = whole;
    if (this.spans === items) {
      // Its memory is not given back: it is read until the spans have left, whoever else is done with it.
      this.#encoded = { signal, bytes, items, context, notes: {} };
      this.#received = received;
    } else {
      const waiting = new Set(hold.spans);
      const rest = partOf(whole, items, (at) => !waiting.has(at));
      const part = partOf(whole, items, (at) => waiting.has(at));
      this.rest = { signal, bytes: rest, items: items - this.spans, context, notes };
      this.#encoded = { signal, bytes: part, items: this.spans, context, notes: {} };
      this.#received = partOf({ signal, bytes: received }, items, (at) => waiting.has(at));
    }
    this.bytes = this.#encoded.bytes.length + this.#received.length;
  }

  /** Gives them into the care of exporters. What is returned resolves when they are safe there. */
  keepAt(reservations: readonly Reservation[]): readonly Promise<void>[] {
    try {
      for (const reservation of reservations) {
        const held = reservation.hold?.(this.#encoded, () => this.end());
        if (held) this.#held.push(held);
      }
      return this.#held.flatMap(({ safe }) => safe ?? []);
    } finally {
      this.#state = "waiting";
      if (this.#isToEnd) this.end();
    }
  }

  end(): void {
    this.#isToEnd = true;
    if (this.#state !== "waiting") return;
    this.#state = "over";
    const leaving = sharedBy(this.#held.length, this.#stampAgain() ?? this.#encoded);
    for (const { leave } of this.#held) leave(leaving);
  }

  #stampAgain(): Encoded | undefined {
    try {
      const tell = this.#hold.end();
      return tell && stampedAgain(this.#received, this.#encoded.context, tell, this.#restamping);
    } catch (error) {
      this.#restamping.failed(error);
      return undefined;
    }
  }
}

/** Positions mean the same spans here only where both count the same. */
function partOf(whole: Pick<Encoded, "signal" | "bytes">, items: number, isKept: (at: number) => boolean): Uint8Array {
  let found = 0;
  const part = keepItems(whole, (at) => {
    found++;
    return isKept(at);
  });
  assert.equal(found, items, "a request has other spans than its index");
  return part;
}

/** What becomes of received spans in the pipeline now; undefined when a processor keeps them back. */
function stampedAgain(
  bytes: Uint8Array,
  context: Context,
  tell: (notes: object) => void,
  { processors, traces }: Restamping,
): Encoded | undefined {
  const [batch] = traces.read({ signal: "traces", bytes, context, transport: "grpc" });
  if (batch === undefined) return undefined;
  try {
    tell(batch.notes);
    for (const processor of processors) {
      const passed: Batch | undefined = processor.stampAgain ? processor.stampAgain(batch) : processor.process(batch);
      if (passed !== batch) return undefined;
    }
    return batch.encode();
  } finally {
    batch.drop();
  }
}
