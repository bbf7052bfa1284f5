// What becomes of each span that tells of a call: `bill`, `shadow` or `ignore`, and why. Three guards in turn: the class
// of the span, the id of its answer, its kin in the trace. The spans of one request are decided as a set, so that their
// order in it does not matter; what earlier requests told is in the trace memory.
//
// This is what the spans say of each other as far as this process saw them. Across processes the claim in the ledger
// decides, and it alone makes a charge exactly once.
import { isHigher } from "./layers.ts";
import { type Candidate, candidateOf, keyOf, type Spoken, tellerOf } from "./roles-candidate.ts";
import { classOf, type Verdict } from "./roles-class.ts";
import { type Precedence, settleIdentity } from "./roles-identity.ts";
import { settleKinship } from "./roles-kinship.ts";
import type { Teller, TraceMemory } from "./trace-memory.ts";

export interface Court {
  readonly memory: TraceMemory;
  readonly nowMs: number;
  /** Tells spans of equal rank apart, the same way in every replica and in the ledger: the smaller one goes first. */
  fingerprintOf(traceId: string, spanId: string): bigint;
}

/** Verdicts at the positions of the tellings, undefined for spans that tell of no call and so get no role. */
export function decideRoles(spoken: readonly Spoken[], court: Court): readonly (Verdict | undefined)[] {
  const candidates = new Map<string, Candidate>();
  const classes = spoken.map((one, at) => {
    const found = classOf(one.telling, one.layer);
    if (found === "undecided") enter(candidates, candidateOf(one, at, court.memory));
    return found;
  });
  if (0 < candidates.size) settle([...candidates.values()], court);
  return spoken.map(({ telling }, at) => {
    const found = classes[at];
    if (found === undefined || found === "silent") return undefined;
    if (found !== "undecided") return found;
    const candidate = candidates.get(keyOf(telling, at));
    return candidate && verdictOn(candidate);
  });
}

/** A span that a request holds twice is one span; should the two differ, the one that says more counts. */
function enter(candidates: Map<string, Candidate>, candidate: Candidate): void {
  const twin = candidates.get(candidate.key);
  if (!twin || weightOf(twin) < weightOf(candidate)) candidates.set(candidate.key, candidate);
}

function weightOf({ rank, usage }: Candidate): number {
  return rank * 1e9 + (usage.input ?? 0) + (usage.output ?? 0);
}

function settle(candidates: readonly Candidate[], { memory, nowMs, fingerprintOf }: Court): void {
  const precedence: Precedence = (a, b) => b.rank - a.rank || comparePrints(a, b, fingerprintOf);
  settleIdentity(candidates, memory, precedence);
  settleKinship(candidates, memory);
  for (const candidate of candidates) if (candidate.spanId !== "") memory.remember(tellerOf(candidate), nowMs);
}

function comparePrints(a: Teller, b: Teller, fingerprintOf: Court["fingerprintOf"]): number {
  const difference = fingerprintOf(a.traceId, a.spanId) - fingerprintOf(b.traceId, b.spanId);
  if (difference === 0n) return a.key < b.key ? -1 : Number(b.key < a.key);
  return difference < 0n ? -1 : 1;
}

function verdictOn(candidate: Candidate): Verdict {
  const { owner, kinship, layer } = candidate;
  if (owner) return { role: "shadow", reason: isHigher(owner.layer, layer) ? "lower_layer" : "duplicate" };
  if (kinship === "alone") return { role: "bill", reason: "leaf" };
  return { role: "shadow", reason: kinship === "covered" ? "duplicate" : kinship };
}
