// Numbers of OTLP/JSON. 64-bit ones come as text or as number and must stay exact; nanoseconds have 19 digits, so
// this is on the path of every span and makes no BigInt there.
import { utf8 } from "../wire/utf8.ts";

/** A whole number of 64 bits in two halves, two's complement. */
export class Integer64 {
  low = 0;
  high = 0;
  negative = false;
  isZero = true;
  fitsSigned = true;
  fitsUnsigned = true;

  /**
   * Reads `text[from, to)`: digits, or a decimal with a fraction or an exponent that comes to a whole number.
   * Returns false when it is none or has more than 64 bits.
   */
  read(text: Uint8Array, from: number, to: number): boolean {
    this.negative = text[from] === 0x2d;
    const first = this.negative ? from + 1 : from;
    const digits = to - first;
    if (digits < 1 || digits > 20) return this.#readDecimal(text, from, to);
    // value = a * 10^9 + b with a below 2^35: every step below stays under 2^53.
    let a = 0;
    let b = 0;
    for (let at = first; at < to; at++) {
      const digit = text[at]! - 0x30;
      if (digit < 0 || digit > 9) return this.#readDecimal(text, from, to);
      if (at < to - 9) a = a * 10 + digit;
      else b = b * 10 + digit;
    }
    const upper = Math.floor(a / 0x10000) * 1e9;
    const lower = (upper % 0x10000) * 0x10000 + (a % 0x10000) * 1e9 + b;
    const high = Math.floor(upper / 0x10000) + Math.floor(lower / 0x100000000);
    if (high > 0xffffffff) return false;
    this.#hold(high, lower % 0x100000000);
    return true;
  }

  #hold(high: number, low: number): void {
    this.isZero = high === 0 && low === 0;
    this.fitsUnsigned = !this.negative || this.isZero;
    this.fitsSigned = high < 0x80000000 || (this.negative && high === 0x80000000 && low === 0);
    this.low = this.negative ? -low >>> 0 : low;
    this.high = this.negative ? (~high + (low === 0 ? 1 : 0)) >>> 0 : high;
  }

  #readDecimal(text: Uint8Array, from: number, to: number): boolean {
    // Nothing that fits 64 bits needs more characters, but for zeros that nobody writes.
    if (to - from > 64) return false;
    const found = /^-?(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/.exec(utf8(text, from, to));
    if (found === null) return false;
    const fraction = (found[2] ?? "").replace(/0+$/, "");
    const zeros = Number(found[3] ?? 0) - fraction.length;
    const digits = found[1] + fraction;
    const whole = zeros >= 0 ? digits + "0".repeat(Math.min(zeros, 64)) : withoutZeros(digits, -zeros);
    if (whole === undefined) return false;
    const value = BigInt(whole);
    if (value > 0xffff_ffff_ffff_ffffn) return false;
    this.#hold(Number(value >> 32n), Number(value & 0xffff_ffffn));
    return true;
  }
}

/** `digits` without `count` zeros at the end; undefined when there are not as many. */
function withoutZeros(digits: string, count: number): string | undefined {
  if (/^0*$/.test(digits)) return "0";
  const kept = digits.slice(0, Math.max(0, digits.length - count));
  return kept !== "" && /^0*$/.test(digits.slice(kept.length)) ? kept : undefined;
}

/** The double of `text[from, to)`, which is a JSON number; undefined when it is beyond what a double holds. */
export function doubleOf(text: Uint8Array, from: number, to: number): number | undefined {
  const value = Number(utf8(text, from, to));
  return Number.isFinite(value) ? value : undefined;
}

/** The double that a JSON string tells: a number, `NaN`, `Infinity` or `-Infinity`; undefined when it is none. */
export function doubleOfText(text: Uint8Array, from: number, to: number): number | undefined {
  if (to - from > 400) return undefined;
  const written = utf8(text, from, to);
  if (written === "NaN") return Number.NaN;
  if (written === "Infinity" || written === "-Infinity") return Number(written);
  return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(written) ? doubleOf(text, from, to) : undefined;
}
