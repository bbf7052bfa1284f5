// Price files as no one would write them. Reading one gives a table or problems and never an exception; and a table
// that can be read prices calls with amounts that are written in the file.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { parseLayerName, readBook } from "../../src/pricing/layers.ts";
import { parseFraction } from "../../src/pricing/money.ts";
import { explainCost } from "../../src/pricing/price-call.ts";
import { policyOf, pricingSettings } from "../../src/pricing/settings.ts";

const yaml = readFileSync("test/pricing-vectors/row-shapes.yaml", "utf8");
const json = JSON.stringify(parse(yaml));
const litellm = readFileSync("test/pricing-vectors/litellm-rows.json", "utf8")
  .slice(0, 6_000)
  .replace(/,\s*"[^"]*": \{[^{}]*$/, "}");
const policy = policyOf(pricingSettings.parse({ max_call_cost_usd: "1e30" }));
const usages = [{ input: 5_000, cache_read: 10, output: 7 }, { images: 3 }, { audio_seconds: 1.5 }];

const nasty = [
  "-1",
  "0x10",
  "1_000",
  "0,000001",
  "NaN",
  ".nan",
  "Infinity",
  "1e-6",
  "1e400",
  "1e-400",
  "017",
  "--1",
  "1.2.3",
  "null",
  "true",
  '""',
  "[]",
  "{}",
  "*a",
  "&a",
  "!!int 1",
  "\u0000",
  "\ud800",
  "\u202e",
  "__proto__",
  "constructor",
  "<<",
  "|",
  ">",
  "?",
  "- ",
  "\t",
  "#",
  "'",
  '"',
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  "\n",
  "\r\n",
  "---\n",
  "...\n",
  "%YAML 9\n",
  "\\",
  "(a+)+",
  "^",
  "$",
  "> ",
  ">= ",
];
/** Where it happens, as a part of the text; what is cut out there; what comes in. */
const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.oneof(fc.constant(0), fc.nat({ max: 12 }), fc.nat({ max: 2_000 })),
  put: fc.oneof(fc.constantFrom(...nasty), fc.string({ maxLength: 4, unit: "binary" }), fc.constant("")),
});

test.each([
  { name: "YAML", layer: "prices.yaml", text: yaml, runs: 120 },
  { name: "JSON", layer: "prices.json", text: json, runs: 120 },
  { name: "LiteLLM's", layer: "litellm:prices.json", text: litellm, runs: 500 },
])(
  "a price file, $name, that is mutated is a table or problems",
  ({ layer, text, runs }) => {
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
        priceWith(layer, mutations.reduce(mutate, text));
      }),
      { numRuns: runs },
    );
  },
  120_000,
);

const amountPlace = /(?<=(?:input|output|amount): )[\d.e/-]+/g;
const places = [...yaml.matchAll(amountPlace)].map(({ index, 0: { length } }) => ({ index, length }));
const number = fc.oneof(
  fc.constantFrom(...nasty.filter((text) => !/[\n#&*!|>'"[\]{},?]/.test(text))),
  fc.double({ noNaN: true }).map(String),
  fc.bigInt().map(String),
  fc.stringMatching(/^[-+.,_0-9eExXa-f/ ]{1,12}$/),
);

test("an amount is taken for what it says, or refused with its line", () => {
  fc.assert(
    fc.property(fc.constantFrom(...places), number, ({ index, length }, written) => {
      const text = `${yaml.slice(0, index)}"${written}"${yaml.slice(index + length)}`;
      const reading = readBook([parseLayerName("prices.yaml")], { read: () => new TextEncoder().encode(text) });
      const isAmount = decimalOf(written);
      if (!reading.ok) {
        const line = yaml.slice(0, index).split("\n").length;
        expect(reading.problems[0]?.text).toContain(`prices.yaml:${line}:`);
        expect(isAmount).toBe(false);
      } else expect(isAmount).toBe(true);
    }),
    { numRuns: 150 },
  );
}, 120_000);

/** Whether a text is a plain, non-negative amount, by another grammar than the one that reads price files. */
function decimalOf(text: string): boolean {
  const parts = text.trim().split("/");
  if (2 < parts.length || 80 < text.length || /^\+?0\d/.test(text.trim())) return false;
  const isDecimal = (part: string) => {
    const [mantissa = "", exponent, ...more] = part.trim().replace(/^\+/, "").split(/[eE]/);
    const digits = mantissa.replace(".", "");
    const isPower = exponent === undefined || (/^[+-]?\d{1,3}$/.test(exponent) && Math.abs(Number(exponent)) <= 40);
    return more.length === 0 && digits !== "" && [...digits].every((one) => "0" <= one && one <= "9") && isPower;
  };
  return parts.every(isDecimal) && (parts.length === 1 || /[1-9]/.test((parts[1] ?? "").split(/[eE]/)[0] ?? ""));
}

function mutate(text: string, { at, cut, put }: { at: number; cut: number; put: string }): string {
  const from = Math.floor(at * text.length);
  return text.slice(0, from) + put + text.slice(from + cut);
}

function priceWith(layer: string, text: string): void {
  const reading = readBook([parseLayerName(layer)], { read: () => new TextEncoder().encode(text) });
  if (!reading.ok) {
    expect(reading.problems.length).toBeGreaterThan(0);
    for (const { text: told } of reading.problems) expect(told).toContain(layer.replace("litellm:", ""));
    return;
  }
  const { book } = reading;
  for (const [provider, { exact }] of book.table.providers) {
    for (const model of exact.keys()) {
      for (const usage of usages) {
        const atMs = Date.UTC(2026, 7, 3, 12);
        const { cost, lines } = explainCost(book, { provider, model, atMs, usage, serviceTier: "flex" }, policy);
        if (cost.status === "unpriced") continue;
        expect(0n <= cost.nanoUsd).toBe(true);
        for (const { usdPerUnit } of lines) expect(parseFraction(usdPerUnit) ?? usdPerUnit.length).toBeTruthy();
      }
    }
  }
}
