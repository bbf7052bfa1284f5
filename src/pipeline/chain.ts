// One pipeline at work: its processors in order, then its exporters. It does not know any of them.
import type { Batch, Encoded, Signal } from "../core/batch.ts";
import type { Exporter, Processor, Reservation } from "../core/component.ts";
import { type Hold, holds } from "../core/hold.ts";
import { safeguards } from "../core/safeguards.ts";
import { TraceBatch } from "../otlp/trace-batch.ts";
import { sharedBy } from "./shared-by.ts";
import { type Restamping, WaitingSpans } from "./waiting-spans.ts";

export interface Chain {
  /** `traces/eu`. */
  readonly id: string;
  readonly signal: Signal;
  readonly processors: readonly Processor[];
  readonly exporters: readonly Exporter[];
}

/** A processed batch with room for it at every exporter of its pipeline. */
export interface Delivery {
  /** What must be awaited before the exporters take over. */
  readonly pending: readonly Promise<unknown>[];
  commit(): Promise<void>;
  release(): void;
}

/**
 * Runs a batch through the processors and reserves room at all exporters; undefined when a processor kept it back.
 * Throws `Refused` when a processor or an exporter has no room, and nothing is held then.
 */
export function dispatch(chain: Chain, batch: Batch, restamping: Omit<Restamping, "processors">): Delivery | undefined {
  const processed = runProcessors(chain.processors, batch);
  if (processed === undefined) return undefined;
  const { pending } = processed;
  const hold = holds.get(processed.notes);
  const received = hold && processed instanceof TraceBatch ? processed.received : undefined;
  const encoded = processed.encode();
  const part = hold && received && (() => partOf(encoded, received, hold, { ...restamping, ...chain }));
  try {
    return deliveryOf(encoded, pending, reserveAll(chain.exporters, encoded), part);
  } catch (error) {
    abandon(pending);
    throw error;
  }
}

/** Lets promises end unwatched, where the request that waited for them is refused already. */
export function abandon(pending: readonly Promise<unknown>[]): void {
  void Promise.allSettled(pending);
}

function runProcessors(processors: readonly Processor[], batch: Batch): Batch | undefined {
  let current: Batch | undefined = batch;
  try {
    for (const processor of processors) {
      current = processor.process(current);
      if (current === undefined) return undefined;
    }
    return current;
  } catch (error) {
    abandon(batch.pending);
    throw error;
  }
}

function reserveAll(exporters: readonly Exporter[], encoded: Encoded): readonly Reservation[] {
  const reservations: Reservation[] = [];
  try {
    for (const exporter of exporters) reservations.push(exporter.reserve(encoded.bytes.length, encoded));
    return reservations;
  } catch (error) {
    for (const reservation of reservations) reservation.release();
    throw error;
  }
}

function deliveryOf(
  encoded: Encoded,
  pending: readonly Promise<unknown>[],
  reservations: readonly Reservation[],
  part: (() => WaitingSpans | undefined) | undefined,
): Delivery {
  const ready = reservations.flatMap((reservation) => reservation.ready ?? []);
  return {
    pending: ready.length === 0 ? pending : [...pending, ...ready],
    async commit() {
      const taken = commitAll(encoded, reservations, part);
      const safe = (safeguards.get(encoded.notes) ?? []).map((safeguard) => safeguard());
      await Promise.all([...taken, ...safe]);
    },
    release() {
      for (const reservation of reservations) reservation.release();
    },
  };
}

/** Gives all of it to all exporters, or, where spans wait, all to those that let none wait, and to the others in parts. */
function commitAll(
  encoded: Encoded,
  reservations: readonly Reservation[],
  part: (() => WaitingSpans | undefined) | undefined,
): readonly (Promise<void> | void)[] {
  const patient = part ? reservations.filter(({ hold }) => hold) : [];
  const waiting = 0 < patient.length ? part?.() : undefined;
  if (waiting === undefined) {
    const shared = sharedBy(reservations.length, encoded);
    return reservations.map((reservation) => reservation.commit(shared));
  }
  const { release: _release, ...whole } = encoded;
  const { rest } = waiting;
  const taken = reservations.map((reservation) => {
    if (!reservation.hold) return reservation.commit(whole);
    return rest && reservation.commit(rest);
  });
  return [...taken, ...waiting.keepAt(patient)];
}

/** The spans that wait, parted from their request; undefined where they cannot wait. */
function partOf(encoded: Encoded, received: Uint8Array, hold: Hold, restamping: Restamping): WaitingSpans | undefined {
  try {
    const waiting = new WaitingSpans(encoded, received, hold, restamping);
    return hold.begin(waiting) ? waiting : undefined;
  } catch (error) {
    restamping.failed(error);
    return undefined;
  }
}
