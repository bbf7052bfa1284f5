import { totalmem } from "node:os";
import { expect, test } from "vitest";
import { memoryFigures } from "./process-figures.ts";

test("memory figures are bytes, and the limit is the machine's memory or less", () => {
  const { rssBytes, heapBytes, externalBytes, limitBytes } = memoryFigures();
  expect(heapBytes).toBeGreaterThan(1024 * 1024);
  expect(rssBytes).toBeGreaterThan(heapBytes / 2);
  expect(externalBytes).toBeGreaterThan(0);
  expect(limitBytes).toBeGreaterThan(rssBytes);
  expect(limitBytes).toBeLessThanOrEqual(totalmem());
});
