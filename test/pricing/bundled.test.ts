import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bundledLayer } from "../../src/pricing/bundled.ts";
import { compileBook } from "../../src/pricing/price-book.ts";
import { priceFile, sourcesOf } from "../../src/pricing/price-file.ts";
import { bundledPrices } from "../support/bundled-prices.ts";

const text = readFileSync("pricing/bundled.json", "utf8");

describe("the bundled price table", () => {
  test("is what `npm run pricing:build` writes", () => {
    expect(
      bundledPrices(readFileSync("pricing/providers.yaml", "utf8")).text === text,
      "run npm run pricing:build",
    ).toBe(true);
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
});
