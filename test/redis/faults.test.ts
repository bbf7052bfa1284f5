// What a Redis does to a ledger when it breaks: whatever is refused, sent again and lost on the way, the sum is exact.
import { describe, expect, inject, test } from "vitest";
import { freshPrefix } from "../properties/ledger-support.ts";
import { span } from "../support/calls.ts";
import { proxyBefore } from "../support/redis-proxy.ts";
import { until } from "../support/until.ts";
import { calls, client, opened, server, shuffled, spentByAll, untilCharged } from "./redis-support.ts";

const price = 6_000_000n;
/** Of `docs/budgets.md`: what a user of the access control list needs. */
const rights =
  "+info +eval +evalsha +exists +pttl +pexpire +hget +hmget +hset +hdel +hlen +hexists +hincrby +sadd +sismember +zadd +zrem +zrangebyscore +zrangebylex";

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
    const redis = await server();
    const keyPrefix = freshPrefix();
    const admin = await client(redis.url);
    await admin.call("ACL", "SETUSER", "spantoll", "reset", "on", ">secret", `~${keyPrefix}:1:*`, ...rights.split(" "));
    const { bench, store, host } = await opened(redis.url.replace("//", "//spantoll:secret@"), { keyPrefix });
    await bench.charge(...calls(20, 3));
    await bench.charge(span({ tenant: "t0", cost: { ...span().cost!, nanoUsd: 9_100_000_000_000_000_000n } as never }));
    expect(await store.ledger.tenants(undefined, 10)).toMatchObject({ next: undefined });
    await store.ledger.hold({ tenant: "t0", id: "h", nanoUsd: 1n, levels: [], nowMs: 0, untilMs: 1 });
    expect(host.logged).toEqual([]);
  });

  test.each(
    rights
      .split(" ")
      .map((right) => right.slice(1))
      .filter((right) => !["info", "eval", "hexists", "zadd", "zrangebylex"].includes(right)),
  )("a right that is taken away (%s) refuses all, and leaves nothing half done", async (right) => {
    const redis = await server();
    const keyPrefix = freshPrefix();
    const admin = await client(redis.url);
    await admin.call("ACL", "SETUSER", "spantoll", "reset", "on", ">secret", `~${keyPrefix}:1:*`, ...rights.split(" "));
    const { bench } = await opened(redis.url.replace("//", "//spantoll:secret@"), { keyPrefix });
    const spans = calls(12, 3);
    // Two layers are charged; the third takes over, so that there is something of every kind to do.
    await bench.charge(...spans.filter((_, at) => at % 3 !== 2));
    await admin.call("ACL", "SETUSER", "spantoll", `-${right}`);
    await expect(bench.charge(...spans, ...calls(3))).rejects.toThrow(/can't run this command|NOPERM/);
    await admin.call("ACL", "SETUSER", "spantoll", `+${right}`);
    await bench.charge(...spans);
    expect(await spentByAll(bench)).toBe(12n * price);
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
    expect(eternal.sort()).toEqual([":k", ":n"]);
  });
});
