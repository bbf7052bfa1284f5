// A vector for every shape of a row, through the `price` command of the built program.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { priceWords, unitSizes } from "../../src/pricing/price-file.ts";
import { type PricedAnswer, pricedByBundle } from "../support/priced-by-bundle.ts";

interface Vector {
  readonly name: string;
  readonly usd?: string;
  readonly nano_usd?: string;
  readonly reason?: string;
  readonly status?: string;
  readonly flags?: readonly string[];
  readonly match?: string;
  readonly row?: string;
  readonly model: string;
}

const folder = import.meta.dirname;
const prices = readFileSync(join(folder, "row-shapes.yaml"), "utf8");
const vectors = parse(readFileSync(join(folder, "row-shapes.vectors.yaml"), "utf8")) as readonly Vector[];
let byYaml: readonly PricedAnswer[] = [];
let byJson: readonly PricedAnswer[] = [];

beforeAll(async () => {
  const asked = (layer: string) =>
    vectors.map((vector) => ({ record: recordOf(vector), layers: [layer], settings: {} }));
  byYaml = await pricedByBundle(asked("row-shapes.yaml"), folder);
  const scratch = mkdtempSync(join(tmpdir(), "prices-"));
  try {
    const path = join(scratch, "row-shapes.json");
    writeFileSync(path, JSON.stringify(parse(prices)));
    byJson = await pricedByBundle(asked(path), folder);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}, 120_000);

const expectations = new Set(["name", "usd", "nano_usd", "reason", "status", "flags", "match", "row"]);

function recordOf(vector: Vector): object {
  const given = Object.entries(vector).filter(([key]) => !expectations.has(key));
  return { provider: "shapes", at: "2026-08-03T18:00:00Z", ...Object.fromEntries(given) };
}

describe("a row of a price file", () => {
  test.each(vectors.map((vector, index) => ({ ...vector, index })))("$name", (vector) => {
    const answer = byYaml[vector.index]!;
    const { usd, nano_usd, reason, flags = [], status, match, model } = answer;
    const estimated = (vector.flags ?? []).length > 0;
    expect({ usd, reason, flags, status }).toEqual({
      usd: vector.usd,
      reason: vector.reason,
      flags: vector.flags ?? [],
      status: vector.status ?? (vector.reason ? "unpriced" : estimated ? "priced_estimated" : "priced"),
    });
    if (vector.nano_usd) expect(nano_usd).toBe(vector.nano_usd);
    if (vector.match) expect(match).toBe(vector.match);
    if (vector.row && vector.row !== "none") expect(model).toBe(vector.row);
    if (status === "priced") expect(answer).toMatchObject({ layer: "row-shapes.yaml", version: "shapes-1" });
  });

  test("says the same in JSON", () => {
    expect(byJson.map(({ layer: _, ...rest }) => rest)).toEqual(byYaml.map(({ layer: _, ...rest }) => rest));
  });

  test("is there for every word and every unit", () => {
    expect(priceWords.filter((word) => !prices.includes(`${word}:`))).toEqual([]);
    expect(Object.keys(unitSizes).filter((unit) => !new RegExp(`(?:per|unit): ${unit}\\b`).test(prices))).toEqual([]);
  });
});
