import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { pages } from "./support/docs.ts";

test.each(pages)("$path is what the code says; `npm run docs` prints it anew", ({ path, print }) => {
  expect(readFileSync(path, "utf8")).toBe(print());
});
