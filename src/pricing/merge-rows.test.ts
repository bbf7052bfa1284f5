import { describe, expect, test } from "vitest";
import type { Usage, UsageRecord } from "../genai/usage.ts";
import { compileBook, type Layer } from "./price-book.ts";
import { type CostPolicy, explainCost } from "./price-call.ts";
import { priceFile } from "./price-file.ts";

const policy: CostPolicy = { reportedCost: "ignore", maxCallNanoUsd: 10n ** 30n, multipliers: [], subscriptions: [] };
const row = {
  id: "m-latest",
  match: ["m-latest", "m", { regex: "^m-\\d{4}$" }],
  multipliers: { speed: { fast: "3" } },
  prices: [
    { until: "2026-06-01", cells: { default: { input: "2", output: "8" } } },
    {
      from: "2026-06-01",
      cells: { default: { input: "1", cache_read: "0.1", output: "4", web_searches: { amount: "10", per: "kcount" } } },
      bands: [{ when: { input_total: "> 1000" }, cells: { default: { input: "2", output: "8" } } }],
      windows: [{ utc: "00:00-06:00", cells: { default: { input: "0.5", output: "2" } } }],
    },
  ],
};

describe("a row that is merged", () => {
  test.each([
    { name: "keeps what it does not name", over: {}, given: {}, usd: "0.000088" },
    {
      name: "names a word more",
      over: { cache_read: "0.2" },
      given: { usage: { input: 100, cache_read: 50, output: 0 } },
      usd: "0.00006",
    },
    {
      name: "names a tier",
      tier: { flex: { input: "0.25", output: "1" } },
      given: { serviceTier: "flex" },
      usd: "0.000022",
    },
    {
      name: "leaves the fees",
      tier: { flex: { input: "0", output: "0" } },
      given: { serviceTier: "flex", usage: { input: 1, output: 1, web_searches: 1 } },
      usd: "0.01",
    },
    {
      name: "holds before and after a change of prices",
      tier: { flex: { input: "0.25", output: "1" } },
      given: { serviceTier: "flex", at: "2026-05-31" },
      usd: "0.000022",
    },
    { name: "leaves prices of other days", over: { output: "4" }, given: { at: "2026-05-31" }, usd: "0.000176" },
    { name: "leaves windows", over: { input: "9" }, given: { at: "2026-07-01T01:00:00Z" }, usd: "0.000044" },
    { name: "leaves bands", over: { input: "9" }, given: { usage: { input: 1001, output: 0 } }, usd: "0.002002" },
  ])("$name", ({ over, tier, given, usd }) => {
    const prices = [
      {
        ...(given.at === "2026-05-31" && over && { from: "2026-06-01" }),
        cells: { ...(over && { default: over }), ...tier },
      },
    ];
    expect(explained([{ id: "m-latest", merge: true, prices }], given).usd).toBe(usd);
  });

  test("adds a tier to a band, and a band that was not there", () => {
    const bands = [
      { when: { input_total: ">1000" }, cells: { flex: { input: "1", output: "4" } } },
      { when: { input_total: "> 2000" }, cells: { default: { input: "7", output: "7" } } },
    ];
    const over = [{ id: "m-latest", merge: true, prices: [{ cells: {}, bands }] }];
    const usage = (input: number) => ({ usage: { input, output: 0 } });
    expect(explained(over, { ...usage(1001), serviceTier: "flex" }).usd).toBe("0.001001");
    expect(explained(over, usage(1001)).usd).toBe("0.002002");
    expect(explained(over, usage(2001)).usd).toBe("0.014007");
  });

  test("gives a price to days that had none", () => {
    const closed = [{ ...row, prices: [{ until: "2026-01-01", cells: { default: { input: "1", output: "1" } } }] }];
    const over = [
      {
        id: "m-latest",
        merge: true,
        prices: [{ from: "2026-03-01", cells: { default: { input: "5", output: "5" } } }],
      },
    ];
    const at = (day: string) => explain([closed, over], { at: day }).usd;
    expect([at("2025-12-31"), at("2026-02-01"), at("2026-03-01")]).toEqual(["0.000028", undefined, "0.00014"]);
  });

  test("has the names of the row below when it has its id, patterns too, and its own alone when it has another", () => {
    const tier = [{ cells: { default: { input: "9" } } }];
    const rowIds = (over: object, names: readonly string[]) => {
      const { resolver } = bookOf([[row], [over]]);
      return names.map((name) => resolver.find("p", name)?.row.layer);
    };
    expect(rowIds({ id: "m-latest", merge: true, prices: tier }, ["m-latest", "m", "m-2026"])).toEqual(["1", "1", "1"]);
    expect(rowIds({ id: "m", merge: true, prices: tier }, ["m-latest", "m", "m-2026"])).toEqual(["0", "1", "0"]);
  });

  test("keeps factors and takes more", () => {
    const over = [{ id: "m-latest", merge: true, multipliers: { region: { us: "2" } }, prices: [{ cells: {} }] }];
    expect(explained(over, { serviceTier: "fast", region: "us" }).usd).toBe("0.000528");
  });

  test("reads amounts in the unit of each file", () => {
    const over = [{ id: "m-latest", merge: true, prices: [{ cells: { default: { output: "0.001" } } }] }];
    const lower = layer([row], 0);
    const upper = { ...layer(over, 1), file: { ...layer(over, 1).file, defaults: { unit: "ktok" as const } } };
    expect(explainCost(compileBook([lower, upper]), record({}), policy).usd).toBe("0.000028");
    const swapped = compileBook([
      { ...lower, file: { ...lower.file, defaults: { unit: "ktok" as const } } },
      layer(over, 1),
    ]);
    expect(explainCost(swapped, record({}), policy).usd).toBe("0.00800002");
  });

  test("stands as it is where there is no row below, and says that it has no price", () => {
    const over = [{ id: "other", merge: true, prices: [{ cells: { flex: { input: "1", output: "1" } } }] }];
    expect(explain([[row], over], { model: "other" }).cost).toMatchObject({
      status: "unpriced",
      reason: "missing_price",
    });
    expect(explain([[row], over], { model: "other", serviceTier: "flex" }).usd).toBe("0.000028");
  });

  test("stays in doubt with the row below", () => {
    const lower = layer([row], 0);
    const refused = new Map(lower.file.providers[0]?.models.map((model) => [model, "unverified_free" as const]));
    const over = layer([{ id: "m-latest", merge: true, prices: [{ cells: { default: { output: "1" } } }] }], 1);
    expect(explainCost(compileBook([{ ...lower, refused }, over]), record({}), policy).cost).toMatchObject({
      status: "unpriced",
      reason: "unverified_free",
    });
  });

  test("changes nothing in a layer that fills", () => {
    const over = layer([{ id: "m-latest", merge: true, prices: [{ cells: { default: { output: "1" } } }] }], 1);
    const book = compileBook([layer([row], 0), { ...over, mode: "fill" }]);
    expect(explainCost(book, record({}), policy).usd).toBe("0.000088");
  });
});

describe("rules.usage", () => {
  test.each([
    { usage: "exclusive", convention: undefined, usd: "0.000105" },
    { usage: "exclusive", convention: "inclusive", usd: "0.000055" },
    { usage: "inclusive", convention: undefined, usd: "0.000055" },
    { usage: "inclusive", convention: "exclusive", usd: "0.000105" },
    { usage: undefined, convention: undefined, usd: "0.000055" },
  ] as const)("of $usage with a record that says $convention", ({ usage, convention, usd }) => {
    const rules = usage === undefined ? undefined : { usage };
    const file = priceFile.parse({ providers: [{ id: "p", rules, models: [row] }] });
    const book = compileBook([{ name: "0", version: "0", mode: "override", file }]);
    const given = record({ usage: { input: 100, cache_read: 50, output: 0 } });
    expect(explainCost(book, { ...given, usageConvention: convention }, policy).usd).toBe(usd);
  });
});

interface Given {
  readonly model?: string;
  readonly at?: string;
  readonly usage?: Usage;
  readonly serviceTier?: string;
  readonly region?: string;
}

function explained(over: readonly object[], given: Given) {
  return explain([[row], over], given);
}

function explain(layers: readonly (readonly object[])[], given: Given) {
  return explainCost(bookOf(layers), record(given), policy);
}

function bookOf(layers: readonly (readonly object[])[]) {
  return compileBook(layers.map(layer));
}

function layer(models: readonly object[], index: number): Layer {
  const file = priceFile.parse({ providers: [{ id: "p", models }] });
  return { name: String(index), version: String(index), mode: "override", file };
}

function record({
  model = "m",
  at = "2026-08-01T12:00:00Z",
  usage = { input: 8, output: 20 },
  ...given
}: Given): UsageRecord {
  return { provider: "p", model, atMs: Date.parse(at), usage, ...given };
}
