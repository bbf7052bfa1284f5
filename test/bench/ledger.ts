// Charging, in spans a second of one core: the embedded ledger, and Redis beside the obvious way to do it there, a lock
// and an addition for each span. Redis is a server of our own on a free port; its CPU is what it says of itself.
import { Redis } from "ioredis";
import { MemoryStorage } from "../../src/core/memory-storage.ts";
import { chargeCalls } from "../../src/ledger/charging.ts";
import { EmbeddedLedger } from "../../src/ledger/embedded/embedded-ledger.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { RedisLedger } from "../../src/ledger/redis/redis-ledger.ts";
import { budget, priced, span } from "../support/calls.ts";
import { ensureRedis, startRedis } from "../support/redis.ts";

export interface LedgerFigures {
  readonly name: string;
  readonly spansPerSecond: number;
  readonly bytesPerSpan: number;
}

export async function ledgerFigures(print: (figures: LedgerFigures) => void): Promise<void> {
  ensureRedis();
  for (const tenants of [10, 1000]) {
    const storage = new MemoryStorage(2 ** 31);
    const before = process.cpuUsage();
    await charge(new EmbeddedLedger({ storage }), tenants);
    const { user, system } = process.cpuUsage(before);
    print(figures(`embedded, in memory, ${tenants} tenants`, (user + system) / 1e6, storage.bytes));
    print(await onRedis(`redis, ${tenants} tenants`, (redis) => charge(redisLedger(redis), tenants)));
  }
  print(await onRedis("redis, SET NX and INCRBYFLOAT for each span", obviously));
}

const spans = 102_400;
const batchSpans = 512;
const startMs = Date.UTC(2026, 5, 5, 10);
const hourMs = 3_600_000;

function redisLedger(connection: Redis): Ledger {
  return new RedisLedger({ connection, keyPrefix: "bench", process: "bench" });
}

async function charge(ledger: Ledger, tenants: number): Promise<void> {
  const terms = {
    budgets: [budget()],
    acceptLateMs: 48 * hourMs,
    acceptFutureMs: 300_000,
    identityWindowMs: hourMs,
    tenantsMax: 10_000,
    tenants: new Set<string>(),
  };
  for (let from = 0; from < spans; from += batchSpans) {
    const nowMs = startMs + from;
    const batch = Array.from({ length: batchSpans }, (_, at) => ({
      ...span({ tenant: `t${at % tenants}`, endMs: nowMs - 500, responseIds: [`chatcmpl-${from + at}`] }),
      cost: priced(6_000_000n),
    }));
    await chargeCalls(
      ledger,
      terms,
      { calls: batch.map(({ call }) => call), costs: batch.map(({ cost }) => cost) },
      nowMs,
    );
  }
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

async function onRedis(name: string, work: (redis: Redis) => Promise<void>): Promise<LedgerFigures> {
  const server = await startRedis();
  const redis = new Redis(server.url, { disableClientInfo: true });
  const cpuSeconds = async () =>
    figureOf(await redis.info("cpu"), "used_cpu_sys") + figureOf(await redis.info("cpu"), "used_cpu_user");
  const bytes = async () => figureOf(await redis.info("memory"), "used_memory");
  const [cpuBefore, bytesBefore] = [await cpuSeconds(), await bytes()];
  await work(redis);
  const found = figures(name, (await cpuSeconds()) - cpuBefore, (await bytes()) - bytesBefore);
  redis.disconnect();
  await server.stop();
  return found;
}

function figures(name: string, cpuSeconds: number, bytes: number): LedgerFigures {
  return { name, spansPerSecond: Math.round(spans / cpuSeconds), bytesPerSpan: Math.round(bytes / spans) };
}

function figureOf(info: string, name: string): number {
  return Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(info)?.[1]);
}
