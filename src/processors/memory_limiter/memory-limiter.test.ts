import { describe, expect, test } from "vitest";
import { recordingHost } from "../../../test/support/recording-host.ts";
import type { Batch } from "../../core/batch.ts";
import { Refused } from "../../core/refused.ts";
import { memoryLimiter } from "./memory-limiter.ts";

const noFiles = { read: () => new Uint8Array() };
const mebibyte = 1024 * 1024;
const batch: Batch = {
  signal: "logs",
  items: 1,
  context: { headers: {}, subject: undefined, peer: "" },
  notes: {},
  pending: [],
  encode: () => expect.unreachable(),
};

function limiter(given: unknown, host = recordingHost()) {
  const read = memoryLimiter.prepare(given, noFiles);
  if (!read.ok) throw new Error(JSON.stringify([...read.issues, ...read.objections]));
  return { host, limiter: read.create(host), heap: (mib: number) => fill(host, mib) };
}

function fill(host: ReturnType<typeof recordingHost>, mib: number): void {
  host.memoryFigures = { ...host.memoryFigures, heapBytes: mib * mebibyte };
}

describe("memory_limiter", () => {
  test.each([
    { name: "nothing at all", given: undefined },
    {
      name: "the Collector's documented example",
      given: { check_interval: "1s", limit_mib: 4000, spike_limit_mib: 800 },
    },
    { name: "a percentage below the default spike", given: { check_interval: "1s", limit_percentage: 15 } },
    { name: "intervals of garbage collection", given: { min_gc_interval_when_soft_limited: "10s" } },
  ])("takes $name", ({ given }) => {
    expect(limiter(given).limiter).toBeDefined();
  });

  test.each([
    { name: "no interval", given: { check_interval: "0s" }, says: "must be more than 0" },
    { name: "no limit", given: { limit_percentage: 0 }, says: "limit_mib or limit_percentage must be more than 0" },
    {
      name: "a spike at the limit",
      given: { limit_mib: 100, spike_limit_mib: 100 },
      says: "must be below limit_mib (100), not 100",
    },
    {
      name: "a spike above the percentage",
      given: { limit_percentage: 50, spike_limit_percentage: 60 },
      says: "must be below limit_percentage (50), not 60",
    },
    { name: "more than everything", given: { limit_percentage: 101 }, says: "limit_percentage" },
    { name: "a negative limit", given: { limit_mib: -1 }, says: "limit_mib" },
    { name: "a misspelt key", given: { limit_mb: 5 }, says: "limit_mb" },
  ])("refuses $name", ({ given, says }) => {
    expect(() => limiter(given)).toThrow(says);
  });

  test("closes the doors above the limit and opens them below, saying so once each", async () => {
    const { host, limiter: tested, heap } = limiter({ limit_mib: 100, check_interval: "1s" });
    await tested.start?.();
    expect(host.pressure.reason).toBeUndefined();
    heap(90);
    host.advance(3_000);
    expect(host.pressure.reason).toContain("90 MiB");
    heap(30);
    host.advance(3_000);
    expect(host.pressure.reason).toBeUndefined();
    expect(host.reported.map(([status]) => status)).toEqual(["degraded", "ok"]);
    expect(host.logged).toHaveLength(2);
  });

  test("looks at memory before the first interval is over", async () => {
    const { host, limiter: tested, heap } = limiter({ limit_mib: 100 });
    heap(100);
    await tested.start?.();
    expect(host.pressure.reason).toBeDefined();
  });

  test("refuses what is already inside, retryably, and passes it on when there is room", async () => {
    const { host, limiter: tested, heap } = limiter({ limit_mib: 100, check_interval: "2s" });
    await tested.start?.();
    expect(tested.process(batch)).toBe(batch);
    heap(100);
    host.advance(2_000);
    const refusal = expect.objectContaining({ code: "overloaded", retryAfterMs: 2_000 });
    expect(() => tested.process(batch)).toThrow(Refused);
    expect(() => tested.process(batch)).toThrow(refusal);
    heap(10);
    host.advance(2_000);
    expect(tested.process(batch)).toBe(batch);
  });

  test("leaves the reason of another pipeline's limiter alone", async () => {
    const { host, limiter: tested, heap } = limiter({ limit_mib: 100 });
    heap(100);
    await tested.start?.();
    host.pressure.reason = "another limiter's";
    heap(10);
    host.advance(1_000);
    expect(host.pressure.reason).toBe("another limiter's");
  });

  test("opens the doors and stops its timer when it stops", async () => {
    const { host, limiter: tested, heap } = limiter({ limit_mib: 100 });
    heap(100);
    await tested.start?.();
    await tested.stop?.(AbortSignal.abort());
    expect(host.pressure.reason).toBeUndefined();
    expect(host.timers()).toBe(0);
  });

  test("believes a shortage only when garbage is collected", async () => {
    const { host, limiter: tested, heap } = limiter({ limit_mib: 100 });
    host.onCollect = () => heap(50);
    heap(90);
    await tested.start?.();
    expect([host.collected, host.pressure.reason]).toEqual([1, undefined]);
  });

  test("collects again after the interval of the degree, and ever later while it is for nothing", async () => {
    const { host, limiter: tested, heap } = limiter({ limit_mib: 100, min_gc_interval_when_soft_limited: "3s" });
    heap(90);
    await tested.start?.();
    host.advance(2_000);
    expect(host.collected).toBe(1);
    host.advance(1_000);
    expect(host.collected).toBe(2);
    host.advance(3_000);
    expect(host.collected).toBe(2);
    host.advance(1_000);
    expect(host.collected).toBe(3);
  });

  test("collects at every look above the limit itself, where that frees something", async () => {
    const { host, limiter: tested, heap } = limiter({ limit_mib: 100 });
    host.onCollect = () => heap(101);
    heap(150);
    await tested.start?.();
    heap(150);
    host.advance(1_000);
    expect(host.collected).toBe(2);
  });

  test("counts what comes as far as itself", async () => {
    const { host, limiter: tested, heap } = limiter({ limit_mib: 100 });
    await tested.start?.();
    tested.process(batch);
    heap(100);
    host.advance(1_000);
    expect(() => tested.process(batch)).toThrow(Refused);
    expect([...host.counted]).toEqual([
      ['otelcol_processor_memory_limiter_accepted_log_records{"processor":"tested"}', 1],
      ['otelcol_processor_memory_limiter_refused_log_records{"processor":"tested"}', 1],
    ]);
  });
});
