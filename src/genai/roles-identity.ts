// Which spans speak of the same call, by the ids of its answer. Emitters repeat ids (Ollama draws from 999, clients may
// choose them), so that an id only counts where times overlap and neither model nor counts contradict.

import type { Candidate } from "./roles-candidate.ts";
import { agree } from "./roles-counts.ts";
import { isSameSpan, type Teller, type TraceMemory } from "./trace-memory.ts";

/** A total order of spans that does not depend on when they arrive; of equal ranks it knows the span that goes first. */
export type Precedence = (a: Teller, b: Teller) => number;

/** Tells every candidate that is outranked in its call who stands above it. */
export function settleIdentity(candidates: readonly Candidate[], memory: TraceMemory, precedence: Precedence): void {
  if (!anyShared(candidates, memory)) return;
  for (const group of groupsOf(candidates)) {
    if (group.length === 1 && !isKnown(group[0], memory)) continue;
    const known = group.flatMap(({ responseIds }) => responseIds.flatMap((id) => memory.tellersOf(id)));
    const others = [...new Set(known)].filter((other) => !group.some((one) => isSameSpan(one, other)));
    if (1 < group.length + others.length) settleGroup(group, others, precedence);
  }
}

/** Most answers are told once, so that there are no groups to be made. */
function anyShared(candidates: readonly Candidate[], memory: TraceMemory): boolean {
  const ids = new Set<string>();
  let count = 0;
  for (const candidate of candidates) {
    if (isKnown(candidate, memory)) return true;
    for (const id of candidate.responseIds) {
      ids.add(id);
      count++;
    }
  }
  return ids.size < count;
}

/** Whether another span carried one of its ids before. */
function isKnown(candidate: Candidate | undefined, memory: TraceMemory): boolean {
  if (!candidate) return false;
  for (const id of candidate.responseIds) {
    for (const teller of memory.tellersOf(id)) if (!isSameSpan(teller, candidate)) return true;
  }
  return false;
}

/** Whether two spans with a common response id tell of one call. */
export function isSameCall(a: Teller, b: Teller): boolean {
  return overlap(a, b) && agreeOnModel(a.models, b.models) && agree(a.usage, b.usage);
}

function settleGroup(group: readonly Candidate[], others: readonly Teller[], precedence: Precedence): void {
  const mine = new Map<Teller, Candidate>(group.map((candidate) => [candidate, candidate]));
  const owners: Teller[] = [];
  for (const teller of [...group, ...others].sort(precedence)) {
    const owner = owners.find((above) => isSameCall(above, teller));
    if (!owner) {
      owners.push(teller);
      continue;
    }
    const outranked = mine.get(teller);
    if (outranked) outranked.owner = owner;
    if (outranked) outranked.isShared = true;
    const above = mine.get(owner);
    if (above) above.isShared = true;
  }
}

/** Candidates that a chain of common ids connects. */
function groupsOf(candidates: readonly Candidate[]): ReadonlySet<readonly Candidate[]> {
  const groupOf = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    let group: Candidate[] = [candidate];
    for (const id of candidate.responseIds) {
      const met = groupOf.get(id);
      if (met && met !== group) group = joined(met, group, groupOf);
      groupOf.set(id, group);
    }
    for (const id of candidate.responseIds) groupOf.set(id, group);
  }
  return new Set(groupOf.values());
}

function joined(into: Candidate[], from: readonly Candidate[], groupOf: Map<string, Candidate[]>): Candidate[] {
  into.push(...from);
  for (const { responseIds } of from) for (const id of responseIds) groupOf.set(id, into);
  return into;
}

/** Clocks of two machines, and the time that a span waits before it starts. */
const toleranceMs = 5_000;

function overlap(a: Teller, b: Teller): boolean {
  return a.startMs <= b.endMs + toleranceMs && b.startMs <= a.endMs + toleranceMs;
}

/** Layers know a model by different names: with a path or not, dated or not. One that says none contradicts nobody. */
function agreeOnModel(a: readonly string[], b: readonly string[]): boolean {
  if (a.length === 0 || b.length === 0) return true;
  for (const one of a) for (const other of b) if (related(bare(one), bare(other))) return true;
  return false;
}

function related(a: string, b: string): boolean {
  return a.includes(b) || b.includes(a);
}

function bare(model: string): string {
  return model.slice(model.lastIndexOf("/") + 1).toLowerCase();
}
