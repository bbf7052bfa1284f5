// Postings as arguments of `charge.lua` and `cancel.lua`.
import type { Amounts, Posting, Terms } from "../ledger.ts";
import type { Argument } from "./scripts.ts";

export interface ChargeArguments {
  /** What follows the name of the process. */
  readonly args: readonly Argument[];
  /** Names of the counters, in the order of the script's answer. */
  readonly counters: readonly string[];
  /** Positions of the postings, in the order of the script's answer. */
  readonly order: readonly number[];
}

/** For postings of one tenant. */
export function chargeArguments(
  operation: "charge" | "cancel",
  postings: readonly Posting[],
  { nowMs, keepMs }: Terms,
): ChargeArguments {
  const routes = new Routes(nowMs);
  const hours = new Map<number, { at: number; route: number }[]>();
  for (const [at, posting] of postings.entries()) {
    const hour = Math.max(0, Math.floor(posting.endMs / hourMs));
    const route = routes.add(posting);
    const rows = hours.get(hour);
    if (rows === undefined) hours.set(hour, [{ at, route }]);
    else rows.push({ at, route });
  }
  const args: Argument[] = [keepMs, operation, ...routes.arguments()];
  const order: number[] = [];
  for (const [hour, rows] of hours) {
    const bytes = Buffer.allocUnsafe(rows.length * rowBytes);
    for (const [row, { at, route }] of rows.entries()) {
      const posting = postings[at];
      if (posting !== undefined) writeRow(bytes, row * rowBytes, posting, route);
      order.push(at);
    }
    args.push(hour, bytes);
  }
  return { args, order, counters: routes.counters };
}

/** The counters of a batch, the combinations of them that its postings have, and what all postings add to each. */
class Routes {
  readonly #nowMs: number;
  readonly #counters = new Map<string, CounterSum>();
  readonly #routes = new Map<string, { readonly at: number; readonly sums: readonly CounterSum[] }>();
  #lastCounters: Posting["counters"] | undefined;
  #last = "";

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  /** Answers the position of the posting's route, from 1. */
  add({ counters, amounts }: Posting): number {
    const name = this.#nameOf(counters);
    let route = this.#routes.get(name);
    if (route === undefined) {
      route = { at: this.#routes.size + 1, sums: counters.flatMap(({ key }) => this.#counters.get(key) ?? []) };
      this.#routes.set(name, route);
    }
    for (const sum of route.sums) {
      sum.nanoUsd += amounts.nanoUsd;
      sum.inputTokens += amounts.inputTokens;
      sum.outputTokens += amounts.outputTokens;
      sum.requests += amounts.requests;
      sum.unpriced += amounts.unpriced;
    }
    return route.at;
  }

  get counters(): readonly string[] {
    return [...this.#counters.keys()];
  }

  *arguments(): Iterable<Argument> {
    yield this.#counters.size;
    for (const [key, sum] of this.#counters) {
      yield* [key, sum.keptMs, String(sum.nanoUsd / billion), String(sum.nanoUsd % billion)];
      yield* [sum.inputTokens, sum.outputTokens, sum.requests, sum.unpriced];
    }
    yield this.#routes.size;
    yield* this.#routes.keys();
  }

  #nameOf(counters: Posting["counters"]): string {
    if (counters === this.#lastCounters) return this.#last;
    let name = "";
    for (const { key, expiresAtMs } of counters) {
      let sum = this.#counters.get(key);
      if (sum === undefined) {
        const at = this.#counters.size + 1;
        sum = { at, keptMs: keptMs(expiresAtMs, this.#nowMs), ...zeroAmounts };
        this.#counters.set(key, sum);
      }
      name += `${sum.at},`;
    }
    this.#lastCounters = counters;
    this.#last = name;
    return name;
  }
}

interface CounterSum extends Changing<Amounts> {
  readonly at: number;
  readonly keptMs: number;
}

type Changing<T> = { -readonly [Key in keyof T]: T[Key] };

const zeroAmounts: Amounts = { nanoUsd: 0n, inputTokens: 0, outputTokens: 0, requests: 0, unpriced: 0 };

/** As `rows.lua` says. */
const rowBytes = 43;
const billion = 1_000_000_000n;
const billionNumber = 1_000_000_000;
const safeMax = BigInt(Number.MAX_SAFE_INTEGER);

function writeRow(bytes: Buffer, from: number, { span, endMs, amounts }: Posting, route: number): void {
  const { nanoUsd, inputTokens, outputTokens, requests, unpriced } = amounts;
  let at = bytes.writeBigUInt64BE(span, from);
  at = bytes.writeUInt16BE(Math.max(0, Math.floor((endMs % hourMs) / 1000)), at);
  at = bytes.writeUInt16BE(route, at);
  if (nanoUsd <= safeMax) {
    // Numbers where they are exact: arithmetic of BigInt makes values.
    const nano = Number(nanoUsd);
    const low = nano % billionNumber;
    at = bytes.writeUIntBE((nano - low) / billionNumber, at, 5);
    at = bytes.writeUInt32BE(low, at);
  } else {
    at = bytes.writeUIntBE(Number(nanoUsd / billion), at, 5);
    at = bytes.writeUInt32BE(Number(nanoUsd % billion), at);
  }
  at = writeTokens(bytes, inputTokens, at);
  at = writeTokens(bytes, outputTokens, at);
  at = bytes.writeUInt32BE(requests, at);
  bytes.writeUInt32BE(unpriced, at);
}

/** 7 bytes: Node writes 6 at once. */
function writeTokens(bytes: Buffer, tokens: number, at: number): number {
  const high = Math.floor(tokens / 2 ** 48);
  return bytes.writeUIntBE(tokens - high * 2 ** 48, bytes.writeUInt8(high, at), 6);
}

/** Positions by what they have in common, in their order, in batches of at most `batchMax`. */
export function grouped<Key>(
  positions: readonly number[],
  keyOf: (at: number) => Key,
  batchMax: number,
): ReadonlyMap<Key, number[][]> {
  const groups = new Map<Key, number[][]>();
  for (const at of positions) {
    const key = keyOf(at);
    const batches = groups.get(key);
    const last = batches?.at(-1);
    if (batches === undefined || last === undefined) groups.set(key, [[at]]);
    else if (last.length < batchMax) last.push(at);
    else batches.push([at]);
  }
  return groups;
}

/** How long a counter is kept from now on; 0 is for ever. */
export function keptMs(expiresAtMs: number, nowMs: number): number {
  return Number.isFinite(expiresAtMs) ? Math.max(1000, Math.ceil(expiresAtMs - nowMs)) : 0;
}

const hourMs = 3_600_000;
