// What components are given of the process: one host each, and behind them what all share.
import type { Clock, Host, LiveFiles, Log, MemoryFigures, Meter } from "../core/host.ts";
import { childLog } from "../telemetry/log.ts";
import type { ServiceHealth, StatusLine } from "./health.ts";
import { Listeners, type Tenant } from "./listeners.ts";

/** What the process gives to the service: the only way in which components reach it. */
export interface Surroundings {
  readonly clock: Clock;
  readonly files: LiveFiles;
  random(): number;
  memory(): MemoryFigures;
  collectGarbage(): void;
  /** Processor time that the process used so far. */
  cpuSeconds(): number;
  /** Standard output: what `debug` prints. */
  print(text: string): void;
  /** Standard error: whole lines of our own log. */
  writeLog(line: string): void;
  /** The first line of the log, before anything starts. */
  readonly opening?: string;
}

export interface Shared {
  readonly surroundings: Surroundings;
  readonly log: Log;
  readonly meter: Meter;
  readonly health: ServiceHealth;
}

/** What the service keeps of a host that it gave away. */
export interface Tenancy extends Tenant {
  readonly line: StatusLine;
  leaving: boolean;
}

export class Hosts {
  readonly #shared: Shared;
  readonly #common: Pick<Host, "pressure" | "common"> = { pressure: { reason: undefined }, common: {} };
  readonly #listeners = new Listeners();
  readonly #tenancies = new WeakMap<Host, Tenancy>();

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  readonly open = (place: string): Host => {
    const { surroundings, log, meter, health } = this.#shared;
    const tenancy: Tenancy = { line: health.line(place), leaving: false };
    const host: Host = {
      ...this.#common,
      id: place,
      log: childLog(log, { component: place }),
      meter,
      health,
      clock: surroundings.clock,
      files: surroundings.files,
      random: surroundings.random,
      memory: surroundings.memory,
      collectGarbage: surroundings.collectGarbage,
      print: surroundings.print,
      listen: (server, at) => this.#listeners.listen(server, at, tenancy),
      report: (status, error) => tenancy.line.report(status, error),
    };
    this.#tenancies.set(host, tenancy);
    return host;
  };

  tenancyOf(host: Host): Tenancy {
    const tenancy = this.#tenancies.get(host);
    if (tenancy === undefined) throw new Error(`${host.id} is no host of this service`);
    return tenancy;
  }
}
