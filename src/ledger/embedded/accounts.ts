// Money: marks that say what became of a span, counters that it was added to, and amounts that are held.
// One `Accounts` lives as long as one transaction; counters are written once, at its end.
import type { Writing } from "../../core/storage.ts";
import { tenantFingerprint } from "../identity.ts";
import {
  type Amounts,
  type Cancelled,
  type Charged,
  type CounterRef,
  type CounterState,
  counterMax,
  type HoldReply,
  type HoldRequest,
  type Posting,
  zeroState,
} from "../ledger.ts";
import * as keys from "./keys.ts";
import type { PackedSet } from "./packed.ts";
import type { RecordSets } from "./recent.ts";
import { readCounter, readHold, writeCounter, writeHold } from "./records.ts";

export class Accounts {
  readonly #writing: Writing;
  readonly #horizonMs: number;
  readonly #sets: RecordSets;
  /** By tenant and counter. */
  readonly #counters = new Map<string, Map<string, Counter>>();
  /** Tenants whose holds that are over are gone. */
  readonly #current = new Set<string>();

  /** Of spans that ended before `horizonMs` it is forgotten what became of them: nothing is done for them. */
  constructor(sets: RecordSets, writing: Writing, horizonMs: number) {
    this.#writing = writing;
    this.#sets = sets;
    this.#horizonMs = horizonMs;
  }

  charge(posting: Posting): Charged["results"][number] {
    const id = markId(posting);
    const known = this.#markOf(posting, id);
    if (known === markCancelled) return "cancelled";
    if (known === markCharged || posting.endMs < this.#horizonMs) return "replayed";
    if (!posting.counters.every(({ key }) => fits(this.#counter(posting.tenant, key).state, posting.amounts)))
      return "overflow";
    for (const counter of posting.counters) this.#add(posting, counter, 1);
    this.#sets.add(marksFor(posting), id, markBytes(id, markCharged));
    return "charged";
  }

  cancel(posting: Posting): Cancelled {
    const id = markId(posting);
    const known = this.#markOf(posting, id);
    if (known === markCancelled || posting.endMs < this.#horizonMs) return "known";
    const mark = markBytes(id, markCancelled);
    if (known === undefined) {
      this.#sets.add(marksFor(posting), id, mark);
      return "barred";
    }
    this.#sets.put(marksFor(posting), id, mark);
    for (const counter of posting.counters) this.#add(posting, counter, -1);
    return "reversed";
  }

  hold(request: HoldRequest): HoldReply {
    const { tenant, id, nanoUsd, levels, nowMs, untilMs } = request;
    this.#endHolds(tenant, nowMs);
    const key = keys.holdKey(tenant, id);
    const known = this.#writing.get(key);
    const states = () => levels.map((level) => this.state(tenant, level.key, nowMs));
    if (nanoUsd === 0n) {
      if (known !== undefined) this.#endHold(tenant, id);
      return { allowed: true, binding: undefined, states: states() };
    }
    if (known !== undefined) return { allowed: true, binding: undefined, states: states() };
    const binding = levels.findIndex((level) => {
      const { nanoUsd: spent, heldNanoUsd } = this.state(tenant, level.key, nowMs);
      return (level.limitNanoUsd ?? counterMax) < spent + heldNanoUsd + nanoUsd;
    });
    if (0 <= binding) return { allowed: false, binding, states: states() };
    for (const level of levels) this.#opened(tenant, level.key, level.expiresAtMs).heldNanoUsd += nanoUsd;
    this.#writing.put(key, writeHold({ nanoUsd, untilMs, counters: levels.map((level) => level.key) }));
    this.#writing.put(keys.holdExpiryKey(tenant, untilMs, id), encoder.encode(id));
    return { allowed: true, binding: undefined, states: states() };
  }

  /** A counter after all that was done, without holds that are over. It must not be used after more is done. */
  state(tenant: string, counter: string, nowMs: number): CounterState {
    this.#endHolds(tenant, nowMs);
    return this.#counter(tenant, counter).state;
  }

  /** Writes the counters. */
  close(): void {
    for (const [tenant, counters] of this.#counters)
      for (const [key, counter] of counters)
        if (counter.changed) this.#writing.put(keys.counterKey(tenant, key), writeCounter(counter.state));
  }

  #markOf(posting: Posting, id: bigint): number | undefined {
    return this.#sets.find(marksFor(posting), id)?.[8];
  }

  #add({ tenant, amounts }: Posting, { key, expiresAtMs }: CounterRef, sign: 1 | -1): void {
    const state = this.#opened(tenant, key, expiresAtMs);
    state.nanoUsd += sign === 1 ? amounts.nanoUsd : -amounts.nanoUsd;
    state.inputTokens += sign * amounts.inputTokens;
    state.outputTokens += sign * amounts.outputTokens;
    state.requests += sign * amounts.requests;
    state.unpriced += sign * amounts.unpriced;
  }

  /** A counter to be changed. It expires at the instant that its first user names; that never moves. */
  #opened(tenant: string, key: string, expiresAtMs: number): Changing<CounterState> {
    const counter = this.#counter(tenant, key);
    if (!counter.known && Number.isFinite(expiresAtMs))
      this.#writing.put(keys.expiryKey(keys.hourOf(expiresAtMs) + 1, keys.counterKey(tenant, key)), nothing);
    counter.known = true;
    counter.changed = true;
    return counter.state;
  }

  #counter(tenant: string, key: string): Counter {
    let counters = this.#counters.get(tenant);
    if (counters === undefined) {
      counters = new Map();
      this.#counters.set(tenant, counters);
    }
    let counter = counters.get(key);
    if (counter === undefined) {
      const bytes = this.#writing.get(keys.counterKey(tenant, key));
      const state = bytes === undefined ? { ...zeroState } : readCounter(bytes);
      counter = { state, known: bytes !== undefined, changed: false };
      counters.set(key, counter);
    }
    return counter;
  }

  /** A transaction has one time. */
  #endHolds(tenant: string, nowMs: number): void {
    if (this.#current.has(tenant)) return;
    this.#current.add(tenant);
    for (;;) {
      const over = this.#writing.range({ ...keys.holdsUntil(tenant, nowMs), limit: holdsAtOnce });
      for (const { value } of over) this.#endHold(tenant, decoder.decode(value));
      if (over.length < holdsAtOnce) return;
    }
  }

  #endHold(tenant: string, id: string): void {
    const key = keys.holdKey(tenant, id);
    const bytes = this.#writing.get(key);
    if (bytes === undefined) return;
    const hold = readHold(bytes);
    this.#writing.remove(key);
    this.#writing.remove(keys.holdExpiryKey(tenant, hold.untilMs, id));
    for (const counter of hold.counters)
      this.#opened(tenant, counter, Number.POSITIVE_INFINITY).heldNanoUsd -= hold.nanoUsd;
  }
}

const markCharged = 1;
const markCancelled = 2;
const holdsAtOnce = 256;
const nothing = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A counter within a transaction. */
interface Counter {
  readonly state: Changing<CounterState>;
  /** Whether it stands in the store, or will. */
  known: boolean;
  changed: boolean;
}

type Changing<T> = { -readonly [Key in keyof T]: T[Key] };

function fits(state: CounterState, amounts: Amounts): boolean {
  return (
    state.nanoUsd + amounts.nanoUsd <= counterMax &&
    state.inputTokens + amounts.inputTokens <= Number.MAX_SAFE_INTEGER &&
    state.outputTokens + amounts.outputTokens <= Number.MAX_SAFE_INTEGER
  );
}

function marksFor({ endMs }: Posting): PackedSet {
  return keys.marks(keys.hourOf(endMs));
}

/** The same span under another tenant has another mark. */
function markId({ span, tenant }: Posting): bigint {
  return span ^ tenantFingerprint(tenant);
}

/** One for all: sets copy what they keep. */
const markRecord = new Uint8Array(9);
const markView = new DataView(markRecord.buffer);

function markBytes(id: bigint, mark: number): Uint8Array {
  markView.setBigUint64(0, id);
  markRecord[8] = mark;
  return markRecord;
}
