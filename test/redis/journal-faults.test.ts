// What befalls a Redis while senders are acknowledged by the journal: whatever it is, afterwards every window is exact.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { freshPrefix } from "../properties/ledger-support.ts";
import { span } from "../support/calls.ts";
import { temporaryDirectory } from "../support/disk.ts";
import { plainClient, type RedisServer } from "../support/redis.ts";
import { proxyBefore } from "../support/redis-proxy.ts";
import { until } from "../support/until.ts";
import { eventually } from "./cluster-support.ts";
import { type Journalled, journalled } from "./journalled.ts";
import { calls, client, server, spentByAll } from "./redis-support.ts";

const price = 6_000_000n;

/** Requests of some calls each, one after the other. */
async function sendMany(sidecar: Journalled, requests: number, each = 10): Promise<bigint> {
  for (let request = 0; request < requests; request++) await sidecar.send(...calls(each));
  return BigInt(requests * each) * price;
}

describe("a journal before redis", () => {
  test("acknowledges while redis is absent, says so once, and charges when it comes", async () => {
    const redis = await server();
    await redis.kill();
    const sidecar = await journalled(redis.url, { redis: { timeout: "200ms" } });
    const due = await sendMany(sidecar, 20);
    expect(sidecar.figure("spantoll_journal_waiting_requests")).toBe(20);
    expect(sidecar.figure("spantoll_journal_bytes")).toBeGreaterThan(20 * 500);
    expect(sidecar.host.logged.filter((line) => line.includes("charges wait in the journal"))).toHaveLength(1);
    expect(sidecar.figure('spantoll_charges_total{"result":"charged"}')).toBe(0);
    await redis.restart();
    await sidecar.drained();
    expect(await spentByAll(sidecar)).toBe(due);
    expect(sidecar.figure('spantoll_charges_total{"result":"charged"}')).toBe(200);
    await until(() => sidecar.host.logged.some((line) => line.includes("can be used again")));
    expect(sidecar.host.reported.map(([status]) => status)).toEqual(["degraded", "ok"]);
  });

  test.each([
    { name: "that writes every command to disk", options: ["--appendonly", "yes", "--appendfsync", "always"] },
    { name: "that writes every second", options: ["--appendonly", "yes", "--appendfsync", "everysec"] },
    { name: "that keeps nothing", options: [] },
  ])("killed under load, a redis $name gets it all", async ({ options }) => {
    const redis = await server(...options);
    const sidecar = await journalled(redis.url);
    let due = 0n;
    for (let round = 0; round < 3; round++) {
      due += await sendMany(sidecar, 15);
      const sending = sendMany(sidecar, 15);
      await redis.restart();
      due += await sending;
    }
    await untilSpent(sidecar, due);
  });

  test("put back to an older snapshot, it is told again what it forgot, and nothing twice", async () => {
    const redis = await server();
    const sidecar = await journalled(redis.url);
    const keeper = await client(redis.url);
    const before = await sendMany(sidecar, 6);
    await sidecar.drained();
    await keeper.save();
    const after = await sendMany(sidecar, 4);
    await sidecar.drained();
    await redis.restart();
    await untilSpent(sidecar, before + after);
    expect(sidecar.figure("spantoll_ledger_lost_writes_total")).toBeGreaterThan(0);
    expect(sidecar.figure('spantoll_journal_repeated_calls_total{"result":"charged"}')).toBe(40);
    expect(sidecar.figure('spantoll_journal_repeated_calls_total{"result":"replayed"}')).toBeGreaterThanOrEqual(60);
    // What was acknowledged is counted once.
    expect(sidecar.figure('spantoll_charges_total{"result":"charged"}')).toBe(100);
  });

  test("a replica that was promoted without the last writes gets them", async () => {
    const primary = await server("--repl-diskless-sync-delay", "0");
    const replica = await server("--repl-diskless-sync-delay", "0", "--replicaof", "127.0.0.1", String(primary.port));
    const proxy = await proxyBefore(primary.port);
    const sidecar = await journalled(proxy.url);
    const looker = await client(replica.url);
    await eventually(async () => (await looker.info("replication")).includes("master_link_status:up"));
    let due = await sendMany(sidecar, 10);
    await sidecar.drained();
    const offset = await offsetOf(primary);
    await eventually(async () => offset <= (await offsetOf(replica)));
    await looker.replicaof("NO", "ONE");
    due += await sendMany(sidecar, 10);
    await sidecar.drained();
    await primary.kill();
    proxy.redirect(replica.port);
    due += await sendMany(sidecar, 5);
    await untilSpent(sidecar, due);
    expect(sidecar.figure("spantoll_ledger_lost_writes_total")).toBeGreaterThan(0);
    await proxy.close();
  });

  test("everything flushed below a connection is put back", async () => {
    const redis = await server();
    const sidecar = await journalled(redis.url);
    const meddler = await client(redis.url);
    const due = await sendMany(sidecar, 10);
    await sidecar.drained();
    await meddler.flushall();
    await untilSpent(sidecar, due + (await sendMany(sidecar, 1)));
  });

  test("replies that are lost after the commit, and scripts that are forgotten, charge nothing twice", async () => {
    const redis = await server();
    const proxy = await proxyBefore(redis.port);
    const sidecar = await journalled(proxy.url);
    const meddler = await client(redis.url);
    proxy.loseEvery(7);
    let due = 0n;
    for (let round = 0; round < 10; round++) {
      due += await sendMany(sidecar, 3);
      await meddler.script("FLUSH");
      await until(() => sidecar.figure("spantoll_journal_waiting_requests") < 3);
    }
    proxy.loseEvery(0);
    await untilSpent(sidecar, due);
    expect(proxy.lost).toBeGreaterThan(5);
    await proxy.close();
  });

  test("frozen, out of memory and without rights it keeps senders waiting for nothing", async () => {
    const redis = await server();
    const admin = await client(redis.url);
    await admin.call("ACL", "SETUSER", "spantoll", "on", ">secret", "~*", "+@all");
    const sidecar = await journalled(redis.url.replace("//", "//spantoll:secret@"), { redis: { timeout: "200ms" } });
    let due = await sendMany(sidecar, 5);
    const troubled = async (begin: () => unknown, end: () => unknown) => {
      await begin();
      due += await sendMany(sidecar, 5);
      expect(sidecar.figure("spantoll_journal_waiting_requests")).toBeGreaterThan(0);
      await end();
      await sidecar.drained();
    };
    await sidecar.drained();
    await troubled(redis.freeze, redis.thaw);
    await troubled(
      () => admin.config("SET", "maxmemory", "1mb"),
      () => admin.config("SET", "maxmemory", "0"),
    );
    await troubled(
      () => admin.call("ACL", "SETUSER", "spantoll", "-evalsha", "-eval"),
      () => admin.call("ACL", "SETUSER", "spantoll", "+@all"),
    );
    await untilSpent(sidecar, due);
    expect(sidecar.figure('spantoll_journal_set_aside_calls_total{"reason":"refused"}')).toBe(0);
  });

  test("stopped in order it drains; stopped while redis is away, the next start charges", async () => {
    const redis = await server();
    const [directory, keyPrefix] = [temporaryDirectory(), freshPrefix()];
    const options = { directory, keyPrefix, redis: { timeout: "200ms" } };
    const first = await journalled(redis.url, options);
    let due = await sendMany(first, 10);
    await first.stop();
    const looker = await journalled(redis.url, { keyPrefix });
    expect(await spentByAll(looker)).toBe(due);
    await redis.kill();
    const second = await journalled(redis.url, options);
    due += await sendMany(second, 10);
    await second.stop();
    await redis.restart();
    const third = await journalled(redis.url, options);
    await untilSpent(third, due);
  });

  test("full, it asks senders to come again, and loses nothing that it took", async () => {
    const redis = await server();
    await redis.kill();
    const sidecar = await journalled(redis.url, { redis: { timeout: "200ms" }, journal: { max_size: "1MiB" } });
    let due = 0n;
    const fill = async () => {
      for (;;) due += await sendMany(sidecar, 1, 500);
    };
    await expect(fill()).rejects.toMatchObject({ name: "Refused", code: "overloaded", retryable: true });
    expect(sidecar.figure("spantoll_journal_refused_calls_total")).toBe(500);
    expect(sidecar.figure("spantoll_journal_bytes")).toBeLessThanOrEqual(1024 ** 2);
    await expect(sidecar.send(...calls(9000))).rejects.toMatchObject({ code: "too_large" });
    await redis.restart();
    await sidecar.drained();
    // What redis has gives way to what it does not have.
    due += await sendMany(sidecar, 4, 500);
    await untilSpent(sidecar, due);
    expect(sidecar.figure("spantoll_journal_bytes")).toBeLessThanOrEqual(1024 ** 2);
  });

  test("what a stranger's key stands in the way of is set aside, named, and charged when the key is gone", async () => {
    const redis = await server();
    const [directory, keyPrefix] = [temporaryDirectory(), freshPrefix()];
    const sidecar = await journalled(redis.url, { directory, keyPrefix });
    const meddler = await client(redis.url);
    const counter = `${keyPrefix}:1:{t0}:w:`;
    await sidecar.send(...calls(3));
    await sidecar.drained();
    const [key = ""] = await meddler.keys(`${counter}*`);
    await meddler.del(key);
    await meddler.set(key, "mine");
    // Of every three calls one is of t0.
    await sidecar.send(...calls(30));
    await sidecar.drained();
    expect([await sidecar.spent("t1"), await sidecar.spent("t2")]).toEqual([11n * price, 11n * price]);
    expect(sidecar.figure('spantoll_journal_set_aside_calls_total{"reason":"refused"}')).toBe(10);
    expect(sidecar.figure("spantoll_journal_aside")).toBe(1);
    const toldOf = () => sidecar.host.logged.find((logged) => logged.includes("set aside"));
    await until(() => toldOf() !== undefined);
    const line = toldOf() ?? "";
    const { path } = JSON.parse(line.slice(line.indexOf("{")));
    const file = JSON.parse(readFileSync(path, "utf8"));
    expect(file).toMatchObject({ reason: "refused", error: expect.stringContaining("WRONGTYPE") });
    expect(file.calls).toHaveLength(10);
    expect(file.calls[0]).toMatchObject({ tenant: "t0", nano_usd: "6000000", ended: "2025-11-20T15:00:00.000Z" });
    await sidecar.stop();
    await meddler.del(key);
    const later = await journalled(redis.url, { directory, keyPrefix });
    await later.drained();
    // The counter was lost with the one call that it held before; that one is charged.
    expect(await later.spent("t0")).toBe(10n * price);
    expect(later.figure("spantoll_journal_aside")).toBe(0);
  });

  test("another ledger gets what the one before did not have, and nothing that it had", async () => {
    const [one, two] = [await server(), await server()];
    const [directory, keyPrefix] = [temporaryDirectory(), freshPrefix()];
    const options = { directory, keyPrefix, redis: { timeout: "200ms" } };
    const first = await journalled(one.url, options);
    await sendMany(first, 3);
    await first.drained();
    await one.kill();
    const left = await sendMany(first, 2);
    await first.stop();
    const second = await journalled(two.url, options);
    await untilSpent(second, left);
  });

  test("a span that is told with the same words in every request is charged once", async () => {
    const redis = await server();
    const sidecar = await journalled(redis.url);
    const one = span({ tenant: "t0" });
    for (let request = 0; request < 5; request++) await sidecar.send(one, one);
    await untilSpent(sidecar, price);
  });
});

/** Also when more is lost and told again: it stays there. */
async function untilSpent(sidecar: Journalled, due: bigint): Promise<void> {
  for (let round = 0; round < 400; round++) {
    await sidecar.drained();
    const spent = await spentByAll(sidecar).catch(() => -1n);
    if (spent === due) break;
    await new Promise((done) => setTimeout(done, 20));
  }
  await sidecar.drained();
  expect(await spentByAll(sidecar)).toBe(due);
}

/** How much of the stream of writes it has. */
async function offsetOf({ url }: RedisServer): Promise<number> {
  const looker = await plainClient(url);
  const info = await looker.info("replication");
  looker.disconnect();
  return Number(/master_repl_offset:(\d+)/.exec(info)?.[1]);
}
