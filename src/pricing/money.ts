// Exact money. A price is a fraction, a sum of prices is a fraction, and an amount is rounded once, half to even,
// to a whole number of billionths of a US dollar. No float holds money except the span attribute that is written last.

/** An exact, non-negative rational number in lowest terms. */
export interface Fraction {
  readonly num: bigint;
  readonly den: bigint;
}

export const zero: Fraction = { num: 0n, den: 1n };
export const one: Fraction = { num: 1n, den: 1n };
export const nanoPerUsd = 1_000_000_000n;

/** Longest amount that is read, and the largest power of ten in it: bounds what a price file can make us compute. */
const textLengthMax = 80;
const exponentMax = 40;

export function fraction(num: bigint, den: bigint): Fraction {
  const shared = greatestCommonDivisor(num, den);
  return { num: num / shared, den: den / shared };
}

/** `3`, `0.30`, `1.25e-7` or `95/100` exactly; undefined when it is none, or is negative. */
export function parseFraction(text: string): Fraction | undefined {
  if (text.length > textLengthMax) return undefined;
  const slash = text.indexOf("/");
  if (slash < 0) return parseDecimal(text);
  const above = parseDecimal(text.slice(0, slash));
  const below = parseDecimal(text.slice(slash + 1));
  if (!above || !below || below.num === 0n) return undefined;
  return fraction(above.num * below.den, above.den * below.num);
}

/** `3`, `0.30` or `1.25e-7` exactly; undefined when it is none, or is negative. */
export function parseDecimal(text: string): Fraction | undefined {
  if (text.length > textLengthMax) return undefined;
  const found = /^\s*\+?(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?\s*$/.exec(text);
  if (!found) return undefined;
  const [, whole = "", part = "", exponent = "0"] = found;
  const power = Number(exponent) - part.length;
  if (whole.length + part.length === 0 || Math.abs(Number(exponent)) > exponentMax) return undefined;
  const digits = BigInt(whole + part);
  return power < 0 ? fraction(digits, 10n ** BigInt(-power)) : { num: digits * 10n ** BigInt(power), den: 1n };
}

/**
 * Billionths of a plain amount such as `0.00123`, for which no fraction has to be made; undefined for what needs one:
 * more than nine decimals, an exponent, very large amounts, and what is no amount.
 */
export function plainNanoUsd(text: string): number | undefined {
  if (plainLengthMax < text.length) return undefined;
  let digits = 0;
  let value = 0;
  let decimals = -1;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit === point && decimals < 0) decimals = 0;
    else if (digit < 0 || 9 < digit) return undefined;
    else {
      value = value * 10 + digit;
      digits++;
      if (0 <= decimals) decimals++;
    }
  }
  const nano = value * 10 ** (9 - Math.max(0, decimals));
  return digits === 0 || 9 < decimals || !Number.isSafeInteger(nano) ? undefined : nano;
}

/** As many digits as a double surely holds. */
const plainLengthMax = 15;
const point = 0x2e - 0x30;

export function add(a: Fraction, b: Fraction): Fraction {
  return fraction(a.num * b.den + b.num * a.den, a.den * b.den);
}

export function multiply(a: Fraction, b: Fraction): Fraction {
  return fraction(a.num * b.num, a.den * b.den);
}

export function isLess(a: Fraction, b: Fraction): boolean {
  return a.num * b.den < b.num * a.den;
}

/** Rounds `num / den` to a whole number; a tie goes to the even one. Both are not negative. */
export function divideHalfEven(num: bigint, den: bigint): bigint {
  const whole = num / den;
  const twice = (num - whole * den) * 2n;
  if (twice < den) return whole;
  return den < twice || whole % 2n === 1n ? whole + 1n : whole;
}

/** An exact amount of US dollars as billionths, rounded once, half to even. */
export function toNanoUsd(usd: Fraction): bigint {
  return divideHalfEven(usd.num * nanoPerUsd, usd.den);
}

/** US dollars as the double of a span attribute: the only place where money becomes a float. */
export function toUsdDouble(nanoUsd: bigint): number {
  return Number(nanoUsd) / 1e9;
}

/** `0.012915`; a number that no decimal writes stays a fraction, `1/90000`. */
export function formatFraction({ num, den }: Fraction): string {
  const places = decimalPlaces(den);
  if (places === undefined) return `${num}/${den}`;
  const digits = ((num * 10n ** BigInt(places)) / den).toString().padStart(places + 1, "0");
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

export function leastCommonMultiple(a: bigint, b: bigint): bigint {
  return (a / greatestCommonDivisor(a, b)) * b;
}

/** How many decimals 1/den needs; undefined when it never ends. */
function decimalPlaces(den: bigint): number | undefined {
  let [rest, twos, fives] = [den, 0, 0];
  for (; rest % 2n === 0n; rest /= 2n) twos++;
  for (; rest % 5n === 0n; rest /= 5n) fives++;
  return rest === 1n ? Math.max(twos, fives) : undefined;
}

export function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [larger, smaller] = [a, b];
  while (smaller !== 0n) [larger, smaller] = [smaller, larger % smaller];
  return larger === 0n ? 1n : larger;
}
