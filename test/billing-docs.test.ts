import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { reasons, reasonTexts } from "../src/genai/call.ts";
import { memoryBounds } from "../src/genai/trace-memory.ts";

const page = readFileSync("docs/billing.md", "utf8");
const rows = [...page.matchAll(/^\| `(\w+)` \| `(?:bill|shadow|ignore)` \| (.+) \|$/gm)];

test("docs/billing.md lists every reason with what it means, and no other", () => {
  expect(rows.map(([, reason, text]) => [reason, text])).toEqual(Object.entries(reasonTexts));
  expect(reasons).toHaveLength(rows.length);
});

test("docs/billing.md names the bounds of the trace memory", () => {
  for (const bound of [memoryBounds.tracesMax, memoryBounds.spansMax])
    expect(page).toContain(bound.toLocaleString("en-US"));
  expect(memoryBounds.ageMs).toBe(10 * 60_000);
});
