import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  divideHalfEven,
  formatFraction,
  fraction,
  leastCommonMultiple,
  parseDecimal,
  parseFraction,
  plainNanoUsd,
  toNanoUsd,
  toUsdDouble,
} from "./money.ts";

describe("money", () => {
  test.each([
    ["3", "3"],
    ["0.30", "0.3"],
    [".5", "0.5"],
    ["5.", "5"],
    ["1.25e-7", "0.000000125"],
    ["2.5E3", "2500"],
    ["1.2999000000000001E-7", "0.00000012999000000000001"],
    ["11/10", "1.1"],
    ["0.04/3600", "1/90000"],
    ["0", "0"],
  ])("reads %s exactly as %s", (text, exact) => {
    expect(formatFraction(parseFraction(text)!)).toBe(exact);
  });

  test.each(["", ".", "-1", "1,5", "0x10", "NaN", "Infinity", "1e999", "1/0", "1/", "/2", "1/2/3", "9".repeat(100)])(
    "reads %j as no amount",
    (text) => {
      expect(parseFraction(text)).toBeUndefined();
    },
  );

  test.each([
    { num: 5n, den: 10n, rounded: 0n },
    { num: 15n, den: 10n, rounded: 2n },
    { num: 25n, den: 10n, rounded: 2n },
    { num: 26n, den: 10n, rounded: 3n },
    { num: 1n, den: 3n, rounded: 0n },
    { num: 2n, den: 3n, rounded: 1n },
    { num: 2n ** 70n + 1n, den: 2n, rounded: 2n ** 69n },
  ])("rounds $num/$den half to even", ({ num, den, rounded }) => {
    expect(divideHalfEven(num, den)).toBe(rounded);
  });

  test("an amount survives being written and read", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), fc.nat({ max: 18 }), (digits, places) => {
        const exact = fraction(digits, 10n ** BigInt(places));
        expect(parseDecimal(formatFraction(exact))).toEqual(exact);
      }),
    );
  });

  test("rounding is off by half a billionth at most", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.bigInt({ min: 1n, max: 10n ** 20n }), (num, den) => {
        const off = toNanoUsd({ num, den }) * den - num * 1_000_000_000n;
        expect(2n * (off < 0n ? -off : off) <= den).toBe(true);
      }),
    );
  });

  test("every tie goes to the even neighbour", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 20n }), (whole) => {
        expect(divideHalfEven(2n * whole + 1n, 2n) % 2n).toBe(0n);
      }),
    );
  });

  test("the double on the span gives the billionths back for any amount below nine million dollars", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: BigInt(Number.MAX_SAFE_INTEGER) }), (nanoUsd) => {
        expect(BigInt(Math.round(toUsdDouble(nanoUsd) * 1e9)) - nanoUsd).toBeOneOf([-1n, 0n, 1n]);
      }),
    );
  });

  test("a plain amount has as many billionths as its fraction", () => {
    const digits = fc.stringMatching(/^\d{0,8}(\.\d{0,10})?$/);
    fc.assert(
      fc.property(digits, (text) => {
        const exact = parseDecimal(text);
        const plain = plainNanoUsd(text);
        if (plain !== undefined) expect(exact && toNanoUsd(exact)).toBe(BigInt(plain));
      }),
    );
  });

  test.each([
    ["0.00123", 1_230_000],
    ["5.", 5_000_000_000],
    ["0", 0],
    ["1e-7", undefined],
    ["0.0000000001", undefined],
    ["99999999999", undefined],
    [".", undefined],
    ["1.2.3", undefined],
  ])("takes %j for the plain amount %j", (text, nanoUsd) => {
    expect(plainNanoUsd(text)).toBe(nanoUsd);
  });

  test("a least common multiple is a multiple of both", () => {
    expect(leastCommonMultiple(1_000_000n, 90_000n)).toBe(9_000_000n);
  });
});
