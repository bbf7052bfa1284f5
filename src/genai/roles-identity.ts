// Which span of a call is outranked by another one with an id of the same answer. It is a property of pairs: who stands
// below any span of its call pays nothing, so that no order of arrival can change it. The ledger decides alike.
import type { Teller } from "./roles-teller.ts";
import { isSameSpan } from "./roles-teller.ts";
import { relationOf } from "./same-call.ts";
import type { TraceMemory } from "./trace-memory.ts";

/** A total order of spans that does not depend on when they arrive; of equal ranks it knows the span that goes first. */
export type Precedence = (a: Teller, b: Teller) => number;

/** Sets the owner of a span, and adds to `others` who shares an id with it. `strays` are in no memory. */
export function settleIdentity(
  teller: Teller,
  memory: TraceMemory,
  precedence: Precedence,
  strays: readonly Teller[] = [],
): readonly Teller[] {
  teller.owner = undefined;
  teller.rivals = nobody;
  if (teller.standing === "copy") return nobody;
  let others: Teller[] | undefined;
  for (const id of teller.responseIds) {
    for (const other of memory.tellersOf(id)) if (isNew(other, teller, others)) others = [...(others ?? []), other];
  }
  for (const stray of strays) {
    if (sharesId(stray, teller) && isNew(stray, teller, others)) others = [...(others ?? []), stray];
  }
  if (!others) return nobody;
  for (const other of others) {
    const known = standsBehind(other);
    if (!known || known === teller || precedence(teller, known) < 0 || !isSameCall(teller, other)) continue;
    if (!teller.owner || precedence(known, teller.owner) < 0) teller.owner = known;
  }
  return others;
}

/** For a copy speaks the call that it repeats, so that ranks are those of calls. */
function standsBehind(other: Teller): Teller | undefined {
  return other.standing === "copy" ? other.whole : other;
}

/** Whether two spans with a common response id tell of one call, so that one of them is enough. */
export function isSameCall(a: Teller, b: Teller): boolean {
  return relationOf(a, b) === "same";
}

export function sharesId(a: Teller, b: Teller): boolean {
  for (const id of a.responseIds) if (b.responseIds.includes(id)) return true;
  return false;
}

/** Whether the ids of two answers of one layer say that they are two: ids of one kind that differ. */
export function answersDiffer(a: Teller, b: Teller): boolean {
  if (a.layer !== b.layer || a.responseIds.length === 0 || b.responseIds.length === 0 || sharesId(a, b)) return false;
  return a.responseIds.some((one) => b.responseIds.some((other) => kindOf(one) === kindOf(other)));
}

/** `chatcmpl` of `chatcmpl-…`, `msg` of `msg_…`: layers that draw ids of their own draw them of another kind. */
function kindOf(id: string): string {
  return /^[a-z]+(?=[-_])/.exec(id)?.[0] ?? "";
}

function isNew(other: Teller, teller: Teller, others: readonly Teller[] | undefined): boolean {
  return !isSameSpan(other, teller) && !others?.includes(other);
}

const nobody: readonly Teller[] = [];
