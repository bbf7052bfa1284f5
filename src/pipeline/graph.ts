// Joins components to pipelines: exporters once, processors once per pipeline, receivers once with a door per signal.
import type { Signal } from "../core/batch.ts";
import { signals } from "../core/batch.ts";
import type { Batching, Component, Doors, Exporter, Processor, Receiver } from "../core/component.ts";
import type { Host } from "../core/host.ts";
import { TraceBatches } from "../otlp/trace-batch.ts";
import type { Chain } from "./chain.ts";
import { openDoor } from "./door.ts";

/** A component with checked settings; the same object stands wherever its id is referred to. */
export interface Part<Wiring extends unknown[], C> {
  readonly id: string;
  create(...wiring: Wiring): C;
}

export interface PipelinePlan {
  readonly id: string;
  readonly signal: Signal;
  readonly receivers: readonly Part<[Doors, Host], Receiver>[];
  readonly processors: readonly Part<[Host], Processor>[];
  readonly exporters: readonly Part<[Batching | undefined, Host], Exporter>[];
}

/** A component with the name under which it is reported: `exporters.otlp_http/tempo`, `processors.traces.batch`. */
export interface Placed {
  readonly place: string;
  readonly component: Component;
}

/** All components of the pipelines, in the order of the start: what comes last in the flow starts first. */
export function buildGraph(pipelines: readonly PipelinePlan[], hostFor: (place: string) => Host): readonly Placed[] {
  const processed = pipelines.map((plan) => ({ plan, processors: createProcessors(plan, hostFor) }));
  const batching = batchingOf(processed);
  const exporters = createOnce(
    pipelines.flatMap((plan) => plan.exporters),
    (part) => place("exporters", part.id),
    (part, host) => part.create(batching.get(part), host),
    hostFor,
  );
  const chains = processed.map(({ plan, processors }) => ({ plan, chain: chainOf(plan, processors, exporters) }));
  const traces = new TraceBatches(
    chains
      .filter(({ chain }) => chain.signal === "traces")
      .flatMap(({ chain }) => chain.processors.flatMap(({ keys }) => keys ?? [])),
  );
  const receivers = createOnce(
    pipelines.flatMap((plan) => plan.receivers),
    (part) => place("receivers", part.id),
    (part, host) => part.create(doorsOf(part, chains, traces, host), host),
    hostFor,
  );
  return [
    ...[...exporters].map(([{ id }, component]) => ({ place: place("exporters", id), component })),
    ...processed
      .toReversed()
      .flatMap(({ plan, processors }) =>
        processors.map((component, at) => ({ place: processorPlace(plan, at), component })).toReversed(),
      ),
    ...[...receivers].map(([{ id }, component]) => ({ place: place("receivers", id), component })),
  ];
}

type Processed = { readonly plan: PipelinePlan; readonly processors: readonly Processor[] };
type Chained = { readonly plan: PipelinePlan; readonly chain: Chain };

function createProcessors(plan: PipelinePlan, hostFor: (place: string) => Host): readonly Processor[] {
  return plan.processors.map((part, at) => part.create(hostFor(processorPlace(plan, at))));
}

/** What the first pipeline of each exporter that has a `batch` processor asks for. */
function batchingOf(processed: readonly Processed[]): ReadonlyMap<object, Batching> {
  const found = new Map<object, Batching>();
  for (const { plan, processors } of processed) {
    const batching = processors.find((processor) => processor.batching)?.batching;
    if (batching) for (const part of plan.exporters) if (!found.has(part)) found.set(part, batching);
  }
  return found;
}

function createOnce<P extends { readonly id: string }, C>(
  parts: readonly P[],
  placeOf: (part: P) => string,
  create: (part: P, host: Host) => C,
  hostFor: (place: string) => Host,
): ReadonlyMap<P, C> {
  return new Map([...new Set(parts)].map((part) => [part, create(part, hostFor(placeOf(part)))]));
}

function chainOf(
  plan: PipelinePlan,
  processors: readonly Processor[],
  exporters: ReadonlyMap<object, Exporter>,
): Chain {
  return {
    id: plan.id,
    signal: plan.signal,
    processors,
    exporters: plan.exporters.flatMap((part) => exporters.get(part) ?? []),
  };
}

function doorsOf(receiver: object, chains: readonly Chained[], traces: TraceBatches, host: Host): Doors {
  const doors = new Map<Signal, ReturnType<typeof openDoor>>();
  for (const signal of signals) {
    const behind = chains.filter(
      ({ plan }) => plan.signal === signal && plan.receivers.some((part) => part === receiver),
    );
    if (behind.length === 0) continue;
    doors.set(
      signal,
      openDoor({
        receiver: host.id.replace("receivers.", ""),
        signal,
        chains: behind.map(({ chain }) => chain),
        traces,
        host,
      }),
    );
  }
  return doors;
}

function place(kind: string, id: string): string {
  return `${kind}.${id}`;
}

/** A processor is created once for each pipeline, so its pipeline is part of its name. */
function processorPlace(plan: PipelinePlan, at: number): string {
  return `processors.${plan.processors[at]?.id ?? at}@${plan.id}`;
}
