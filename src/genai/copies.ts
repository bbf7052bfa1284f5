// A copy repeats, on a child span of its own, what the provider answered to a call. Which copies the span above tells:
// those of one call. A library that writes on a span of the application (LiteLLM's SDK) leaves the last of several calls
// there, and then the copies of the others are all that tells of them.
import type { Telling } from "./call.ts";
import { restate } from "./roles-counts.ts";
import type { Usage } from "./usage.ts";

/** What a copy and its call are compared by. */
export interface Repeated {
  readonly responseIds: readonly string[];
  readonly startMs: number;
  readonly endMs: number;
  readonly usage?: Usage | undefined;
}

/**
 * Of the copies right below a call those that repeat it: all that tell of one call. It is the one that shares an id with
 * the call; else the one of `before`, which was found earlier; else, as ids on both sides may be of different makers, the
 * latest whose times or counts are the call's.
 */
export function copiesOf<T extends Repeated>(call: Repeated, copies: readonly T[], before?: T): readonly T[] {
  const named = copies.find((copy) => shareId(call, copy));
  const chosen = named ?? before ?? latest(copies.filter((copy) => mayRepeat(call, copy)));
  if (!chosen) return [];
  return copies.filter((copy) => copy === chosen || tellOneCall(chosen, copy) || shareId(call, copy));
}

function mayRepeat(call: Repeated, copy: Repeated): boolean {
  if (haveOneTime(call, copy)) return true;
  return !areCompletions(call, copy) && restate(call.usage ?? {}, copy.usage ?? {});
}

/** Ids that LiteLLM passes on as they are: where they differ, so do the answers. */
function areCompletions(call: Repeated, copy: Repeated): boolean {
  return call.responseIds.some(isCompletion) && copy.responseIds.some(isCompletion);
}

function isCompletion(id: string): boolean {
  return id.startsWith("chatcmpl-");
}

function tellOneCall(a: Repeated, b: Repeated): boolean {
  const bothNamed = 0 < a.responseIds.length && 0 < b.responseIds.length;
  return bothNamed ? shareId(a, b) : haveOneTime(a, b);
}

/** LiteLLM gives both spans of a call the same times; an application's span around it has its own. */
function haveOneTime(a: Repeated, b: Repeated): boolean {
  return Math.abs(a.startMs - b.startMs) <= 1 && Math.abs(a.endMs - b.endMs) <= 1;
}

function shareId(a: Repeated, b: Repeated): boolean {
  return a.responseIds.some((id) => b.responseIds.includes(id));
}

function latest<T extends Repeated>(copies: readonly T[]): T | undefined {
  let last: T | undefined;
  for (const copy of copies) if (!last || last.endMs < copy.endMs) last = copy;
  return last;
}

/**
 * The tellings, each call with the ids of the copies that repeat it: LiteLLM gives the client an id of its own, and
 * writes the provider's on the copy.
 */
export function withIdsOfCopies(told: readonly Telling[]): readonly Telling[] {
  let below: Map<string, Telling[]> | undefined;
  for (const telling of told) {
    if (telling.shape !== "copy" || telling.parentSpanId === "") continue;
    below ??= new Map();
    const parent = telling.traceId + telling.parentSpanId;
    const others = below.get(parent);
    if (others) others.push(telling);
    else below.set(parent, [telling]);
  }
  if (!below) return told;
  const copiesBelow = below;
  return told.map((telling) => {
    const copies = telling.shape === "call" ? copiesBelow.get(telling.traceId + telling.spanId) : undefined;
    const ids = copies ? copiesOf(telling, copies).flatMap(({ responseIds }) => responseIds) : [];
    if (ids.every((id) => telling.responseIds.includes(id))) return telling;
    return { ...telling, responseIds: [...new Set([...telling.responseIds, ...ids])] };
  });
}
