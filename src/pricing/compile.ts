// A model of a price file as arithmetic: amounts become integers over one denominator per cell, missing amounts are
// filled from siblings that are no lower, and the cells of a period stand under their context band and service tier.
import type { CostFlag } from "./cost.ts";
import { type Fraction, greatestCommonDivisor, isLess, leastCommonMultiple, multiply, nanoPerUsd } from "./money.ts";
import { tokenParts } from "./parts.ts";
import {
  isPriceWord,
  leastTotal,
  measures,
  type PriceCell,
  type PricedModel,
  type PricePeriod,
  type PriceWord,
  priceWords,
  type Unit,
  unitsOf,
  usdPerUnit,
} from "./price-file.ts";

/** One amount of a cell. */
export interface Rate {
  /** USD per unit, exact. */
  readonly usd: Fraction;
  /** The same in units of 1 / `Cell.den` USD. */
  readonly scaled: bigint;
  /** `scaled` as a number; NaN when it is beyond 2^53, which sends the sum down the exact path. */
  readonly small: number;
  /** A smaller quantity is billed as this one. */
  readonly minimum: number;
  /** The amount is a sibling's, and this says so. */
  readonly flag: string | undefined;
}

/** Prices for one context band and service tier. */
export interface Cell {
  readonly rates: { readonly [W in PriceWord]?: Rate };
  /** The rates of tokens by the positions of `tokenParts`. */
  readonly tokenRates: readonly (Rate | undefined)[];
  readonly den: bigint;
  /** nano-USD = sum * nanoNum / nanoDen, with the sum in units of 1 / den USD. */
  readonly nanoNum: number;
  readonly nanoDen: number;
  /** Whether an unknown time to live of a cache write decides about its price. */
  readonly ttlMatters: boolean;
  /** Whether tokens cost anything here. */
  readonly tokensCost: boolean;
  /** Whether another measure of the same work does: pictures, seconds, search units. */
  readonly measuresCost: boolean;
  readonly free: boolean;
}

export interface Band {
  /** The least total of input tokens for which it holds. */
  readonly least: number;
  readonly tiers: Tiers;
}

export type Tiers = ReadonlyMap<string, Cell>;

/** Prices that hold together: default cells and, for long requests, bands from the highest down. */
export interface Prices {
  readonly tiers: Tiers;
  readonly bands: readonly Band[];
}

export interface Window {
  /** Minutes since midnight, UTC; the end is exclusive and may lie on the next day. */
  readonly start: number;
  readonly end: number;
  /** Days of the week, 0 is Sunday; empty is every day. */
  readonly days: readonly number[];
  readonly prices: Prices;
}

export interface Period {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly prices: Prices;
  readonly windows: readonly Window[];
}

export interface Compiling {
  readonly provider: string;
  readonly tokenUnit: Unit;
  /** What part of the default price a batch call costs, where the provider has such a rule. */
  readonly batch: Fraction | undefined;
  /** The least of a measure that the provider bills. */
  readonly minimums: Minimums;
}

export type Minimums = ReadonlyMap<string, number>;

/** Periods from the latest to the earliest. */
export function compilePeriods(model: PricedModel, how: Compiling): readonly Period[] {
  const starts = model.prices.map((period) => dayMs(period.from) ?? Number.NEGATIVE_INFINITY);
  return model.prices
    .map((period, index) => ({
      fromMs: starts[index] ?? Number.NEGATIVE_INFINITY,
      untilMs: dayMs(period.until) ?? Number.POSITIVE_INFINITY,
      prices: compilePrices(period, how),
      windows: (period.windows ?? []).map((window) => compileWindow(window, how)),
    }))
    .sort((a, b) => (a.fromMs === b.fromMs ? 0 : a.fromMs < b.fromMs ? 1 : -1));
}

function compileWindow(window: NonNullable<PricePeriod["windows"]>[number], how: Compiling): Window {
  const [start = 0, end = 0] = window.utc
    .split("-")
    .map((clock) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3)));
  return {
    start,
    end,
    days: (window.days ?? []).map((day) => weekdays.indexOf(day)),
    prices: compilePrices(window, how),
  };
}

const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

function compilePrices({ cells, bands }: Pick<PricePeriod, "cells" | "bands">, how: Compiling): Prices {
  const base = cells["default"] ?? {};
  const usual = readCell(base, how);
  return {
    tiers: compileTiers(cells, {}, usual, how),
    bands: (bands ?? [])
      .map(({ when, cells: banded }) => ({
        least: leastTotal(when.input_total),
        tiers: compileTiers(banded, feesOf(base), usual, how),
      }))
      .sort((a, b) => b.least - a.least),
  };
}

/** A tier keeps the fees of the default cell; a batch cell takes what it lacks from it, by the provider's rule. */
function compileTiers(cells: PricePeriod["cells"], inherited: PriceCell, usual: Amounts, how: Compiling): Tiers {
  const base = readCell({ ...inherited, ...cells["default"] }, how);
  const fees = readCell(feesOf({ ...inherited, ...cells["default"] }), how);
  const tiers = new Map<string, Cell>([["default", compileCell(base, usual, how)]]);
  for (const [tier, cell] of Object.entries(cells)) {
    if (tier === "default" || tier === "batch") continue;
    tiers.set(tier, compileCell(new Map([...fees, ...readCell(cell, how)]), usual, how));
  }
  if (cells["batch"]) tiers.set("batch", compileCell(batchCell(base, fees, cells["batch"], how), usual, how));
  return tiers;
}

type Amounts = ReadonlyMap<PriceWord, Fraction>;

/** What a table lists for batch calls is often input and output alone: the provider's rule gives the rest. */
function batchCell(base: Amounts, fees: Amounts, given: PriceCell, how: Compiling): Amounts {
  const { batch } = how;
  const reduced = batch
    ? [...base].map(([word, usd]) => [word, fees.has(word) ? usd : multiply(usd, batch)] as const)
    : [...fees];
  return new Map([...reduced, ...readCell(given, how)]);
}

/** Per-call fees do not depend on context or tier. */
function feesOf(cell: PriceCell): PriceCell {
  return Object.fromEntries(Object.entries(cell).filter(([word]) => isPriceWord(word) && unitsOf(word)[0] !== "mtok"));
}

function readCell(cell: PriceCell, { tokenUnit }: Compiling): Amounts {
  const amounts = new Map<PriceWord, Fraction>();
  for (const word of priceWords) {
    const given = cell[word];
    if (given === undefined) continue;
    const usd = usdPerUnit(word, given, tokenUnit);
    if (usd) amounts.set(word, usd);
  }
  return amounts;
}

/** `usual` is what the default cell of the first band says: what a tier or a band leaves out is estimated no lower. */
function compileCell(amounts: Amounts, usual: Amounts, { provider, minimums }: Compiling): Cell {
  const filled = new Map<PriceWord, { usd: Fraction; flag: string | undefined }>();
  for (const [word, usd] of amounts) filled.set(word, { usd, flag: undefined });
  for (const { word, from, times, flag } of siblings(provider)) {
    const sibling = filled.get(from);
    if (!sibling || filled.has(word)) continue;
    const usd = multiply(sibling.usd, times);
    const floor = flag === undefined ? undefined : usual.get(word);
    filled.set(word, { usd: floor && isLess(usd, floor) ? floor : usd, flag: flag ?? sibling.flag });
  }
  const [reasoning, usualOutput, output] = [usual.get("reasoning"), usual.get("output"), filled.get("output")?.usd];
  const isDearer = reasoning && usualOutput && isLess(usualOutput, reasoning);
  if (isDearer && output && !filled.has("reasoning") && isLess(output, reasoning)) {
    filled.set("reasoning", { usd: reasoning, flag: "reasoning_price_missing" satisfies CostFlag });
  }
  const den = [...filled.values()].reduce((common, { usd }) => leastCommonMultiple(common, usd.den), 1n);
  const shared = greatestCommonDivisor(nanoPerUsd, den);
  const tokensCost = [...filled].some(([word, { usd }]) => unitsOf(word)[0] === "mtok" && usd.num > 0n);
  const rates: Cell["rates"] = Object.fromEntries(
    [...filled].map(([word, { usd, flag }]) => [word, rate(usd, den, minimums.get(word) ?? 0, flag)]),
  );
  return {
    rates,
    tokenRates: tokenParts.map((part) => rates[part]),
    den,
    nanoNum: smallNumber(nanoPerUsd / shared),
    nanoDen: smallNumber(den / shared),
    ttlMatters: ttlMatters(filled),
    tokensCost,
    measuresCost: measures.some((word) => 0n < (filled.get(word)?.usd.num ?? 0n)),
    free: [...filled.values()].every(({ usd }) => usd.num === 0n),
  };
}

/** Whether a write of an hour costs something else than one of the default time to live. */
function ttlMatters(
  filled: ReadonlyMap<PriceWord, { readonly usd: Fraction; readonly flag: string | undefined }>,
): boolean {
  const write = filled.get("cache_write");
  const hour = filled.get("cache_write_1h");
  if (!write || !hour || hour.flag !== undefined) return false;
  return write.usd.num !== hour.usd.num || write.usd.den !== hour.usd.den;
}

function rate(usd: Fraction, den: bigint, minimum: number, flag: string | undefined): Rate {
  const scaled = usd.num * (den / usd.den);
  return { usd, scaled, small: smallNumber(scaled), minimum, flag };
}

function smallNumber(value: bigint): number {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : Number.NaN;
}

interface Sibling {
  readonly word: PriceWord;
  readonly from: PriceWord;
  readonly times: Fraction;
  readonly flag: string | undefined;
}

const same: Fraction = { num: 1n, den: 1n };

/**
 * Where a missing amount comes from, in order. A five-minute write is what a price for cache writes means, and
 * reasoning is billed as output unless it has a price; everything else is an estimate, and no lower than the truth.
 * Anthropic writes caches at 5/4 of input for five minutes and at 2 for an hour (its pricing page).
 */
function siblings(provider: string): readonly Sibling[] {
  const anthropic = provider === "anthropic";
  const writes: Fraction = anthropic ? { num: 5n, den: 4n } : same;
  const hour: Fraction = anthropic ? { num: 8n, den: 5n } : same;
  const flagged = (word: PriceWord, from: PriceWord, times = same): Sibling => ({
    word,
    from,
    times,
    flag: `${word}_price_missing`,
  });
  return [
    flagged("cache_read", "input"),
    { word: "cache_write", from: "cache_write_5m", times: same, flag: undefined },
    flagged("cache_write", "input", writes),
    { word: "cache_write_5m", from: "cache_write", times: same, flag: undefined },
    flagged("cache_write_1h", "cache_write", hour),
    flagged("audio_in", "input"),
    flagged("cache_read_audio", "audio_in"),
    flagged("image_in", "input"),
    flagged("audio_out", "output"),
    flagged("image_out", "output"),
    flagged("citation", "output"),
    { word: "web_searches_low", from: "web_searches", times: same, flag: undefined },
    { word: "web_searches_high", from: "web_searches", times: same, flag: undefined },
  ];
}

function dayMs(day: string | undefined): number | undefined {
  return day === undefined ? undefined : Date.parse(`${day}T00:00:00Z`);
}
