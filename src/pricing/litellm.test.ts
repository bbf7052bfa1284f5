import { describe, expect, test } from "vitest";
import { readLitellmPrices } from "./litellm.ts";

describe("a row of LiteLLM's file", () => {
  test("is read by what is counted, above how many tokens, in which tier", () => {
    const row = `{"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 5e-06, "output_cost_per_token": 3e-05,
      "input_cost_per_token_above_272k_tokens_flex": 5e-06, "cache_read_input_token_cost_priority": 1e-06,
      "output_cost_per_token_batches": 1.5e-05, "cache_creation_input_token_cost_above_1hr_above_200k_tokens": 1.2e-05,
      "search_context_cost_per_query": {"search_context_size_low": 0.03, "search_context_size_medium": 0.035}}`;
    expect(readRow("gpt-x", row)?.prices).toEqual([
      {
        cells: {
          default: { input: "0.000005", output: "0.00003", web_searches_low: "0.03", web_searches: "0.035" },
          priority: { cache_read: "0.000001" },
          batch: { output: "0.000015" },
        },
        bands: [
          { when: { input_total: "> 200000" }, cells: { default: { cache_write_1h: "0.000012" } } },
          { when: { input_total: "> 272000" }, cells: { flex: { input: "0.000005" } } },
        ],
      },
    ]);
  });

  test.each([
    {
      key: "xai/grok",
      row: '"litellm_provider": "xai", "output_cost_per_token": 1e-7, "output_cost_per_token_above_200k_tokens": 1e-06',
      says: '">= 200000"',
    },
    {
      key: "d/q",
      row: '"litellm_provider": "d", "tiered_pricing": [{"input_cost_per_token": 1e-6, "range": [0, 32000.0]}, {"input_cost_per_token": 2e-6, "range": [32000.0, 64000]}]',
      says: '"> 32000"',
    },
    {
      key: "a",
      row: '"litellm_provider": "anthropic", "input_cost_per_token": 1e-6, "provider_specific_entry": {"us": 1.1, "fast": 2.0}',
      says: '"speed":{"fast":"2.0"}',
    },
    {
      key: "n",
      row: '"litellm_provider": "openai", "input_cost_per_token": 1.2999000000000001E-7',
      says: '"0.00000012999"',
    },
    {
      key: "w",
      row: '"litellm_provider": "openai", "mode": "audio_transcription", "input_cost_per_second": 0.0001, "output_cost_per_second": 0.0001',
      says: '{"audio_seconds":"0.0001"}',
    },
    {
      key: "r",
      row: '"litellm_provider": "cohere", "mode": "rerank", "input_cost_per_query": 0.002',
      says: '"search_units":"0.002"',
    },
    {
      key: "s",
      row: '"litellm_provider": "tavily", "mode": "search", "input_cost_per_query": 0.008',
      says: '"requests":"0.008"',
    },
  ])("$key says $says", ({ key, row, says }) => {
    expect(JSON.stringify(readRow(key, `{${row}}`))).toContain(says);
  });

  test.each([
    { name: "a unit that is no money", row: '"litellm_provider": "databricks", "input_dbu_cost_per_token": 1e-6' },
    { name: "a price of -1, which means none", row: '"litellm_provider": "openrouter", "input_cost_per_token": -1' },
    { name: "no provider", row: '"input_cost_per_token": 1e-6' },
  ])("with $name is no row", ({ row }) => {
    expect(readRow("x", `{${row}}`)).toBeUndefined();
  });

  test.each([
    {
      row: '"litellm_provider": "wandb", "input_cost_per_token": 0.135, "output_cost_per_token": 0.54',
      reason: "quarantined_price",
    },
    {
      row: '"litellm_provider": "github_copilot", "input_cost_per_token": 0.0, "output_cost_per_token": 0',
      reason: "unverified_free",
    },
    { row: '"litellm_provider": "ollama", "input_cost_per_token": 0.0, "output_cost_per_token": 0', reason: undefined },
  ])("with $row is $reason", ({ row, reason }) => {
    const { file, refused } = readLitellmPrices(`{"m": {${row}}}`);
    expect(refused.get(file.providers[0]!.models[0]!)).toBe(reason);
  });

  test.each([
    { name: "a text that looks like a field", field: '"note": "1: \\"input_cost_per_token\\": 5, \\"x\\": 6"' },
    { name: "a text of a colon and a number", field: '"note": ": 5", "other": ":\\": 6"' },
    { name: "a field whose name has a quote", field: '"a\\"b": 5' },
    { name: "no space anywhere", field: '"a":1,"b":-2.5e+3,"c":[1,2],"d":{"e":0}' },
    { name: "line breaks anywhere", field: '"a"\n:\n1\n,\n"b"\r\n:\t2' },
  ])("is read beside $name", ({ field }) => {
    const row = `{${field}, "litellm_provider": "openai", "input_cost_per_token": 1e-6}`;
    expect(readRow("x", row)?.prices).toEqual([{ cells: { default: { input: "0.000001" } } }]);
  });

  test("keeps twelve digits of an amount and every digit before", () => {
    const amountOf = (text: string) =>
      readRow("x", `{"litellm_provider": "openai", "input_cost_per_token": ${text}}`)?.prices[0]?.cells["default"]
        ?.input;
    expect(amountOf("0.000000123456789012")).toBe("0.000000123456789012");
    expect(amountOf("0.0000001234567890125")).toBe("0.000000123456789012");
    expect(amountOf("0.0000001234567890135")).toBe("0.000000123456789014");
    expect(amountOf("9.9999999999999999e-8")).toBe("0.0000001");
  });

  test.each(["1.2.3", "0x10", "1_000", "01", "+1", ".5", "NaN", "Infinity", "1e", "1,5"])(
    "with the amount %s is no JSON",
    (amount) => {
      expect(() => readRow("x", `{"litellm_provider": "openai", "input_cost_per_token": ${amount}}`)).toThrow(
        SyntaxError,
      );
    },
  );

  test.each(['"x"', '"1_000"', '"0,1"', '" "', "true", "null", "[1]", "{}", "1e400", '"0x10"', "-0.5"])(
    "does not take %s for an amount",
    (amount) => {
      expect(readRow("x", `{"litellm_provider": "openai", "input_cost_per_token": ${amount}}`)).toBeUndefined();
    },
  );

  test.each(['["a", 5]', "[-1, 5]", "[0.5, 5]", "[]", "5"])("leaves out a band from %s", (range) => {
    const band = `{"input_cost_per_token": 2e-6, "range": ${range}}`;
    const row = `{"litellm_provider": "d", "input_cost_per_token": 1e-6, "tiered_pricing": [${band}]}`;
    expect(readRow("x", row)?.prices).toEqual([{ cells: { default: { input: "0.000001" } }, bands: [] }]);
  });

  test.each(["[]", "{", "null", '"text"'])("cannot be read from %s", (text) => {
    expect(() => readLitellmPrices(text)).toThrow(SyntaxError);
  });
});

function readRow(key: string, row: string) {
  return readLitellmPrices(`{${JSON.stringify(key)}: ${row}}`).file.providers[0]?.models[0];
}
