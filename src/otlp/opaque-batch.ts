// Logs and metrics until a processor reads them: checked and counted bytes.
import type { Arrival, Batch, Context, Encoded, Signal } from "../core/batch.ts";
import { Reader } from "../wire/reader.ts";
import { refuseMalformed } from "./refuse-malformed.ts";
import { checkShape, logsShape, metricsShape } from "./shape.ts";

export class OpaqueBatch implements Batch {
  readonly signal: Signal;
  readonly items: number;
  readonly context: Context;
  readonly notes = {};
  readonly pending: Promise<unknown>[] = [];
  readonly #bytes: Uint8Array;

  /** Throws `Refused("malformed")` when the bytes are no export request of the signal. */
  constructor(arrival: Arrival) {
    this.signal = arrival.signal;
    this.context = arrival.context;
    this.#bytes = arrival.bytes;
    this.items = countItems(arrival.signal, arrival.bytes);
  }

  encode(): Encoded {
    return { signal: this.signal, bytes: this.#bytes, items: this.items, context: this.context, notes: this.notes };
  }
}

function countItems(signal: Signal, bytes: Uint8Array): number {
  try {
    return checkShape(new Reader(bytes), signal === "logs" ? logsShape : metricsShape);
  } catch (error) {
    refuseMalformed(error, signal);
  }
}
