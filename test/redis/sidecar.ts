// What a sidecar is to the ledger: a journal over a store, a ledger on Redis, and who charges from one to the other. It
// can be cut off at any instant and started again over what its store had by then.
import type { Clock } from "../../src/core/host.ts";
import { MemoryStorage } from "../../src/core/memory-storage.ts";
import type { Storage } from "../../src/core/storage.ts";
import { type ChargingTerms, chargeClaims, dueCharges } from "../../src/ledger/charging.ts";
import { Journal, type JournalTerms } from "../../src/ledger/journal/journal.ts";
import { JournalKeeper } from "../../src/ledger/journal/journal-keeper.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { RedisLedger } from "../../src/ledger/redis/redis-ledger.ts";
import type { Connection } from "../../src/ledger/redis/scripts.ts";
import { budget } from "../support/calls.ts";
import { type RecordingHost, recordingHost } from "../support/recording-host.ts";
import type { Spans } from "./redis-support.ts";

export const hourMs = 3_600_000;

export const chargingTerms: ChargingTerms = {
  budgets: [budget()],
  acceptLateMs: 48 * hourMs,
  acceptFutureMs: 5 * 60_000,
  identityWindowMs: hourMs,
  tenantsMax: 10_000,
  tenants: new Set(),
};

export interface SidecarOptions {
  readonly connection: Connection;
  readonly keyPrefix: string;
  readonly storage?: Storage;
  readonly journal?: Partial<JournalTerms>;
  readonly terms?: Partial<ChargingTerms>;
  readonly now: () => number;
  /** Steps until the power is cut: each is something done to the store or to the ledger, or an answer of it. */
  readonly steps?: number;
}

let processes = 0;

export class Sidecar {
  readonly host: RecordingHost;
  readonly journal: Journal;
  readonly keeper: JournalKeeper;
  readonly ledger: RedisLedger;
  readonly terms: ChargingTerms;
  readonly files: { readonly name: string; readonly text: string }[] = [];
  /** Charged by results, of those that are no repeats. */
  readonly results: (string | undefined)[] = [];
  readonly #power: Power;
  readonly #now: () => number;
  /** What the store had when it was last durable. */
  readonly #committed: { storage: Storage };
  readonly #storage: Storage;

  constructor(options: SidecarOptions) {
    const { connection, keyPrefix, storage = new MemoryStorage(64 * 1024 ** 2), now } = options;
    const power = new Power(options.steps ?? Number.POSITIVE_INFINITY);
    this.#power = power;
    this.#now = now;
    this.#storage = storage;
    this.#committed = { storage: copyOf(storage) };
    this.terms = { ...chargingTerms, ...options.terms };
    this.host = { ...recordingHost(), clock: quickClock(now, power) };
    this.ledger = new RedisLedger({
      connection,
      keyPrefix,
      process: `s${process.pid}-${processes++}`,
      onLostWrites: () => this.keeper.repeat(),
    });
    const terms = { ledger: keyPrefix, bytesMax: 32 * 1024 ** 2, horizonMs: hourMs, ...options.journal };
    this.journal = new Journal(this.#powered(storage), terms, now());
    this.keeper = new JournalKeeper({
      journal: this.journal,
      host: this.host,
      keepFile: async (name, bytes, extension) => {
        this.files.push({ name: `${name}.${extension}`, text: new TextDecoder().decode(bytes) });
        return name;
      },
    });
    const ledger = poweredLedger(this.ledger, power);
    this.keeper.attach({
      journal: terms,
      terms: this.terms,
      charge: async (claims, nowMs, isRepeat) => {
        const report = await chargeClaims(ledger, this.terms, claims, nowMs);
        if (!isRepeat) this.results.push(...report.charges.map((charge) => charge?.result));
        return report.settled;
      },
    });
  }

  get isDead(): boolean {
    return this.#power.isCut;
  }

  /** Resolves when the sender may be acknowledged; never, when the power is cut before. */
  async take(...spans: Spans): Promise<void> {
    const found = { calls: spans.map(({ call }) => call), costs: spans.map(({ cost }) => cost) };
    const due = dueCharges(this.terms, found, this.#now());
    this.journal.checkRoom(due.claims.length);
    await this.keeper.take(due.claims, this.#now());
  }

  /** Resolves when the ledger has everything, or when the power is cut. */
  async drained(): Promise<void> {
    for (const end = performance.now() + 20_000; 0 < this.journal.waiting + this.journal.repeating; ) {
      if (this.isDead) return;
      if (end < performance.now()) throw new Error(`never drained: ${this.host.logged.join("\n")}`);
      await new Promise((done) => setTimeout(done, 1));
    }
  }

  /** What the store has after a cut: all that was written, or what was safe. */
  cut(kept: "written" | "committed"): Storage {
    this.#power.cut();
    return kept === "written" ? copyOf(this.#storage) : copyOf(this.#committed.storage);
  }

  #powered(storage: Storage): Storage {
    const power = this.#power;
    const committed = this.#committed;
    return {
      get: (key) => storage.get(key),
      range: (query) => storage.range(query),
      get lasting() {
        return storage.lasting;
      },
      get bytes() {
        return storage.bytes;
      },
      get bytesMax() {
        return storage.bytesMax;
      },
      transaction(work) {
        if (!power.step()) throw new Error("the power is cut");
        return storage.transaction(work);
      },
      async durable() {
        if (!power.step()) return never();
        await storage.durable();
        committed.storage = copyOf(storage);
      },
    };
  }
}

class Power {
  #steps: number;

  constructor(steps: number) {
    this.#steps = steps;
  }

  get isCut(): boolean {
    return this.#steps <= 0;
  }

  cut(): void {
    this.#steps = 0;
  }

  /** Whether there is power for one more. */
  step(): boolean {
    this.#steps -= 1;
    return 0 <= this.#steps;
  }
}

/** Each operation may not begin, or its answer may not be heard. */
function poweredLedger(ledger: Ledger, power: Power): Ledger {
  const through = async <T>(call: () => Promise<T>): Promise<T> => {
    if (!power.step()) return never();
    const answer = await call();
    return power.step() ? answer : never();
  };
  return {
    claim: (claims, terms) => through(() => ledger.claim(claims, terms)),
    cancel: (postings, terms) => through(() => ledger.cancel(postings, terms)),
    charge: (postings, terms) => through(() => ledger.charge(postings, terms)),
    hold: (request) => ledger.hold(request),
    read: (tenant, counters, nowMs) => ledger.read(tenant, counters, nowMs),
    admit: (tenants, room) => ledger.admit(tenants, room),
    tenants: (after, limit) => ledger.tenants(after, limit),
  };
}

/** The instant is what the test says; waiting takes as little as it can. */
function quickClock(now: () => number, power: Power): Clock {
  return {
    now,
    monotonic: () => performance.now(),
    sleep: (_, signal) => {
      if (power.isCut) return never();
      if (signal?.aborted) return Promise.resolve();
      return new Promise((done) => {
        const wake = () => {
          clearTimeout(timer);
          if (!power.isCut) done();
        };
        const timer = setTimeout(wake, 2);
        signal?.addEventListener("abort", wake, { once: true });
      });
    },
    every: () => () => undefined,
  };
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

export function copyOf(storage: Storage): Storage {
  const copy = new MemoryStorage(64 * 1024 ** 2);
  copy.transaction((writing) => {
    for (const { key, value } of storage.range({ from: " ", to: "~~", limit: 1e6 })) writing.put(key, value);
  });
  return copy;
}
