// What the ledger leaves in Redis, and for how long.
import { expect, test } from "vitest";
import type { BudgetPlan } from "../../src/ledger/budget.ts";
import { Bench, freshPrefix, redisLedger } from "../properties/ledger-support.ts";
import { budget, span } from "../support/calls.ts";
import { client, opened, server } from "./redis-support.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

test.each([
  { window: "minute", ends: "2025-11-20T15:01:00Z", days: 3 },
  { window: "hour", ends: "2025-11-20T16:00:00Z", days: 35 },
  { window: "day", ends: "2025-11-21T00:00:00Z", days: 400 },
  { window: "month", ends: "2025-12-01T00:00:00Z", days: 400 },
  { window: "year", ends: "2026-01-01T00:00:00Z", days: 400 },
] as const)("the counter of a $window is kept $days days after its window", async ({ window, ends, days }) => {
  const { redis, keyPrefix, bench } = await openWith(window);
  await bench.charge(span());
  const [key = ""] = await redis.keys(`${keyPrefix}:1:{acme}:w:*`);
  const leftMs = Date.parse(ends) + days * dayMs - bench.nowMs;
  expect(Math.abs((await redis.pttl(key)) - leftMs)).toBeLessThan(hourMs);
  // Another charge neither shortens nor prolongs it.
  bench.nowMs += 20_000;
  await bench.charge(span());
  expect(Math.abs((await redis.pttl(key)) - leftMs)).toBeLessThan(hourMs);
});

test("the counter of a lifetime is kept for ever", async () => {
  const { redis, keyPrefix, bench } = await openWith("lifetime");
  await bench.charge(span());
  const [key = ""] = await redis.keys(`${keyPrefix}:1:{acme}:w:*`);
  expect(await redis.pttl(key)).toBe(-1);
});

test("marks are kept an hour longer than spans are accepted, and claims for their window", async () => {
  const { redis, keyPrefix, bench } = await openWith("month");
  const outranked = span({ tenant: "app", responseIds: ["r"] });
  await bench.charge(outranked);
  await bench.charge(span({ rank: 2, responseIds: ["r"] }));
  const leftMs = async (pattern: string) => {
    const [key = ""] = await redis.keys(`${keyPrefix}:1:${pattern}`);
    return redis.pttl(key);
  };
  // Spans of an hour end within it, and no sooner than all of them is their mark forgotten.
  for (const pattern of ["{acme}:d:*", "{app}:d:*", "{app}:x:*", "{@id.*}:o:*"]) {
    const left = await leftMs(pattern);
    expect(left).toBeGreaterThan(49 * hourMs - 60_000);
    expect(left).toBeLessThan(50 * hourMs + 60_000);
  }
  const claimed = await leftMs("{@id.*}:c:*");
  expect(claimed).toBeGreaterThan(hourMs);
  expect(claimed).toBeLessThan(4 * hourMs);
});

test("a process that starts makes room among those that are gone", async () => {
  const { redis, keyPrefix, bench, connection } = await openWith("month");
  const key = `${keyPrefix}:1:{acme}`;
  for (let start = 0; start < 40; start++) {
    bench.nowMs += 6 * hourMs;
    const fresh = new Bench(redisLedger(connection, keyPrefix));
    fresh.nowMs = bench.nowMs;
    await fresh.charge(span({ endMs: bench.nowMs }));
  }
  // Two days of starts, every six hours.
  expect(await redis.hlen(`${key}:q`)).toBe(8);
  expect(await redis.zcard(`${key}:p`)).toBe(8);
});

test("more processes at once than a deployment has: who called longest ago is forgotten", async () => {
  const { redis, keyPrefix, bench } = await openWith("month");
  const key = `${keyPrefix}:1:{acme}`;
  for (let at = 0; at < 4200; at++) {
    await redis.hset(`${key}:q`, `other${at}`, 1);
    await redis.zadd(`${key}:p`, bench.nowMs - 10_000 + at, `other${at}`);
  }
  await bench.charge(span());
  expect(await redis.hlen(`${key}:q`)).toBe(4200 + 1 - 64);
  expect(await redis.hexists(`${key}:q`, "other63")).toBe(0);
  expect(await redis.hexists(`${key}:q`, "other64")).toBe(1);
});

test("a process that was forgotten while it had nothing to do sees no loss in it", async () => {
  const redis = await server();
  const keyPrefix = freshPrefix();
  const idle = await opened(redis.url, { keyPrefix });
  await idle.bench.charge(span());
  await idle.bench.charge(span());
  const busy = await opened(redis.url, { keyPrefix });
  busy.bench.nowMs += 3 * dayMs;
  await busy.bench.charge(span({ endMs: busy.bench.nowMs }));
  idle.bench.nowMs = busy.bench.nowMs;
  await idle.bench.charge(span({ endMs: idle.bench.nowMs }));
  await idle.store.ledger.recall(true);
  expect(idle.host.logged.filter((line) => line.includes("lost writes"))).toEqual([]);
  expect(await (await client(redis.url)).hlen(`${keyPrefix}:1:{acme}:q`)).toBe(2);
});

async function openWith(window: BudgetPlan["window"]) {
  const { url } = await server();
  const redis = await client(url);
  const keyPrefix = freshPrefix();
  const bench = new Bench(redisLedger(redis, keyPrefix), { budgets: [budget({ window })] });
  return { redis, connection: redis, keyPrefix, bench };
}
