// Runs until a signal. What arrives from outside never ends the process; a second signal does, at once.
import type { ServiceConfig } from "../src/config/service-config.ts";
import { systemClock } from "../src/core/system-clock.ts";
import { type Service, type Surroundings, startService } from "../src/service.ts";
import { type ConfigOptions, readNamed, settingsOf } from "./configuration.ts";
import { memoryFigures } from "./process-figures.ts";
import type { Terminal } from "./terminal.ts";

/** 0 when it stopped in order, 1 when it could not start. */
export async function run(options: ConfigOptions, terminal: Terminal): Promise<number> {
  const read = readNamed(options, terminal);
  if (read === undefined) return 1;
  const asked = firstSignal();
  const faults = catchFaults(terminal);
  let service: Service;
  try {
    service = await startService(read.config, surroundings(terminal, openingOf(options, read.config)));
  } catch (error) {
    terminal.say(`spantoll could not start: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
  faults.service = service;
  for (const warning of read.warnings) service.log.warn(warning);
  service.log.info("stopping", { signal: await asked });
  await service.stop();
  service.log.info("stopped");
  return 0;
}

function surroundings(terminal: Terminal, opening: string): Surroundings {
  return {
    clock: systemClock,
    random: Math.random,
    memory: memoryFigures,
    print: terminal.out,
    writeLog: (line) => void process.stderr.write(line),
    opening,
  };
}

function openingOf({ config }: ConfigOptions, checked: ServiceConfig): string {
  if (config.length > 0) return `running the configuration ${config.map(nameOf).join(", ")}`;
  const endpoint = memberOf(settingsOf(checked, "otlp"), "protocols", "http", "endpoint");
  const address = typeof endpoint !== "string" || endpoint.endsWith(":0") ? "the address below" : `http://${endpoint}`;
  return `running the built-in configuration; point an OTLP exporter at ${address}`;
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

/** Resolves with the first signal; the second one ends the process as if nobody had listened. */
function firstSignal(): Promise<StopSignal> {
  // A listener for signals alone does not keep a process alive.
  const alive = setInterval(() => {}, 2 ** 30);
  return new Promise((resolve) => {
    let asked = false;
    const hear = (signal: StopSignal) => {
      if (asked) process.exit(128 + signalNumbers[signal]);
      asked = true;
      clearInterval(alive);
      resolve(signal);
    };
    process.on("SIGINT", hear);
    process.on("SIGTERM", hear);
  });
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
