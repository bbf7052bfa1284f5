// The lines of a bill, added up exactly and rounded once. In whole numbers while they stay below 2^53, else in
// fractions of BigInt, with the same result.
import type { Cell } from "./compile.ts";
import { type Line, quantityOf } from "./lines.ts";
import { add, type Fraction, multiply, one, toNanoUsd, zero } from "./money.ts";

/** A factor on the tokens of a call, exact, and as whole numbers; those are NaN beyond 2^53. */
export interface Factor {
  readonly reason: string;
  readonly factor: Fraction;
  readonly up: number;
  readonly down: number;
}

export function makeFactor(reason: string, factor: Fraction): Factor {
  return { reason, factor, up: safeNumber(factor.num), down: safeNumber(factor.den) };
}

export interface Bill {
  readonly cell: Cell;
  readonly lines: readonly Line[];
  readonly factors: readonly Factor[];
}

/** Billionths of a US dollar, each rounded half to even: of the call, and of its output alone. */
export interface Sums {
  readonly nanoUsd: bigint;
  readonly outputNanoUsd: bigint;
}

export function sumOf(bill: Bill): Sums {
  const { cell, lines, factors } = bill;
  let tokens = 0;
  let output = 0;
  let fees = 0;
  for (const { quantity, exact, rate, fee, isOutput } of lines) {
    if (exact) return exactSums(bill);
    const amount = quantity * rate.small;
    if (fee) fees += amount;
    else tokens += amount;
    if (isOutput) output += amount;
  }
  let up = cell.nanoNum;
  let feesUp = cell.nanoNum;
  let down = cell.nanoDen;
  for (const factor of factors) {
    up *= factor.up;
    down *= factor.down;
    feesUp *= factor.down;
  }
  const total = tokens * up + fees * feesUp;
  // Nothing here is negative, so an inexact product on the way shows in the total; NaN fails the comparison too.
  if (!(total + down <= Number.MAX_SAFE_INTEGER)) return exactSums(bill);
  return { nanoUsd: roundHalfEven(total, down), outputNanoUsd: output === 0 ? 0n : roundHalfEven(output * up, down) };
}

/** `num + den` is safe. The quotient of doubles may be one off, and is put right; a remainder takes three times as long. */
function roundHalfEven(num: number, den: number): bigint {
  let whole = Math.floor(num / den);
  let rest = num - whole * den;
  if (rest < 0) {
    whole--;
    rest += den;
  } else if (den <= rest) {
    whole++;
    rest -= den;
  }
  const twice = rest * 2 - den;
  return BigInt(0 < twice || (twice === 0 && whole % 2 === 1) ? whole + 1 : whole);
}

function exactSums(bill: Bill): Sums {
  const output = bill.lines.filter(({ isOutput }) => isOutput);
  return { nanoUsd: toNanoUsd(exactUsd(bill)), outputNanoUsd: toNanoUsd(exactUsd({ ...bill, lines: output })) };
}

/** The amount before it is rounded. Fees per use stay outside of factors. */
export function exactUsd({ lines, factors }: Bill): Fraction {
  let tokens = zero;
  let fees = zero;
  for (const line of lines) {
    const usd = multiply(quantityOf(line), line.rate.usd);
    if (line.fee) fees = add(fees, usd);
    else tokens = add(tokens, usd);
  }
  const factor = factors.reduce((product, { factor: next }) => multiply(product, next), one);
  return add(multiply(tokens, factor), fees);
}

function safeNumber(value: bigint): number {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : Number.NaN;
}
