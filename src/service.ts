// A checked configuration becomes a running service. Start goes against the flow (extensions, exporters, processors,
// receivers), so that nothing arrives before there is a place for it; stop goes with the flow, under one deadline.
import type { ServiceConfig } from "./config/service-config.ts";
import type { Component } from "./core/component.ts";
import type { Clock, ComponentStatus, Health, Host, Log, MemoryFigures, Meter, StatusReport } from "./core/host.ts";
import { buildGraph, type Placed } from "./pipeline/graph.ts";
import { childLog, openLog } from "./telemetry/log.ts";
import { openMeter, type ReadableMeter } from "./telemetry/meter.ts";
import { metricsEndpoint } from "./telemetry/metrics-endpoint.ts";
import { watchProcess } from "./telemetry/process-figures.ts";

/** What the process gives to the service: the only way in which components reach it. */
export interface Surroundings {
  readonly clock: Clock;
  random(): number;
  memory(): MemoryFigures;
  /** Standard output: what `debug` prints. */
  print(text: string): void;
  /** Standard error: whole lines of our own log. */
  writeLog(line: string): void;
  /** The first line of the log, before anything starts. */
  readonly opening?: string;
}

export interface Service {
  readonly log: Log;
  readonly meter: Meter;
  readonly health: Health;
  /** Stops in order; resolves when everything has let go, at the latest after the configured time. Safe twice. */
  stop(): Promise<void>;
}

/** Wires and starts everything. Rejects with what could not be started, and then nothing runs any more. */
export async function startService(config: ServiceConfig, surroundings: Surroundings): Promise<Service> {
  const log = openLog(config.telemetry.logs, surroundings.clock, surroundings.writeLog);
  if (surroundings.opening) log.info(surroundings.opening);
  const meter = openMeter();
  watchProcess(meter, surroundings.clock, surroundings.memory);
  const health = new ServiceHealth(surroundings.clock);
  const hostFor = hostsOf({ surroundings, log, meter, health });
  const running = new Running(partsOf(config, hostFor, meter), log, health);
  await running.start();
  log.info("everything is ready");
  return {
    log,
    meter,
    health,
    stop: () => running.stop(AbortSignal.timeout(config.shutdownTimeoutMs)),
  };
}

/** In the order of the start. */
function partsOf(config: ServiceConfig, hostFor: (place: string) => Host, meter: ReadableMeter): readonly Placed[] {
  const { address } = config.telemetry.metrics;
  const endpoint = "service.telemetry.metrics";
  return [
    ...(address ? [{ place: endpoint, component: metricsEndpoint(address, meter, hostFor(endpoint).log) }] : []),
    ...config.extensions.map((part) => placedExtension(part, hostFor)),
    ...buildGraph(config.pipelines, hostFor),
  ];
}

function placedExtension(part: ServiceConfig["extensions"][number], hostFor: (place: string) => Host): Placed {
  const place = `extensions.${part.id}`;
  return { place, component: part.create(hostFor(place)) };
}

interface HostParts {
  readonly surroundings: Surroundings;
  readonly log: Log;
  readonly meter: Meter;
  readonly health: ServiceHealth;
}

function hostsOf({ surroundings, log, meter, health }: HostParts): (place: string) => Host {
  const shared = {
    meter,
    health,
    clock: surroundings.clock,
    random: surroundings.random,
    memory: surroundings.memory,
    print: surroundings.print,
    pressure: { reason: undefined },
    common: {},
  };
  return (place) => ({
    ...shared,
    id: place,
    log: childLog(log, { component: place }),
    report: (status, error) => health.report(place, status, error),
  });
}

/** Components on their way up and down. */
class Running {
  readonly #parts: readonly Placed[];
  readonly #log: Log;
  readonly #health: ServiceHealth;
  #stopping: Promise<void> | undefined;

  constructor(parts: readonly Placed[], log: Log, health: ServiceHealth) {
    this.#parts = parts;
    this.#log = log;
    this.#health = health;
  }

  async start(): Promise<void> {
    for (const { place, component } of this.#parts) {
      this.#health.report(place, "starting");
      try {
        await component.start?.();
      } catch (error) {
        this.#health.report(place, "failed", String(error));
        await this.stop(AbortSignal.timeout(failedStartStopMs));
        throw new Error(`${place}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
      this.#health.started(place);
    }
    this.#health.ready = true;
  }

  stop(deadline: AbortSignal): Promise<void> {
    this.#stopping ??= this.#stopAll(deadline);
    return this.#stopping;
  }

  async #stopAll(deadline: AbortSignal): Promise<void> {
    this.#health.ready = false;
    for (const { place, component } of this.#parts.toReversed()) {
      await this.#stopOne(place, component, deadline);
      this.#health.report(place, "stopped");
    }
  }

  async #stopOne(place: string, component: Component, deadline: AbortSignal): Promise<void> {
    try {
      await component.stop?.(deadline);
    } catch (error) {
      this.#log.error("a component did not stop cleanly", { component: place, error });
    }
  }
}

/** How long what had started may take to stop when the rest cannot start. */
const failedStartStopMs = 5_000;

class ServiceHealth implements Health {
  ready = false;
  readonly #clock: Clock;
  readonly #reports = new Map<string, StatusReport>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  all(): readonly StatusReport[] {
    return [...this.#reports.values()];
  }

  /** A component that told something else while it started knows better than we do. */
  started(id: string): void {
    if (this.#reports.get(id)?.status === "starting") this.report(id, "ok");
  }

  report(id: string, status: ComponentStatus, error?: string): void {
    const before = this.#reports.get(id);
    if (before?.status === status && before.error === error) return;
    const since = before?.status === status ? before.since : this.#clock.now();
    this.#reports.set(id, { id, status, since, error });
  }
}
