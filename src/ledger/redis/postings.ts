// Postings as arguments of `charge.lua` and `cancel.lua`.
import type { Posting, Terms } from "../ledger.ts";
import type { Argument } from "./scripts.ts";

export interface ChargeArguments {
  /** What follows the name of the process. */
  readonly args: readonly Argument[];
  /** Names of the counters, in the order of the script's answer. */
  readonly counters: readonly string[];
}

/** For postings of one tenant. */
export function chargeArguments(postings: readonly (Posting | undefined)[], { nowMs, keepMs }: Terms): ChargeArguments {
  const counters = new Map<string, { readonly at: number; readonly keptMs: number }>();
  const routes = new Map<string, number>();
  const rows: Argument[] = [];
  for (const posting of postings) {
    if (posting === undefined) continue;
    let route = "";
    for (const { key, expiresAtMs } of posting.counters) {
      let counter = counters.get(key);
      if (counter === undefined) {
        counter = { at: counters.size + 1, keptMs: keptMs(expiresAtMs, nowMs) };
        counters.set(key, counter);
      }
      route += `${counter.at},`;
    }
    let routeAt = routes.get(route);
    if (routeAt === undefined) {
      routeAt = routes.size + 1;
      routes.set(route, routeAt);
    }
    const { span, endMs, amounts } = posting;
    rows.push(String(BigInt.asIntN(64, span)), Math.max(0, Math.floor(endMs / hourMs)), routeAt);
    rows.push(String(amounts.nanoUsd), amounts.inputTokens, amounts.outputTokens, amounts.requests, amounts.unpriced);
  }
  const args: Argument[] = [keepMs, counters.size];
  for (const [key, { keptMs }] of counters) args.push(key, keptMs);
  args.push(routes.size, ...routes.keys(), ...rows);
  return { args, counters: [...counters.keys()] };
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
