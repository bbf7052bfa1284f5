// The ledger of a single process, over any storage. Every primitive is one transaction, so it is atomic also where the
// interface asks for less.
import { Refused } from "../../core/refused.ts";
import { type Storage, StorageFull, type Writing } from "../../core/storage.ts";
import type * as ledger from "../ledger.ts";
import { Accounts } from "./accounts.ts";
import { decideClaim } from "./claims.ts";
import { Directory } from "./directory.ts";
import * as keys from "./keys.ts";
import { Recent, type RecordSets } from "./recent.ts";
import { readNumber, readTenant, writeNumber } from "./records.ts";

export interface EmbeddedLedgerOptions {
  readonly storage: Storage;
  /** How much is added before it is put into packed sets: in memory it takes about as much, too. */
  readonly logBytesMax?: number;
  /** Told when the store was full and forgot early: spans that ended before are no longer charged. */
  onForgotten?(horizonMs: number): void;
}

/**
 * Bounded by its storage. When that is full, what is known of the oldest spans goes first, and spans as old are not
 * accepted any more; then calls settle before their identity window is over. So a span is never charged twice.
 * Throws `Refused("overloaded")` when only counters are left.
 */
export class EmbeddedLedger implements ledger.Ledger {
  readonly #storage: Storage;
  readonly #recent: Recent;
  readonly #directory = new Directory();
  readonly #logBytesMax: number;
  readonly #onForgotten: (horizonMs: number) => void;
  #horizonMs: number;
  /** The hour of the last checkpoint. */
  #hour = 0;
  /** The longest that any user asked for: what is shared is kept as long as the most careful one needs it. */
  #keepMs = 0;

  /** Throws when its log is damaged. */
  constructor({ storage, logBytesMax = logBytesMaxByDefault, onForgotten }: EmbeddedLedgerOptions) {
    this.#storage = storage;
    this.#recent = new Recent(storage);
    // A log as large as its storage would leave no room to put it elsewhere.
    this.#logBytesMax = Math.min(logBytesMax, storage.bytesMax / 8);
    this.#onForgotten = onForgotten ?? (() => {});
    this.#horizonMs = readNumber(storage.get(keys.horizonKey));
  }

  async claim(claims: readonly ledger.Claim[], terms: ledger.Terms): Promise<readonly ledger.Verdict[]> {
    this.#keepMs = Math.max(this.#keepMs, terms.keepMs);
    return this.#change(terms.nowMs, (sets, writing) => {
      this.#sweep(writing, terms.nowMs);
      return claims.map(
        (claim): ledger.Verdict =>
          claim.posting.endMs < this.#horizonMs ? { kind: "forgotten" } : decideClaim(sets, claim, terms),
      );
    });
  }

  async cancel(postings: readonly ledger.Posting[], terms: ledger.Terms): Promise<readonly ledger.Cancelled[]> {
    return this.#account(terms.nowMs, (accounts) => postings.map((posting) => accounts.cancel(posting)));
  }

  async charge(postings: readonly ledger.Posting[], terms: ledger.Terms): Promise<ledger.Charged> {
    return this.#account(terms.nowMs, (accounts) => {
      const results = postings.map((posting) => accounts.charge(posting));
      const states = postings.map(({ tenant, counters }) =>
        counters.map(({ key }) => accounts.state(tenant, key, terms.nowMs)),
      );
      return { results, states };
    });
  }

  async hold(request: ledger.HoldRequest): Promise<ledger.HoldReply> {
    const reply = await this.#account(request.nowMs, (accounts) => accounts.hold(request));
    await this.durable();
    return reply;
  }

  /** Resolves when all that was charged so far is as safe as the storage makes it. Charges alone do not wait for it. */
  durable(): Promise<void> {
    return this.#storage.durable();
  }

  async read(tenant: string, counters: readonly string[], nowMs: number): Promise<ledger.Standing> {
    const known = this.#storage.get(keys.tenantKey(tenant)) !== undefined;
    const states = await this.#account(nowMs, (accounts) =>
      counters.map((counter) => accounts.state(tenant, counter, nowMs)),
    );
    return { known, states };
  }

  async admit(tenants: readonly string[], room: ledger.Room): Promise<ReadonlySet<string>> {
    const isAdmitted = (tenant: string) => this.#directory.isAdmitted(tenant, room);
    if (tenants.every(isAdmitted)) return new Set(tenants);
    return this.#change(room.nowMs, (_sets, writing) => this.#directory.admit(writing, tenants, room));
  }

  async tenants(after: string | undefined, limit: number): Promise<ledger.TenantPage> {
    const all = keys.keysOf("t");
    const from = after === undefined ? all.from : `${keys.tenantKey(after)}!`;
    const found = this.#storage.range({ from, to: all.to, limit: limit + 1 });
    const tenants = found.slice(0, limit).map(({ value }) => readTenant(value).tenant);
    return { tenants, next: limit < found.length ? tenants.at(-1) : undefined };
  }

  #account<T>(nowMs: number, work: (accounts: Accounts) => T): Promise<T> {
    return this.#change(nowMs, (sets, writing) => {
      const accounts = new Accounts(sets, writing, this.#horizonMs);
      const result = work(accounts);
      accounts.close();
      return result;
    });
  }

  async #change<T>(nowMs: number, work: (sets: RecordSets, writing: Writing) => T): Promise<T> {
    for (;;) {
      try {
        if (this.#isCheckpointDue(nowMs)) this.#recent.checkpoint(nowMs);
        return this.#recent.transaction(work);
      } catch (error) {
        if (!(error instanceof StorageFull)) throw error;
        if (!this.#makeRoom(nowMs))
          throw new Refused("overloaded", "ledger: full of what must be kept; send again later", { cause: error });
      }
    }
  }

  /** With every hour, too: by then part of what the log holds is over. */
  #isCheckpointDue(nowMs: number): boolean {
    const hour = keys.hourOf(nowMs);
    const isNewHour = this.#hour < hour;
    this.#hour = Math.max(this.#hour, hour);
    return this.#logBytesMax <= this.#recent.logBytes || (isNewHour && 0 < this.#recent.logBytes);
  }

  /** Answers whether it gave up something. What the log holds takes less in packed sets. */
  #makeRoom(nowMs: number): boolean {
    if (this.#tryCheckpoint(nowMs)) return true;
    const made = this.#forgetOldest(nowMs) || this.#settleEarly();
    if (made) this.#tryCheckpoint(nowMs);
    return made;
  }

  #tryCheckpoint(nowMs: number): boolean {
    if (this.#recent.logBytes === 0) return false;
    try {
      this.#recent.checkpoint(nowMs);
      return true;
    } catch (error) {
      if (error instanceof StorageFull) return false;
      throw error;
    }
  }

  /** Gives up the oldest hour of what is known of spans, unless it is the current one. */
  #forgetOldest(nowMs: number): boolean {
    const below = (["o", "d"] as const).flatMap((kind) =>
      this.#storage.range({ ...keys.keysOf(kind), limit: 1 }).map(({ key }) => keys.hourIn(key)),
    );
    const oldest = Math.min(...below, this.#recent.oldestHour("o"), this.#recent.oldestHour("d"));
    if (keys.hourOf(nowMs) <= oldest) return false;
    this.#storage.transaction((writing) => this.#forget(writing, oldest + 1, Number.MAX_SAFE_INTEGER));
    this.#onForgotten(this.#horizonMs);
    return true;
  }

  /** Ends the identity window of some calls: nobody takes them over any more. */
  #settleEarly(): boolean {
    const settled = this.#recent.forget(["c"], Number.POSITIVE_INFINITY);
    const live = this.#storage.range({ ...keys.keysOf("c"), limit: settledAtOnce });
    this.#storage.transaction((writing) => {
      for (const { key } of live) writing.remove(key);
    });
    return 0 < live.length + settled;
  }

  /** Removes some of what has expired: a bounded piece of work with every batch. */
  #sweep(writing: Writing, nowMs: number): void {
    const hour = keys.hourOf(nowMs);
    this.#recent.forget(["c"], hour);
    for (const { key } of writing.range({ ...keys.keysOf("c", hour), limit: sweepMax })) writing.remove(key);
    for (const { key } of writing.range({ ...keys.keysOf("e", hour), limit: sweepMax })) {
      writing.remove(key.slice(expiryPrefixLength));
      writing.remove(key);
    }
    this.#forget(writing, keys.hourOf(nowMs - this.#keepMs), sweepMax);
  }

  #forget(writing: Writing, beforeHour: number, limit: number): void {
    let forgotten = this.#recent.forget(["o", "d"], beforeHour);
    for (const kind of ["o", "d"] as const) {
      const old = writing.range({ ...keys.keysOf(kind, beforeHour), limit });
      for (const { key } of old) writing.remove(key);
      forgotten += old.length;
    }
    if (forgotten === 0) return;
    this.#horizonMs = Math.max(this.#horizonMs, beforeHour * keys.hourMs);
    writing.put(keys.horizonKey, writeNumber(this.#horizonMs));
  }
}

/** Some 130,000 spans. */
const logBytesMaxByDefault = 32 * 1024 * 1024;
const sweepMax = 512;
const settledAtOnce = 4096;
/** `e/`, eight digits and a slash. */
const expiryPrefixLength = 11;
