// A copy below a call may say an id of its answer that the call itself does not: LiteLLM gives the client an id of its
// own, and writes the provider's on the child span that repeats request and answer.
import type { Telling } from "./call.ts";

/** The tellings, with the ids of the copies right below them. */
export function withIdsOfCopies(told: readonly Telling[]): readonly Telling[] {
  let more: Map<string, readonly string[]> | undefined;
  for (const { shape, responseIds, traceId, parentSpanId } of told) {
    if (shape !== "copy" || responseIds.length === 0 || parentSpanId === "") continue;
    more ??= new Map();
    more.set(traceId + parentSpanId, [...(more.get(traceId + parentSpanId) ?? []), ...responseIds]);
  }
  if (!more) return told;
  const idsBelow = more;
  return told.map((telling) => {
    const ids = telling.shape === "call" ? idsBelow.get(telling.traceId + telling.spanId) : undefined;
    if (!ids || ids.every((id) => telling.responseIds.includes(id))) return telling;
    return { ...telling, responseIds: [...new Set([...telling.responseIds, ...ids])] };
  });
}
