// Logs after a processor wrote other bytes for them: everything else is as in the batch before it.
import type { Batch, Context, Encoded, Signal } from "../core/batch.ts";

export class RewrittenBatch implements Batch {
  readonly signal: Signal;
  readonly items: number;
  readonly context: Context;
  readonly notes: object;
  readonly pending: Promise<unknown>[];
  readonly #bytes: Uint8Array;

  constructor({ signal, items, context, notes, pending }: Batch, bytes: Uint8Array) {
    this.signal = signal;
    this.items = items;
    this.context = context;
    this.notes = notes;
    this.pending = pending;
    this.#bytes = bytes;
  }

  encode(): Encoded {
    return { signal: this.signal, bytes: this.#bytes, items: this.items, context: this.context, notes: this.notes };
  }
}
