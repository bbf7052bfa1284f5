// What a Redis does to a ledger when it breaks: whatever is refused, sent again and lost on the way, the sum is exact.
import { readFileSync } from "node:fs";
import { describe, expect, inject, test } from "vitest";
import { counterOf } from "../../src/ledger/budget.ts";
import type { RedisStore } from "../../src/ledger/redis/redis-store.ts";
import { type Bench, freshPrefix } from "../properties/ledger-support.ts";
import { priced, span } from "../support/calls.ts";
import { proxyBefore } from "../support/redis-proxy.ts";
import { until } from "../support/until.ts";
import {
  calls,
  client,
  type OpenOptions,
  opened,
  server,
  shuffled,
  spentByAll,
  untilCharged,
} from "./redis-support.ts";

const price = 6_000_000n;
/** What `docs/budgets.md` says that a user needs: `+eval`. */
const rights = /ACL SETUSER spantoll .*? (\+.*)/.exec(readFileSync("docs/budgets.md", "utf8"))?.[1]?.split(" ") ?? [];

/** Every operation at least once: takeovers, large amounts, holds that end, the directory, what follows a failover. */
async function exercise(bench: Bench, store: RedisStore): Promise<void> {
  await bench.charge(...calls(20, 3));
  await bench.charge(span({ tenant: "t0", cost: priced(9_100_000_000_000_000_000n) }));
  const hold = { tenant: "t0", id: "h", nanoUsd: 1n, nowMs: bench.nowMs, untilMs: bench.nowMs + 1 };
  const [budget] = bench.terms.budgets;
  const level = counterOf(budget!, budget!.windowAt(bench.nowMs), 0);
  await store.ledger.hold({ ...hold, levels: [{ ...level, limitNanoUsd: undefined }] });
  bench.nowMs += 2;
  await bench.charge(span({ tenant: "t0", cost: priced(1n) }));
  await store.ledger.read("t0", [level.key], bench.nowMs);
  await store.ledger.tenants(undefined, 10);
  await store.ledger.recall(true);
}

async function openedWith(given: readonly string[], options: OpenOptions = {}) {
  const redis = await server();
  const keyPrefix = freshPrefix();
  const admin = await client(redis.url);
  await admin.call("ACL", "SETUSER", "spantoll", "reset", "on", ">secret", `~${keyPrefix}:1:*`, ...given);
  const url = redis.url.replace("//", "//spantoll:secret@");
  return { ...(await opened(url, { keyPrefix, ...options })), admin };
}

describe("a ledger on redis", () => {
  test("replies that are lost after the commit charge nothing twice", async () => {
    const redis = await server();
    const proxy = await proxyBefore(redis.port);
    const { bench } = await opened(proxy.url);
    proxy.loseEvery(5);
    for (let batch = 0; batch < 60; batch++) await untilCharged(bench, calls(20));
    proxy.loseEvery(0);
    expect(proxy.lost).toBeGreaterThan(10);
    expect(await spentByAll(bench)).toBe(1200n * price);
    await proxy.close();
  });

  test("five processes, the same spans in any order and overlap: one charge a call", async () => {
    const keyPrefix = freshPrefix();
    const spans = calls(600, 3);
    const benches = await Promise.all(
      Array.from({ length: 5 }, async () => (await opened(inject("redisUrl"), { keyPrefix })).bench),
    );
    await Promise.all(
      benches.map(async (bench) => {
        const mine = shuffled(spans).slice(0, 1500);
        for (let at = 0; at < mine.length; at += 150) await bench.charge(...mine.slice(at, at + 150));
      }),
    );
    for (let at = 0; at < spans.length; at += 300) await benches[0]?.charge(...spans.slice(at, at + 300));
    expect(await spentByAll(benches[1]!)).toBe(600n * price);
  });

  test("killed and restarted over its append-only file, it lost nothing", async () => {
    const redis = await server("--appendonly", "yes", "--appendfsync", "always");
    const { bench, host } = await opened(redis.url);
    for (let round = 0; round < 4; round++) {
      const spans = calls(50);
      const charging = untilCharged(bench, spans);
      await redis.restart();
      await charging;
      await untilCharged(bench, spans);
    }
    expect(await spentByAll(bench)).toBe(200n * price);
    expect(host.logged.filter((line) => line.includes("lost writes"))).toEqual([]);
  });

  test("restarted without what it knew, it is found out", async () => {
    const redis = await server();
    const { bench, host } = await opened(redis.url);
    await bench.charge(...calls(10));
    await redis.restart();
    await untilCharged(bench, calls(10));
    await until(() => host.logged.some((line) => line.includes("redis lost writes")));
    expect(await spentByAll(bench)).toBe(10n * price);
  });

  test("frozen, it refuses in time and retryably; thawed, it charges once", async () => {
    const redis = await server();
    const { bench, host } = await opened(redis.url, { timeoutMs: 300 });
    const spans = calls(30);
    redis.freeze();
    await expect(bench.charge(...spans)).rejects.toMatchObject({
      name: "Refused",
      code: "unavailable",
      retryable: true,
    });
    redis.thaw();
    await untilCharged(bench, spans);
    expect(await spentByAll(bench)).toBe(30n * price);
    expect(host.logged.filter((line) => line.startsWith("error"))).toEqual([]);
  });

  test("absent at the start, it is waited for, said once, and charged when it comes", async () => {
    const redis = await server();
    await redis.kill();
    const { bench, host } = await opened(redis.url, { timeoutMs: 200 });
    const spans = calls(10);
    await expect(bench.charge(...spans)).rejects.toMatchObject({ code: "unavailable" });
    await expect(bench.charge(...spans)).rejects.toMatchObject({ code: "unavailable" });
    expect(host.logged.filter((line) => line.includes("cannot be used"))).toHaveLength(1);
    await redis.restart();
    await untilCharged(bench, spans);
    expect(await spentByAll(bench)).toBe(10n * price);
    await until(() => host.logged.some((line) => line.includes("can be used again")));
    expect(host.reported.map(([status]) => status)).toEqual(["degraded", "ok"]);
  });

  test("scripts that it forgot are sent again, and nobody notices", async () => {
    const redis = await server();
    const { bench } = await opened(redis.url);
    const meddler = await client(redis.url);
    for (let batch = 0; batch < 10; batch++) {
      await Promise.all([bench.charge(...calls(20)), meddler.script("FLUSH")]);
    }
    expect(await spentByAll(bench)).toBe(200n * price);
  });

  test.each(["allkeys-lru", "volatile-ttl"])("refuses to start on %s, and says what to set", async (policy) => {
    const redis = await server("--maxmemory-policy", policy);
    await expect(opened(redis.url)).rejects.toThrow(/maxmemory-policy is .*set maxmemory-policy noeviction/);
  });

  test("out of memory, nothing is half done", async () => {
    const redis = await server();
    const { bench } = await opened(redis.url);
    const meddler = await client(redis.url);
    const spans = calls(40, 2);
    await bench.charge(...spans.slice(0, 20));
    await meddler.config("SET", "maxmemory", "1mb");
    await expect(bench.charge(...spans)).rejects.toThrow(/OOM/);
    await meddler.config("SET", "maxmemory", "0");
    await untilCharged(bench, spans);
    expect(await spentByAll(bench)).toBe(40n * price);
  });

  test("a user with the documented rights will do", async () => {
    const { bench, store, host } = await openedWith(rights);
    await exercise(bench, store);
    expect(host.logged).toEqual([]);
  });

  test.each(rights)("a user without %s will not", async (right) => {
    const without = rights.filter((one) => one !== right);
    const { bench, store, host } = await openedWith(without, { timeoutMs: 300 });
    const outcome = await exercise(bench, store).then(
      () => "done",
      (error: unknown) => String(error),
    );
    expect([...host.logged, outcome].join()).toMatch(/can't run this command|NOPERM|no permissions/i);
  });

  test.each(rights)("when %s is taken away meanwhile, nothing is half done", async (right) => {
    const { bench, store, admin } = await openedWith(rights);
    await exercise(bench, store);
    const spans = calls(12, 3);
    // Two layers are charged; the third takes over, so that there is something of every kind to do.
    await bench.charge(...spans.filter((_, at) => at % 3 !== 2));
    const before = await spentByAll(bench);
    await admin.call("ACL", "SETUSER", "spantoll", `-${right.slice(1)}`);
    await bench
      .charge(...spans, ...calls(3))
      .catch((error: unknown) => expect(error).toMatchObject({ retryable: true }));
    await admin.call("ACL", "SETUSER", "spantoll", right);
    const after = await spentByAll(bench);
    await bench.charge(...spans);
    // Of the three others all are charged or none.
    expect([before, before + 3n * price]).toContain(after);
    expect(await spentByAll(bench)).toBe(after);
  });

  test("a counter that a stranger overwrote is named, and hurts nobody else", async () => {
    const redis = await server();
    const keyPrefix = freshPrefix();
    const { bench } = await opened(redis.url, { keyPrefix });
    const meddler = await client(redis.url);
    const [counter] = bench.terms.budgets.map((budget) => budget.counterKey(budget.windowAt(bench.nowMs)));
    await meddler.set(`${keyPrefix}:1:{t0}:w:${counter}`, "mine");
    const hurt = span({ tenant: "t0" });
    await expect(bench.charge(hurt)).rejects.toThrow(/WRONGTYPE/);
    await bench.charge(span({ tenant: "t1" }));
    await meddler.del(`${keyPrefix}:1:{t0}:w:${counter}`);
    await bench.charge(hurt);
    expect([await bench.spent("t0"), await bench.spent("t1")]).toEqual([price, price]);
  });

  test("every key expires but the directory", async () => {
    const redis = await server();
    const { bench } = await opened(redis.url);
    await bench.charge(...calls(50, 3));
    const looker = await client(redis.url);
    const keys = await looker.keys("*");
    const eternal: string[] = [];
    for (const key of keys) if ((await looker.pttl(key)) < 0) eternal.push(key.replace(/^.*\}/, ""));
    expect(keys.length).toBeGreaterThan(20);
    expect(eternal.sort()).toEqual([":k", ":n", ":s"]);
  });
});
