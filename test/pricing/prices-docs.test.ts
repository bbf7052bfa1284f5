// The examples of docs/prices.md are tried: price files are read and checked, configurations are prepared with them.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { lintPrices } from "../../cmd/prices.ts";
import { readPriceFile } from "../../src/pricing/read-price-file.ts";
import { genAiCost } from "../../src/processors/gen_ai_cost/gen-ai-cost.ts";

const page = readFileSync("docs/prices.md", "utf8");
const blocks = [...page.matchAll(/```yaml\n# (\S+)\n([\s\S]*?)```/g)].map(([, kind = "", text = ""]) => ({
  kind,
  text,
}));
const priceFiles = blocks.filter(({ kind }) => kind === "prices.yaml").map(({ text }) => text);
const configurations = blocks.filter(({ kind }) => kind === "configuration").map(({ text }) => text);

describe("docs/prices.md", () => {
  test("has examples of both kinds, and no others", () => {
    expect([priceFiles.length, configurations.length, page.split("```yaml").length - 1]).toEqual([3, 2, 5]);
  });

  test.each(priceFiles)("shows a price file in which nothing is odd", (text) => {
    expect(readPriceFile(text)).toMatchObject({ ok: true });
    const files = { read: () => new TextEncoder().encode(text) };
    expect(lintPrices({ layers: ["prices.yaml"], format: "text", files, atMs: 0 }).output).toBe("");
  });

  test.each(configurations)("shows a configuration that is valid", (text) => {
    const row = { litellm_provider: "openai", input_cost_per_token: 1e-6 };
    const read = (path: string) => (path === "prices.yaml" ? (priceFiles[0] ?? "") : JSON.stringify({ row }));
    const files = { read: (path: string) => new TextEncoder().encode(read(path)) };
    const { processors } = parse(text) as { processors: { gen_ai_cost: unknown } };
    expect(genAiCost.prepare(processors.gen_ai_cost, files)).toMatchObject({ ok: true });
  });
});
