import { describe, expect, test } from "vitest";
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

  test("with many problems tells all of them", () => {
    const read = readPriceFile("currency: EUR\nversion: [1]\nproviders: 5\n");
    expect(read.ok ? [] : read.problems.map(({ line }) => line)).toEqual([1, 2, 3]);
  });
});
