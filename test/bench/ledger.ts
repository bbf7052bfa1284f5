// Charging, in spans a second of one core, and what a call costs in memory. The embedded ledger in memory and on disk;
// Redis beside the obvious way to do it there, a lock and an addition for each span. Redis is a server of our own on a
// free port; its CPU is what it says of itself. Calls are made beforehand: they are not part of the figure.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { MemoryStorage } from "../../src/core/memory-storage.ts";
import type { Storage } from "../../src/core/storage.ts";
import { openDiskStore } from "../../src/extensions/file_storage/disk-store.ts";
import { chargeCalls, type FoundCalls } from "../../src/ledger/charging.ts";
import { EmbeddedLedger } from "../../src/ledger/embedded/embedded-ledger.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { RedisLedger } from "../../src/ledger/redis/redis-ledger.ts";
import type { Connection } from "../../src/ledger/redis/scripts.ts";
import { budget, priced, span } from "../support/calls.ts";
import { recordingHost } from "../support/recording-host.ts";
import { ensureRedis, startRedis } from "../support/redis.ts";

export interface LedgerFigures {
  readonly name: string;
  readonly spansPerSecond: number;
  readonly bytesPerSpan: number;
}

export async function ledgerFigures(print: (figures: LedgerFigures) => void): Promise<void> {
  ensureRedis();
  for (const tenants of [10, 1000, 10_000]) {
    print(await embedded(`embedded, in memory, ${tenants} tenants`, new MemoryStorage(2 ** 31), tenants));
    print(await onDisk(`embedded, on disk, ${tenants} tenants`, tenants));
    print(
      await onRedis(`redis, ${tenants} tenants`, async (redis) => void (await charge(redisLedger(redis), tenants))),
    );
  }
  print(await onRedis("redis, SET NX and INCRBYFLOAT for each span", obviously));
  await entryFigures(print);
}

const spans = 153_600;
const batchSpans = 512;
// Some seconds into an hour: no call ended in the hour before.
const startMs = Date.UTC(2026, 5, 5, 10, 0, 10);
const hourMs = 3_600_000;
const terms = {
  budgets: [budget()],
  acceptLateMs: 48 * hourMs,
  acceptFutureMs: 300_000,
  identityWindowMs: hourMs,
  tenantsMax: 20_000,
  tenants: new Set<string>(),
};

function redisLedger(connection: Redis): Ledger {
  return new RedisLedger({ connection: inOneWrite(connection), keyPrefix: "bench", process: "bench" });
}

/** As the connections of the product do it. */
function inOneWrite(connection: Redis): Connection {
  return {
    callBuffer(command, args) {
      const { stream } = connection;
      if (stream !== undefined && stream.writableCorked === 0) {
        stream.cork();
        setImmediate(() => stream.uncork());
      }
      return connection.callBuffer(command, args);
    },
  };
}

async function embedded(name: string, storage: Storage, tenants: number): Promise<LedgerFigures> {
  const cpuSeconds = await charge(new EmbeddedLedger({ storage }), tenants, () => storage.durable());
  return figures(name, cpuSeconds, storage.bytes);
}

async function onDisk(name: string, tenants: number): Promise<LedgerFigures> {
  const directory = mkdtempSync(join(tmpdir(), "spantoll-bench-"));
  const store = await openDiskStore({
    ...{ directory, bytesMax: 2 ** 31, sync: "interval", host: recordingHost(), commitDelayMs: 0 },
  });
  const found = await embedded(name, store.area("ledger", "charges"), tenants);
  await store.close(AbortSignal.timeout(10_000));
  rmSync(directory, { recursive: true, force: true });
  return found;
}

/** Answers CPU seconds of this process; every batch is safe before the next. */
async function charge(ledger: Ledger, tenants: number, durable = async () => {}): Promise<number> {
  let microseconds = 0;
  for (let from = 0; from < spans; from += batchesAtOnce * batchSpans) {
    const batches = Array.from({ length: batchesAtOnce }, (_, at) => batchOf(from + at * batchSpans, tenants));
    const before = process.cpuUsage();
    for (const { nowMs, found } of batches) {
      await chargeCalls(ledger, terms, found, nowMs);
      await durable();
    }
    const { user, system } = process.cpuUsage(before);
    microseconds += user + system;
  }
  return microseconds / 1e6;
}

const batchesAtOnce = 10;

interface Batch {
  readonly nowMs: number;
  readonly found: FoundCalls;
}

function batchOf(from: number, tenants: number, atMs = startMs): Batch {
  const nowMs = atMs + from;
  const batch = Array.from({ length: batchSpans }, (_, at) => ({
    ...span({ tenant: `t${(from + at) % tenants}`, endMs: nowMs - 500, responseIds: [`chatcmpl-${atMs + from + at}`] }),
    cost: priced(6_000_000n),
  }));
  return { nowMs, found: { calls: batch.map(({ call }) => call), costs: batch.map(({ cost }) => cost) } };
}

async function obviously(redis: Redis): Promise<void> {
  for (let from = 0; from < spans; from += batchSpans) {
    const locks = redis.pipeline();
    for (let at = 0; at < batchSpans; at++) locks.set(`seen:chatcmpl-${from + at}`, "1", "EX", 172_800, "NX");
    const taken = (await locks.exec()) ?? [];
    const additions = redis.pipeline();
    for (const [at, [, answer]] of taken.entries())
      if (answer === "OK") additions.incrbyfloat(`spend:t${at % 10}:m202606`, 0.006);
    await additions.exec();
  }
}

/** A day of calls: what the last hour costs, and what a call takes while it is live, later, and as a span. */
async function entryFigures(print: (figures: LedgerFigures) => void): Promise<void> {
  const { server, redis } = await connected();
  const ledger = redisLedger(redis);
  let cpuSeconds = 0;
  for (let hour = 0; hour < 24; hour++) {
    // Live calls expire by the clock of the server.
    await drop(redis, "*:c:*");
    const before = await cpuOf(redis);
    for (let from = 0; from < spansOfHour; from += batchSpans) {
      const { nowMs, found } = batchOf(from, 10, startMs + hour * hourMs);
      await chargeCalls(ledger, terms, found, nowMs);
    }
    cpuSeconds = (await cpuOf(redis)) - before;
  }
  print({
    name: "redis, the last hour of a day of 20 spans a second",
    spansPerSecond: Math.round(spansOfHour / cpuSeconds),
    bytesPerSpan: 0,
  });
  const rows = [
    { name: "redis, a live call", pattern: "*:c:*", entries: spansOfHour },
    { name: "redis, an old call", pattern: "*:o:*", entries: 24 * spansOfHour },
    { name: "redis, the mark of a span", pattern: "*:d:*", entries: 24 * spansOfHour },
  ];
  for (const { name, pattern, entries } of rows) {
    const before = await bytesOf(redis);
    await drop(redis, pattern);
    print({
      name,
      spansPerSecond: 0,
      bytesPerSpan: Math.round((10 * (before - (await bytesOf(redis)))) / entries) / 10,
    });
  }
  redis.disconnect();
  await server.stop();
}

const spansOfHour = 72_192;

async function drop(redis: Redis, pattern: string): Promise<void> {
  const keys = await redis.keys(pattern);
  for (const key of keys) await redis.del(key);
}

async function onRedis(name: string, work: (redis: Redis) => Promise<void>): Promise<LedgerFigures> {
  const { server, redis } = await connected();
  const [cpuBefore, bytesBefore] = [await cpuOf(redis), await bytesOf(redis)];
  await work(redis);
  const found = figures(name, (await cpuOf(redis)) - cpuBefore, (await bytesOf(redis)) - bytesBefore);
  redis.disconnect();
  await server.stop();
  return found;
}

function figures(name: string, cpuSeconds: number, bytes: number): LedgerFigures {
  return { name, spansPerSecond: Math.round(spans / cpuSeconds), bytesPerSpan: Math.round(bytes / spans) };
}

async function cpuOf(redis: Redis): Promise<number> {
  const info = await redis.info("cpu");
  return figureOf(info, "used_cpu_sys") + figureOf(info, "used_cpu_user");
}

async function bytesOf(redis: Redis): Promise<number> {
  return figureOf(await redis.info("memory"), "used_memory");
}

function figureOf(info: string, name: string): number {
  return Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(info)?.[1]);
}

/** ioredis is loaded late, as the product does: in a process that has loaded it, the codec takes 1.17 times as long. */
async function connected() {
  const { Redis: Client } = await import("ioredis");
  const server = await startRedis();
  return { server, redis: new Client(server.url, { disableClientInfo: true }) };
}
