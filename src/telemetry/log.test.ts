import { describe, expect, test } from "vitest";
import type { Clock } from "../core/host.ts";
import { childLog, type LogSettings, openLog } from "./log.ts";

const tenOClock: Clock = {
  now: () => Date.UTC(2026, 10, 21, 10),
  monotonic: () => 0,
  sleep: () => Promise.resolve(),
  every: () => () => undefined,
};

function opened(settings: Partial<LogSettings> = {}) {
  const lines: string[] = [];
  const all: LogSettings = { level: "info", encoding: "console", ...settings };
  return { lines, log: openLog(all, tenOClock, (line) => lines.push(line)) };
}

describe("console log", () => {
  test.each([
    { name: "writes a number bare", fields: { port: 4318 }, says: "port=4318" },
    { name: "writes an address bare", fields: { endpoint: "[::1]:4318" }, says: "endpoint=[::1]:4318" },
    { name: "writes an integer beyond 2^53", fields: { amount: 2n ** 60n }, says: "amount=1152921504606846976" },
    { name: "quotes a text with spaces", fields: { why: "no room" }, says: 'why="no room"' },
    { name: "quotes an empty text", fields: { why: "" }, says: 'why=""' },
    { name: "writes a list as JSON", fields: { keys: ["a", "b"] }, says: 'keys=["a","b"]' },
    { name: "lets no value forge a line", fields: { why: "x\n2026 info fine" }, says: 'why="x\\n2026 info fine"' },
    { name: "lets no value colour the terminal", fields: { why: "\u001b[31mred" }, says: 'why="\\u001b[31mred"' },
    { name: "shows one-byte escapes", fields: { why: "\u009b31m" }, says: 'why="\\u009b31m"' },
    { name: "cuts a long text", fields: { why: "x".repeat(9_000) }, says: `why="${"x".repeat(1_000)}…"` },
    {
      name: "tells what caused it",
      fields: { error: new Error("a", { cause: new Error("b") }) },
      says: 'error="a: b"',
    },
    { name: "skips what is undefined", fields: { gone: undefined, n: 1 }, says: "n=1" },
  ])("$name", ({ fields, says }) => {
    const { lines, log } = opened();
    log.warn("queue is full", fields);
    expect(lines).toEqual([`2026-11-21T10:00:00.000Z warn  queue is full ${says}\n`]);
  });

  test("lets no sentence forge a line", () => {
    const { lines, log } = opened();
    log.info("a\nb");
    expect(lines).toEqual(["2026-11-21T10:00:00.000Z info  a\\u000ab\n"]);
  });

  test("adds the place of a bug below an error", () => {
    const { lines, log } = opened();
    log.error("our bug", { error: new TypeError("x is undefined") });
    expect(lines[0]).toMatch(/^\S+ error our bug error="x is undefined"\n {4}at .*log\.test\.ts/);
  });

  test("does not print below its level", () => {
    const { lines, log } = opened({ level: "warn" });
    log.debug("a");
    log.info("b");
    log.warn("c");
    expect(lines).toHaveLength(1);
  });
});

describe("json log", () => {
  test("writes one object a line under the Collector's keys", () => {
    const { lines, log } = opened({ encoding: "json" });
    log.info("100 % ready\n%s", { port: 4318 });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      level: "info",
      ts: "2026-11-21T10:00:00.000Z",
      msg: "100 % ready\n%s",
      port: 4318,
    });
  });

  test("writes an error as text and stack", () => {
    const { lines, log } = opened({ encoding: "json" });
    log.error("our bug", { error: new TypeError("x is undefined") });
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ error: "x is undefined", stack: expect.stringMatching(/at /) });
  });

  test("survives a value that points to itself", () => {
    const { lines, log } = opened({ encoding: "json" });
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    log.info("odd", { loop });
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ msg: "odd" });
  });
});

test("a component's log carries its fields first", () => {
  const { lines, log } = opened();
  childLog(log, { component: "receivers.otlp" }).info("listening", { endpoint: "localhost:4318" });
  expect(lines).toEqual([
    "2026-11-21T10:00:00.000Z info  listening component=receivers.otlp endpoint=localhost:4318\n",
  ]);
});
