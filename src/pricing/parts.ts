// A usage record as disjoint parts: what each token is priced as. Input includes caches, audio and images, output
// includes reasoning (OpenTelemetry GenAI conventions), so parts are taken out of the totals, never added to them.
import type { Usage, UsageRecord } from "../genai/usage.ts";

/** The disjoint parts, in the order in which they are billed. */
export const tokenParts = [
  "input",
  "cache_read",
  "cache_write",
  "cache_write_5m",
  "cache_write_1h",
  "audio_in",
  "cache_read_audio",
  "image_in",
  "output",
  "reasoning",
  "audio_out",
  "image_out",
  "citation",
] as const;
export const outputPart = tokenParts.indexOf("output");
export const reasoningPart = tokenParts.indexOf("reasoning");
export const writePart = tokenParts.indexOf("cache_write");

export interface Parts {
  /** All input tokens, caches included: what context bands look at. */
  readonly inputTotal: number;
  /** Tokens by `tokenParts`. Positions instead of names: the loop over them is the hot one. */
  readonly quantities: readonly number[];
  readonly inferredExclusive: boolean;
  readonly exceedsTotal: boolean;
}

/**
 * The parts of a call's tokens; undefined when a quantity is none. They are valid until the next call is split.
 * `usual` is how records count that do not say it.
 */
export function splitUsage(record: UsageRecord, usual: "inclusive" | "exclusive"): Parts | undefined {
  const { usage } = record;
  if (!isSound(usage)) return undefined;
  const convention = record.usageConvention ?? usual;
  const read = usage.cache_read ?? 0;
  const write5m = usage.cache_write_5m ?? 0;
  const write1h = usage.cache_write_1h ?? 0;
  // A total of writes beside its parts: only the rest has no known time to live.
  const write = Math.max(0, (usage.cache_write ?? 0) - write5m - write1h);
  const cached = read + write + write5m + write1h;
  const given = usage.input ?? 0;
  // More cached than input cannot be: the emitter counts the cache apart.
  const inferredExclusive = convention !== "exclusive" && given < cached;
  const inputTotal = convention === "exclusive" || inferredExclusive ? given + cached : given;
  const cachedAudio = Math.min(usage.cache_read_audio ?? 0, read);
  const audio = Math.max(0, (usage.audio_in ?? 0) - cachedAudio);
  const image = usage.image_in ?? 0;
  const text = inputTotal - cached - audio - image;
  const reasoning = usage.reasoning ?? 0;
  const audioOut = usage.audio_out ?? 0;
  const imageOut = usage.image_out ?? 0;
  const citation = usage.citation ?? 0;
  const textOut = (usage.output ?? 0) - reasoning - audioOut - imageOut - citation;
  quantities[0] = Math.max(0, text);
  quantities[1] = read - cachedAudio;
  quantities[2] = write;
  quantities[3] = write5m;
  quantities[4] = write1h;
  quantities[5] = audio;
  quantities[6] = cachedAudio;
  quantities[7] = image;
  quantities[8] = Math.max(0, textOut);
  quantities[9] = reasoning;
  quantities[10] = audioOut;
  quantities[11] = imageOut;
  quantities[12] = citation;
  return {
    inputTotal: inputTotal - Math.min(0, text),
    quantities,
    inferredExclusive,
    exceedsTotal: text < 0 || textOut < 0,
  };
}

/** By `tokenParts`; one list for all calls. Nothing keeps it: lines of a bill take their numbers out of it. */
const quantities = new Array<number>(tokenParts.length).fill(0);

function isSound(usage: Usage): boolean {
  for (const bucket in usage) {
    const quantity = usage[bucket as keyof Usage];
    if (quantity !== undefined && !(0 <= quantity && quantity <= Number.MAX_SAFE_INTEGER)) return false;
  }
  return true;
}
