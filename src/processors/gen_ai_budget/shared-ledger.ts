// Which ledger the settings name. One for all pipelines of a service that name the same: a span that takes two of them
// is charged once.
import type { Host } from "../../core/host.ts";
import { MemoryStorage } from "../../core/memory-storage.ts";
import { Note } from "../../core/note.ts";
import { storeOf } from "../../core/storage.ts";
import { EmbeddedLedger } from "../../ledger/embedded/embedded-ledger.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { RedisStore } from "../../ledger/redis/redis-store.ts";
import type { BudgetSettings } from "./budget-settings.ts";
import { redisSettings } from "./redis-settings.ts";

export interface SharedLedger {
  readonly ledger: Ledger;
  /** Once for every user. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when what was charged so far is as safe as it becomes. */
  durable(): Promise<void>;
}

/** The storage that the settings name, if any, must be open. */
export function sharedLedger({ ledger: { redis }, storage }: BudgetSettings, host: Host): SharedLedger {
  const all = ledgers.get(host.common) ?? new Map<string, SharedLedger>();
  ledgers.set(host.common, all);
  const name = JSON.stringify(redis ?? storage ?? null);
  const shared =
    all.get(name) ??
    (redis === undefined ? embedded(host, storage) : new RedisStore(redisSettings(redis), redis.key_prefix, host));
  all.set(name, shared);
  return shared;
}

const ledgers = new Note<Map<string, SharedLedger>>("ledgers");

/** Measured: 165 bytes a span within the identity window, 30 after it. Two days at 20 spans a second take 115 MB. */
const ledgerBytesMax = 256 * 1024 * 1024;

function embedded({ common, log }: Host, storage: string | undefined): SharedLedger {
  const ledger = new EmbeddedLedger({
    storage:
      storage === undefined ? new MemoryStorage(ledgerBytesMax) : storeOf(common, storage).area("ledger", "charges"),
    onForgotten: (horizonMs) =>
      log.warn(`the ledger in ${storage ?? "memory"} is full; older spans that still arrive are set aside as late`, {
        ended_before: new Date(horizonMs).toISOString(),
      }),
  });
  let announced = storage !== undefined;
  return {
    ledger,
    async start() {
      if (!announced) log.warn("spend is kept in memory: it starts at zero with every start of this process");
      announced = true;
    },
    async stop() {},
    durable: () => ledger.durable(),
  };
}
