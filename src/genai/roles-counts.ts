// Comparing what spans count. Emitters of one call differ a little (a stream's first token counted twice, thoughts or
// cached tokens left out), so that equal means nearly equal.
import { buckets, type Usage } from "./usage.ts";

/** Whether two spans can speak of the same answer. */
export function agree(a: Usage, b: Usage): boolean {
  return agreeOnInput(a, b) && agreeOnOutput(a, b);
}

/** Whether one says what the other says. */
export function restate(a: Usage, b: Usage): boolean {
  if (tokensOf(a) === 0 && tokensOf(b) === 0) return buckets.every((bucket) => (a[bucket] ?? 0) === (b[bucket] ?? 0));
  return near(a.input ?? 0, b.input ?? 0) && near(a.output ?? 0, b.output ?? 0);
}

/** Whether `whole` is the sum of `parts`, or of most of them: some may not have arrived. */
export function sumsUp(whole: Usage, parts: readonly Usage[]): boolean {
  if (parts.some((part) => restate(whole, part))) return true;
  const sum = sumOf(parts);
  return 0 < tokensOf(sum) && fits(sum, whole) && tokensOf(whole) <= 2 * tokensOf(sum);
}

/** Whether `whole` has room for `part`. What `whole` does not count does not limit it. */
export function fits(part: Usage, whole: Usage): boolean {
  return within(part.input, whole.input) && within(part.output, whole.output);
}

export function sumOf(parts: readonly Usage[]): Usage {
  let input = 0;
  let output = 0;
  for (const part of parts) {
    input += part.input ?? 0;
    output += part.output ?? 0;
  }
  return { input, output };
}

/** Two counts of one text differ by up to 2 %, or by two tokens. */
const toleranceShare = 0.02;
const toleranceTokens = 2;

function agreeOnInput(a: Usage, b: Usage): boolean {
  if (a.input === undefined || b.input === undefined || near(a.input, b.input)) return true;
  // One of them leaves cached tokens out and does not say so.
  return near(a.input - cachedOf(a), b.input) || near(a.input, b.input - cachedOf(b));
}

function agreeOnOutput(a: Usage, b: Usage): boolean {
  if (a.output === undefined || b.output === undefined || near(a.output, b.output)) return true;
  return near(a.output - (a.reasoning ?? 0), b.output) || near(a.output, b.output - (b.reasoning ?? 0));
}

function cachedOf(usage: Usage): number {
  return (usage.cache_read ?? 0) + (usage.cache_write ?? 0);
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= Math.max(toleranceTokens, Math.max(a, b) * toleranceShare);
}

function within(part: number | undefined, whole: number | undefined): boolean {
  return whole === undefined || (part ?? 0) <= whole + Math.max(toleranceTokens, whole * toleranceShare);
}

function tokensOf(usage: Usage): number {
  return (usage.input ?? 0) + (usage.output ?? 0);
}
