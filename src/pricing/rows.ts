// The rows of a book as people look at them: what a name costs now, and what changes from one book to another.
import type { Cell, Period, Prices } from "./compile.ts";
import { formatFraction, multiply } from "./money.ts";
import type { PriceBook, Row } from "./price-book.ts";
import { type PriceWord, priceWords, unitsOf } from "./price-file.ts";

/** Prices by word; USD per million tokens, and for what is no token per unit. Exact text. */
export type PriceTexts = Readonly<Record<string, string>>;

export interface RowSummary {
  readonly provider: string;
  readonly model: string;
  readonly layer: string;
  readonly version: string;
  /** `priced`, `free`, or why the row has no price. */
  readonly status: string;
  /** `default.input` and, above 200,000 tokens, `>= 200001 default.input`. */
  readonly prices: PriceTexts;
}

/** What a row says at an instant. */
export function summaryOf(row: Row, atMs: number): RowSummary {
  const { provider, id: model, layer, version } = row;
  const period = row.periods().find(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs);
  const prices = period ? pricesOf(period) : {};
  const isFree = Object.values(prices).every((usd) => usd === "0");
  const status = row.refused ?? (period === undefined ? "not_in_force" : isFree ? "free" : "priced");
  return { provider, model, layer, version, status, prices };
}

/** All rows of a book, each once under each of its providers. */
export function rowsOf({ table }: PriceBook): readonly Row[] {
  return [...table.providers.values()].flatMap(({ exact, patterns }) => [
    ...new Set([...exact.values(), ...patterns.map(({ row }) => row)]),
  ]);
}

export interface RowChange {
  readonly kind: "added" | "removed" | "changed";
  readonly provider: string;
  /** The names for which it holds. */
  readonly names: readonly string[];
  readonly before: RowSummary | undefined;
  readonly after: RowSummary | undefined;
  /** Prices that are not the same, by word; an absent side has none. */
  readonly prices: Readonly<
    Record<string, { readonly before: string | undefined; readonly after: string | undefined }>
  >;
}

/** What calls cost otherwise by another book, for every name that one of them lists; names that change alike together. */
export function changesBetween(before: PriceBook, after: PriceBook, atMs: number): readonly RowChange[] {
  const changes = new Map<string, RowChange & { readonly names: string[] }>();
  for (const provider of new Set([...before.table.providers.keys(), ...after.table.providers.keys()])) {
    const lists = [before, after].map(({ table }) => table.providers.get(provider)?.exact.keys() ?? []);
    for (const name of new Set(lists.flatMap((list) => [...list]))) {
      const [old, now] = [before, after].map(({ resolver }) => resolver.find(provider, name)?.row);
      const key = JSON.stringify([provider, old?.id, old?.provider, now?.id, now?.provider]);
      const known = changes.get(key);
      if (known) known.names.push(name);
      else
        changes.set(key, {
          ...change(old && summaryOf(old, atMs), now && summaryOf(now, atMs)),
          provider,
          names: [name],
        });
    }
  }
  return [...changes.values()].filter(({ kind, before: old, after: now, prices }) => {
    return kind !== "changed" || old?.status !== now?.status || Object.keys(prices).length > 0;
  });
}

function change(before: RowSummary | undefined, after: RowSummary | undefined): Omit<RowChange, "provider" | "names"> {
  const words = new Set([...Object.keys(before?.prices ?? {}), ...Object.keys(after?.prices ?? {})]);
  const pairs = [...words].map((word) => [word, { before: before?.prices[word], after: after?.prices[word] }] as const);
  return {
    kind: before === undefined ? "added" : after === undefined ? "removed" : "changed",
    before,
    after,
    prices: Object.fromEntries(pairs.filter(([, pair]) => pair.before !== pair.after)),
  };
}

function pricesOf({ prices, windows }: Period): PriceTexts {
  return Object.fromEntries([
    ...textsOf("", prices),
    ...windows.flatMap(({ start, end, prices: inside }) => textsOf(`${clock(start)}-${clock(end)} `, inside)),
  ]);
}

function textsOf(prefix: string, { tiers, bands }: Prices): readonly (readonly [string, string])[] {
  const all = [
    { when: "", tiers },
    ...bands.map(({ least, tiers: banded }) => ({ when: `>= ${least} `, tiers: banded })),
  ];
  return all.flatMap(({ when, tiers: cells }) =>
    [...cells].flatMap(([tier, cell]) =>
      cellTexts(cell).map(([word, usd]) => [`${prefix}${when}${tier}.${word}`, usd] as const),
    ),
  );
}

/** What a sibling stands in for is no price of the row. */
function cellTexts({ rates }: Cell): readonly (readonly [string, string])[] {
  return priceWords.flatMap((word) => {
    const rate = rates[word];
    const whole = wholes[word];
    const other = whole && rates[whole];
    if (!rate || rate.flag !== undefined || (other && other.scaled === rate.scaled)) return [];
    return [[word, formatFraction(unitsOf(word)[0] === "mtok" ? multiply(rate.usd, million) : rate.usd)] as const];
  });
}

/** Words that mean the other one where they have no price of their own. */
const wholes: { readonly [W in PriceWord]?: PriceWord } = {
  cache_write_5m: "cache_write",
  web_searches_low: "web_searches",
  web_searches_high: "web_searches",
};
const million = { num: 1_000_000n, den: 1n };

function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}
