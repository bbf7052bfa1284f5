import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { budget, priced, span } from "../../../test/support/calls.ts";
import { type Claims, dueCharges } from "../charging.ts";
import { type JournalEntry, readEntry, writeEntry } from "./entry-record.ts";

const terms = {
  budgets: [budget(), budget({ name: "daily", window: "day" }), budget({ name: "ever", window: "lifetime" })],
  acceptLateMs: Number.POSITIVE_INFINITY,
  acceptFutureMs: Number.POSITIVE_INFINITY,
  identityWindowMs: 3_600_000,
  tenantsMax: 10,
  tenants: new Set<string>(),
};
const nowMs = Date.parse("2025-11-20T15:00:10Z");

function claimsOf(...spans: readonly ReturnType<typeof span>[]): readonly Claims[] {
  const found = { calls: spans.map(({ call }) => call), costs: spans.map(({ cost }) => cost) };
  return dueCharges(terms, found, nowMs).claims;
}

const arbitrarySpan = fc
  .record({
    tenant: fc.string({ unit: "grapheme", maxLength: 40 }),
    rank: fc.nat(65_535),
    input: fc.maxSafeNat(),
    output: fc.maxSafeNat(),
    startMs: fc.nat(2e12),
    lengthMs: fc.nat(1e7),
    responseIds: fc.array(fc.string(), { maxLength: 6 }),
    responseModel: fc.option(fc.string({ unit: "grapheme", maxLength: 200 }), { nil: undefined }),
    provider: fc.constantFrom("openai", "", "😀"),
    isChoice: fc.boolean(),
    nanoUsd: fc.bigInt(0n, 2n ** 63n - 1n),
  })
  .map(({ startMs, lengthMs, nanoUsd, ...rest }) =>
    span({ ...rest, startMs, endMs: startMs + lengthMs, cost: priced(nanoUsd) }),
  );

describe("a record of the charge journal", () => {
  test("reads back as it was written", () => {
    fc.assert(
      fc.property(fc.array(arbitrarySpan, { maxLength: 8 }), fc.nat(2e12), fc.boolean(), (spans, arrivedMs, again) => {
        const entry: JournalEntry = { arrivedMs, again, claims: claimsOf(...spans) };
        expect(readEntry(writeEntry(entry))).toEqual(entry);
      }),
      { numRuns: 300 },
    );
  });

  test("shares what the calls of a request have in common", () => {
    const many = Array.from({ length: 500 }, (_, at) => span({ responseIds: [`chatcmpl-${at}`] }));
    const bytes = writeEntry({ arrivedMs: nowMs, again: false, claims: claimsOf(...many) }).length;
    expect(bytes / many.length).toBeLessThan(110);
  });

  test("is refused when any of its bytes is another", () => {
    const record = writeEntry({ arrivedMs: nowMs, again: false, claims: claimsOf(span(), span()) });
    fc.assert(
      fc.property(fc.nat(record.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = record.slice();
        damaged[at] = (damaged[at] ?? 0) ^ change;
        expect(() => readEntry(damaged)).toThrow(/layout|damaged/);
      }),
    );
  });

  test.each([0, 1, 5, 20])("is refused when it ends after %s bytes", (length) => {
    const record = writeEntry({ arrivedMs: nowMs, again: false, claims: claimsOf(span()) });
    expect(() => readEntry(record.subarray(0, length))).toThrow(/no length|damaged/);
  });
});
