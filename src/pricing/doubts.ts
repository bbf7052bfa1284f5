// What makes a price unbelievable: too dear to be one, or in a relation to its siblings that no provider has.
import { type Fraction, formatFraction, isLess, multiply } from "./money.ts";
import {
  isPriceWord,
  type PriceCell,
  type PricedModel,
  type PriceWord,
  type Unit,
  unitsOf,
  usdPerUnit,
} from "./price-file.ts";

export interface Doubt {
  readonly kind: "too_dear" | "relation";
  /** Within the model: `prices`, 0, `cells`, `default`, `input`. */
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

export interface Bounds {
  readonly tokenUnit: Unit;
  readonly usdPerTokenMax: Fraction;
}

/** Dearer than the dearest model by an order of magnitude: an amount per million that was written as per token. */
export const usdPerTokenMax: Fraction = { num: 2n, den: 1000n };

export function doubtsOf(model: PricedModel, bounds: Bounds): readonly Doubt[] {
  return cellsOf(model).flatMap((placed) => [...tooDear(placed, bounds), ...oddRelations(placed, bounds)]);
}

export interface PlacedCells {
  readonly path: readonly PropertyKey[];
  readonly cells: Readonly<Record<string, PriceCell>>;
}

/** All cells of a model: of its periods, their bands and their windows. */
export function cellsOf({ prices }: PricedModel): readonly PlacedCells[] {
  return prices.flatMap((period, index) => {
    const path = ["prices", index];
    const windows = (period.windows ?? []).map((window, at) => ({ ...window, path: [...path, "windows", at] }));
    return [{ ...period, path }, ...windows].flatMap((one) => [
      { path: [...one.path, "cells"], cells: one.cells },
      ...(one.bands ?? []).map(({ cells }, at) => ({ path: [...one.path, "bands", at, "cells"], cells })),
    ]);
  });
}

function tooDear({ path, cells }: PlacedCells, { tokenUnit, usdPerTokenMax: max }: Bounds): readonly Doubt[] {
  return Object.entries(cells).flatMap(([tier, cell]) =>
    Object.entries(cell).flatMap(([word, given]) => {
      if (!isPriceWord(word) || unitsOf(word)[0] !== "mtok") return [];
      const usd = usdPerUnit(word, given, tokenUnit);
      if (!usd || !isLess(max, usd)) return [];
      const text = `costs ${perMillion(usd)} USD per million tokens, and more than ${perMillion(max)} is not believed`;
      return [{ kind: "too_dear", path: [...path, tier, word], text } as const];
    }),
  );
}

/** `word` costs no more than `than`, in the same cell. */
const orders: readonly { readonly word: PriceWord; readonly than: PriceWord; readonly says: string }[] = [
  { word: "cache_read", than: "input", says: "a cached token costs more than one that is not cached" },
  { word: "cache_write", than: "cache_write_1h", says: "a cache write costs more than one that is kept for an hour" },
  {
    word: "cache_write_5m",
    than: "cache_write_1h",
    says: "a cache write costs more than one that is kept for an hour",
  },
];

const cheaperTiers = ["batch", "flex"];

function oddRelations({ path, cells }: PlacedCells, { tokenUnit }: Bounds): readonly Doubt[] {
  const usdOf = (cell: PriceCell | undefined, word: PriceWord) => {
    const given = cell?.[word];
    return given === undefined ? undefined : usdPerUnit(word, given, tokenUnit);
  };
  const doubts: Doubt[] = [];
  const doubt = (tier: string, word: PriceWord, text: string) =>
    doubts.push({ kind: "relation", path: [...path, tier, word], text });
  for (const [tier, cell] of Object.entries(cells)) {
    for (const { word, than, says } of orders) {
      if (isMore(usdOf(cell, word), usdOf(cell, than))) doubt(tier, word, says);
    }
    if (!cheaperTiers.includes(tier)) continue;
    for (const word of ["input", "output"] as const) {
      if (isMore(usdOf(cell, word), usdOf(cells["default"], word))) doubt(tier, word, "costs more than by default");
    }
  }
  return doubts;
}

/** What is free next to what has a price is left out of a table more often than it is a price. */
function isMore(usd: Fraction | undefined, than: Fraction | undefined): boolean {
  return usd !== undefined && than !== undefined && 0n < than.num && isLess(than, usd);
}

function perMillion(usd: Fraction): string {
  return formatFraction(multiply(usd, { num: 1_000_000n, den: 1n }));
}
