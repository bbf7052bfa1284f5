// A checked configuration becomes a running service, and another one takes its place while it runs. Start goes against
// the flow (extensions, exporters, processors, receivers), so that nothing arrives before there is a place for it; stop
// goes with the flow, under one deadline. A reload builds and starts what is new beside what runs, leads requests over
// between two of them, and then stops what is left over.
import { setMaxListeners } from "node:events";
import type { ServiceConfig } from "./config/service-config.ts";
import type { Health, Log, Meter } from "./core/host.ts";
import { Assembly, obstacle } from "./lifecycle/assembly.ts";
import { ServiceHealth, type StatusLine } from "./lifecycle/health.ts";
import { Hosts, type Surroundings } from "./lifecycle/hosts.ts";
import { startSeats, stopSeats } from "./lifecycle/seats.ts";
import { forwardingLog, openLog } from "./telemetry/log.ts";
import { openMeter, type ReadableMeter } from "./telemetry/meter.ts";
import { watchProcess } from "./telemetry/process-figures.ts";

export interface Service {
  readonly log: Log;
  readonly meter: Meter;
  readonly health: Health;
  /**
   * Puts what `read` returns in the place of the configuration that runs: components that did not change go on, no
   * listener closes, no request is lost. Rejects with what `read` throws or what is in the way, and then nothing has
   * changed. One reload ends before the next one reads.
   */
  reload(read: () => ServiceConfig): Promise<void>;
  /**
   * Stops in order; resolves when everything has let go, at the latest after the configured time. With `grace` it goes
   * on listening for a moment, unready, for senders that are about to stop as well. Safe twice.
   */
  stop(grace?: "grace"): Promise<void>;
  /** There is no time left for stopping: what can be kept is kept, everything else is told as lost. */
  hurry(): void;
}

/** Wires and starts everything. Rejects with what could not be started, and then nothing runs any more. */
export async function startService(config: ServiceConfig, surroundings: Surroundings): Promise<Service> {
  const service = new RunningService(config, surroundings);
  await service.start();
  return service;
}

/** How long what had started may take to stop when the rest cannot start. */
const failedStartStopMs = 5_000;

/**
 * How long a service that is told to stop goes on listening, but no more than a third of `shutdown_timeout`: the
 * containers beside a sidecar are told at the same time, and their last spans come when they stop.
 */
const graceMsMax = 3_000;

class RunningService implements Service {
  readonly log: Log;
  readonly meter: ReadableMeter = openMeter();
  readonly health: ServiceHealth;
  readonly #surroundings: Surroundings;
  readonly #hosts: Hosts;
  /** Tells of reloads. */
  readonly #line: StatusLine;
  readonly #hurry = new AbortController();
  /** What reloads left over and is being stopped. */
  readonly #retiring = new Set<Promise<void>>();
  #ownLog: Log;
  #assembly: Assembly;
  #reloading: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;

  constructor(config: ServiceConfig, surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#ownLog = this.#openLog(config);
    this.log = forwardingLog(() => this.#ownLog);
    if (surroundings.opening) this.log.info(surroundings.opening);
    watchProcess(this.meter, surroundings);
    this.health = new ServiceHealth(surroundings.clock);
    this.#line = this.health.line("service.configuration");
    this.#hosts = new Hosts({ surroundings, log: this.log, meter: this.meter, health: this.health });
    this.#assembly = new Assembly(config, this.#hosts.open, this.meter);
  }

  async start(): Promise<void> {
    const { seats, graph } = this.#assembly;
    this.#enrol();
    graph.open();
    await this.#startAll(seats);
    this.health.ready = true;
    this.log.info("everything is ready");
  }

  reload(read: () => ServiceConfig): Promise<void> {
    const reloaded = this.#reloading.then(() => this.#reload(read));
    this.#reloading = reloaded.catch((error: unknown) => {
      this.meter.add("spantoll_config_reload_failed_total", 1);
      this.#line.report("degraded", error instanceof Error ? error.message : String(error));
    });
    return reloaded;
  }

  stop(grace?: "grace"): Promise<void> {
    this.#stopping ??= this.#stop(grace !== undefined);
    return this.#stopping;
  }

  hurry(): void {
    this.#hurry.abort();
  }

  async #reload(read: () => ServiceConfig): Promise<void> {
    this.meter.add("spantoll_config_reload_total", 1);
    if (this.#stopping) throw new Error("the service is stopping");
    const before = this.#assembly;
    const config = read();
    const inTheWay = obstacle(before.config, config);
    if (inTheWay !== undefined) throw new Error(inTheWay);
    const next = new Assembly(config, this.#hosts.open, this.meter, before);
    const running = new Set(before.seats);
    const staying = new Set(next.seats);
    const leaving = before.seats.filter((seat) => !staying.has(seat));
    for (const { host } of leaving) this.#hosts.tenancyOf(host).leaving = true;
    try {
      await this.#startAll(
        next.seatsToAdd.filter((seat) => !running.has(seat)),
        () => next.graph.giveUp(before.graph),
      );
    } catch (error) {
      for (const { host } of leaving) this.#hosts.tenancyOf(host).leaving = false;
      throw error;
    }
    next.graph.open(before.graph);
    this.#assembly = next;
    this.#ownLog = this.#openLog(config);
    this.#line.report("ok");
    this.#enrol();
    this.#retire(before, new Set(leaving));
  }

  async #stop(grace: boolean): Promise<void> {
    this.health.ready = false;
    await this.#reloading;
    const { shutdownTimeoutMs } = this.#assembly.config;
    const deadline = this.#deadline();
    if (grace) await this.#listenOn(deadline, Math.min(graceMsMax, shutdownTimeoutMs / 3));
    await stopSeats(this.#assembly.graph.seats.toReversed(), this.#stopRules(deadline));
    await Promise.all(this.#retiring);
    await stopSeats(this.#assembly.surroundings.toReversed(), this.#stopRules(deadline));
  }

  async #listenOn(deadline: AbortSignal, ms: number): Promise<void> {
    await this.#surroundings.clock.sleep(ms, deadline);
  }

  /** Stops what a reload has no place for, with the flow, while everything else goes on. */
  #retire(before: Assembly, leaving: ReadonlySet<Assembly["seats"][number]>): void {
    if (leaving.size === 0) return;
    const isLeaving = (seat: Assembly["seats"][number]) => leaving.has(seat);
    const rules = this.#stopRules(this.#deadline());
    const { graph, surroundings } = before;
    const inFlow = async () => {
      const receivers = graph.receivers.seats.filter(isLeaving);
      // Senders that keep a connection to what leaves find out by and by.
      if (0 < receivers.length) await this.#listenOn(rules.deadline, graceMsMax);
      await stopSeats(receivers, rules);
      await graph.landed(rules.deadline);
      await stopSeats(graph.processors.seats.filter(isLeaving), rules);
      await stopSeats(graph.exporters.seats.filter(isLeaving), rules);
    };
    const retired = Promise.all([inFlow(), stopSeats(surroundings.filter(isLeaving), rules)]).then(() => {
      this.#retiring.delete(retired);
    });
    this.#retiring.add(retired);
  }

  async #startAll(seats: Assembly["seats"], giveUp?: () => void): Promise<void> {
    const started: Assembly["seats"][number][] = [];
    try {
      await startSeats(seats, started, (seat) => this.#hosts.tenancyOf(seat.host).line);
    } catch (error) {
      giveUp?.();
      await stopSeats(started.toReversed(), this.#stopRules(AbortSignal.timeout(failedStartStopMs)));
      throw error;
    }
  }

  #stopRules(deadline: AbortSignal) {
    const { clock } = this.#surroundings;
    // Every component may listen for it.
    setMaxListeners(0, deadline);
    const lineOf = (seat: Assembly["seats"][number]) => this.#hosts.tenancyOf(seat.host).line;
    return { deadline, clock, log: this.log, lineOf };
  }

  #deadline(): AbortSignal {
    const over = new AbortController();
    const { clock } = this.#surroundings;
    void clock.sleep(this.#assembly.config.shutdownTimeoutMs, this.#hurry.signal).then(() => over.abort());
    return over.signal;
  }

  #openLog(config: ServiceConfig): Log {
    const { clock, writeLog } = this.#surroundings;
    return openLog(config.telemetry.logs, clock, writeLog);
  }

  #enrol(): void {
    this.health.enrol([this.#line, ...this.#assembly.seats.map(({ host }) => this.#hosts.tenancyOf(host).line)]);
  }
}
