// Who restates whom in a trace. A span above may repeat the sum of the calls below it (agents, chains, wrappers), and
// the layers of one call stand above each other where the trace is passed on. The spans in between need not tell anything.
import { isHigher } from "./layers.ts";
import type { Candidate } from "./roles-candidate.ts";
import { fits, restate, sumOf, sumsUp } from "./roles-counts.ts";
import { isSameCall } from "./roles-identity.ts";
import type { Teller, Trace, TraceMemory } from "./trace-memory.ts";
import type { Usage } from "./usage.ts";

/** Sets the kinship of every candidate that comes for the first time. */
export function settleKinship(candidates: readonly Candidate[], memory: TraceMemory): void {
  for (const { traceId, spanId } of candidates) {
    const trace = spanId === "" ? undefined : memory.find(traceId);
    if (trace) trace.atHand++;
  }
  const kin = new Map<Trace, Candidate[]>();
  for (const candidate of candidates) {
    const trace = candidate.spanId === "" ? undefined : memory.find(candidate.traceId);
    // Most traces have one call, and then there is nobody to compare it with.
    if (!trace || trace.tellers + trace.atHand < 2) continue;
    const inTrace = kin.get(trace);
    if (inTrace) inTrace.push(candidate);
    else kin.set(trace, [candidate]);
  }
  for (const { traceId } of candidates) {
    const trace = memory.find(traceId);
    if (trace) trace.atHand = 0;
  }
  for (const [trace, inTrace] of kin) settleTrace(trace, inTrace);
}

/** A teller among its nearest tellers above and below. */
interface Kin {
  readonly teller: Teller;
  /** Undefined for one of an earlier request. */
  readonly candidate: Candidate | undefined;
  above: Kin | undefined;
  readonly below: Kin[];
  /** How much of its usage spans below have restated. */
  taken: Usage;
}

function settleTrace(trace: Trace, candidates: readonly Candidate[]): void {
  const family = familyOf(trace, candidates);
  if (family.length < 2) return;
  for (const kin of family) {
    if (kin.candidate && !kin.candidate.isAgain) lookBelow(kin, kin.candidate);
  }
  for (const kin of family) {
    const before = billedBefore(kin);
    if (before && kin.candidate) lookAbove(kin.candidate, before);
  }
}

function familyOf(trace: Trace, candidates: readonly Candidate[]): readonly Kin[] {
  const family = new Map<string, Kin>();
  for (const candidate of candidates)
    family.set(candidate.spanId, { teller: candidate, candidate, above: undefined, below: [], taken: {} });
  for (const { id, teller } of trace.spans()) {
    if (teller && !family.has(id))
      family.set(id, { teller, candidate: undefined, above: undefined, below: [], taken: {} });
  }
  // In an order that does not depend on arrival: who is billed may depend on who was looked at first.
  const members = [...family.values()].sort(byStart);
  for (const kin of members) {
    const above = nearestAbove(kin.teller.spanId, trace, family);
    if (!above || isAtOrAbove(kin, above)) continue;
    kin.above = above;
    above.below.push(kin);
    const isPart = !kin.candidate && kin.teller.kinship !== "alone" && kin.teller.kinship !== "rollup";
    const isItself = sharesId(kin.teller, above.teller) && isSameCall(kin.teller, above.teller);
    if (isPart || isItself) above.taken = sumOf([above.taken, kin.teller.usage]);
  }
  return members;
}

/** Broken emitters and hostile ones write spans that are their own ancestors. */
function isAtOrAbove(kin: Kin, from: Kin): boolean {
  let above: Kin | undefined = from;
  for (let step = 0; step < stepsMax && above && above !== kin; step++) above = above.above;
  return above !== undefined;
}

/** Spans in between that were not kept break the chain; more than these are a loop. */
const stepsMax = 256;

function nearestAbove(spanId: string, trace: Trace, family: ReadonlyMap<string, Kin>): Kin | undefined {
  let at = trace.span(spanId)?.parent ?? "";
  for (let step = 0; step < stepsMax && at !== "" && at !== spanId; step++) {
    const kin = family.get(at);
    if (kin) return kin;
    at = trace.span(at)?.parent ?? "";
  }
  return undefined;
}

/** A span that is new: does it restate what stands below, or is what stands below a lower layer's word of its call? */
function lookBelow({ teller, below }: Kin, candidate: Candidate): void {
  const peers = below.filter((kin) => !isHigher(teller.layer, kin.teller.layer) && !isOutrankedBy(kin, candidate));
  if (0 < peers.length && sumsUp(teller.usage, usagesOf(peers))) {
    // Where an id has already said who pays for this call, the spans below are once more the same call.
    if (candidate.isShared && peers.every((peer) => peer.candidate)) for (const peer of peers) cover(peer);
    else candidate.kinship = restatesOneOfHigherLayer(teller, peers) ? "lower_layer" : "rollup";
  }
  let output = 0;
  for (const kin of below) {
    const { usage, layer } = kin.teller;
    if (!isHigher(teller.layer, layer) || kin.candidate?.owner) continue;
    // Choices of one answer each repeat its input; their outputs add up.
    if (!fits({ input: usage.input ?? 0, output: output + (usage.output ?? 0) }, teller.usage)) continue;
    output += usage.output ?? 0;
    if (kin.candidate && !kin.candidate.isAgain) kin.candidate.kinship = "lower_layer";
    // The lower layer was billed before this span came, under no id by which the ledger could hand the call over.
    else if (kin.teller.kinship === "alone" && !sharesId(kin.teller, teller)) candidate.kinship = "covered";
  }
}

/** The nearest span above that an earlier request told, where it was billed or is itself a part of what was. */
function billedBefore(kin: Kin): Kin | undefined {
  let above = kin.above;
  for (let step = 0; step < stepsMax && above?.candidate; step++) above = above.above;
  return above && isBilledFor(above) ? above : undefined;
}

/** Whether what it tells was billed with itself, or with one above it, and not with spans below it. */
function isBilledFor(kin: Kin): boolean {
  const { kinship, layer } = kin.teller;
  if (kinship === "alone" || kinship === "rollup") return kinship === "alone";
  let above = kin.above;
  for (let step = 0; step < stepsMax && above; step++) {
    const isPayer = above.teller.kinship === "alone" && !above.candidate;
    if (isPayer && (kinship === "covered" || isHigher(above.teller.layer, layer))) return true;
    above = above.above;
  }
  return false;
}

/** A span that is new below one that was billed in an earlier request: is it a part of that bill? */
function lookAbove(candidate: Candidate, above: Kin): void {
  if (candidate.isAgain || candidate.isShared || candidate.kinship !== "alone") return;
  const part = sumOf([above.taken, candidate.usage]);
  if (!fits(part, above.teller.usage)) return;
  above.taken = part;
  candidate.kinship = isHigher(above.teller.layer, candidate.layer) ? "lower_layer" : "covered";
}

/** One with an id of its own is another call. */
function cover({ candidate }: Kin): void {
  if (!candidate || candidate.isAgain || candidate.isShared || 0 < candidate.responseIds.length) return;
  candidate.kinship = "covered";
}

/** Whether the span below is the same call by its id, and the one above pays. */
function isOutrankedBy(below: Kin, above: Candidate): boolean {
  if (below.candidate) return below.candidate.owner?.key === above.key;
  return sharesId(below.teller, above) && isSameCall(below.teller, above) && !above.owner;
}

function restatesOneOfHigherLayer(teller: Teller, peers: readonly Kin[]): boolean {
  return peers.some((peer) => isHigher(peer.teller.layer, teller.layer) && restate(teller.usage, peer.teller.usage));
}

function sharesId(a: Teller, b: Teller): boolean {
  return a.responseIds.some((id) => b.responseIds.includes(id));
}

function usagesOf(kin: readonly Kin[]): readonly Usage[] {
  return kin.map(({ teller }) => teller.usage);
}

function byStart(a: Kin, b: Kin): number {
  return a.teller.startMs - b.teller.startMs || (a.teller.key < b.teller.key ? -1 : 1);
}
