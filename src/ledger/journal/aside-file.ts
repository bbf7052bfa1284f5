// What a ledger did not take, as a file that a person reads.
import type { Claims } from "../charging.ts";

/**
 * `refused`: something of this very charge stands in its way. `damaged`: the record cannot be read. `too_old`: the ledger
 * no longer knows whether such spans were charged. `undecided`: nobody can tell any more who pays. `late`, `future`: it ended
 * outside of what is accepted.
 */
export type SetAsideReason = "refused" | "damaged" | "too_old" | "undecided" | "late" | "future";

export interface SetAside {
  readonly claims: Claims;
  readonly arrivedMs: number;
  readonly reason: SetAsideReason;
  readonly error: string;
}

/** JSON: amounts in nano-USD as text, fingerprints in hexadecimal. */
export function fileOf(calls: readonly SetAside[], nowMs: number): Uint8Array {
  const [first] = calls;
  const about = { reason: first?.reason, error: first?.error, set_aside: timeOf(nowMs) };
  return new TextEncoder().encode(`${JSON.stringify({ ...about, calls: calls.map(callOf) }, undefined, 2)}\n`);
}

function callOf({ claims, arrivedMs }: SetAside): unknown {
  const posting = claims[0]?.posting;
  return {
    tenant: posting?.tenant,
    span: hexOf(posting?.span ?? 0n),
    call_ids: claims.map(({ id }) => hexOf(id)),
    arrived: timeOf(arrivedMs),
    ended: timeOf(posting?.endMs ?? Number.NaN),
    provider: posting?.provider,
    model: posting?.model,
    nano_usd: String(posting?.amounts.nanoUsd),
    input_tokens: posting?.amounts.inputTokens,
    output_tokens: posting?.amounts.outputTokens,
    requests: posting?.amounts.requests,
    unpriced: posting?.amounts.unpriced,
    counters: posting?.counters.map(({ key }) => key),
  };
}

function hexOf(fingerprint: bigint): string {
  return fingerprint.toString(16).padStart(16, "0");
}

/** Spans may say that they ended in a year that no date has. */
function timeOf(ms: number): string {
  return Math.abs(ms) <= dateMsMax ? new Date(ms).toISOString() : String(ms);
}

/** ECMA-262, section 21.4.1.1. */
const dateMsMax = 8.64e15;
