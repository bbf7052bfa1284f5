// What a price costs: a call of a known model, a name that was never seen, the calculator of the package that the
// bundled table comes from, and loading LiteLLM's rows, which are generated in the shape of its file where
// LITELLM_PRICES names none.
import { readFileSync } from "node:fs";
import { calcPrice } from "@pydantic/genai-prices";
import type { UsageRecord } from "../../src/genai/usage.ts";
import { parseLayerName, readBook } from "../../src/pricing/layers.ts";
import { costOf } from "../../src/pricing/price-call.ts";
import { policyOf, pricingSettings } from "../../src/pricing/settings.ts";
import { cpuNsPerCall } from "./measure.ts";

export interface PriceRow {
  readonly name: string;
  readonly about: string;
  /** CPU nanoseconds of one. */
  measure(): number;
}

export const priceRows: readonly PriceRow[] = [
  {
    name: "price-hit",
    about: "a call of a model seen before",
    measure: () => cpuNsPerCall(pricing((index) => index % 8)),
  },
  { name: "price-miss", about: "a call of a name never seen", measure: () => cpuNsPerCall(pricing((index) => index)) },
  {
    name: "price-factors",
    about: "a call of a model seen before, in a region with a factor and under a contract",
    measure: () => cpuNsPerCall(pricingWithFactors()),
  },
  {
    name: "calcPrice-hit",
    about: "genai-prices, the same call",
    measure: () => cpuNsPerCall(calculating((index) => index % 8)),
  },
  {
    name: "calcPrice-miss",
    about: "genai-prices, a name it does not know",
    measure: () => cpuNsPerCall(calculating((index) => index)),
  },
  {
    name: "load-litellm",
    about: "reading about 3,000 rows of LiteLLM's file, once in a new process",
    measure: loadOnce,
  },
  { name: "parse-litellm", about: "JSON.parse of the same text alone, once in a new process", measure: parseOnce },
];

const models = ["gpt-4o", "gpt-4o-mini", "gpt-4.1", "o3", "gpt-4o-2024-08-06", "gpt-5", "gpt-5-mini", "o4-mini"];
const atMs = Date.UTC(2026, 7, 3, 12);
const usage = { input: 5_432, cache_read: 1_024, output: 321 };

/** The first eight indexes are models, all others are names that are none. */
function modelAt(index: number): string {
  return models[index] ?? `own-model-${index}`;
}

function pricing(next: (index: number) => number): () => void {
  const book = bundledBook();
  const policy = policyOf(pricingSettings.parse({}));
  const known = models.map((model): UsageRecord => ({ provider: "openai", model, atMs, usage }));
  let index = 0;
  return () => {
    const at = next(index++);
    costOf(book, known[at] ?? { provider: "openai", model: modelAt(at), atMs, usage }, policy);
  };
}

function pricingWithFactors(): () => void {
  const book = bundledBook();
  const policy = policyOf(pricingSettings.parse({ multipliers: [{ factor: "95/100" }] }));
  const record: UsageRecord = { provider: "openai", model: "gpt-5.4-mini", region: "eu", atMs, usage };
  return () => {
    costOf(book, record, policy);
  };
}

function bundledBook() {
  const reading = readBook([parseLayerName("bundled")], { read: () => new Uint8Array() });
  if (!reading.ok) throw new Error("the bundled table cannot be read");
  return reading.book;
}

function calculating(next: (index: number) => number): () => void {
  const given = { input_tokens: usage.input, cache_read_tokens: usage.cache_read, output_tokens: usage.output };
  const timestamp = new Date(atMs);
  let index = 0;
  return () => {
    calcPrice(given, modelAt(next(index++)), { providerId: "openai", timestamp });
  };
}

function parseOnce(): number {
  const text = new TextDecoder().decode(litellmBytes());
  const before = process.cpuUsage();
  JSON.parse(text);
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1000;
}

function litellmBytes(): Uint8Array {
  const { LITELLM_PRICES: path } = process.env;
  return path === undefined ? new TextEncoder().encode(generatedRows()) : readFileSync(path);
}

function loadOnce(): number {
  const bytes = litellmBytes();
  const before = process.cpuUsage();
  const reading = readBook([parseLayerName("litellm:prices.json")], { read: () => bytes });
  const { user, system } = process.cpuUsage(before);
  if (!reading.ok) throw new Error("LiteLLM's rows cannot be read");
  return (user + system) * 1000;
}

const rowCount = 3_000;

function generatedRows(): string {
  const rows = Array.from({ length: rowCount }, (_, at) => {
    const input = (1 + (at % 97)) * 1e-7;
    const row = {
      cache_read_input_token_cost: input / 10,
      input_cost_per_token: input,
      input_cost_per_token_batches: input / 2,
      litellm_provider: `provider${at % 120}`,
      max_input_tokens: 200_000,
      max_output_tokens: 64_000,
      max_tokens: 64_000,
      mode: "chat",
      output_cost_per_token: input * 5,
      source: "https://example.com/pricing",
      supported_endpoints: ["/v1/chat/completions", "/v1/responses"],
      supports_function_calling: true,
      supports_prompt_caching: true,
      supports_response_schema: true,
      supports_tool_choice: true,
      supports_vision: at % 2 === 0,
    };
    return [`provider${at % 120}/model-${at}`, row] as const;
  });
  return JSON.stringify(Object.fromEntries(rows), undefined, 4);
}
