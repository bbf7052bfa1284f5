import { describe, expect, test } from "vitest";
import { priceCommand } from "./price.ts";

const line = JSON.stringify({
  provider: "anthropic",
  model: "claude-sonnet-4-5",
  response_model: "claude-sonnet-4-5-20250929",
  operation: "chat",
  at: "2026-08-01T12:00:00Z",
  usage: { input: 10005, cache_read: 8000, cache_write_5m: 2000, output: 200 },
  service_tier: "default",
  region: "us",
});
const files = {
  read(path: string): Uint8Array {
    if (path === "bad.yaml") return new TextEncoder().encode("providers:\n  - id: 5\n    modles: []\n");
    throw new Error("ENOENT");
  },
};

describe("price", () => {
  test("answers a record with its cost and the arithmetic", () => {
    expect(JSON.parse(run({ input: line }).output)).toEqual({
      status: "priced",
      nano_usd: "12915000",
      usd: "0.012915",
      model: "claude-sonnet-4-5",
      match: "date_stripped",
      layer: "bundled",
      version: "2026-11-20+genai-prices.0.1.8",
      lines: [
        { bucket: "input", quantity: "5", usd_per_unit: "0.000003", usd: "0.000015" },
        { bucket: "cache_read", quantity: "8000", usd_per_unit: "0.0000003", usd: "0.0024" },
        { bucket: "cache_write_5m", quantity: "2000", usd_per_unit: "0.00000375", usd: "0.0075" },
        { bucket: "output", quantity: "200", usd_per_unit: "0.000015", usd: "0.003" },
      ],
      flags: [],
    });
  });

  test("answers in the order of the lines, and goes on after one that is no record", () => {
    const given = [
      '{"provider":"openai"}',
      "",
      line,
      "no json",
      '{"provider":"openai","model":"gpt-9","usage":{"input":1}}',
    ];
    const answers = run({ input: given.join("\n") })
      .output.trim()
      .split("\n")
      .map((text) => JSON.parse(text));
    expect(answers).toMatchObject([
      { status: "invalid", error: expect.stringContaining("model") },
      { status: "priced" },
      { status: "invalid", error: expect.stringContaining("is no JSON") },
      { status: "unpriced", reason: "unknown_model" },
    ]);
  });

  test.each([
    { usage: { input: -1 }, says: "usage.input" },
    { usage: { inptu: 1 }, says: "inptu" },
    { usage: { input: "1" }, says: "usage.input" },
  ])("names what is wrong with the usage $usage", ({ usage, says }) => {
    const record = JSON.stringify({ provider: "openai", model: "gpt-4o", usage });
    expect(JSON.parse(run({ input: record }).output)).toMatchObject({
      status: "invalid",
      error: expect.stringContaining(says),
    });
  });

  test("leaves what else stands on a line to whom it belongs", () => {
    const record = JSON.stringify({
      trace: "4bf9",
      provider: "openai",
      model: "gpt-4o",
      usage: { input: 1, output: 0 },
    });
    expect(JSON.parse(run({ input: record }).output)).toMatchObject({ status: "priced", nano_usd: "2500" });
  });

  test("shows a person the sum", () => {
    expect(run({ input: line, format: "text" }).output).toBe(
      [
        "anthropic claude-sonnet-4-5 (answered by claude-sonnet-4-5-20250929): 0.012915 USD, priced",
        "  row claude-sonnet-4-5 (date_stripped) of bundled 2026-11-20+genai-prices.0.1.8",
        "  input             5 x   0.000003 = 0.000015",
        "  cache_read     8000 x  0.0000003 = 0.0024",
        "  cache_write_5m 2000 x 0.00000375 = 0.0075",
        "  output          200 x   0.000015 = 0.003",
        "  charged                          = 12915000 nano-USD",
        "",
        "",
      ].join("\n"),
    );
  });

  test.each([
    { layers: ["bundled", "no.yaml"], says: "no.yaml: cannot be read: ENOENT" },
    { layers: ["bad.yaml"], says: "bad.yaml:3:5  providers[0].modles: is not known here" },
  ])("refuses $layers with the place", ({ layers, says }) => {
    const { errors, exitCode, output } = run({ input: line, layers });
    expect({ exitCode, output }).toEqual({ exitCode: 1, output: "" });
    expect(errors.join("\n")).toContain(says);
  });

  test("takes prices, names and contracts from the configuration", () => {
    const config = {
      prices: [
        "bundled",
        {
          inline: {
            providers: [{ id: "vllm", models: [{ id: "llama", prices: [{ cells: { default: { input: 0.35 } } }] }] }],
          },
        },
      ],
      aliases: { fast: "vllm/llama" },
      multipliers: [{ match: { provider: "hosted_vllm" }, factor: "1/2" }],
    };
    const record = JSON.stringify({ provider: "litellm", model: "fast", usage: { input: 1_000_000 } });
    expect(JSON.parse(run({ input: record, config }).output)).toMatchObject({
      usd: "0.175",
      match: "alias",
      layer: "inline",
      multipliers: [{ reason: "contract", factor: "0.5" }],
    });
  });
});

type Given = Partial<Parameters<typeof priceCommand>[0]> & { readonly input: string };

function run(given: Given) {
  return priceCommand({ format: "json", files, nowMs: Date.UTC(2026, 7, 1), ...given });
}
