import { expect, test } from "vitest";
import { priceOperands } from "./price-operands.ts";

test.each([
  { prices: [], operands: [], becomes: { layers: [], file: "-" } },
  { prices: [], operands: ["calls.jsonl"], becomes: { layers: [], file: "calls.jsonl" } },
  { prices: ["bundled"], operands: [], becomes: { layers: ["bundled"], file: "-" } },
  { prices: ["bundled"], operands: ["-"], becomes: { layers: ["bundled"], file: "-" } },
  { prices: ["bundled"], operands: ["calls.jsonl"], becomes: { layers: ["bundled"], file: "calls.jsonl" } },
  { prices: ["bundled"], operands: ["litellm:a.json"], becomes: { layers: ["bundled", "litellm:a.json"], file: "-" } },
  { prices: ["bundled"], operands: ["own.yaml"], becomes: { layers: ["bundled", "own.yaml"], file: "-" } },
  { prices: ["bundled"], operands: ["own.json", "-"], becomes: { layers: ["bundled", "own.json"], file: "-" } },
  {
    prices: ["bundled", "own.json"],
    operands: ["a.json"],
    becomes: { layers: ["bundled", "own.json"], file: "a.json" },
  },
  { prices: [], operands: ["a.jsonl", "b.jsonl"], becomes: undefined },
])("--prices $prices and then $operands", ({ prices, operands, becomes }) => {
  expect(priceOperands(prices, operands)).toEqual(becomes);
});
