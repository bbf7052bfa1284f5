import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { costFlags, unpricedReasons } from "../../src/pricing/cost.ts";
import { readPriceFile } from "../../src/pricing/read-price-file.ts";

const readme = readFileSync("src/processors/gen_ai_cost/README.md", "utf8");

describe("the README of gen_ai_cost", () => {
  test.each([
    { heading: "Reasons", words: unpricedReasons },
    { heading: "Flags", words: costFlags },
  ])("tells all $heading and no others", ({ heading, words }) => {
    const section = readme.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
    expect([...section.matchAll(/^\| `([a-z0-9_]+)` \|/gm)].map(([, word]) => word)).toEqual([...words]);
  });

  test("shows a price file that is one", () => {
    const example = readme.split("```yaml\n").at(-1)?.split("```")[0] ?? "";
    expect(readPriceFile(example)).toMatchObject({ ok: true, file: { providers: [{ id: "vllm" }] } });
  });
});
