import { describe, expect, test } from "vitest";
import { readPriceFile } from "../src/pricing/read-price-file.ts";
import { diffPrices, importPrices, lintPrices, listPrices, type PricesRequest } from "./prices.ts";

const own = `version: own-1
providers:
  - id: openai
    models:
      - id: gpt-x
        match: [gpt-x, gpt-y]
        prices:
          - until: 2026-06-01
            cells: { default: { input: 4, output: 8 } }
            source: { name: contract, checked: 2026-01-01 }
          - from: 2026-06-01
            cells: { default: { input: 2, cache_read: 0.2, output: 8 }, flex: { input: 1, output: 4 } }
            bands: [{ when: { input_total: "> 200000" }, cells: { default: { input: 4, cache_read: 0.4, output: 16 } } }]
            source: { name: contract, checked: 2026-01-01 }
`;
const litellm = JSON.stringify({
  "gpt-x": { litellm_provider: "openai", mode: "chat", input_cost_per_token: 3e-6, output_cost_per_token: 8e-6 },
  "openai/gpt-x": {
    litellm_provider: "openai",
    mode: "chat",
    input_cost_per_token: 2.5e-6,
    output_cost_per_token: 8e-6,
  },
  "gpt-free": { litellm_provider: "openai", mode: "chat", input_cost_per_token: 0, output_cost_per_token: 0 },
  "gpt-holo": { litellm_provider: "openai", output_cost_per_image: 0.04, output_cost_per_hologram: 1 },
});
const written: Readonly<Record<string, string>> = {
  "own.yaml": own,
  "litellm.json": litellm,
  "cheaper.yaml": own.replace("own-1", "own-2").replace("input: 2,", "input: 1.5,").replace(", gpt-y", ""),
  "broken.yaml": own.replace("input: 2,", "input: two,"),
};
const files = {
  read(path: string): Uint8Array {
    const text = written[path];
    if (text === undefined) throw new Error("ENOENT");
    return new TextEncoder().encode(text);
  },
};

describe("prices list", () => {
  test("shows rows with what they cost on a day", () => {
    expect(listPrices(asked(["own.yaml"])).output).toBe(
      "openai/gpt-x  own.yaml  priced  default.input 2  default.cache_read 0.2  default.output 8  flex.input 1" +
        "  flex.output 4  >= 200001 default.input 4  >= 200001 default.cache_read 0.4  >= 200001 default.output 16\n",
    );
    const earlier = listPrices(asked(["own.yaml"], { format: "json", atMs: Date.UTC(2026, 0, 1) })).output;
    expect(JSON.parse(earlier)).toEqual({
      provider: "openai",
      model: "gpt-x",
      layer: "own.yaml",
      version: "own-1",
      status: "priced",
      prices: { "default.input": "4", "default.output": "8" },
    });
  });

  test("says why a row has no price", () => {
    expect(listPrices(asked(["litellm:litellm.json"])).output).toContain("openai/gpt-free  litellm  unverified_free");
  });
});

describe("prices diff", () => {
  test("tells what a name costs otherwise, and names that are gone or new", () => {
    const { output, words } = diffPrices(asked(["own.yaml", "cheaper.yaml"]));
    expect(output).toContain("changed openai: gpt-x (row gpt-x)\n  default.input  2 -> 1.5\n");
    expect(words).toEqual(["1 changed, 0 added, 1 removed"]);
  });

  test("puts layers that are joined over one another", () => {
    const { output, words } = diffPrices(asked(["bundled", "bundled+own.yaml"], { format: "json" }));
    expect(JSON.parse(output)).toMatchObject({ kind: "added", provider: "openai", names: ["gpt-x", "gpt-y"] });
    expect(words).toEqual(["0 changed, 1 added, 0 removed"]);
  });

  test("of the same has nothing to tell", () => {
    expect(diffPrices(asked(["own.yaml", "own.yaml"]))).toMatchObject({ output: "", exitCode: 0 });
  });
});

describe("prices lint", () => {
  test.each([
    { name: "a good file", from: "", to: "", says: "", exitCode: 0 },
    {
      name: "a period that ends before it starts",
      from: "from: 2026-06-01",
      to: "from: 2026-06-01\n            until: 2026-05-01",
      says: "x.yaml:12:13  providers[0].models[0].prices[1].until: error: must be later than from, 2026-06-01, not 2026-05-01",
      exitCode: 1,
    },
    {
      name: "two periods from one day",
      from: "from: 2026-06-01\n            ",
      to: "",
      says: "error: starts with another",
      exitCode: 1,
    },
    {
      name: "no default cell",
      from: "default: { input: 4, output: 8 }",
      to: "flex: { input: 4 }",
      says: "has no default cell",
      exitCode: 1,
    },
    {
      name: "a name of two rows",
      from: "models:",
      to: "models:\n      - { id: gpt-x, prices: [{ cells: { default: { input: 1 } } }] }",
      says: 'error: the name "gpt-x" is also',
      exitCode: 1,
    },
    {
      name: "a price beyond belief",
      from: "input: 4, output: 8",
      to: "input: 4000, output: 8",
      says: "warning: costs 4000 USD per million tokens",
      exitCode: 0,
    },
    {
      name: "a cached token that costs more",
      from: "cache_read: 0.2,",
      to: "cache_read: 20,",
      says: "a cached token costs more",
      exitCode: 0,
    },
    {
      name: "a tier that saves nothing",
      from: "flex: { input: 1,",
      to: "flex: { input: 3,",
      says: "flex.input: warning: costs more than by default",
      exitCode: 0,
    },
    {
      name: "a band that lacks a price",
      from: "cache_read: 0.4, ",
      to: "",
      says: "has no cache_read, which the default cell has",
      exitCode: 0,
    },
    {
      name: "a row without source",
      from: "source: { name: contract, checked: 2026-01-01 }",
      to: "",
      says: "has no source",
      exitCode: 0,
    },
    {
      name: "a period that starts before the one before it ends",
      from: "until: 2026-06-01",
      to: "until: 2026-07-01",
      says: "prices[1].from: warning: starts before the period from the beginning ends, 2026-07-01",
      exitCode: 0,
    },
    {
      name: "days without a price",
      from: "until: 2026-06-01",
      to: "until: 2026-05-01",
      says: "warning: leaves the days from 2026-05-01 to 2026-06-01 without a price",
      exitCode: 0,
    },
    {
      name: "windows that overlap over midnight",
      from: "            bands:",
      to: "            windows: [{ utc: '22:00-02:00', cells: {} }, { utc: '01:59-03:00', days: [sun], cells: {} }]\n            bands:",
      says: "x.yaml:13:60  providers[0].models[0].prices[1].windows[1].utc: error: overlaps 22:00-02:00",
      exitCode: 1,
    },
    {
      name: "windows of other days",
      from: "            bands:",
      to: "            windows: [{ utc: '22:00-02:00', days: [sat], cells: {} }, { utc: '01:00-03:00', days: [sun], cells: {} }]\n            bands:",
      says: "",
      exitCode: 0,
    },
    {
      name: "a window that is none",
      from: "            bands:",
      to: "            windows: [{ utc: '02:00-02:00', cells: {} }]\n            bands:",
      says: "windows[0].utc: error: ends where it starts",
      exitCode: 1,
    },
    {
      name: "two bands of one threshold",
      from: "bands: [{",
      to: 'bands: [{ when: { input_total: ">= 200001" }, cells: { default: { input: 1, cache_read: 1, output: 1 } } }, {',
      says: "bands[1].when: error: begins where another band does",
      exitCode: 1,
    },
    {
      name: "a pattern that matches anything behind a name",
      from: "gpt-y]",
      to: "gpt-y, { regex: '^gpt-x-.*$' }]",
      says: "match[2]: warning: matches names that nobody has looked at",
      exitCode: 0,
    },
    {
      name: "an alias of a row that does not exist",
      from: "version:",
      to: "aliases: { mine: openai/gpt-x, hers: gpt-4o, theirs: openai/gpt-z, openai/ours: gpt-y, openai/none: gpt-z }\nversion:",
      says: [
        'x.yaml:1:46  aliases.theirs: error: no row is "openai/gpt-z"; write PROVIDER/MODEL, and name the layer that has it beside this file\n',
        'x.yaml:1:88  aliases.openai/none: error: no row is "gpt-z"; write PROVIDER/MODEL, and name the layer that has it beside this file\n',
      ].join(""),
      exitCode: 1,
    },
    {
      name: "a row that is merged into nothing, and one that is merged into the bundled table",
      from: "models:",
      to: "models:\n      - { id: gpt-none, merge: true, prices: [{ cells: {}, source: { name: c, checked: 2026-01-01 } }] }\n      - { id: gpt-4o, merge: true, prices: [{ cells: {}, source: { name: c, checked: 2026-01-01 } }] }",
      says: "x.yaml:5:25  providers[0].models[0].merge: warning: is to be merged and there is no row below; name the layer that has it beside this file\n",
      exitCode: 0,
    },
  ])("of $name", ({ from, to, says, exitCode }) => {
    const text = own.replace(from, () => to);
    const answer = lintPrices({ ...asked(["x.yaml"]), files: { read: () => new TextEncoder().encode(text) } });
    expect(answer.exitCode).toBe(exitCode);
    if (says === "") expect(answer.output).toBe("");
    else expect(answer.output).toContain(says);
    if (says.endsWith("\n")) expect(answer.output).toBe(says);
  });

  test("of LiteLLM's file tells rows that are not billed by, and prices that nobody knows", () => {
    const { output, exitCode } = lintPrices(asked(["litellm:litellm.json"], { format: "json" }));
    const findings = output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(findings).toMatchObject([
      { level: "warning", path: "openai/openai/gpt-x", text: expect.stringContaining('also one of "gpt-x"') },
      { level: "warning", path: "openai/gpt-free", text: expect.stringContaining("says that the model is free") },
      { level: "warning", place: "litellm", text: expect.stringContaining("output_cost_per_hologram") },
    ]);
    expect(exitCode).toBe(0);
  });
});

describe("prices import", () => {
  test("prints a file that prices the same, without what is not billed by", () => {
    const { output, words } = importPrices(asked(["litellm:litellm.json"]));
    expect(words).toEqual(["rows left out: 1, unverified_free", "rows left out: 1, a later row has its names"]);
    expect(output).toContain("default: { input: 2.5, output: 8 }");
    const read = readPriceFile(output);
    expect(read.ok && read.file.providers[0]?.models.map(({ id }) => id)).toEqual(["openai/gpt-x", "gpt-holo"]);
    const again = {
      read: (path: string) => (path === "imported.yaml" ? new TextEncoder().encode(output) : files.read(path)),
    };
    const { output: changes } = diffPrices({ ...asked(["litellm:litellm.json", "imported.yaml"]), files: again });
    expect(changes).toBe(
      "removed openai: gpt-free (row gpt-free)\n  default.input  0 -> -\n  default.output  0 -> -\n",
    );
  });

  test("keeps bands, tiers, days and sources of a price file", () => {
    const { output } = importPrices(asked(["own.yaml"]));
    expect(output).toContain("default: { input: 2, cache_read: 0.2, output: 8 }");
    const again = {
      read: (path: string) => (path === "imported.yaml" ? new TextEncoder().encode(output) : files.read(path)),
    };
    expect(diffPrices({ ...asked(["own.yaml", "imported.yaml"]), files: again }).output).toBe("");
  });
});

test.each([
  { command: listPrices, layers: ["broken.yaml"] },
  { command: diffPrices, layers: ["own.yaml", "broken.yaml"] },
  { command: lintPrices, layers: ["own.yaml", "broken.yaml"] },
  { command: importPrices, layers: ["broken.yaml"] },
])("$command.name tells line and value of a file that it cannot read", ({ command, layers }) => {
  const { output, words, exitCode } = command(asked(layers));
  expect(words).toEqual([expect.stringMatching(/^broken\.yaml:12:\d+ {2}.*input.*not "two"/)]);
  expect({ output, exitCode }).toEqual({ output: "", exitCode: 1 });
});

function asked(layers: readonly string[], more: Partial<PricesRequest> = {}): PricesRequest {
  return { layers, format: "text", files, atMs: Date.UTC(2026, 7, 1), ...more };
}
