// Runs until a signal. What arrives from outside never ends the process. SIGHUP reads the configuration again; SIGTERM
// and SIGINT stop in order, a second one at once, and a third does not wait for anything.
import type { ServiceConfig } from "../src/config/service-config.ts";
import { systemClock } from "../src/core/system-clock.ts";
import type { Surroundings } from "../src/lifecycle/hosts.ts";
import { type Service, startService } from "../src/service.ts";
import { type ConfigOptions, readAgain, readNamed, settingsOf } from "./configuration.ts";
import { collectGarbage, cpuSeconds, memoryFigures } from "./process-figures.ts";
import type { Terminal } from "./terminal.ts";

/** 0 when it stopped in order, 1 when it could not start, 128 and the signal's number when a second one cut it short. */
export async function run(options: ConfigOptions, terminal: Terminal): Promise<number> {
  const read = readNamed(options, terminal);
  if (read === undefined) return 1;
  const signals = new Signals();
  const faults = catchFaults(terminal);
  let service: Service;
  try {
    service = await startService(read.config, surroundings(terminal, openingOf(options, read.config)));
  } catch (error) {
    terminal.say(`spantoll could not start: ${messageOf(error)}`);
    return 1;
  }
  faults.service = service;
  for (const warning of read.warnings) service.log.warn(warning);
  signals.onReload(() => reload(service, options, terminal));
  const signal = await signals.stop;
  service.log.info("stopping", { signal });
  signals.onHurry(() => {
    service.log.warn("stopping at once; what cannot be kept is lost");
    service.hurry();
  });
  // Who sits at a terminal sends nothing more; an orchestrator tells the senders at the same time.
  await service.stop(signal === "SIGTERM" ? "grace" : undefined);
  service.log.info("stopped");
  return signals.hurryCode ?? 0;
}

/** All or nothing, and either is told. */
async function reload(service: Service, options: ConfigOptions, terminal: Terminal): Promise<void> {
  const { log } = service;
  log.info("reading the configuration again");
  let warnings: readonly string[] = [];
  try {
    await service.reload(() => {
      const read = readAgain(options, terminal);
      if (!read.ok) throw new WrongConfiguration(read.problems);
      warnings = read.warnings;
      return read.config;
    });
    for (const warning of warnings) log.warn(warning);
    log.info("the new configuration runs");
  } catch (error) {
    if (error instanceof WrongConfiguration) {
      for (const problem of error.problems) log.error("the configuration is wrong", { problem });
    }
    log.error("the configuration was not taken over, the one before goes on", { error: messageOf(error) });
  }
}

class WrongConfiguration extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.length === 1 ? problems[0] : `the configuration has ${problems.length} problems`);
    this.problems = problems;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function surroundings(terminal: Terminal, opening: string): Surroundings {
  return {
    clock: systemClock,
    files: terminal.outside.files,
    random: Math.random,
    memory: memoryFigures,
    collectGarbage,
    cpuSeconds,
    print: terminal.out,
    writeLog: (line) => void process.stderr.write(line),
    opening,
  };
}

function openingOf({ config }: ConfigOptions, checked: ServiceConfig): string {
  if (config.length > 0) return `running the configuration ${config.map(nameOf).join(", ")}`;
  const doors = [
    { protocol: "grpc", name: "gRPC" },
    { protocol: "http", name: "HTTP" },
  ].map(({ protocol, name }) => {
    const endpoint = memberOf(settingsOf(checked, "otlp"), "protocols", protocol, "endpoint");
    return typeof endpoint !== "string" || endpoint.endsWith(":0") ? undefined : `http://${endpoint} (${name})`;
  });
  const addresses = doors.includes(undefined) ? "the addresses below" : doors.join(" or ");
  return `running the built-in configuration; point an OTLP exporter at ${addresses}`;
}

/** A text on the command line may be long, and may hold a secret. */
function nameOf(source: string): string {
  return source.startsWith("yaml:") ? "yaml:…" : source;
}

function memberOf(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => {
    if (typeof inner !== "object" || inner === null) return undefined;
    return Object.entries(inner).find(([name]) => name === key)?.[1];
  }, value);
}

const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const;
type StopSignal = keyof typeof signalNumbers;

/** How long stopping at once may take. */
const hurryMs = 900;

/** What the process is told from outside. Signals that come before anybody asks for them are kept. */
class Signals {
  /** The first signal to stop. */
  readonly stop: Promise<StopSignal>;
  // A listener for signals alone does not keep a process alive.
  readonly #alive = setInterval(() => {}, 2 ** 30);
  #reload: (() => void) | undefined;
  #reloadAsked = false;
  #hurry: (() => void) | undefined;
  /** The exit code of who does not wait for the end. */
  hurryCode: number | undefined;

  constructor() {
    this.stop = new Promise((resolve) => {
      let heard = 0;
      const hear = (signal: StopSignal) => {
        heard++;
        if (heard === 1) resolve(signal);
        else if (heard === 2) this.#hearHurry(128 + signalNumbers[signal]);
        else process.exit(128 + signalNumbers[signal]);
      };
      process.on("SIGINT", hear);
      process.on("SIGTERM", hear);
    });
    process.on("SIGHUP", () => {
      this.#reloadAsked = true;
      this.#reload?.();
    });
  }

  onReload(work: () => void): void {
    this.#reload = work;
    if (this.#reloadAsked) work();
  }

  onHurry(work: () => void): void {
    clearInterval(this.#alive);
    this.#hurry = work;
    if (this.hurryCode !== undefined) work();
  }

  #hearHurry(code: number): void {
    this.hurryCode = code;
    setTimeout(() => process.exit(code), hurryMs);
    this.#hurry?.();
  }
}

/** Bugs that nobody caught are logged and counted. Until the service has a log, they are words on stderr. */
function catchFaults(terminal: Terminal): { service: Service | undefined } {
  const faults: { service: Service | undefined } = { service: undefined };
  const tell = (place: string) => (error: unknown) => {
    if (faults.service === undefined) {
      terminal.say(`spantoll: ${place}: ${error instanceof Error ? error.stack : String(error)}`);
      return;
    }
    faults.service.meter.add("spantoll_internal_errors_total", 1, { place });
    faults.service.log.error("a bug was caught where nobody expected it", { place, error });
  };
  process.on("uncaughtException", tell("uncaught exception"));
  process.on("unhandledRejection", tell("unhandled rejection"));
  return faults;
}
