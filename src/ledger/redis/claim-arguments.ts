// Claims as arguments of `claim.lua`.
import type { Claim, Terms } from "../ledger.ts";
import { groupsOf, liveHourOf, spellBytes, Trailers, writeContender } from "./contender.ts";
import type { Argument } from "./scripts.ts";

export interface ClaimArguments {
  /** What follows the name of the process. */
  readonly args: readonly Argument[];
  /** Positions of the claims, in the order of the script's answer. */
  readonly order: readonly number[];
}

/** For claims of one shard. */
export function claimArguments(claims: readonly Claim[], terms: Terms): ClaimArguments {
  const trailers = new Trailers();
  const contenders = claims.map((claim) => writeContender(claim, trailers.of(claim.posting), terms));
  const windowMs = terms.identityWindowMs + aheadMs;
  const args: Argument[] = [terms.keepMs, windowMs, liveHourOf(terms), trailers.count, ...trailers.arguments()];
  const order: number[] = [];
  for (const { hours, at } of groupsOf(claims).values()) {
    const parts: Buffer[] = [];
    for (const position of at) {
      const claim = claims[position];
      const contender = contenders[position];
      if (claim === undefined || contender === undefined) continue;
      parts.push(spellBytes(claim), contender);
      order.push(position);
    }
    args.push(...hours, Buffer.concat(parts));
  }
  return { args, order };
}

/** Processes do not claim as of the same instant: a journal claims as of the arrival, and clocks differ. */
const aheadMs = 3_600_000;
