// Comparing what spans of one trace count. Emitters of one call differ a little (a stream's first token counted twice,
// thoughts or cached tokens left out), so that equal means nearly equal.
import { near } from "./same-call.ts";
import { buckets, type Usage } from "./usage.ts";

/** Whether one says what the other says. */
export function restate(a: Usage, b: Usage): boolean {
  if (tokensOf(a) === 0 && tokensOf(b) === 0) return buckets.every((bucket) => (a[bucket] ?? 0) === (b[bucket] ?? 0));
  return restateInput(a, b) && restateOutput(a, b);
}

/** Whether `whole` has room for `part`. What `whole` does not count does not limit it. */
export function fits(part: Usage, whole: Usage): boolean {
  return within(part.input, whole.input) && within(part.output, whole.output);
}

export function tokensOf(usage: Usage): number {
  return (usage.input ?? 0) + (usage.output ?? 0);
}

/** One of them may leave cached tokens out and not say so. */
function restateInput(a: Usage, b: Usage): boolean {
  const [one, other] = [a.input ?? 0, b.input ?? 0];
  return (
    near(one, other) || (0 < other && near(one - cachedOf(a), other)) || (0 < one && near(one, other - cachedOf(b)))
  );
}

function restateOutput(a: Usage, b: Usage): boolean {
  const [one, other] = [a.output ?? 0, b.output ?? 0];
  if (near(one, other)) return true;
  return (0 < other && near(one - (a.reasoning ?? 0), other)) || (0 < one && near(one, other - (b.reasoning ?? 0)));
}

function cachedOf(usage: Usage): number {
  return (usage.cache_read ?? 0) + (usage.cache_write ?? 0);
}

function within(part: number | undefined, whole: number | undefined): boolean {
  if (whole === undefined) return true;
  return (part ?? 0) <= whole || near(part ?? 0, whole);
}
