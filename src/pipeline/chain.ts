// One pipeline at work: its processors in order, then its exporters. It does not know any of them.
import type { Batch, Encoded, Signal } from "../core/batch.ts";
import type { Exporter, Processor, Reservation } from "../core/component.ts";
import { safeguards } from "../core/safeguards.ts";

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
export function dispatch(chain: Chain, batch: Batch): Delivery | undefined {
  const processed = runProcessors(chain.processors, batch);
  if (processed === undefined) return undefined;
  const { pending } = processed;
  const encoded = processed.encode();
  try {
    return deliveryOf(encoded, pending, reserveAll(chain.exporters, encoded));
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
): Delivery {
  const ready = reservations.flatMap((reservation) => reservation.ready ?? []);
  return {
    pending: ready.length === 0 ? pending : [...pending, ...ready],
    async commit() {
      const shared = sharedBy(reservations.length, encoded);
      const taken = reservations.map((reservation) => reservation.commit(shared));
      const safe = (safeguards.get(encoded.notes) ?? []).map((safeguard) => safeguard());
      await Promise.all([...taken, ...safe]);
    },
    release() {
      for (const reservation of reservations) reservation.release();
    },
  };
}

/** The same for several users, each of whom gives its memory back once: the last one does it. */
function sharedBy(users: number, encoded: Encoded): Encoded {
  const { release } = encoded;
  if (release === undefined || users < 2) return encoded;
  let left = users;
  return {
    ...encoded,
    release: () => {
      left--;
      if (left === 0) release();
    },
  };
}
