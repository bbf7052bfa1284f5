// docs/conformance.md says which test shows which check; here it is held to that.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/conformance.md"), "utf8");

/** `C-01, C-03 to C-05` as numbers. */
function numbersOf(cell: string): number[] {
  return [...cell.matchAll(/C-(\d+)(?: to C-(\d+))?/g)].flatMap(([, from = "", to = from]) =>
    Array.from({ length: Number(to) - Number(from) + 1 }, (_, at) => Number(from) + at),
  );
}

function filesOf(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+\.test\.ts)`/g)].map(([, name = ""]) =>
    name.startsWith("src/") ? join(root, name) : join(import.meta.dirname, name),
  );
}

const rows = page
  .split("\n## Where we differ")[0]
  ?.split("\n")
  .filter((line) => line.startsWith("| C-"))
  .map((line) => line.split("|"));
const shown = new Map<number, string[]>();
for (const [, checks = "", , tests = ""] of rows ?? []) {
  for (const number of numbersOf(checks)) shown.set(number, [...(shown.get(number) ?? []), ...filesOf(tests)]);
}

test("every file that is named is there", () => {
  expect([...shown.values()].flat().filter((path) => !existsSync(path))).toEqual([]);
});

test.each(Array.from({ length: 58 }, (_, at) => at + 1))(
  "check %d of doors, data and exporters is in the name of a test where the page says",
  (number) => {
    const name = `C-${String(number).padStart(2, "0")}`;
    const texts = (shown.get(number) ?? []).map((path) => readFileSync(path, "utf8"));
    expect(texts.some((text) => new RegExp(`["'\`].*${name}\\b`).test(text))).toBe(true);
  },
);
