import { describe, expect, test } from "vitest";
import { readBook } from "./layers.ts";
import { readLitellmPrices } from "./litellm.ts";
import { explainCost } from "./price-call.ts";
import { priceFile } from "./price-file.ts";
import { policyOf, pricingSettings } from "./settings.ts";

const noFiles = {
  read(): Uint8Array {
    throw new Error("ENOENT");
  },
};

describe("a file's quarantine", () => {
  test.each([
    { input: "2000", says: "priced" },
    { input: "2000.01", says: "quarantined_price" },
    { input: "{ amount: 0.0021, per: token }", says: "quarantined_price" },
    { input: "3", says: "priced" },
  ])("of 2000 USD per million makes $input $says", ({ input, says }) => {
    const amount = input.startsWith("{") ? { amount: "0.0021", per: "token" } : input;
    const inline = {
      quarantine: { max_usd_per_mtok: 2000 },
      providers: [
        { id: "openai", models: [{ id: "x", prices: [{ cells: { default: { input: amount, output: 1 } } }] }] },
      ],
    };
    const { cost } = explain([{ kind: "inline", file: priceFile.parse(inline) }], "x");
    expect(cost.status === "unpriced" ? cost.reason : cost.status).toBe(says);
  });
});

describe("a row of LiteLLM's file is not believed when", () => {
  test.each([
    {
      name: "a cached token costs more than another",
      row: '"input_cost_per_token": 1e-6, "cache_read_input_token_cost": 2e-6',
    },
    {
      name: "a write of an hour costs less than another",
      row: '"input_cost_per_token": 1.5e-5, "cache_creation_input_token_cost": 1.875e-05, "cache_creation_input_token_cost_above_1hr": 6e-06',
    },
    {
      name: "batch costs more than default",
      row: '"input_cost_per_token": 1e-6, "input_cost_per_token_batches": 2e-6',
    },
    { name: "flex costs more than default", row: '"output_cost_per_token": 1e-6, "output_cost_per_token_flex": 2e-6' },
    {
      name: "a band of it is per million",
      row: '"input_cost_per_token": 1e-6, "input_cost_per_token_above_200k_tokens": 2',
    },
  ])("$name", ({ row }) => {
    const { file, refused } = readLitellmPrices(`{"m": {"litellm_provider": "openai", ${row}}}`);
    expect(refused.get(file.providers[0]!.models[0]!)).toBe("quarantined_price");
  });

  test("and is when it costs what such a model costs", () => {
    const row =
      '"input_cost_per_token": 1e-6, "cache_read_input_token_cost": 1e-6, "input_cost_per_token_priority": 2e-6';
    const { refused } = readLitellmPrices(`{"m": {"litellm_provider": "openai", ${row}}}`);
    expect(refused.size).toBe(0);
  });
});

describe("factors of a provider", () => {
  const provider = (multipliers: unknown) => ({
    providers: [
      {
        id: "anthropic",
        multipliers: { geo: { us: "11/10" }, speed: { fast: 2 } },
        models: [{ id: "x", multipliers, prices: [{ cells: { default: { input: 1, output: 1 } } }] }],
      },
    ],
  });

  test.each([
    { multipliers: ["geo", "speed"], reasons: ["speed:fast", "region:us"] },
    { multipliers: ["geo"], reasons: ["region:us"] },
    { multipliers: { region: { us: "2" } }, reasons: ["region:us"] },
    { multipliers: undefined, reasons: [] },
  ])("hold for rows with multipliers $multipliers", ({ multipliers, reasons }) => {
    const file = priceFile.parse(provider(multipliers));
    expect(explain([{ kind: "inline", file }], "x").multipliers.map(({ reason }) => reason)).toEqual(reasons);
  });

  test("are refused where a row lists what the provider does not have", () => {
    const { error } = priceFile.safeParse(provider(["region"]));
    expect(error?.issues).toMatchObject([
      { path: ["providers", 0, "models", 0, "multipliers", 0], message: expect.stringContaining('not "region"') },
    ]);
  });
});

function explain(layers: Parameters<typeof readBook>[0], model: string) {
  const reading = readBook(layers, noFiles);
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  const provider = layers.some((layer) => layer.kind === "inline" && layer.file.providers[0]?.id === "anthropic");
  const record = {
    provider: provider ? "anthropic" : "openai",
    model,
    atMs: 0,
    usage: { input: 10, output: 10 },
    ...(provider && { serviceTier: "fast", region: "us" }),
  };
  return explainCost(reading.book, record, policyOf(pricingSettings.parse({})));
}
