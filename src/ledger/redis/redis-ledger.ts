// The ledger of many processes: Redis decides, this only asks. Claims go to 4 shards across tenants, everything else to
// the slot of its tenant: one script each, for a whole batch. A lost reply is healed by asking again.
import { Refused } from "../../core/refused.ts";
import { type Outranked, verdictOf } from "../choices.ts";
import { ledgerKey } from "../identity.ts";
import * as ledger from "../ledger.ts";
import { Unchargeable } from "../unchargeable.ts";
import { claimArguments } from "./claim-arguments.ts";
import { readContender } from "./contender.ts";
import { chargeArguments, grouped, keptMs } from "./postings.ts";
import { type Argument, type Connection, type Reply, runScript, type ScriptName } from "./scripts.ts";

export interface RedisLedgerOptions {
  readonly connection: Connection;
  /** Before every key. */
  readonly keyPrefix: string;
  /** Tells processes apart: of this one alone, and new with every start. */
  readonly process: string;
  /** Told when Redis knows less of this process than it did: a failover or an old snapshot lost writes. */
  onLostWrites?(): void;
}

/** Bounded by Redis alone; what is kept here is which tenants are in the directory. Throws `Refused("unavailable")`. */
export class RedisLedger implements ledger.Ledger {
  readonly #connection: Connection;
  readonly #prefix: string;
  readonly #process: string;
  readonly #onLostWrites: () => void;
  /** How often this process called, by key, as Redis said last, and as of when it asked. */
  readonly #calls = new Map<string, { readonly calls: number; readonly atMs: number }>();
  #latestMs = 0;
  readonly #admitted = new Set<string>();
  #admittedDay = 0;

  constructor({ connection, keyPrefix, process, onLostWrites }: RedisLedgerOptions) {
    this.#connection = connection;
    this.#prefix = `${keyPrefix}:1:`;
    this.#process = process;
    this.#onLostWrites = onLostWrites ?? (() => {});
  }

  async claim(claims: readonly ledger.Claim[], terms: ledger.Terms): Promise<readonly ledger.Verdict[]> {
    const verdicts = new Array<ledger.Verdict>(claims.length).fill({ kind: "forgotten" });
    const known = [...claims.keys()].filter((at) => !isForgotten(claims[at]?.posting, terms));
    const again = await this.#claimSome(claims, known, { terms, verdicts });
    const alone = claims.map((claim) => ({ ...claim, id: claim.posting.span }));
    // Of an id that tells no calls apart, the span is claimed by itself.
    const others = again.filter((at) => claims[at]?.id !== claims[at]?.posting.span);
    const lost = await this.#claimSome(alone, others, { terms, verdicts });
    for (const at of [...lost, ...again.filter((one) => !others.includes(one))]) verdicts[at] = { kind: "settled" };
    return verdicts;
  }

  async cancel(postings: readonly ledger.Posting[], terms: ledger.Terms): Promise<readonly ledger.Cancelled[]> {
    const results = new Array<ledger.Cancelled>(postings.length).fill("known");
    await this.#eachTenant(postings, terms, async (tenant, positions) => {
      const { args, order } = chargeArguments(
        "cancel",
        positions.flatMap((at) => postings[at] ?? []),
        terms,
      );
      const reply = listOf(await this.#run("cancel", this.#tenantKey(tenant), [terms.nowMs, this.#process, ...args]));
      for (const [index, letter] of lettersOf(reply[1]).entries())
        results[positions[order[index] ?? 0] ?? 0] = letter === "r" ? "reversed" : letter === "b" ? "barred" : "known";
    });
    return results;
  }

  async charge(postings: readonly ledger.Posting[], terms: ledger.Terms): Promise<ledger.Charged> {
    const results = new Array<ledger.Charged["results"][number]>(postings.length).fill("replayed");
    const states = new Map<string, Map<string, ledger.CounterState>>();
    await this.#eachTenant(postings, terms, async (tenant, positions) => {
      const { args, counters, order } = chargeArguments(
        "charge",
        positions.flatMap((at) => postings[at] ?? []),
        terms,
      );
      const reply = listOf(await this.#run("charge", this.#tenantKey(tenant), [terms.nowMs, this.#process, ...args]));
      for (const [index, letter] of lettersOf(reply[1]).entries())
        results[positions[order[index] ?? 0] ?? 0] = chargeResults[letter] ?? "overflow";
      const own = states.get(tenant) ?? new Map<string, ledger.CounterState>();
      for (const [index, counter] of counters.entries()) own.set(counter, stateAt(reply, 2 + index * stateFields));
      states.set(tenant, own);
    });
    return {
      results,
      states: postings.map(({ tenant, counters }) =>
        counters.map(({ key }) => states.get(tenant)?.get(key) ?? { ...ledger.zeroState }),
      ),
    };
  }

  async hold(request: ledger.HoldRequest): Promise<ledger.HoldReply> {
    const { tenant, id, nanoUsd, levels, nowMs, untilMs } = request;
    const args: Argument[] = [nowMs, this.#process, ledgerKey(id), String(nanoUsd), untilMs];
    for (const { key, expiresAtMs, limitNanoUsd } of levels)
      args.push(key, keptMs(expiresAtMs, nowMs), limitNanoUsd === undefined ? "" : String(limitNanoUsd));
    const reply = listOf(await this.#run("hold", this.#tenantKey(tenant), args));
    const binding = Number(reply[1]);
    const states = levels.map((_, index) => stateAt(reply, 2 + index * stateFields));
    return { allowed: binding < 0, binding: binding < 0 ? undefined : binding, states };
  }

  async read(tenant: string, counters: readonly string[], nowMs: number): Promise<ledger.Standing> {
    const [known, reply] = await Promise.all([
      this.#ask("HEXISTS", this.#directory("n"), `.${ledgerKey(tenant)}`),
      this.#script("read", [this.#tenantKey(tenant)], [nowMs, "", ...counters]),
    ]);
    const values = listOf(reply);
    return { known: known === 1, states: counters.map((_, index) => stateAt(values, index * stateFields)) };
  }

  async admit(tenants: readonly string[], room: ledger.Room): Promise<ReadonlySet<string>> {
    const day = Math.floor(room.nowMs / dayMs);
    // Who is asked for every day keeps its place.
    if (this.#admittedDay < day) this.#admitted.clear();
    this.#admittedDay = Math.max(this.#admittedDay, day);
    // A day more than idle: processes keep what they know for a day.
    const idleDay = Number.isFinite(room.idleMs) ? day - Math.ceil(room.idleMs / dayMs) - 1 : "(-inf";
    // What is known may be forgotten meanwhile: the answer is of its own.
    const found = new Set(tenants.filter((tenant) => this.#admitted.has(tenant)));
    const strangers = tenants.filter((tenant) => !found.has(tenant));
    for (let from = 0; from < strangers.length; from += batchMax) {
      const asked = strangers.slice(from, from + batchMax);
      const args = asked.flatMap((tenant) => [ledgerKey(tenant), tenant, room.always.has(tenant) ? 1 : 0]);
      const keys = [this.#directory("k"), this.#directory("n"), this.#directory("s")];
      const letters = lettersOf(await this.#script("admit", keys, [room.tenantsMax, day, idleDay, ...args]));
      if (admittedMax < this.#admitted.size + asked.length) this.#admitted.clear();
      for (const tenant of asked.filter((_, index) => letters[index] === "1")) {
        this.#admitted.add(tenant);
        found.add(tenant);
      }
    }
    return found;
  }

  async tenants(after: string | undefined, limit: number): Promise<ledger.TenantPage> {
    const from = after === undefined ? "-" : `(.${ledgerKey(after)}`;
    const keys = listOf(await this.#ask("ZRANGEBYLEX", this.#directory("k"), from, "+", "LIMIT", 0, limit + 1));
    if (keys.length === 0) return { tenants: [], next: undefined };
    const names = listOf(await this.#ask("HMGET", this.#directory("n"), ...keys.slice(0, limit).map(bytesOf)));
    const tenants = names.map((name) => bytesOf(name).toString());
    return { tenants, next: limit < keys.length ? tenants.at(-1) : undefined };
  }

  /**
   * Looks whether Redis still knows what it knew of this process. A primary that took over lacks the last writes of one
   * before it, in whichever slots these were: `all` looks at every key, else at those that were used last.
   */
  async recall(all: boolean): Promise<void> {
    const isRemembered = ({ atMs }: { readonly atMs: number }) => this.#latestMs < atMs + callsKnownMs;
    const known = [...this.#calls].filter(([, last]) => isRemembered(last)).slice(all ? 0 : -recalledAtOnce);
    for (let from = 0; from < known.length; from += recalledAtOnce) {
      const asked = known.slice(from, from + recalledAtOnce);
      const found = await Promise.all(asked.map(([key]) => this.#ask("HMGET", key, this.#process)));
      const isLess = asked.some(([, { calls }], at) => {
        const [reply = null] = listOf(found[at]);
        return Number(reply === null ? 0 : bytesOf(reply).toString()) < calls;
      });
      if (isLess) return this.#noticeLoss();
    }
    // The directory is in a slot of its own, and its scripts do not count calls.
    const admitted = [...this.#admitted].slice(-recalledAtOnce).map((tenant) => `.${ledgerKey(tenant)}`);
    if (!all || admitted.length === 0) return;
    const names = listOf(await this.#ask("HMGET", this.#directory("n"), ...admitted));
    if (names.includes(null)) this.#noticeLoss();
  }

  /** Answers the positions of those whose id tells no calls apart. */
  async #claimSome(
    claims: readonly ledger.Claim[],
    positions: readonly number[],
    { terms, verdicts }: { readonly terms: ledger.Terms; readonly verdicts: ledger.Verdict[] },
  ): Promise<readonly number[]> {
    const again: number[] = [];
    const shards = grouped(positions, (at) => Number((claims[at]?.id ?? 0n) >> shardShift), batchMax);
    await Promise.all(
      [...shards].map(async ([shard, batches]) => {
        for (const batch of batches) {
          const asked = batch.flatMap((at) => claims[at] ?? []);
          const { args, order } = claimArguments(asked, terms);
          const reply = listOf(
            await this.#run("claim", `${this.#prefix}{@id.${shard}}:q`, [terms.nowMs, this.#process, ...args]),
          );
          for (const [index, verdict] of verdictsOf(
            reply,
            order.flatMap((at) => asked[at] ?? []),
          ).entries()) {
            const at = batch[order[index] ?? 0] ?? 0;
            if (verdict === undefined) again.push(at);
            else verdicts[at] = verdict;
          }
        }
      }),
    );
    return again;
  }

  async #eachTenant(
    postings: readonly ledger.Posting[],
    terms: ledger.Terms,
    work: (tenant: string, positions: readonly number[]) => Promise<void>,
  ): Promise<void> {
    const known = [...postings.keys()].filter((at) => !isForgotten(postings[at], terms));
    const tenants = grouped(known, (at) => postings[at]?.tenant ?? "", batchMax);
    await Promise.all(
      [...tenants].map(async ([tenant, batches]) => {
        for (const batch of batches) await work(tenant, batch);
      }),
    );
  }

  #tenantKey(tenant: string): string {
    return `${this.#prefix}{${ledgerKey(tenant)}}:q`;
  }

  #directory(name: "k" | "n" | "s"): string {
    return `${this.#prefix}{@tenants}:${name}`;
  }

  /** Runs a script that says how often this process called. */
  async #run(name: ScriptName, key: string, args: readonly Argument[]): Promise<Reply> {
    const reply = await this.#script(name, [key], args);
    const calls = Number(listOf(reply)[0]);
    const atMs = Number(args[0]);
    const last = this.#calls.get(key);
    if (callsMax <= this.#calls.size) this.#calls.clear();
    this.#calls.delete(key);
    this.#calls.set(key, { calls, atMs });
    this.#latestMs = Math.max(this.#latestMs, atMs);
    if (last !== undefined && atMs < last.atMs + callsKnownMs && calls <= last.calls) this.#noticeLoss();
    return reply;
  }

  #noticeLoss(): void {
    this.#calls.clear();
    this.#admitted.clear();
    this.#onLostWrites();
  }

  async #script(name: ScriptName, keys: readonly string[], args: readonly Argument[]): Promise<Reply> {
    try {
      return await runScript(this.#connection, name, keys, args);
    } catch (cause) {
      throw refusalOf(name, cause);
    }
  }

  async #ask(command: string, ...args: Argument[]): Promise<Reply> {
    try {
      return (await this.#connection.callBuffer(command, args)) as Reply;
    } catch (cause) {
      throw refusalOf(command, cause);
    }
  }
}

/** Claims spread over as many slots. It never changes: a call is found where it was claimed. */
const shardShift = 62n;
/** Redis does nothing else while a script runs: 512 take a few milliseconds. */
const batchMax = 512;
const admittedMax = 100_000;
const dayMs = 86_400_000;
const callsMax = 20_000;
/** Redis forgets a process that did not call for two days; clocks may be a day apart. */
const callsKnownMs = dayMs;
const recalledAtOnce = 64;
const stateFields = 6;
const retryAfterMs = 1000;
const chargeResults: Readonly<Record<string, ledger.Charged["results"][number]>> = {
  c: "charged",
  r: "replayed",
  x: "cancelled",
  f: "overflow",
};

function isForgotten(posting: ledger.Posting | undefined, { nowMs, keepMs }: ledger.Terms): boolean {
  return posting !== undefined && posting.endMs < nowMs - keepMs;
}

/** Parallel to the claims; undefined where the id tells no calls apart. */
function verdictsOf(reply: readonly Reply[], claims: readonly ledger.Claim[]): (ledger.Verdict | undefined)[] {
  const more = new Map(reply.slice(2).map((entry) => [Number(listOf(entry)[0]), listOf(entry)]));
  return lettersOf(reply[1]).map((letter, at) => {
    const claim = claims[at];
    if (letter === "x" || claim === undefined) return undefined;
    if (letter === "t") return { kind: "settled" };
    const kind = letter === "o" ? "owner" : letter === "c" ? "choice" : "shadow";
    const [, relations, ...known] = more.get(at) ?? [];
    const postings: ledger.Posting[] = [];
    for (let index = 0; index < known.length; index += 2)
      postings.push(readContender(bytesOf(known[index] ?? null), bytesOf(known[index + 1] ?? null)));
    const [self = claim.posting, ...others] = postings;
    const below = relations === undefined ? [] : lettersOf(relations);
    return verdictOf(
      kind,
      self,
      others.map((posting, index) => outranked(below[index], posting)),
    );
  });
}

function outranked(letter: string | undefined, posting: ledger.Posting): Outranked {
  return { relation: letter === "c" ? "choices" : "same", posting };
}

function stateAt(reply: readonly Reply[], at: number): ledger.CounterState {
  const text = (offset: number) => bytesOf(reply[at + offset] ?? null).toString();
  return {
    nanoUsd: BigInt(text(0)),
    heldNanoUsd: BigInt(text(1)),
    inputTokens: Number(text(2)),
    outputTokens: Number(text(3)),
    requests: Number(text(4)),
    unpriced: Number(text(5)),
  };
}

function listOf(reply: Reply | undefined): readonly Reply[] {
  if (Array.isArray(reply)) return reply;
  throw new TypeError(`redis: answered ${typeof reply} where a list was expected`);
}

function lettersOf(reply: Reply | undefined): string[] {
  return [...bytesOf(reply ?? null).toString("latin1")];
}

function bytesOf(reply: Reply): Buffer {
  if (Buffer.isBuffer(reply)) return reply;
  throw new TypeError(`redis: answered ${typeof reply} where text was expected`);
}

function refusalOf(what: string, cause: unknown): Refused {
  const text = cause instanceof Error ? cause.message : String(cause);
  // Without the error of ioredis: it carries all arguments, thousands of them.
  const why = unchargeable.test(text) ? { cause: new Unchargeable(text) } : {};
  return new Refused("unavailable", `redis: did not do ${what}: ${text}`, { retryAfterMs, ...why });
}

/**
 * What Redis says when a key is not what it should be: somebody else wrote it. Rights, memory, slots on the move and
 * everything else that it says passes, or keeps all charges from being made, and none of them is set aside for it.
 */
const unchargeable = /^WRONGTYPE|is not an integer|would overflow|attempt to |bad argument/;
