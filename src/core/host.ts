import type { Server } from "node:net";
import type { MetricLabels, MetricName } from "./metrics.ts";

/** A sentence plus fields. Never one line per item: count instead. */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Our own figures. Names and labels are the table in `core/metrics.ts`. */
export interface Meter {
  /** Adds to a counter. */
  add(name: MetricName, by: number, labels?: MetricLabels): void;
  /** Sets a gauge. */
  set(name: MetricName, to: number, labels?: MetricLabels): void;
  /** Asks for gauges at scrape time: `read` calls `set`. Returns the way to stop. */
  watch(read: () => void): () => void;
}

export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Milliseconds of a clock that never goes back. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `work` every `ms` without keeping the process alive. Returns the way to stop. */
  every(ms: number, work: () => void): () => void;
}

/** What memory the process uses and may use, in bytes. */
export interface MemoryFigures {
  /** Resident, with the files that are mapped. */
  readonly rssBytes: number;
  /** Of it what the kernel cannot take back: this is what a container is killed for. */
  readonly anonymousBytes: number;
  readonly heapBytes: number;
  /** The engine ends the process beyond this much heap. */
  readonly heapLimitBytes: number;
  /** Buffers outside the heap. */
  readonly externalBytes: number;
  /** The container's limit, or the machine's memory. */
  readonly limitBytes: number;
}

/** Whether the doors take requests. Set by `memory_limiter`, read by receivers before they read a body. */
export interface Pressure {
  /** The reason for refusing, or undefined when there is room. */
  reason: string | undefined;
}

export type ComponentStatus = "starting" | "ok" | "degraded" | "failed" | "stopped";

export interface StatusReport {
  readonly id: string;
  readonly status: ComponentStatus;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly error: string | undefined;
  /** What went wrong last, also when all is well again. */
  readonly lastError: { readonly text: string; readonly at: number } | undefined;
}

/** How every component is. Written through `Host.report`, read by `health_check`. */
export interface Health {
  /** True once everything is started and nothing is stopping. */
  readonly ready: boolean;
  all(): readonly StatusReport[];
}

/** An address to bind, or the path of a socket file. Port 0 takes a free one. */
export type ListenPlace = { readonly host: string; readonly port: number } | { readonly path: string };

/** Files that settings name, for who reads them again while the program runs. */
export interface LiveFiles {
  /** Throws when the file cannot be read. */
  read(path: string): Uint8Array;
  /** Another text once the file is another; undefined where there is none. The content is not read for it. */
  stamp(path: string): string | undefined;
}

/** What a component may use of the process it lives in. There are no globals. */
export interface Host {
  /** Kind and id: `exporters.otlp_http/tempo`. */
  readonly id: string;
  readonly log: Log;
  readonly meter: Meter;
  readonly clock: Clock;
  readonly files: LiveFiles;
  /** A number in [0, 1). */
  random(): number;
  readonly pressure: Pressure;
  readonly health: Health;
  memory(): MemoryFigures;
  /** Frees what nothing refers to any more. It stops everything else for as long as it takes. */
  collectGarbage(): void;
  /**
   * Hands connections that arrive at a place to `server` until it closes, and resolves with the real place.
   * A server here never listens by itself: the socket outlives it where the next configuration listens there too.
   */
  listen(server: Server, place: ListenPlace): Promise<ListenPlace>;
  /** Writes to the terminal: `debug` is the only component that does. */
  print(text: string): void;
  report(status: ComponentStatus, error?: string): void;
  /** Carrier of what the components of one service share (`Note`): the ledgers, for instance. */
  readonly common: object;
}
