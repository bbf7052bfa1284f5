import { describe, expect, test } from "vitest";
import type { TokenMeaning } from "./dialect.ts";
import type { ReadingFlag } from "./flags.ts";
import { TokenCounts, usageOf } from "./tokens.ts";

const auto: TokenMeaning = { inputIncludesCache: "auto", outputIncludesReasoning: "auto" };
const exclusive: TokenMeaning = { ...auto, inputIncludesCache: false, exclusiveScopes: ["bedrock"] };
const inclusive: TokenMeaning = {
  inputIncludesCache: true,
  outputIncludesReasoning: true,
  exclusiveScopes: ["bedrock"],
};
const apart: TokenMeaning = { ...auto, apartReasoningScopes: ["gemini.*"] };
const none = {
  audioInput: undefined,
  audioCacheRead: undefined,
  imageInput: undefined,
  audioOutput: undefined,
  imageOutput: undefined,
};

interface Row {
  readonly name: string;
  readonly meaning: TokenMeaning;
  readonly scope?: string;
  readonly told: Partial<TokenCounts>;
  readonly input?: number;
  readonly output?: number;
  readonly flags?: readonly ReadingFlag[];
}

const rows: readonly Row[] = [
  {
    name: "T22: more cached than input proves that the cache is apart",
    meaning: auto,
    told: { input: 2, cacheRead: 63002, cacheWrite: 679, output: 5 },
    input: 63683,
    output: 5,
    flags: ["usage_convention_inferred_exclusive"],
  },
  {
    name: "T23: also where the dialect says otherwise",
    meaning: inclusive,
    told: { input: 191, cacheRead: 1024, cacheWrite: 256, output: 87 },
    input: 1471,
    output: 87,
    flags: ["usage_convention_inferred_exclusive"],
  },
  {
    name: "a total that counts the cache on top proves it",
    meaning: inclusive,
    told: { input: 2000, cacheRead: 1024, output: 87, total: 3111 },
    input: 3024,
    output: 87,
    flags: ["usage_convention_inferred_exclusive"],
  },
  {
    name: "an uncached count that is the input proves it",
    meaning: inclusive,
    told: { input: 2000, uncachedInput: 2000, cacheRead: 1024 },
    input: 3024,
    flags: ["usage_convention_inferred_exclusive"],
  },
  {
    name: "an uncached count below the input proves the opposite",
    meaning: auto,
    told: { input: 3024, uncachedInput: 2000, cacheRead: 1024 },
    input: 3024,
  },
  {
    name: "a dialect that leaves the cache out is believed where nothing proves",
    meaning: exclusive,
    told: { input: 5000, cacheRead: 1024, output: 87 },
    input: 6024,
    output: 87,
  },
  {
    name: "and where its total is only the sum that it made itself",
    meaning: exclusive,
    told: { input: 5000, cacheRead: 1024, output: 87, total: 5087 },
    input: 6024,
    output: 87,
  },
  { name: "so is a scope", meaning: inclusive, scope: "bedrock", told: { input: 5000, cacheRead: 1024 }, input: 6024 },
  {
    name: "the convention counts where nothing else does",
    meaning: auto,
    told: { input: 1215, cacheRead: 1024, output: 87 },
    input: 1215,
    output: 87,
  },
  {
    name: "T24: writes by time to live add up",
    meaning: auto,
    told: { input: 1471, cacheRead: 1024, cacheWrite5m: 200, cacheWrite1h: 56 },
    input: 1471,
  },
  {
    name: "T25: thoughts that the total counts on top are added",
    meaning: auto,
    told: { input: 1215, output: 55, reasoning: 32, total: 1302 },
    input: 1215,
    output: 87,
    flags: ["usage_reasoning_added"],
  },
  {
    name: "thoughts that only the total has are added where a scope leaves them out",
    meaning: apart,
    scope: "gemini.sdk",
    told: { input: 1215, output: 55, total: 1302 },
    input: 1215,
    output: 87,
    flags: ["usage_reasoning_added"],
  },
  {
    name: "T26: reasoning inside the output is not added",
    meaning: auto,
    told: { input: 1215, output: 87, reasoning: 32, total: 1302 },
    input: 1215,
    output: 87,
  },
  {
    name: "more reasoning than output is apart",
    meaning: inclusive,
    told: { input: 10, output: 5, reasoning: 32 },
    input: 10,
    output: 37,
    flags: ["usage_reasoning_added"],
  },
  {
    name: "T21: a total alone is input, flagged",
    meaning: auto,
    told: { total: 300 },
    input: 300,
    flags: ["usage_total_only"],
  },
  {
    name: "a total and an output give the input",
    meaning: auto,
    told: { total: 1302, output: 87 },
    input: 1215,
    output: 87,
  },
  {
    name: "an input that follows from the total is all input, even where the dialect leaves the cache out",
    meaning: exclusive,
    told: { total: 5087, output: 87, cacheRead: 1024 },
    input: 5000,
    output: 87,
  },
  {
    name: "and so is one that is made of its parts",
    meaning: exclusive,
    told: { uncachedInput: 5000, output: 87, cacheRead: 1024 },
    input: 6024,
    output: 87,
  },
  {
    name: "unless the cache is more than it",
    meaning: exclusive,
    told: { total: 278, output: 87, cacheRead: 1024 },
    input: 1215,
    output: 87,
    flags: ["usage_convention_inferred_exclusive"],
  },
  {
    name: "writes that live for five minutes are writes, whatever the sum of all writes says",
    meaning: inclusive,
    told: { input: 1471, cacheRead: 1024, cacheWrite: 0, cacheWrite5m: 256 },
    input: 1471,
  },
  { name: "T20: an embedding has input alone", meaning: auto, told: { input: 8, total: 8 }, input: 8 },
];

describe("token counts", () => {
  test.each(rows)("$name", ({ meaning, scope = "", told, input, output, flags = [] }) => {
    const counts = Object.assign(new TokenCounts(), told);
    const found: ReadingFlag[] = [];
    counts.normalise(meaning, scope, found);
    expect({ input: counts.input, output: counts.output, flags: found }).toEqual({ input, output, flags });
  });

  test("T17: nothing used is no usage", () => {
    expect(usageOf(Object.assign(new TokenCounts(), { input: 0, output: 0, total: 0 }), none)).toBeUndefined();
  });

  test("what was not told is absent, and none of it is 0", () => {
    const counts = Object.assign(new TokenCounts(), { input: 10, output: 0, cacheRead: 0 });
    expect(usageOf(counts, { ...none, audioInput: 3 })).toEqual({ input: 10, output: 0, cache_read: 0, audio_in: 3 });
  });
});
