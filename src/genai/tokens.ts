// What token counts mean. In a normalised usage the input includes cache reads and writes, and the output includes
// reasoning (semantic conventions since 1.40). Emitters differ, so arithmetic is asked first and the dialect second.
import { matchesScope, type TokenMeaning } from "./dialect.ts";
import type { ReadingFlag } from "./flags.ts";
import type { Usage } from "./usage.ts";

/** Counts as an emitter told them; undefined is not told. Reused from span to span. */
export class TokenCounts {
  input: number | undefined;
  output: number | undefined;
  total: number | undefined;
  cacheRead: number | undefined;
  cacheWrite: number | undefined;
  cacheWrite5m: number | undefined;
  cacheWrite1h: number | undefined;
  reasoning: number | undefined;
  uncachedInput: number | undefined;
  /** Who answered, as the span says it. */
  provider: string | undefined;

  /** Makes input and output what the convention says, in place. */
  normalise(meaning: TokenMeaning, scope: string, flags: ReadingFlag[]): void {
    // An input that follows from other counts is all input already, whatever the emitter's own would be.
    const isDerived = this.input === undefined;
    this.#completeWrites();
    this.#completeTotals(flags);
    const cached = (this.cacheRead ?? 0) + (this.cacheWrite ?? 0);
    const input = this.input;
    if (input !== undefined && 0 < cached) {
      const proven = this.#provesExclusive(input, cached);
      if (proven) flags.push("usage_convention_inferred_exclusive");
      const isAll = isDerived || this.uncachedInput !== undefined;
      if (proven || (!isAll && this.#leavesCacheOut(meaning, scope))) this.input = input + cached;
    }
    if (isOneOf(meaning.apartReasoningScopes, scope)) this.#reasoningFromTotal();
    this.#completeOutput(meaning, flags);
  }

  #leavesCacheOut({ inputIncludesCache, exclusiveScopes, exclusiveProviders }: TokenMeaning, scope: string): boolean {
    if (inputIncludesCache === false || isOneOf(exclusiveScopes, scope)) return true;
    return this.provider !== undefined && isOneOf(exclusiveProviders, this.provider);
  }

  /** LangChain says of a write that it was 0 and that it lives for five minutes: the parts are right. */
  #completeWrites(): void {
    if (this.cacheWrite5m === undefined && this.cacheWrite1h === undefined) return;
    const parts = (this.cacheWrite5m ?? 0) + (this.cacheWrite1h ?? 0);
    if (this.cacheWrite === undefined || this.cacheWrite < parts) this.cacheWrite = parts;
  }

  #completeTotals(flags: ReadingFlag[]): void {
    if (this.input !== undefined) return;
    if (this.uncachedInput !== undefined) {
      // Some say of all their input that it is what is left beside the cache: then the total is too small for both.
      const isAll = this.total !== undefined && this.total === this.uncachedInput + (this.output ?? 0);
      this.input = this.uncachedInput + (isAll ? 0 : (this.cacheRead ?? 0) + (this.cacheWrite ?? 0));
      if (isAll) this.uncachedInput = undefined;
    } else if (this.total !== undefined && this.output !== undefined && this.output <= this.total) {
      this.input = this.total - this.output;
    } else if (this.total !== undefined && this.output === undefined) {
      this.input = this.total;
      flags.push("usage_total_only");
    }
  }

  /** More cached than input cannot be; and a total that counts the cache on top says so. */
  #provesExclusive(input: number, cached: number): boolean {
    if (input < cached) return true;
    if (this.uncachedInput !== undefined) return this.uncachedInput === input;
    return this.total !== undefined && this.total === input + (this.output ?? 0) + cached;
  }

  #reasoningFromTotal(): void {
    if (this.total === undefined || this.output === undefined || this.reasoning !== undefined) return;
    const rest = this.total - (this.input ?? 0) - this.output;
    if (0 < rest) this.reasoning = rest;
  }

  #completeOutput(meaning: TokenMeaning, flags: ReadingFlag[]): void {
    const { output, reasoning } = this;
    if (output === undefined || reasoning === undefined || reasoning === 0) return;
    const onTop = this.total !== undefined && this.total === (this.input ?? 0) + output + reasoning;
    const proven = onTop || output < reasoning;
    if (proven) flags.push("usage_reasoning_added");
    const included = meaning.outputIncludesReasoning !== false || this.total === (this.input ?? 0) + output;
    if (proven || !included) this.output = output + reasoning;
  }
}

function isOneOf(patterns: readonly string[] | undefined, scope: string): boolean {
  if (patterns) for (const pattern of patterns) if (matchesScope(pattern, scope)) return true;
  return false;
}

/** What of a call's modalities is told beside its tokens. */
export interface Modalities {
  readonly audioInput: number | undefined;
  readonly audioCacheRead: number | undefined;
  readonly imageInput: number | undefined;
  readonly audioOutput: number | undefined;
  readonly imageOutput: number | undefined;
}

/** The usage of a call; undefined when nothing was used, which is what emitters say of calls that failed. */
export function usageOf(counts: TokenCounts, modalities: Modalities): Usage | undefined {
  if ((counts.input ?? 0) + (counts.output ?? 0) === 0) return undefined;
  const usage: { -readonly [B in keyof Usage]: Usage[B] } = {};
  if (counts.input !== undefined) usage.input = counts.input;
  if (counts.cacheRead !== undefined) usage.cache_read = counts.cacheRead;
  if (counts.cacheWrite !== undefined) usage.cache_write = counts.cacheWrite;
  if (counts.cacheWrite5m) usage.cache_write_5m = counts.cacheWrite5m;
  if (counts.cacheWrite1h) usage.cache_write_1h = counts.cacheWrite1h;
  if (modalities.audioInput) usage.audio_in = modalities.audioInput;
  if (modalities.audioCacheRead) usage.cache_read_audio = modalities.audioCacheRead;
  if (modalities.imageInput) usage.image_in = modalities.imageInput;
  if (counts.output !== undefined) usage.output = counts.output;
  if (counts.reasoning !== undefined) usage.reasoning = counts.reasoning;
  if (modalities.audioOutput) usage.audio_out = modalities.audioOutput;
  if (modalities.imageOutput) usage.image_out = modalities.imageOutput;
  return usage;
}
