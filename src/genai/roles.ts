// What becomes of each span that tells of a call: `bill`, `shadow` or `ignore`, and why. Three guards in turn: the class
// of the span, the id of its answer, its kin in the trace. The spans of one request are decided as a set, so that their
// order in it does not matter; what earlier requests told is in the trace memory.
//
// This is what the spans say of each other as far as this process saw them. Across processes the claim in the ledger
// decides, and it alone makes a charge exactly once.
import { isHigher } from "./layers.ts";
import { type Candidate, candidateOf, type Spoken } from "./roles-candidate.ts";
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
  const candidates = new Candidates();
  const found: (Verdict | Candidate | undefined)[] = [];
  for (let at = 0; at < spoken.length; at++) {
    const one = spoken[at];
    const itsClass = one ? classOf(one.telling, one.layer) : "silent";
    if (itsClass === "undecided" && one) found.push(candidates.enter(candidateOf(one, at, court.memory)));
    else found.push(typeof itsClass === "string" ? undefined : itsClass);
  }
  if (0 < candidates.list.length) settle(candidates.list, court);
  const verdicts = found.map((one) => (one && "kinship" in one ? verdictOn(candidates.counting(one)) : one));
  // What is remembered of them must not keep others alive.
  for (const candidate of candidates.list) candidate.owner = undefined;
  return verdicts;
}

/** The candidates of a request. A span that it holds twice is one span; should the two differ, the one that says more counts. */
class Candidates {
  readonly list: Candidate[] = [];
  // Ids of spans differ nearly always, and to join two ids for a key costs more than to find out.
  readonly #places = new Map<string, number>();

  /** Returns the candidate that stands for the span so far. */
  enter(candidate: Candidate): Candidate {
    const name = this.#nameOf(candidate);
    const place = this.#places.get(name);
    const twin = place === undefined ? undefined : this.list[place];
    if (place === undefined || !twin) this.#places.set(name, this.list.push(candidate) - 1);
    else if (weightOf(twin) < weightOf(candidate)) this.list[place] = candidate;
    return candidate;
  }

  /** The one of its twins that counts. */
  counting(candidate: Candidate): Candidate {
    return this.list[this.#places.get(this.#nameOf(candidate)) ?? -1] ?? candidate;
  }

  #nameOf({ key, traceId, spanId }: Candidate): string {
    if (spanId === "") return key;
    const met = this.list[this.#places.get(spanId) ?? -1];
    return met === undefined || met.traceId === traceId ? spanId : key;
  }
}

function weightOf({ rank, usage }: Candidate): number {
  return rank * 1e9 + (usage.input ?? 0) + (usage.output ?? 0);
}

function settle(candidates: readonly Candidate[], { memory, nowMs, fingerprintOf }: Court): void {
  const precedence: Precedence = (a, b) => b.rank - a.rank || comparePrints(a, b, fingerprintOf);
  settleIdentity(candidates, memory, precedence);
  settleKinship(candidates, memory);
  for (const candidate of candidates) if (candidate.spanId !== "") memory.remember(candidate, nowMs);
}

function comparePrints(a: Teller, b: Teller, fingerprintOf: Court["fingerprintOf"]): number {
  const difference = fingerprintOf(a.traceId, a.spanId) - fingerprintOf(b.traceId, b.spanId);
  if (difference === 0n) return a.key < b.key ? -1 : Number(b.key < a.key);
  return difference < 0n ? -1 : 1;
}

function verdictOn(candidate: Candidate): Verdict {
  const { owner, kinship, layer } = candidate;
  if (owner) return isHigher(owner.layer, layer) ? ofLowerLayer : duplicate;
  if (kinship === "alone") return leaf;
  if (kinship === "covered") return duplicate;
  return kinship === "lower_layer" ? ofLowerLayer : rollup;
}

const leaf: Verdict = { role: "bill", reason: "leaf" };
const duplicate: Verdict = { role: "shadow", reason: "duplicate" };
const ofLowerLayer: Verdict = { role: "shadow", reason: "lower_layer" };
const rollup: Verdict = { role: "shadow", reason: "rollup" };
