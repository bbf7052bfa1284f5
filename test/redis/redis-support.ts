// Ledgers on Redis servers that a test may break.
import { onTestFinished } from "vitest";
import type { RedisSettings } from "../../src/ledger/redis/connect.ts";
import { RedisStore } from "../../src/ledger/redis/redis-store.ts";
import { Bench, freshPrefix } from "../properties/ledger-support.ts";
import { span } from "../support/calls.ts";
import { type RecordingHost, recordingHost } from "../support/recording-host.ts";
import { plainClient, type RedisServer, startRedis } from "../support/redis.ts";

export interface Opened {
  readonly bench: Bench;
  readonly store: RedisStore;
  readonly host: RecordingHost;
}

export interface OpenOptions extends Partial<RedisSettings> {
  readonly keyPrefix?: string;
}

/** A process with its ledger; stopped with the test. */
export async function opened(url: string, { keyPrefix = freshPrefix(), ...given }: OpenOptions = {}): Promise<Opened> {
  const settings: RedisSettings = {
    url,
    mode: "single",
    nodes: [],
    masterName: "spantoll",
    username: undefined,
    passwordFile: undefined,
    tls: undefined,
    timeoutMs: 5000,
    ...given,
  };
  const host = { ...recordingHost(), random: () => (processes++ % 1000) / 1000 + Math.random() / 1000 };
  const store = new RedisStore(settings, keyPrefix, host);
  onTestFinished(() => store.stop());
  await store.start();
  return { bench: new Bench(store.ledger), store, host };
}

let processes = 1;

export async function server(...options: readonly string[]): Promise<RedisServer> {
  const started = await startRedis(options);
  onTestFinished(() => started.stop());
  return started;
}

export async function client(url: string) {
  const connected = await plainClient(url);
  onTestFinished(() => connected.disconnect());
  return connected;
}

export type Spans = readonly ReturnType<typeof span>[];

/** `layers` spans of each of so many calls, under some tenants: of each call one pays. */
export function calls(count: number, layers = 1): Spans {
  return Array.from({ length: count }, (_, call) =>
    Array.from({ length: layers }, (_, rank) =>
      span({ tenant: `t${(call + rank) % 3}`, rank, responseIds: [`c-${processes++}-${call}`] }),
    ),
  ).flatMap((spans) => {
    const [first] = spans;
    return spans.map((one) => ({ ...one, call: { ...one.call, responseIds: first?.call.responseIds ?? [] } }));
  });
}

/** What a sender does: it sends again what was refused as retryable. */
export async function untilCharged(bench: Bench, spans: Spans): Promise<number> {
  for (let refusals = 0; ; refusals++) {
    try {
      await bench.charge(...spans);
      return refusals;
    } catch (error) {
      if (!(error instanceof Error && error.name === "Refused") || 200 < refusals) throw error;
      await new Promise((done) => setTimeout(done, 20));
    }
  }
}

export async function spentByAll(bench: Pick<Bench, "spent">): Promise<bigint> {
  const spent = await Promise.all(["t0", "t1", "t2"].map((tenant) => bench.spent(tenant)));
  return spent.reduce((sum, one) => sum + one);
}

export function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((one, two) => one.order - two.order)
    .map(({ item }) => item);
}
