import { describe, expect, test } from "vitest";
import { parseFraction } from "./money.ts";
import { readPriceFile } from "./read-price-file.ts";

const file = (cells: string) => `providers:
  - id: openai
    models:
      - id: gpt-4o
        prices:
          - from: 2026-01-01
            cells: { default: ${cells} }
`;

describe("a price file", () => {
  test("is read with its amounts as the text that stands in it", () => {
    const read = readPriceFile(
      file("{ input: 0.30000000000000000001, output: 1e-7, web_searches: { amount: 10, per: kcount } }"),
    );
    expect(read.ok && read.file.providers[0]?.models[0]?.prices[0]?.cells["default"]).toEqual({
      input: "0.30000000000000000001",
      output: "1e-7",
      web_searches: { amount: "10", per: "kcount" },
    });
  });

  test("may be JSON", () => {
    expect(readPriceFile('{"schema": 1, "providers": [{"id": "openai", "models": []}]}')).toMatchObject({ ok: true });
  });

  test.each([
    {
      name: "an amount that is none",
      text: file("{ input: cheap }"),
      line: 7,
      path: "cells.default.input",
      says: '"cheap"',
    },
    { name: "a negative amount", text: file("{ input: -1 }"), line: 7, path: "cells.default.input", says: '"-1"' },
    { name: "an unknown bucket", text: file("{ inptu: 1 }"), line: 7, path: "cells.default", says: "inptu" },
    {
      name: "a unit of something else",
      text: file("{ input: { amount: 1, per: hour } }"),
      line: 7,
      path: "cells.default.input",
      says: "must be one of mtok, ktok, token",
    },
    { name: "an unknown key", text: "provider: []\n", line: 1, path: "", says: "provider" },
    {
      name: "an open pattern",
      text: file("{}").replace("prices:", "match: [{ regex: ^gpt }]\n        prices:"),
      line: 5,
      path: "match[0]",
      says: "from ^ to $",
    },
    {
      name: "a pattern that repeats a group, which takes for ever on names that come from outside",
      text: file("{}").replace("prices:", () => "match: [{ regex: '^(a+)+$' }]\n        prices:"),
      line: 5,
      path: "match[0]",
      says: "repeats no group",
    },
    {
      name: "a factor of 0",
      text: "providers:\n  - id: openai\n    rules: { batch: 0 }\n",
      line: 3,
      path: "rules.batch",
      says: "above 0",
    },
    {
      name: "a day that is none",
      text: file("{}").replace("2026-01-01", "2026-02-30"),
      line: 6,
      path: "from",
      says: "2026-02-30",
    },
    { name: "another currency", text: "currency: EUR\n", line: 1, path: "currency", says: "USD" },
    { name: "no YAML", text: "providers: [\n", line: 2, path: "", says: "" },
    { name: "a list", text: "- 1\n", line: 1, path: "", says: "" },
  ])("with $name is refused at its place", ({ text, line, path, says }) => {
    const read = readPriceFile(text);
    if (read.ok) throw new Error("was read");
    const [problem] = read.problems;
    expect(problem).toMatchObject({ line });
    expect(`${problem?.path} ${problem?.text}`).toContain(says);
    expect(problem?.path).toContain(path);
  });

  test.each(["", "\n", "# prices\n", "---\n", "version: v2\n", "{}", "null", "schema: 1"])(
    "of which only %j is there is refused: it is cut off, or about to be written",
    (text) => {
      expect(readPriceFile(text)).toMatchObject({ ok: false, problems: [{ line: 1 }] });
    },
  );

  test.each([
    "-1",
    "-0",
    "-.inf",
    ".inf",
    ".nan",
    "NaN",
    "Infinity",
    "0x10",
    "0o17",
    "0b11",
    "017",
    "010",
    "1_000",
    "'0,000001'",
    "1:30",
    "2026-01-01",
    "$5",
    "5 USD",
    "5€",
    "1.2.3",
    "1e",
    "1e5.5",
    "1e41",
    "1e-41",
    "1e999",
    "１",
    "--5",
    "1/0",
    "1/-3",
    ".",
    "''",
    "' '",
    "true",
    "null",
    "~",
    "[1]",
    "{}",
    "{ amount: 1 }",
    "{ per: mtok }",
    "{ amount: -1, per: mtok }",
    "{ amount: 1, per: mtok, for: 1 }",
    "*a",
    "0, 000001",
    `0.${"1".repeat(90)}`,
  ])("does not take %s for an amount, and says where", (amount) => {
    const read = readPriceFile(file(`{ input: ${amount} }`));
    if (read.ok) throw new Error(`was read as ${JSON.stringify(read.file)}`);
    expect(read.problems[0]).toMatchObject({ line: 7 });
    expect(read.problems[0]?.text).toMatch(/must be|is not known|is not read/);
  });

  test.each([
    ["0", "0/1"],
    ["5", "5/1"],
    ["+5", "5/1"],
    ["5.", "5/1"],
    [".5", "1/2"],
    ["1/3", "1/3"],
    ["'1/3'", "1/3"],
    ["1e-6", "1/1000000"],
    ["'1e-6'", "1/1000000"],
    ["1E2", "100/1"],
    ["0.30", "3/10"],
    ["0.30000000000000000001", "30000000000000000001/100000000000000000000"],
    ["!!float 5", "5/1"],
  ])("takes %s for %s", (amount, fraction) => {
    const read = readPriceFile(file(`{ input: ${amount} }`));
    const text = read.ok ? read.file.providers[0]?.models[0]?.prices[0]?.cells["default"]?.input : undefined;
    const exact = parseFraction(String(text));
    expect(`${exact?.num}/${exact?.den}`).toBe(fraction);
  });

  test.each([
    { name: "brackets without end", text: "[".repeat(200_000) },
    { name: "maps without end", text: "{a: ".repeat(50_000) },
    { name: "lists without end", text: "- ".repeat(20_000) },
    { name: "keys without end", text: "? ".repeat(20_000) },
    { name: "two documents", text: "providers: []\n---\nproviders: []\n" },
    { name: "the same key twice", text: "providers: []\nproviders: []\n" },
    { name: "a key of JavaScript's", text: '"__proto__": { providers: [] }\n' },
    { name: "merge keys", text: "<<: { providers: [] }\n" },
    { name: "an alias of itself", text: "providers: &a [*a]\n" },
    { name: "no text", text: "\u0000\u0001\u0002" },
    { name: "too much text", text: " ".repeat(17 * 1024 * 1024) },
  ])("of $name is refused without an exception", ({ text }) => {
    const read = readPriceFile(text);
    expect(read.ok ? [] : read.problems.length).toBeGreaterThan(0);
  });

  test("with many problems tells all of them", () => {
    const read = readPriceFile("currency: EUR\nversion: [1]\nproviders: 5\n");
    expect(read.ok ? [] : read.problems.map(({ line }) => line)).toEqual([1, 2, 3]);
  });
});
