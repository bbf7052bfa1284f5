// A copy is the call where nobody else tells it: LiteLLM's callback writes the call on the span that is active, and where
// that one has ended already (FastAPI's own spans) only the copy below it says what was used.
import { copiesOf } from "./copies.ts";
import type { Teller } from "./roles-teller.ts";

/** The span above a copy: a teller, one that repeats no charge of anybody (`idle`), or none that tells the call. */
export type Above = Teller | "idle" | undefined;

/** Sets which of the copies among `tellers` the span above them tells. */
export function settleCopies(tellers: readonly Teller[], aboveOf: (copy: Teller) => Above): void {
  let families: Map<Teller, Teller[]> | undefined;
  for (const teller of tellers) {
    if (!isCopy(teller)) continue;
    const above = aboveOf(teller);
    if (above === "idle" || above === undefined) {
      teller.standing = above === "idle" ? "copy" : "alone";
      teller.whole = undefined;
      continue;
    }
    families ??= new Map();
    const copies = families.get(above);
    if (copies) copies.push(teller);
    else families.set(above, [teller]);
  }
  if (families) for (const [call, copies] of families) settleBelow(call, copies);
}

function settleBelow(call: Teller, copies: readonly Teller[]): void {
  const before = copies.find(({ standing, whole }) => standing === "copy" && whole === call);
  const repeated = copiesOf(call, copies, before);
  for (const copy of copies) {
    const isRepeated = repeated.includes(copy);
    copy.standing = isRepeated ? "copy" : "alone";
    copy.whole = isRepeated ? call : undefined;
  }
}

export function isCopy({ telling }: Teller): boolean {
  return telling.shape === "copy";
}

/** Whether one stands as a copy right below the other, be it of that call or of an earlier one on the same span. */
export function isCopyBelow(copy: Teller, call: Teller): boolean {
  return isCopy(copy) && copy.telling.parentSpanId === call.spanId && copy.traceId === call.traceId;
}
