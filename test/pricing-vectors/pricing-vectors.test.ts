// Golden vectors: amounts that were computed elsewhere, by hand-chosen line items in exact fractions, some of them
// real bills. They go through the `price` command of the built program; LiteLLM's rows that they name are in
// litellm-rows.json (MIT).
import { beforeAll, describe, expect, test } from "vitest";
import { formatFraction, parseFraction, toNanoUsd } from "../../src/pricing/money.ts";
import { type Asked, type PricedAnswer, pricedByBundle } from "../support/priced-by-bundle.ts";
import vectors from "./pricing-vectors.json" with { type: "json" };

type Vector = (typeof vectors.vectors)[number] & {
  readonly multipliers?: readonly { readonly reason: string; readonly num: number; readonly den: number }[];
  readonly flags?: readonly string[];
  readonly reason?: string;
  readonly region?: string;
  readonly search_context_size?: string;
  readonly requested_service_tier?: string;
  readonly aliases?: Readonly<Record<string, string>>;
  readonly multiplier_source?: string;
};

const costVectors = vectors.vectors as readonly Vector[];
let costs: readonly PricedAnswer[] = [];
let resolutions: readonly PricedAnswer[] = [];
let roundings: readonly PricedAnswer[] = [];

beforeAll(async () => {
  costs = await pricedByBundle(costVectors.map(questionOf), import.meta.dirname);
  roundings = await pricedByBundle(roundingAsked(), import.meta.dirname);
  resolutions = await pricedByBundle(
    vectors.resolution_vectors.map(({ provider, model, ...vector }) => ({
      record: { provider, model, usage: { input: 1, output: 1 }, at: "2026-08-01T00:00:00Z" },
      layers: ["bundled", litellm],
      settings: { aliases: "aliases" in vector ? vector.aliases : {} },
    })),
    import.meta.dirname,
  );
}, 120_000);

describe("cost vector", () => {
  test.each(costVectors.map((vector, index) => ({ ...vector, index })))("$name", ({ index, ...vector }) => {
    const answer = costs[index]!;
    const { status, nano_usd, usd, reason, flags = [] } = answer;
    expect({ status, nano_usd, usd, reason, flags }).toEqual({
      status: vector.status,
      nano_usd: vector.expected_nano_usd === null ? undefined : String(vector.expected_nano_usd),
      usd: vector.expected_usd ?? undefined,
      reason: vector.reason,
      flags: vector.flags ?? [],
    });
    if (answer.lines && status !== "provider_reported") expectToAddUp(answer);
  });
});

describe("rounding vector", () => {
  test.each(vectors.rounding_vectors.map((vector, index) => ({ ...vector, index })))("$why", ({ index, ...vector }) => {
    const exact = exactUsdOf(vector);
    expect(toNanoUsd(parseFraction(exact)!)).toBe(BigInt(vector.nano_usd_half_even));
    expect(roundings[index]).toMatchObject({ nano_usd: vector.nano_usd_half_even });
    if ("exact_usd" in vector) expect(roundings[index]).toMatchObject({ usd: exact });
  });
});

type RoundingVector = (typeof vectors.rounding_vectors)[number];

function exactUsdOf(vector: RoundingVector): string {
  return ("exact_usd" in vector ? vector.exact_usd : vector.exact_usd_fraction) ?? "";
}

/** One token of a model that costs a dollar a token, times the amount: the command has to round exactly it. */
function roundingAsked(): readonly Asked[] {
  return vectors.rounding_vectors.map((vector) => ({
    record: { provider: "rounding", model: "dollar", usage: { input: 1 } },
    layers: [],
    settings: {
      prices: [
        {
          inline: {
            providers: [
              { id: "rounding", models: [{ id: "dollar", prices: [{ cells: { default: { input: 1_000_000 } } }] }] },
            ],
          },
        },
      ],
      multipliers: [{ match: { provider: "rounding" }, factor: exactUsdOf(vector), reason: "amount" }],
      max_call_cost_usd: 100_000_000,
    },
  }));
}

describe("resolution vector", () => {
  test.each(vectors.resolution_vectors.map((vector, index) => ({ ...vector, index })))(
    "$provider $model is $match",
    ({ index, ...vector }) => {
      const answer = resolutions[index];
      if (vector.expect_key === null) expect(answer).toMatchObject({ status: "unpriced", reason: "unknown_model" });
      else expect(answer).toMatchObject({ model: vector.expect_key, match: vector.match });
    },
  );
});

const litellm = "litellm:litellm-rows.json";
const overrides = "overrides.yaml";

function questionOf(vector: Vector): Asked {
  const { provider, model, usage, service_tier, timestamp, operation } = vector as Vector & { operation?: string };
  const sources = Object.values(vector.prices_used).map((used) => (used as { source: string }).source);
  const layers = ["bundled"];
  if ([...sources, vector.multiplier_source ?? ""].some((source) => source.startsWith("LiteLLM"))) layers.push(litellm);
  if (sources.some((source) => /^(?:user override|override layer)/.test(source))) layers.push(overrides);
  const geo = vector.multipliers?.find(({ reason }) => reason.startsWith("inference_geo:"))?.reason.split(":")[1];
  const reported = sources.some((source) => source.startsWith("usage.cost")) ? vector.expected_usd : undefined;
  const discounts = (vector.multipliers ?? []).filter(({ reason }) => reason.startsWith("discount:"));
  const record = {
    provider,
    model,
    operation,
    usage,
    at: timestamp ?? "2026-08-01T00:00:00Z",
    service_tier,
    requested_service_tier: vector.requested_service_tier,
    region: vector.region ?? geo,
    search_context_size: vector.search_context_size,
    reported_cost: reported,
  };
  const settings = {
    aliases: vector.aliases ?? {},
    reported_cost: reported === undefined ? "when_unpriced" : "prefer",
    multipliers: discounts.map(({ num, den }) => ({ match: { provider }, factor: `${num}/${den}` })),
  };
  return { record, layers, settings };
}

/** Quantity times price is the line, and without factors the lines are the amount. */
function expectToAddUp({ lines = [], usd = "", multipliers = [] }: PricedAnswer): void {
  let [num, den] = [0n, 1n];
  for (const line of lines) {
    const [quantity, unit] = [parseFraction(line.quantity)!, parseFraction(line.usd_per_unit)!];
    const exact = { num: quantity.num * unit.num, den: quantity.den * unit.den };
    const written = parseFraction(line.usd)!;
    expect(exact.num * written.den).toBe(written.num * exact.den);
    [num, den] = [num * exact.den + exact.num * den, den * exact.den];
  }
  if (multipliers.length > 0) return;
  const amount = parseFraction(usd)!;
  expect(amount.num * den, `${formatFraction(amount)} is the sum of its lines`).toBe(num * amount.den);
}
