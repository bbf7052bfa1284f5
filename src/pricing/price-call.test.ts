import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Usage, UsageRecord } from "../genai/usage.ts";
import { add, fraction, multiply, one, parseFraction, toNanoUsd, zero } from "./money.ts";
import { compileBook } from "./price-book.ts";
import { type CostPolicy, costOf, explainCost } from "./price-call.ts";
import { priceFile } from "./price-file.ts";
import { makeFactor } from "./sum.ts";

const policy: CostPolicy = { reportedCost: "ignore", maxCallNanoUsd: 10n ** 30n, multipliers: [], subscriptions: [] };
const noon = Date.UTC(2026, 7, 1, 12);

describe("the price of a call", () => {
  test.each([
    { name: "below a band", cells: bandCells(), usage: { input: 200_000 }, usd: "0.2" },
    { name: "in a band, whole", cells: bandCells(), usage: { input: 200_001 }, usd: "0.400002" },
    { name: "in a band by its cache", cells: bandCells(), usage: { input: 300_000, cache_read: 299_999 }, usd: "0.6" },
    { name: "at a threshold that is reached", cells: bandCells(">="), usage: { input: 200_000 }, usd: "0.4" },
    { name: "of reasoning as output", cells: { output: "10" }, usage: { output: 10, reasoning: 7 }, usd: "0.0001" },
    {
      name: "of reasoning with its own price",
      cells: { output: "10", reasoning: "1" },
      usage: { output: 10, reasoning: 7 },
      usd: "0.000037",
    },
    {
      name: "of cached audio, which is in both",
      cells: { input: "1", cache_read: "0.1", audio_in: "10", cache_read_audio: "2" },
      usage: { input: 100, cache_read: 30, audio_in: 50, cache_read_audio: 20 },
      usd: "0.000381",
    },
    {
      name: "of writes with a total beside its parts",
      cells: { input: "1", cache_write: "2", cache_write_1h: "4" },
      usage: { input: 100, cache_write: 60, cache_write_5m: 40, cache_write_1h: 20 },
      usd: "0.0002",
    },
    { name: "of a second and a half", cells: { audio_seconds: "0.1" }, usage: { audio_seconds: 1.5 }, usd: "0.15" },
    { name: "of one request that nobody counted", cells: { requests: "0.008" }, usage: {}, usd: "0.008" },
    {
      name: "of tokens rather than pictures",
      cells: { input: "1", images: "9" },
      usage: { input: 5, images: 1 },
      usd: "0.000005",
    },
  ])("$name", ({ cells, usage, usd }) => {
    expect(explain(cells, usage).usd).toBe(usd);
  });

  test.each([
    {
      name: "cached tokens",
      cells: { input: "3" },
      usage: { input: 10, cache_read: 4 },
      flag: "cache_read_price_missing",
    },
    {
      name: "cache writes",
      cells: { input: "3" },
      usage: { input: 10, cache_write: 4 },
      flag: "cache_write_price_missing",
    },
    { name: "audio", cells: { input: "3" }, usage: { input: 10, audio_in: 4 }, flag: "audio_in_price_missing" },
    { name: "pictures", cells: { output: "3" }, usage: { output: 10, image_out: 4 }, flag: "image_out_price_missing" },
    {
      name: "searches",
      cells: { output: "3" },
      usage: { output: 10, web_searches: 4 },
      flag: "web_searches_price_missing",
    },
  ])("is an estimate that is never 0 for $name without a price", ({ cells, usage, flag }) => {
    const { cost, usd } = explain(cells, usage);
    expect(cost).toMatchObject({ status: "priced_estimated", flags: expect.arrayContaining([flag]) });
    expect(usd).toBe("0.00003");
  });

  test.each([
    { name: "nothing is known", cells: { input: "1" }, usage: {}, reason: "missing_usage" },
    {
      name: "only another measure is known",
      cells: { audio_seconds: "1" },
      usage: { input: 5 },
      reason: "missing_usage",
    },
    { name: "output has no price", cells: { input: "1" }, usage: { input: 5, output: 1 }, reason: "missing_price" },
    { name: "a quantity is negative", cells: { input: "1" }, usage: { input: -5 }, reason: "invalid_usage" },
    { name: "a quantity is no number", cells: { input: "1" }, usage: { input: Number.NaN }, reason: "invalid_usage" },
  ])("is unknown where $name", ({ cells, usage, reason }) => {
    expect(explain(cells, usage).cost).toMatchObject({ status: "unpriced", reason });
  });

  test("says when an amount of tokens is not told", () => {
    expect(explain({ input: "1", output: "2" }, { input: 5 }).cost.flags).toEqual(["output_usage_missing"]);
    expect(explain({ input: "1", output: "2" }, { output: 5 }).cost.flags).toEqual(["input_usage_missing"]);
  });

  test("says when the time to live of a cache write is not told and would matter", () => {
    const cells = { input: "1", cache_write: "2", cache_write_1h: "4", output: "1" };
    expect(explain(cells, { input: 5, cache_write: 5, output: 0 }).cost).toMatchObject({
      status: "priced_estimated",
      flags: ["cache_ttl_assumed"],
    });
  });

  test.each([
    { at: "2026-01-01T00:00:00Z", usd: "0.000001" },
    { at: "2026-06-30T23:59:59.999Z", usd: "0.000001" },
    { at: "2026-07-01T00:00:00Z", usd: "0.000003" },
    { at: "2026-07-01T16:29:59Z", usd: "0.000002" },
    { at: "2026-07-01T16:30:00Z", usd: "0.000003" },
    { at: "2026-07-02T00:29:59Z", usd: "0.000003" },
    { at: "2026-07-02T00:30:00Z", usd: "0.000002" },
  ])("at $at is that of its day and hour", ({ at, usd }) => {
    expect(explainCost(datedBook, record({ usage: { input: 1 }, atMs: Date.parse(at) }), policy).usd).toBe(usd);
  });

  test("before its first day is not known", () => {
    const early = record({ usage: { input: 1 }, atMs: Date.parse("2025-12-31T23:59:59Z") });
    expect(costOf(datedBook, early, policy)).toMatchObject({ status: "unpriced", reason: "not_in_force" });
  });

  test.each([
    { tier: "flex", usd: "0.0005", flags: [] },
    { tier: "priority", usd: "0.001", flags: ["service_tier_price_missing"] },
    { tier: "ON_DEMAND", usd: "0.001", flags: [] },
    { tier: "auto", usd: "0.001", flags: ["service_tier_assumed"] },
    { tier: "platinum", usd: "0.001", flags: ["service_tier_unknown"] },
    { tier: "constructor", usd: "0.001", flags: ["service_tier_unknown"] },
    { tier: "__proto__", usd: "0.001", flags: ["service_tier_unknown"] },
  ])("in the tier $tier has the tier's price or says so", ({ tier, usd, flags }) => {
    const book = bookOf({ cells: { default: { input: "1" }, flex: { input: "0.5" } } });
    const answer = explainCost(book, record({ usage: { input: 1000 }, serviceTier: tier }), policy);
    expect({ usd: answer.usd, flags: answer.cost.flags }).toEqual({ usd, flags });
  });

  test.each([
    { name: "the default one's, where that is more", flex: { input: "0.5" }, audio: "10", usd: "0.01" },
    { name: "its own", flex: { input: "0.5", audio_in: "4" }, audio: "10", usd: "0.004", flags: [] },
    { name: "that of its text, where that is more", flex: { input: "20" }, audio: "10", usd: "0.02" },
    { name: "that of its text, where nothing else is known", flex: { input: "0.5" }, audio: undefined, usd: "0.0005" },
  ])("of audio in a tier is $name", ({ flex, audio, usd, flags = ["audio_in_price_missing"] }) => {
    const cells = {
      default: { input: "1", output: "1", ...(audio && { audio_in: audio }) },
      flex: { output: "1", ...flex },
    };
    const usage = { input: 1000, audio_in: 1000, output: 0 };
    const answer = explainCost(bookOf({ cells }), record({ usage, serviceTier: "flex" }), policy);
    expect({ usd: answer.usd, flags: answer.cost.flags }).toEqual({ usd, flags });
  });

  test.each([
    {
      name: "audio in a band",
      band: { input: "2", output: "1" },
      usage: { input: 2000, audio_in: 2000, output: 0 },
      usd: "0.02",
    },
    {
      name: "dearer reasoning in a band",
      band: { input: "0", output: "1" },
      usage: { input: 2000, output: 1000, reasoning: 1000 },
      usd: "0.003",
    },
    {
      name: "cheaper reasoning in a band",
      band: { input: "0", output: "5" },
      usage: { input: 2000, output: 1000, reasoning: 1000 },
      usd: "0.005",
    },
  ])("of $name that names no price for it is no lower than without the band", ({ band, usage, usd }) => {
    const cells = { default: { input: "1", audio_in: "10", output: "1", reasoning: "3" } };
    const book = bookOf({ cells, bands: [{ when: { input_total: "> 1000" }, cells: { default: band } }] });
    expect(explainCost(book, record({ usage }), policy).usd).toBe(usd);
  });

  test.each([
    { subscription: { service: "claude-code" }, nanoUsd: 0n },
    { subscription: { dialect: "claude-code" }, nanoUsd: 0n },
    { subscription: { provider: "P", service: "claude-code" }, nanoUsd: 0n },
    { subscription: { service: "other" }, nanoUsd: 5_000_000_000n },
    { subscription: { service: "claude-code", dialect: "other" }, nanoUsd: 5_000_000_000n },
    { subscription: { service: "claude-code", provider: "q" }, nanoUsd: 5_000_000_000n },
  ])("that $subscription pays is $nanoUsd, whatever is reported", ({ subscription, nanoUsd }) => {
    const subscriptions = [{ service: undefined, dialect: undefined, provider: undefined, ...subscription }].map(
      (given) => ({ ...given, provider: given.provider?.toLowerCase() }),
    );
    const said = record({ usage: { input: 1000 }, service: "claude-code", dialect: "claude-code", reportedUsd: "5" });
    const cost = costOf(bookOf({ cells: { default: { input: "1" } } }), said, {
      ...policy,
      reportedCost: "prefer",
      subscriptions,
    });
    expect(cost).toMatchObject({ nanoUsd, ...(nanoUsd === 0n && { status: "free", flags: ["subscription"] }) });
  });

  test("is multiplied by contracts that hold, once, with fees outside", () => {
    const contract = { match: { provider: "p" } };
    const multipliers = [
      { ...contract, ...makeFactor("contract", { num: 19n, den: 20n }), fromMs: 0, untilMs: Number.POSITIVE_INFINITY },
      { ...contract, ...makeFactor("contract", { num: 1n, den: 2n }), fromMs: 0, untilMs: noon },
      {
        ...contract,
        ...makeFactor("contract", { num: 1n, den: 2n }),
        fromMs: 0,
        untilMs: noon + 1,
        match: { provider: "q" },
      },
    ];
    const book = bookOf({ cells: { default: { input: "1", web_searches: "0.01" } } });
    const usage = { input: 1000, web_searches: 1 };
    expect(explainCost(book, record({ usage }), { ...policy, multipliers }).usd).toBe("0.01095");
  });

  test.each([
    { mode: "ignore", reported: "5", nanoUsd: 1_000_000n, status: "priced" },
    { mode: "prefer", reported: "5", nanoUsd: 5_000_000_000n, status: "provider_reported" },
    { mode: "prefer", reported: "0.0", nanoUsd: 1_000_000n, status: "priced" },
    { mode: "prefer", reported: "-3", nanoUsd: 1_000_000n, status: "priced" },
    { mode: "when_unpriced", reported: "5", nanoUsd: 1_000_000n, status: "priced" },
    { mode: "compare", reported: "5", nanoUsd: 1_000_000n, status: "priced", flags: ["reported_cost_differs"] },
    { mode: "compare", reported: "0.001", nanoUsd: 1_000_000n, status: "priced", flags: [] },
  ] as const)("with $mode and $reported reported is $nanoUsd", ({ mode, reported, ...expected }) => {
    const said = record({ usage: { input: 1000 }, reportedUsd: reported });
    expect(
      costOf(bookOf({ cells: { default: { input: "1" } } }), said, { ...policy, reportedCost: mode }),
    ).toMatchObject(expected);
  });

  test("of a gateway's cache hit is nothing, whoever served it", () => {
    const hit = record({ usage: { input: 1000 }, model: "nobody-knows", gatewayCacheHit: true });
    expect(costOf(bookOf({ cells: { default: { input: "1" } } }), hit, policy)).toMatchObject({
      status: "free",
      nanoUsd: 0n,
    });
  });
});

describe("arithmetic", () => {
  const tokens = fc.oneof(fc.nat({ max: 2_000_000 }), fc.nat({ max: Number.MAX_SAFE_INTEGER }));
  const amounts = fc
    .tuple(fc.bigInt({ min: 0n, max: 10n ** 12n }), fc.nat({ max: 14 }))
    .map(([digits, places]) => decimal(digits, places));
  const words = ["input", "cache_read", "cache_write", "audio_in", "output", "reasoning"] as const;
  const cellAmounts = fc.record(Object.fromEntries(words.map((word) => [word, amounts])));
  const usages = fc.record(Object.fromEntries(words.map((word) => [word, tokens])));

  test("in numbers and in BigInt gives what the exact fractions give, rounded once", () => {
    fc.assert(
      fc.property(cellAmounts, usages, (cells, usage) => {
        const { cost, usd } = explain(cells, usage);
        const exact = usd === undefined ? undefined : parseFraction(usd);
        expect("nanoUsd" in cost ? cost.nanoUsd : undefined).toBe(exact && toNanoUsd(exact));
      }),
      { numRuns: 2000 },
    );
  });

  const factors = fc.array(fc.tuple(fc.bigInt({ min: 1n, max: 2n ** 60n }), fc.bigInt({ min: 1n, max: 10n ** 6n })), {
    maxLength: 3,
  });

  test("with factors and fees gives the same, of the output alone too", () => {
    fc.assert(
      fc.property(cellAmounts, usages, factors, fc.nat({ max: 50 }), (cells, usage, given, searches) => {
        const multipliers = given.map(([num, den]) => {
          return { match: {}, ...makeFactor("contract", fraction(num, den)), fromMs: 0, untilMs: noon * 2 };
        });
        const book = bookOf(periodOf({ ...cells, web_searches: "0.0101" }));
        const said = record({ usage: { ...usage, web_searches: searches } });
        const unbounded = { ...policy, multipliers, maxCallNanoUsd: 10n ** 80n };
        const { cost, usd, lines } = explainCost(book, said, unbounded);
        if (!("nanoUsd" in cost) || usd === undefined) throw new Error(JSON.stringify(cost));
        expect(cost.nanoUsd).toBe(toNanoUsd(exactly(usd)));
        const factor = given.reduce((product, [num, den]) => multiply(product, fraction(num, den)), one);
        const output = lines.filter(({ bucket }) => bucket === "output" || bucket === "reasoning");
        const exact = output.reduce((sum, line) => add(sum, exactly(line.usd)), zero);
        expect(cost.outputNanoUsd).toBe(toNanoUsd(multiply(exact, factor)));
      }),
      { numRuns: 1000 },
    );
  });

  test("bills every token exactly once", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1000 }), { minLength: 9, maxLength: 9 }), (parts) => {
        const [text, read, write, hour, audio, cachedAudio, plain, reasoning, audioOut] = parts as [
          number,
          number,
          number,
          number,
          number,
          number,
          number,
          number,
          number,
        ];
        const usage = {
          input: text + read + cachedAudio + write + hour + audio,
          cache_read: read + cachedAudio,
          cache_write_5m: write,
          cache_write_1h: hour,
          audio_in: audio + cachedAudio,
          cache_read_audio: cachedAudio,
          output: plain + reasoning + audioOut,
          reasoning,
          audio_out: audioOut,
        };
        const one = { input: "1", cache_read: "1", cache_write: "1", cache_write_1h: "1", output: "1", audio_in: "1" };
        const { lines } = explain({ ...one, cache_read_audio: "1", reasoning: "1", audio_out: "1" }, usage);
        const billed = lines.reduce((sum, line) => sum + Number(line.quantity), 0);
        expect(billed).toBe(usage.input + usage.output);
      }),
    );
  });

  test("never charges less for more", () => {
    fc.assert(
      fc.property(cellAmounts, usages, fc.constantFrom("input", "output"), (cells, usage, word) => {
        const more = { ...usage, [word]: (usage[word] ?? 0) + 1 };
        const [less, dearer] = [explain({ ...cells }, usage).cost, explain({ ...cells }, more).cost];
        if (!("nanoUsd" in less) || !("nanoUsd" in dearer) || less.flags.length + dearer.flags.length > 0) return;
        expect(less.nanoUsd <= dearer.nanoUsd).toBe(true);
      }),
    );
  });
});

function bandCells(operator: ">" | ">=" = ">") {
  return { operator };
}

type Given = Readonly<Record<string, string>> | ReturnType<typeof bandCells>;

function explain(cells: Given, usage: Usage) {
  return explainCost(bookOf(periodOf(cells)), record({ usage }), policy);
}

function periodOf(cells: Given): object {
  if (!("operator" in cells)) return { cells: { default: cells } };
  const band = { input: "2", cache_read: "2", output: "2" };
  return {
    cells: { default: { input: "1", cache_read: "0.5" } },
    bands: [{ when: { input_total: `${cells.operator} 200000` }, cells: { default: band } }],
  };
}

function bookOf(...prices: readonly object[]) {
  const file = priceFile.parse({ providers: [{ id: "p", models: [{ id: "m", prices }] }] });
  return compileBook([{ name: "test", version: "1", mode: "override", file }]);
}

const datedBook = bookOf(
  { from: "2026-01-01", until: "2026-07-01", cells: { default: { input: "1" } } },
  {
    from: "2026-07-01",
    cells: { default: { input: "2" } },
    windows: [{ utc: "16:30-00:30", cells: { default: { input: "3" } } }],
  },
);

function record(given: Partial<UsageRecord> & { usage: Usage }): UsageRecord {
  return { provider: "p", model: "m", atMs: noon, ...given };
}

/** Amounts as long as they come out; `parseFraction` reads those that a price file may have. */
function exactly(text: string) {
  const [above = "", below = "1"] = text.split("/");
  const [whole = "", part = ""] = above.split(".");
  return fraction(BigInt(whole + part), BigInt(below) * 10n ** BigInt(part.length));
}

function decimal(digits: bigint, places: number): string {
  const text = digits.toString().padStart(places + 1, "0");
  return places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`;
}
