// What makes a price unbelievable: too dear to be one, or in a relation to its siblings that no provider has.
import { type Fraction, formatFraction, isLess, multiply } from "./money.ts";
import {
  type PriceCell,
  type PricedModel,
  type PriceWord,
  priceWords,
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

/** Looks at rows of one file. Amounts are remembered: thousands of rows have the same. */
export class Doubter {
  readonly #bounds: Bounds;
  readonly #amounts = new Map<string, Amount>();

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  doubtsOf(model: PricedModel): readonly Doubt[] {
    return cellsOf(model).flatMap((placed) => [...this.#tooDear(placed), ...this.#oddRelations(placed)]);
  }

  /** Whether there is anything to doubt in some cells. Finds out faster than `doubtsOf`, and does not say what. */
  isDoubtful(cells: PlacedCells["cells"]): boolean {
    for (const tier in cells) {
      const cell = cells[tier];
      let relates = cheaperTiers.has(tier);
      for (const word in cell) {
        if (!tokenWordSet.has(word)) continue;
        if (this.#amountOf(cell, word as PriceWord)?.isTooDear) return true;
        relates ||= relatedWords.has(word);
      }
      if (relates && this.#oddRelations({ path: [], cells }).length > 0) return true;
    }
    return false;
  }

  #tooDear({ path, cells }: PlacedCells): readonly Doubt[] {
    const { usdPerTokenMax: max } = this.#bounds;
    const doubts: Doubt[] = [];
    for (const [tier, cell] of Object.entries(cells)) {
      for (const word of tokenWords) {
        const usd = this.#usdOf(cell, word);
        if (!usd || !isLess(max, usd)) continue;
        const text = `costs ${perMillion(usd)} USD per million tokens, and more than ${perMillion(max)} is not believed`;
        doubts.push({ kind: "too_dear", path: [...path, tier, word], text });
      }
    }
    return doubts;
  }

  #oddRelations({ path, cells }: PlacedCells): readonly Doubt[] {
    const doubts: Doubt[] = [];
    const doubt = (tier: string, word: PriceWord, text: string) =>
      doubts.push({ kind: "relation", path: [...path, tier, word], text });
    for (const [tier, cell] of Object.entries(cells)) {
      for (const { word, than, says } of orders) {
        if (isMore(this.#usdOf(cell, word), this.#usdOf(cell, than))) doubt(tier, word, says);
      }
      if (!cheaperTiers.has(tier)) continue;
      for (const word of ["input", "output"] as const) {
        const usual = this.#usdOf(cells["default"], word);
        if (isMore(this.#usdOf(cell, word), usual)) doubt(tier, word, "costs more than by default");
      }
    }
    return doubts;
  }

  #usdOf(cell: PriceCell | undefined, word: PriceWord): Fraction | undefined {
    return this.#amountOf(cell, word)?.usd;
  }

  #amountOf(cell: PriceCell | undefined, word: PriceWord): Amount | undefined {
    const given = cell?.[word];
    if (given === undefined) return undefined;
    const key = typeof given === "string" ? given : `${given.amount} ${given.per}`;
    const known = this.#amounts.get(key);
    if (known) return known;
    const usd = usdPerUnit(word, given, this.#bounds.tokenUnit);
    if (!usd) return undefined;
    const amount = { usd, isTooDear: isLess(this.#bounds.usdPerTokenMax, usd) };
    this.#amounts.set(key, amount);
    return amount;
  }
}

/** What a token costs, and whether that is believed. */
interface Amount {
  readonly usd: Fraction;
  readonly isTooDear: boolean;
}

const tokenWords = priceWords.filter((word) => unitsOf(word)[0] === "mtok");
const tokenWordSet: ReadonlySet<string> = new Set(tokenWords);

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

const relatedWords: ReadonlySet<string> = new Set(orders.map(({ word }) => word));
const cheaperTiers: ReadonlySet<string> = new Set(["batch", "flex"]);

interface PlacedCells {
  readonly path: readonly PropertyKey[];
  readonly cells: Readonly<Record<string, PriceCell>>;
}

/** All cells of a model: of its periods, their bands and their windows. */
function cellsOf({ prices }: PricedModel): readonly PlacedCells[] {
  return prices.flatMap((period, index) => {
    const path = ["prices", index];
    const windows = (period.windows ?? []).map((window, at) => ({ ...window, path: [...path, "windows", at] }));
    return [{ ...period, path }, ...windows].flatMap((one) => [
      { path: [...one.path, "cells"], cells: one.cells },
      ...(one.bands ?? []).map(({ cells }, at) => ({ path: [...one.path, "bands", at, "cells"], cells })),
    ]);
  });
}

/** What is free next to what has a price is left out of a table more often than it is a price. */
function isMore(usd: Fraction | undefined, than: Fraction | undefined): boolean {
  return usd !== undefined && than !== undefined && 0n < than.num && isLess(than, usd);
}

function perMillion(usd: Fraction): string {
  return formatFraction(multiply(usd, { num: 1_000_000n, den: 1n }));
}
