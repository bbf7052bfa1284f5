// Money: marks that say what became of a span, counters that it was added to, and amounts that are held.
// One `Accounts` lives as long as one transaction; counters are written once, at its end.
import type { Writing } from "../../core/storage.ts";
import {
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
import { findPacked, putPacked } from "./packed.ts";
import { readCounter, readHold, writeCounter, writeHold } from "./records.ts";

export class Accounts {
  readonly #writing: Writing;
  readonly #horizonMs: number;
  readonly #counters = new Map<string, CounterState>();
  /** Tenants whose holds that are over are gone. */
  readonly #current = new Set<string>();

  /** Of spans that ended before `horizonMs` it is forgotten what became of them: nothing is done for them. */
  constructor(writing: Writing, horizonMs: number) {
    this.#writing = writing;
    this.#horizonMs = horizonMs;
  }

  charge(posting: Posting): Charged["results"][number] {
    const known = this.#markOf(posting);
    if (known === markCancelled) return "cancelled";
    if (known === markCharged || posting.endMs < this.#horizonMs) return "replayed";
    if (!posting.counters.every((counter) => this.#fits(posting, counter))) return "overflow";
    for (const counter of posting.counters) this.#add(posting, counter, 1);
    this.#mark(posting, markCharged);
    return "charged";
  }

  cancel(posting: Posting): Cancelled {
    const known = this.#markOf(posting);
    if (known === markCancelled || posting.endMs < this.#horizonMs) return "known";
    this.#mark(posting, markCancelled);
    if (known === undefined) return "barred";
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
    for (const level of levels) this.#setHeld(tenant, level, nanoUsd);
    this.#writing.put(key, writeHold({ nanoUsd, untilMs, counters: levels.map((level) => level.key) }));
    this.#writing.put(keys.holdExpiryKey(tenant, untilMs, id), encoder.encode(id));
    return { allowed: true, binding: undefined, states: states() };
  }

  /** A counter after all that was done so far, without holds that are over. */
  state(tenant: string, counter: string, nowMs: number): CounterState {
    this.#endHolds(tenant, nowMs);
    return this.#counter(keys.counterKey(tenant, counter)) ?? zeroState;
  }

  /** Writes the counters. */
  close(): void {
    for (const [key, state] of this.#counters) this.#writing.put(key, writeCounter(state));
  }

  #markOf({ span, endMs, tenant }: Posting): number | undefined {
    const set = keys.marks(keys.hourOf(endMs), tenant);
    return findPacked(this.#writing, set, markBytes(span, 0).subarray(0, set.identityBytes), 1)[0]?.[8];
  }

  #mark({ span, endMs, tenant }: Posting, mark: number): void {
    putPacked(this.#writing, keys.marks(keys.hourOf(endMs), tenant), markBytes(span, mark));
  }

  #fits({ tenant, amounts }: Posting, { key }: CounterRef): boolean {
    const state = this.#counter(keys.counterKey(tenant, key)) ?? zeroState;
    return (
      state.nanoUsd + amounts.nanoUsd <= counterMax &&
      state.inputTokens + amounts.inputTokens <= Number.MAX_SAFE_INTEGER &&
      state.outputTokens + amounts.outputTokens <= Number.MAX_SAFE_INTEGER
    );
  }

  #add({ tenant, amounts }: Posting, counter: CounterRef, sign: 1 | -1): void {
    const state = this.#opened(tenant, counter);
    this.#counters.set(keys.counterKey(tenant, counter.key), {
      nanoUsd: state.nanoUsd + BigInt(sign) * amounts.nanoUsd,
      inputTokens: state.inputTokens + sign * amounts.inputTokens,
      outputTokens: state.outputTokens + sign * amounts.outputTokens,
      requests: state.requests + sign * amounts.requests,
      unpriced: state.unpriced + sign * amounts.unpriced,
      heldNanoUsd: state.heldNanoUsd,
    });
  }

  #setHeld(tenant: string, counter: CounterRef, moreNanoUsd: bigint): void {
    const state = this.#opened(tenant, counter);
    const key = keys.counterKey(tenant, counter.key);
    this.#counters.set(key, { ...state, heldNanoUsd: state.heldNanoUsd + moreNanoUsd });
  }

  /** A counter expires at the instant that its first user names; that never moves. */
  #opened(tenant: string, { key, expiresAtMs }: CounterRef): CounterState {
    const name = keys.counterKey(tenant, key);
    const known = this.#counter(name);
    if (known === undefined && Number.isFinite(expiresAtMs))
      this.#writing.put(keys.expiryKey(keys.hourOf(expiresAtMs) + 1, name), nothing);
    return known ?? zeroState;
  }

  #counter(key: string): CounterState | undefined {
    const known = this.#counters.get(key);
    if (known !== undefined) return known;
    const bytes = this.#writing.get(key);
    if (bytes === undefined) return undefined;
    const state = readCounter(bytes);
    this.#counters.set(key, state);
    return state;
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
      this.#setHeld(tenant, { key: counter, expiresAtMs: Number.POSITIVE_INFINITY }, -hold.nanoUsd);
  }
}

const markCharged = 1;
const markCancelled = 2;
const holdsAtOnce = 256;
const nothing = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

function markBytes(span: bigint, mark: number): Uint8Array {
  const bytes = new Uint8Array(9);
  new DataView(bytes.buffer).setBigUint64(0, span);
  bytes[8] = mark;
  return bytes;
}
