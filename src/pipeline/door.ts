// Where a receiver hands requests in. Behind one door stand all pipelines of a signal that name the receiver: they get
// the same bytes with edits of their own, and the request is taken by all of them or by none.
import type { Arrival, Batch, Signal } from "../core/batch.ts";
import type { Accept } from "../core/component.ts";
import type { Host } from "../core/host.ts";
import { itemWord } from "../core/metrics.ts";
import { Refused } from "../core/refused.ts";
import { OpaqueBatch } from "../otlp/opaque-batch.ts";
import { TraceBatch, type TraceBatches } from "../otlp/trace-batch.ts";
import { abandon, type Chain, type Delivery, dispatch } from "./chain.ts";

export interface DoorOptions {
  /** Id of the receiver, for the counters: `otlp`. */
  readonly receiver: string;
  readonly signal: Signal;
  readonly chains: readonly Chain[];
  readonly traces: TraceBatches;
  readonly host: Host;
}

export function openDoor(options: DoorOptions): Accept {
  const { host, receiver, signal } = options;
  const word = itemWord[signal];
  return async (arrival) => {
    const labels = { receiver, transport: arrival.transport };
    let items = 0;
    try {
      const batches = read(options, arrival);
      items = batches[0]?.items ?? 0;
      if (items > 0) await deliver(options, batches);
      else batches.forEach(drop);
      host.meter.add(`otelcol_receiver_accepted_${word}`, items, labels);
      return items;
    } catch (error) {
      host.meter.add(`otelcol_receiver_refused_${word}`, items, labels);
      throw error instanceof Refused ? error : ourBug(error, host);
    }
  };
}

function read({ chains, traces, signal }: DoorOptions, arrival: Arrival): readonly Batch[] {
  if (signal === "traces") return traces.read(arrival, chains.length);
  return chains.map(() => new OpaqueBatch(arrival));
}

async function deliver({ chains, traces, host }: DoorOptions, batches: readonly Batch[]): Promise<void> {
  const restamping = { traces, failed: (error: unknown) => tellBug(error, host, leftAsTheyCame) };
  const deliveries: Delivery[] = [];
  try {
    for (const [at, chain] of chains.entries()) {
      const batch = batches[at];
      const delivery = batch && dispatch(chain, batch, restamping);
      if (delivery) deliveries.push(delivery);
    }
    await Promise.all(deliveries.flatMap(({ pending }) => pending));
  } catch (error) {
    for (const delivery of deliveries) {
      delivery.release();
      abandon(delivery.pending);
    }
    throw error;
  } finally {
    // What was encoded has been given back; this frees what an exception left open.
    batches.forEach(drop);
  }
  await Promise.all(deliveries.map((delivery) => delivery.commit()));
}

function drop(batch: Batch): void {
  if (batch instanceof TraceBatch) batch.drop();
}

/** What is no `Refused` is our bug: counted and told, and the sender keeps the request, so that nothing is lost. */
function ourBug(error: unknown, host: Host): Refused {
  tellBug(error, host, "a request was handed back because of a fault in this program; please report it");
  return new Refused("unavailable", "internal error", { cause: error });
}

const leftAsTheyCame = "spans that waited left as they came because of a fault in this program; please report it";

function tellBug(error: unknown, { meter, log, id }: Host, text: string): void {
  meter.add("spantoll_internal_errors_total", 1, { place: id });
  log.error(text, { error });
}
