import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { priceCommand } from "../../cmd/price.ts";
import { bundledLayer } from "../../src/pricing/bundled.ts";
import { compileBook } from "../../src/pricing/price-book.ts";
import { type PricedModel, priceFile, sourcesOf } from "../../src/pricing/price-file.ts";
import { readPriceFile } from "../../src/pricing/read-price-file.ts";
import { bundledPrices, ownPriceFiles, packagePrices } from "../support/bundled-prices.ts";

const text = readFileSync("pricing/bundled.json", "utf8");

describe("the bundled price table", () => {
  test("is what `npm run pricing:build` writes", () => {
    expect(bundledPrices(ownPriceFiles("pricing")).text === text, "run npm run pricing:build").toBe(true);
  });

  test("is a price file", () => {
    const read = priceFile.safeParse(JSON.parse(text));
    expect(read.error?.issues).toBeUndefined();
    expect(read.data).toEqual(JSON.parse(text));
  });

  test("has a source and a day for every row", () => {
    const sources = bundledLayer().file.providers.flatMap(({ models }) =>
      models.flatMap(({ prices }) => prices.map(sourcesOf)),
    );
    expect(sources.length).toBeGreaterThan(1500);
    expect(sources.filter((all) => all.length === 0)).toEqual([]);
    expect(sources.flat().filter(({ name, checked }) => name === "" || checked === undefined)).toEqual([]);
  });

  test("prices every name that it lists", () => {
    const layer = bundledLayer();
    const { resolver } = compileBook([layer]);
    const unpriced = layer.file.providers.flatMap(({ id, models }) =>
      models.flatMap(({ match = [] }) => match.filter((name) => typeof name === "string" && !resolver.find(id, name))),
    );
    expect(unpriced).toEqual([]);
  });

  test("lays every row of ours over one of the package, or has it alone", () => {
    const names = new Map(
      packagePrices().providers.flatMap((given) =>
        [given.id, ...(given.aliases ?? [])].map((id) => [id, namesOf(given.models)] as const),
      ),
    );
    const ours = ownPriceFiles("pricing").flatMap((yaml) => {
      const read = readPriceFile(yaml);
      return read.ok
        ? read.file.providers.flatMap(({ id, models }) => models.map((model) => ({ provider: id, model })))
        : [];
    });
    expect(ours.length).toBeGreaterThan(200);
    const misplaced = ours.filter(
      ({ provider, model }) => (names.get(provider)?.has(model.id) ?? false) !== (model.merge ?? false),
    );
    expect(misplaced.map(({ provider, model }) => `${provider}/${model.id}`)).toEqual([]);
  });

  test.each([
    { what: "flex", given: { model: "gpt-5-mini", service_tier: "flex" }, usd: "0.000000125" },
    { what: "priority", given: { model: "gpt-5-mini", service_tier: "priority" }, usd: "0.00000045" },
    { what: "data residency", given: { model: "gpt-5.4-mini", region: "eu" }, usd: "0.000000825" },
    {
      what: "us-only inference",
      given: { provider: "anthropic", model: "claude-opus-5", region: "us" },
      usd: "0.0000055",
    },
    {
      what: "fast mode",
      given: { provider: "anthropic", model: "claude-opus-5", service_tier: "fast" },
      usd: "0.00001",
    },
    {
      what: "a batch where the provider has a rule",
      given: { provider: "anthropic", model: "claude-opus-5", service_tier: "batch" },
      usd: "0.0000025",
    },
    {
      what: "an hour of cache at Bedrock",
      given: {
        provider: "aws.bedrock",
        model: "global.anthropic.claude-opus-5",
        usage: { input: 1, cache_write_1h: 1, output: 0 },
      },
      usd: "0.00001",
    },
    {
      what: "audio",
      given: { model: "gpt-4o-audio-preview", usage: { input: 1, audio_in: 1, output: 0 } },
      usd: "0.00004",
    },
    {
      what: "a search",
      given: { provider: "gcp.gemini", model: "gemini-2.5-flash", usage: { input: 0, output: 0, web_searches: 1 } },
      usd: "0.035",
    },
    { what: "characters", given: { model: "tts-1", usage: { characters: 1 } }, usd: "0.000015" },
    {
      what: "a picture",
      given: { provider: "gcp.vertex_ai", model: "imagen-4.0-generate-001", usage: { images: 1 } },
      usd: "0.04",
    },
    {
      what: "a second of audio",
      given: { provider: "deepgram", model: "nova-3", usage: { audio_seconds: 1 } },
      usd: "0.00007167",
    },
    {
      what: "a second of video",
      given: { provider: "gcp.gemini", model: "veo-3.1-generate-preview", usage: { video_seconds: 1 } },
      usd: "0.4",
    },
    {
      what: "a word at Groq, which bills ten seconds",
      given: { provider: "groq", model: "whisper-large-v3-turbo", usage: { audio_seconds: 3 } },
      usd: "1/9000",
    },
    {
      what: "a ranking",
      given: { provider: "cohere", model: "rerank-v3.5", usage: { search_units: 1 } },
      usd: "0.002",
    },
    {
      what: "a page",
      given: { provider: "mistral_ai", model: "mistral-ocr-latest", usage: { pages: 1 } },
      usd: "0.004",
    },
  ])("knows the price of $what, exactly", ({ given, usd }) => {
    const record = { provider: "openai", at: "2026-08-03T12:00:00Z", usage: { input: 1, output: 0 }, ...given };
    const files = { read: () => new Uint8Array() };
    const { output } = priceCommand({ format: "json", input: JSON.stringify(record), files, nowMs: 0 });
    expect(JSON.parse(output)).toMatchObject({ status: "priced", usd, layer: "bundled", flags: [] });
  });
});

function namesOf(models: readonly PricedModel[]): ReadonlySet<string> {
  return new Set(
    models.flatMap(({ id, match = [id] }) => [
      id,
      ...match.flatMap((name) => (typeof name === "string" ? [name] : [])),
    ]),
  );
}
