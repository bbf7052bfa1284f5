// The tellers of a trace as a tree: each among its nearest tellers above and below, whatever stands in between.
import { isCopy } from "./roles-copies.ts";
import type { Teller } from "./roles-teller.ts";
import type { Trace } from "./trace-memory.ts";

export interface Kin {
  readonly teller: Teller;
  above: Kin | undefined;
  readonly below: Kin[];
}

/**
 * In an order that does not depend on arrival: who is looked at first may decide who pays. A copy that is told by the
 * span above it is no member, and another copy is no kin of that span.
 */
export function familyOf(trace: Trace): readonly Kin[] {
  const family = new Map<string, Kin>();
  for (const { id, teller } of trace.spans()) {
    if (teller && teller.standing !== "copy") family.set(id, { teller, above: undefined, below: [] });
  }
  const members = [...family.values()].sort((a, b) => byStart(a.teller, b.teller));
  for (const kin of members) kin.above = nearestAbove(kin.teller, trace, family);
  const loops = new Set(members.filter(isOwnAncestor));
  for (const kin of members) {
    if (loops.has(kin)) kin.above = undefined;
    kin.above?.below.push(kin);
  }
  return members;
}

/** Broken emitters and hostile ones write spans that are their own ancestors: they are nobody's kin. */
function isOwnAncestor(kin: Kin): boolean {
  return kin.above !== undefined && isAtOrAbove(kin, kin.above);
}

export function byStart(a: Teller, b: Teller): number {
  return a.startMs - b.startMs || (a.key < b.key ? -1 : 1);
}

/** Whether `kin` is `from` or stands above it. */
export function isAtOrAbove(kin: Kin, from: Kin): boolean {
  let above: Kin | undefined = from;
  for (let step = 0; step < stepsMax && above && above !== kin; step++) above = above.above;
  return above !== undefined;
}

/** Spans in between that were not kept break the chain; more than these are a loop. */
const stepsMax = 512;

function nearestAbove(teller: Teller, trace: Trace, family: ReadonlyMap<string, Kin>): Kin | undefined {
  const { spanId } = teller;
  let at = trace.span(spanId)?.parent ?? "";
  if (isCopy(teller)) at = trace.span(at)?.parent ?? at;
  for (let step = 0; step < stepsMax && at !== "" && at !== spanId; step++) {
    const kin = family.get(at);
    if (kin) return kin;
    at = trace.span(at)?.parent ?? "";
  }
  return undefined;
}
