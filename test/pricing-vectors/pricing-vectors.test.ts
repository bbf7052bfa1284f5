// Golden vectors: amounts that were computed elsewhere, by hand-chosen line items in exact fractions, some of them
// real bills. They go through the `price` command; LiteLLM's rows that they name are in litellm-rows.json (MIT).
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { priceCommand } from "../../cmd/price.ts";
import { formatFraction, parseFraction, toNanoUsd } from "../../src/pricing/money.ts";
import vectors from "./pricing-vectors.json" with { type: "json" };

/** Vectors that are not right yet, each with its reason. One that has become right must leave the list. */
const notYet: Readonly<Record<string, string>> = {};

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

describe("cost vector", () => {
  test.each(vectors.vectors as readonly Vector[])("$name", (vector) => {
    const answer = answerTo(vector);
    const expected = {
      status: vector.status,
      nano_usd: vector.expected_nano_usd === null ? undefined : String(vector.expected_nano_usd),
      usd: vector.expected_usd ?? undefined,
      reason: vector.reason,
      flags: vector.flags ?? [],
    };
    const { status, nano_usd, usd, reason, flags = [] } = answer;
    const right = JSON.stringify({ status, nano_usd, usd, reason, flags }) === JSON.stringify(expected);
    if (notYet[vector.name] !== undefined) expect(right, "is right and still listed as not right").toBe(false);
    else expect({ status, nano_usd, usd, reason, flags }).toEqual(expected);
  });

  test("the list of those that are not right names only vectors that exist", () => {
    const names = new Set<string>(vectors.vectors.map(({ name }) => name));
    expect(Object.keys(notYet).filter((name) => !names.has(name))).toEqual([]);
  });
});

describe("rounding vector", () => {
  test.each(vectors.rounding_vectors)("$why", (vector) => {
    const text = "exact_usd" in vector ? vector.exact_usd : vector.exact_usd_fraction;
    expect(toNanoUsd(parseFraction(text!)!)).toBe(BigInt(vector.nano_usd_half_even));
  });
});

describe("resolution vector", () => {
  test.each(vectors.resolution_vectors)("$provider $model is $match", (vector) => {
    const aliases = "aliases" in vector ? vector.aliases : {};
    const record = { provider: vector.provider, model: vector.model, usage: { input: 1, output: 1 } };
    const answer = price(record, { layers: ["bundled", litellm], config: { aliases } });
    if (vector.expect_key === null) expect(answer).toMatchObject({ status: "unpriced", reason: "unknown_model" });
    else expect(answer).toMatchObject({ model: vector.expect_key, match: vector.match });
  });
});

const litellm = "litellm:litellm-rows.json";
const overrides = "overrides.yaml";

function answerTo(vector: Vector) {
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
    at: timestamp,
    service_tier,
    requested_service_tier: vector.requested_service_tier,
    region: vector.region ?? geo,
    search_context_size: vector.search_context_size,
    reported_cost: reported,
  };
  const config = {
    aliases: vector.aliases ?? {},
    reported_cost: reported === undefined ? "when_unpriced" : "prefer",
    multipliers: discounts.map(({ num, den }) => ({ match: { provider }, factor: `${num}/${den}` })),
  };
  return price(record, { layers, config });
}

function price(record: object, { layers, config }: { layers: readonly string[]; config: object }) {
  const files = { read: (path: string) => readFileSync(join(import.meta.dirname, path)) };
  const input = JSON.stringify(record);
  const { output, errors } = priceCommand({
    layers,
    config,
    format: "json",
    input,
    files,
    nowMs: Date.UTC(2026, 7, 1),
  });
  expect(errors).toEqual([]);
  const answer = JSON.parse(output) as Answer;
  if (answer.lines && answer.status !== "provider_reported") expectToAddUp(answer);
  return answer;
}

interface Answer {
  readonly status: string;
  readonly nano_usd?: string;
  readonly usd?: string;
  readonly reason?: string;
  readonly model?: string;
  readonly match?: string;
  readonly flags?: readonly string[];
  readonly lines?: readonly { readonly quantity: string; readonly usd_per_unit: string; readonly usd: string }[];
  readonly multipliers?: readonly { readonly factor: string }[];
}

/** Quantity times price is the line, and without factors the lines are the amount. */
function expectToAddUp({ lines = [], usd = "", multipliers = [] }: Answer): void {
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
