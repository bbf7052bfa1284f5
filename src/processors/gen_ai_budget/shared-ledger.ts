// Which ledger the settings name. One for all pipelines of a service that name the same: a span that takes two of them
// is charged once.
import type { Host } from "../../core/host.ts";
import { MemoryStorage } from "../../core/memory-storage.ts";
import { Note } from "../../core/note.ts";
import { type Store, storeOf } from "../../core/storage.ts";
import { EmbeddedLedger } from "../../ledger/embedded/embedded-ledger.ts";
import { Journal, type JournalTerms, journalArea } from "../../ledger/journal/journal.ts";
import { JournalKeeper } from "../../ledger/journal/journal-keeper.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { type Consequences, RedisStore, withoutJournal } from "../../ledger/redis/redis-store.ts";
import type { BudgetSettings } from "./budget-settings.ts";
import { type RedisSection, redisSettings } from "./redis-settings.ts";
import { UnchargedFiles } from "./uncharged-files.ts";

export interface SharedLedger {
  readonly ledger: Ledger;
  /** Where charges wait for the ledger; absent where the sender waits for it. */
  readonly journal: Journalled | undefined;
  /** Where calls are kept that nobody is charged; absent where there is no storage. */
  readonly uncharged: UnchargedFiles | undefined;
  /** Once for every user. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when what was charged so far is as safe as it becomes. */
  durable(): Promise<void>;
}

interface Journalled {
  readonly keeper: JournalKeeper;
  readonly terms: JournalTerms;
}

/** The storage that the settings name, if any, must be open. */
export function sharedLedger(settings: BudgetSettings, host: Host): SharedLedger {
  const { ledger, storage, journal } = settings;
  const all = ledgers.get(host.common) ?? new Map<string, SharedLedger>();
  ledgers.set(host.common, all);
  const name = JSON.stringify([ledger.redis ?? null, storage ?? null, journal]);
  const shared =
    all.get(name) ?? (ledger.redis === undefined ? embedded(host, storage) : onRedis(ledger.redis, settings, host));
  all.set(name, shared);
  return shared;
}

const ledgers = new Note<Map<string, SharedLedger>>("ledgers");
/** A store has one journal, whatever configurations follow each other. */
const keepers = new Note<JournalKeeper>("journal keeper");

function onRedis(redis: RedisSection, settings: BudgetSettings, host: Host): SharedLedger {
  const journal = settings.storage === undefined ? undefined : journalled(redis, settings, host);
  const store = new RedisStore(redisSettings(redis), redis.key_prefix, host, consequencesOf(journal));
  return {
    ledger: store.ledger,
    journal,
    uncharged:
      settings.storage === undefined ? undefined : new UnchargedFiles(storeOf(host.common, settings.storage), host),
    start: () => store.start(),
    stop: () => store.stop(),
    // A charge that was answered is in Redis.
    durable: async () => {},
  };
}

function journalled(redis: RedisSection, settings: BudgetSettings, host: Host): Journalled {
  const store = storeOf(host.common, settings.storage ?? "");
  const terms = {
    ledger: nameOf(redis),
    bytesMax: settings.journal.max_size,
    horizonMs: settings.journal.horizon,
  };
  const keeper = keepers.get(store) ?? openKeeper(store, terms, host);
  keepers.set(store, keeper);
  return { keeper, terms };
}

function openKeeper(store: Store, terms: JournalTerms, host: Host): JournalKeeper {
  return new JournalKeeper({
    journal: new Journal(store.area(journalArea, "charges"), terms, host.clock.now()),
    host,
    keepFile: (name, bytes, extension) => store.setAside(name, bytes, extension),
  });
}

/** What makes another ledger of it; who may connect to it does not. */
function nameOf({ url, mode, master_name, key_prefix }: RedisSection): string {
  const { host, pathname } = new URL(url);
  return JSON.stringify([mode, host, mode === "sentinel" ? master_name : "", pathname, key_prefix]);
}

function consequencesOf(journal: Journalled | undefined): Consequences {
  if (journal === undefined) return withoutJournal;
  const minutes = journal.terms.horizonMs / 60_000;
  return {
    whileAbsent: "charges wait in the journal",
    afterLoss: `what was charged in the last ${minutes} minutes is charged again where it forgot it`,
    lostWrites: () => journal.keeper.repeat(),
  };
}

/** Measured: 165 bytes a span within the identity window, 30 after it. Two days at 20 spans a second take 115 MB. */
const ledgerBytesMax = 256 * 1024 * 1024;

function embedded(host: Host, storage: string | undefined): SharedLedger {
  const { common, log } = host;
  const store = storage === undefined ? undefined : storeOf(common, storage);
  const ledger = new EmbeddedLedger({
    storage: store?.area("ledger", "charges") ?? new MemoryStorage(ledgerBytesMax),
    onForgotten: (horizonMs) =>
      log.warn(`the ledger in ${storage ?? "memory"} is full; older spans that still arrive are set aside as late`, {
        ended_before: new Date(horizonMs).toISOString(),
      }),
  });
  let announced = false;
  return {
    ledger,
    journal: undefined,
    uncharged: store === undefined ? undefined : new UnchargedFiles(store, host),
    async start() {
      if (announced) return;
      announced = true;
      if (store === undefined) log.warn("spend is kept in memory: it starts at zero with every start of this process");
      else if (Journal.holdsCharges(store.area(journalArea, "charges")))
        log.warn("the storage holds charges for a ledger in redis; name that again to have them charged", { storage });
    },
    async stop() {},
    durable: () => ledger.durable(),
  };
}
