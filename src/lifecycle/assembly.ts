// A configuration with all its components, created and wired. Those of the assembly before it that did not change are
// the very same.
import type { ServiceConfig } from "../config/service-config.ts";
import type { Component, Extension } from "../core/component.ts";
import type { Host } from "../core/host.ts";
import { Graph } from "../pipeline/graph.ts";
import { type Seat, Shelf } from "../pipeline/seat.ts";
import type { ReadableMeter } from "../telemetry/meter.ts";
import { metricsEndpoint } from "../telemetry/metrics-endpoint.ts";

export class Assembly {
  readonly config: ServiceConfig;
  readonly graph: Graph;
  readonly endpoints: Shelf<Component>;
  readonly extensions: Shelf<Extension>;

  constructor(config: ServiceConfig, hostFor: (place: string) => Host, meter: ReadableMeter, before?: Assembly) {
    this.config = config;
    this.endpoints = new Shelf(hostFor);
    this.extensions = new Shelf(hostFor);
    const { address } = config.telemetry.metrics;
    if (address) {
      const fingerprint = JSON.stringify(address);
      const create = (host: Host) => metricsEndpoint(address, meter, host);
      this.endpoints.take({ place: "service.telemetry.metrics", fingerprint, create }, before?.endpoints);
    }
    for (const { id, fingerprint, create } of config.extensions) {
      const place = `extensions.${id}`;
      this.extensions.take({ place, fingerprint, create: (host) => create(host) }, before?.extensions);
    }
    this.graph = new Graph(config.pipelines, hostFor, before?.graph);
  }

  /** What others lean on or look at, in the order of the start. */
  get surroundings(): readonly Seat[] {
    return [...this.endpoints.seats, ...this.extensions.seats];
  }

  /**
   * Everything, in the order in which a reload starts what is new. Doors are shut until all have started, so the first
   * may be those that the world outside can keep from starting; exporters, which take over queues, are the last.
   */
  get seatsToAdd(): readonly Seat[] {
    return [...this.surroundings, ...this.graph.seats.toReversed()];
  }

  /** Everything, in the order of the start. */
  get seats(): readonly Seat[] {
    return [...this.surroundings, ...this.graph.seats];
  }
}

/** Why a reload cannot go from one configuration to another, or undefined where it can. */
export function obstacle(from: ServiceConfig, to: ServiceConfig): string | undefined {
  for (const { id, about, fingerprint } of from.extensions) {
    if (about.fixed === undefined) continue;
    const next = to.extensions.find((extension) => extension.id === id);
    if (next?.fingerprint !== fingerprint) {
      return `extensions.${id}: cannot be changed while the program runs, because ${about.fixed}; restart it`;
    }
  }
  return undefined;
}
