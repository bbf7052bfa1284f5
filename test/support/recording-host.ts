// The process as a component sees it in a test: time moves when the test says so, and everything told is kept.
import type { Clock, ComponentStatus, Health, Host, Log, MemoryFigures, Pressure } from "../../src/core/host.ts";
import type { MetricLabels, MetricName } from "../../src/core/metrics.ts";
import { Listeners } from "../../src/lifecycle/listeners.ts";

export interface RecordingHost extends Host {
  /** `warn memory is short {"reason":"…"}` */
  readonly logged: string[];
  /** `name{"label":"value"}` to what was added up, or last set. */
  readonly counted: Map<string, number>;
  readonly reported: [status: ComponentStatus, error: string | undefined][];
  readonly printed: string[];
  /** What `files` reads, by path. */
  readonly written: Map<string, string>;
  /** What `memory` answers next. */
  memoryFigures: MemoryFigures;
  /** How often garbage was collected, and what that does. */
  collected: number;
  onCollect: () => void;
  /** Moves the clock on, and calls what is due on the way. */
  advance(ms: number): void;
  /** Timers that nobody has stopped. */
  timers(): number;
}

export interface RecordingHostOptions {
  readonly id?: string;
  readonly nowMs?: number;
  readonly health?: Health;
}

const mebibyte = 1024 * 1024;

export function recordingHost(options: RecordingHostOptions = {}): RecordingHost {
  const logged: string[] = [];
  const counted = new Map<string, number>();
  const reported: [ComponentStatus, string | undefined][] = [];
  const printed: string[] = [];
  const time = manualTime(options.nowMs ?? Date.UTC(2026, 10, 21, 10));
  const written = new Map<string, string>();
  const pressure: Pressure = { reason: undefined };
  const listeners = new Listeners();
  const say = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    logged.push([level, message, ...(fields ? [JSON.stringify(fields)] : [])].join(" "));
  };
  const log: Log = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
  const key = (name: MetricName, labels?: MetricLabels) => name + (labels ? JSON.stringify(labels) : "");
  return {
    id: options.id ?? "processors.tested",
    log,
    meter: {
      add: (name, by, labels) => counted.set(key(name, labels), (counted.get(key(name, labels)) ?? 0) + by),
      set: (name, to, labels) => counted.set(key(name, labels), to),
      watch: () => () => undefined,
    },
    clock: time.clock,
    files: { read: (path) => new TextEncoder().encode(existing(written, path)), stamp: (path) => written.get(path) },
    random: () => 0.5,
    pressure,
    health: options.health ?? { ready: true, all: () => [] },
    memoryFigures: {
      rssBytes: 80 * mebibyte,
      anonymousBytes: 60 * mebibyte,
      heapBytes: 20 * mebibyte,
      heapLimitBytes: 1024 * mebibyte,
      externalBytes: 0,
      limitBytes: 1024 * mebibyte,
    },
    memory() {
      return this.memoryFigures;
    },
    collectGarbage() {
      this.collected++;
      this.onCollect();
    },
    collected: 0,
    onCollect: () => undefined,
    listen: (server, place) => listeners.listen(server, place, { leaving: false }),
    print: (text) => printed.push(text),
    report: (status, error) => reported.push([status, error]),
    common: {},
    written,
    logged,
    counted,
    reported,
    printed,
    advance: time.advance,
    timers: time.timers,
  };
}

function existing(written: ReadonlyMap<string, string>, path: string): string {
  const text = written.get(path);
  if (text === undefined) throw new Error(`ENOENT: ${path}`);
  return text;
}

interface Timer {
  dueMs: number;
  readonly everyMs: number | undefined;
  readonly work: () => void;
}

function manualTime(startMs: number): { clock: Clock; advance(ms: number): void; timers(): number } {
  let nowMs = startMs;
  const timers = new Set<Timer>();
  const add = (ms: number, everyMs: number | undefined, work: () => void) => {
    const timer = { dueMs: nowMs + ms, everyMs, work };
    timers.add(timer);
    return () => timers.delete(timer);
  };
  const clock: Clock = {
    now: () => nowMs,
    monotonic: () => nowMs - startMs,
    sleep(ms, signal) {
      if (signal?.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const cancel = add(ms, undefined, resolve);
        signal?.addEventListener("abort", () => cancel() && resolve(), { once: true });
      });
    },
    every: (ms, work) => add(ms, ms, work),
  };
  const firstDueBy = (endMs: number) =>
    [...timers].filter(({ dueMs }) => dueMs <= endMs).toSorted((a, b) => a.dueMs - b.dueMs)[0];
  return {
    clock,
    timers: () => timers.size,
    advance(ms) {
      const endMs = nowMs + ms;
      for (let timer = firstDueBy(endMs); timer; timer = firstDueBy(endMs)) {
        nowMs = timer.dueMs;
        if (timer.everyMs === undefined) timers.delete(timer);
        else timer.dueMs += timer.everyMs;
        timer.work();
      }
      nowMs = endMs;
    },
  };
}
