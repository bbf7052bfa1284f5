// Joins components to pipelines: exporters once, processors once per pipeline, receivers once with a door per signal.
// A graph takes over from the one before what did not change, and leads the doorways of its receivers to its own doors.
import type { Signal } from "../core/batch.ts";
import { signals } from "../core/batch.ts";
import type { Accept, Batching, Doors, Exporter, Processor, Receiver } from "../core/component.ts";
import type { Host, Meter } from "../core/host.ts";
import type { MetricLabels } from "../core/metrics.ts";
import { Refused } from "../core/refused.ts";
import { TraceBatches } from "../otlp/trace-batch.ts";
import type { Chain } from "./chain.ts";
import { openDoor } from "./door.ts";
import { Doorway, Flight } from "./doorway.ts";
import { type Seat, Shelf } from "./seat.ts";

/** A component with checked settings; the same object stands wherever its id is referred to. */
export interface Part<Wiring extends unknown[], C> {
  readonly id: string;
  /** Equal where the settings and the files that they name are. */
  readonly fingerprint: string;
  create(...wiring: Wiring): C;
}

export interface PipelinePlan {
  readonly id: string;
  readonly signal: Signal;
  readonly receivers: readonly Part<[Doors, Host], Receiver>[];
  readonly processors: readonly Part<[Host], Processor>[];
  readonly exporters: readonly Part<[Batching | undefined, Host], Exporter>[];
}

export class Graph {
  readonly exporters: Shelf<Exporter>;
  readonly processors: Shelf<Processor>;
  readonly receivers: Shelf<Receiver>;
  /** By place of the receiver: what it was given, and where that leads once this graph is opened. */
  readonly doorways = new Map<string, ReadonlyMap<Signal, Doorway>>();
  readonly #doors = new Map<string, ReadonlyMap<Signal, Accept>>();
  readonly #flight = new Flight();

  constructor(pipelines: readonly PipelinePlan[], hostFor: (place: string) => Host, before?: Graph) {
    this.exporters = new Shelf(hostFor);
    this.processors = new Shelf(hostFor);
    this.receivers = new Shelf(hostFor);
    const processed = pipelines.map((plan) => ({ plan, processors: this.#takeProcessors(plan, before) }));
    const chained = this.#chain(processed, before);
    const traces = new TraceBatches(
      chained
        .filter(({ chain }) => chain.signal === "traces")
        .flatMap(({ chain }) => chain.processors.flatMap(({ keys }) => keys ?? [])),
    );
    for (const part of new Set(pipelines.flatMap((plan) => plan.receivers))) {
      this.#takeReceiver(part, chained, traces, before);
    }
  }

  /** All components, in the order of the start: what comes last in the flow starts first. */
  get seats(): readonly Seat[] {
    return [...this.exporters.seats, ...this.processors.seats.toReversed(), ...this.receivers.seats];
  }

  /**
   * From now on requests come here: those of own receivers, which waited until now, and those that receivers with a
   * successor still get. It happens between two requests.
   */
  open(before?: Graph): void {
    for (const [place, doors] of this.#doors) {
      for (const doorways of [this.doorways.get(place), before?.doorways.get(place)]) {
        for (const [signal, doorway] of doorways ?? []) {
          const door = doors.get(signal);
          if (door) doorway.lead(door);
        }
      }
    }
  }

  /** Hands back what waits at receivers that are not those of `before`: this graph will not be opened. */
  giveUp(before: Graph): void {
    for (const [place, doorways] of this.doorways) {
      if (doorways === before.doorways.get(place)) continue;
      for (const doorway of doorways.values()) doorway.lead(refuse);
    }
  }

  /** Resolves when no request is behind these doors, or when there is no time left. */
  landed(deadline: AbortSignal): Promise<void> {
    return this.#flight.landed(deadline);
  }

  #takeProcessors(plan: PipelinePlan, before: Graph | undefined): readonly Processor[] {
    return plan.processors.map((part) => {
      // A processor is created once for each pipeline, so its pipeline is part of its name.
      const place = `processors.${part.id}@${plan.id}`;
      const wanted = { place, fingerprint: part.fingerprint, create: (host: Host) => part.create(host) };
      const { component, host } = this.processors.take(wanted, before?.processors);
      return counted(component, { processor: part.id, otel_signal: plan.signal }, host.meter);
    });
  }

  #chain(processed: readonly Processed[], before: Graph | undefined): readonly Chained[] {
    const batching = batchingOf(processed);
    return processed.map(({ plan, processors }) => {
      const exporters = plan.exporters.map((part) => {
        const asked = batching.get(part);
        const place = `exporters.${part.id}`;
        const fingerprint = `${part.fingerprint} ${JSON.stringify(asked)}`;
        const wanted = { place, fingerprint, create: (host: Host) => part.create(asked, host) };
        return this.exporters.take(wanted, before?.exporters).component;
      });
      return { plan, chain: { id: plan.id, signal: plan.signal, processors, exporters } };
    });
  }

  #takeReceiver(
    part: PipelinePlan["receivers"][number],
    chained: readonly Chained[],
    traces: TraceBatches,
    before: Graph | undefined,
  ): void {
    const place = `receivers.${part.id}`;
    const behind = (signal: Signal) =>
      chained.filter(({ plan }) => plan.signal === signal && plan.receivers.includes(part)).map(({ chain }) => chain);
    const served = signals.filter((signal) => 0 < behind(signal).length);
    // Which signals it serves is told to a receiver once.
    const fingerprint = `${part.fingerprint} ${served.join(" ")}`;
    let doorways = before?.doorways.get(place);
    const create = (host: Host) => {
      doorways = new Map(served.map((signal) => [signal, new Doorway()]));
      return part.create(new Map([...doorways].map(([signal, { accept }]) => [signal, accept])), host);
    };
    const { host } = this.receivers.take({ place, fingerprint, create }, before?.receivers);
    if (doorways) this.doorways.set(place, doorways);
    const doorOf = (signal: Signal) =>
      this.#flight.watch(openDoor({ receiver: part.id, signal, chains: behind(signal), traces, host }));
    this.#doors.set(place, new Map(served.map((signal) => [signal, doorOf(signal)])));
  }
}

/** The same processor, with a count of what goes in and comes out. */
function counted(processor: Processor, labels: MetricLabels, meter: Meter): Processor {
  const { keys, batching } = processor;
  return {
    ...(keys && { keys }),
    ...(batching && { batching }),
    process(batch) {
      meter.add("otelcol_processor_incoming_items", batch.items, labels);
      const passed = processor.process(batch);
      if (passed) meter.add("otelcol_processor_outgoing_items", passed.items, labels);
      return passed;
    },
    stampAgain: (batch) => (processor.stampAgain ? processor.stampAgain(batch) : processor.process(batch)),
  };
}

const refuse: Accept = () => Promise.reject(new Refused("unavailable", "the configuration changes"));

type Processed = { readonly plan: PipelinePlan; readonly processors: readonly Processor[] };
type Chained = { readonly plan: PipelinePlan; readonly chain: Chain };

/** What the first pipeline of each exporter that has a `batch` processor asks for. */
function batchingOf(processed: readonly Processed[]): ReadonlyMap<object, Batching> {
  const found = new Map<object, Batching>();
  for (const { plan, processors } of processed) {
    const batching = processors.find((processor) => processor.batching)?.batching;
    if (batching) for (const part of plan.exporters) if (!found.has(part)) found.set(part, batching);
  }
  return found;
}
