// A row that says `merge: true` is laid over the one below it cell by cell: what it does not name stays as it was.
import {
  isPriceWord,
  type PriceAmount,
  type PriceCell,
  type PricedModel,
  type PricePeriod,
  type Unit,
  unitsOf,
} from "./price-file.ts";

/** A row's prices with those of another over them, word by word, for each day by what both say on that day. */
export function mergePeriods(under: PricedModel["prices"], over: PricedModel["prices"]): PricedModel["prices"] {
  const days = [...under, ...over].flatMap(({ from, until }) => [from ?? always, until ?? never]);
  const starts = [...new Set([always, ...days])].filter((day) => day !== never).sort();
  const merged: PricePeriod[] = [];
  let before: Pair = { lower: undefined, upper: undefined };
  for (const [index, start] of starts.entries()) {
    const pair = { lower: inForce(under, start), upper: inForce(over, start) };
    const until = starts[index + 1] ?? never;
    const last = merged.at(-1);
    const goesOn = pair.lower === before.lower && pair.upper === before.upper;
    before = pair;
    if (goesOn && last) merged[merged.length - 1] = dated(last, last.from ?? always, until);
    else if (pair.lower || pair.upper) merged.push(dated(mergePeriod(pair), start, until));
  }
  return merged;
}

/** A row whose plain amounts of tokens say their unit, so that it can stand in a file with another default. */
export function withUnits(prices: PricedModel["prices"], unit: Unit): PricedModel["prices"] {
  if (unit === "mtok") return prices;
  const inCells = (cells: Cells): Cells => mapValues(cells, (cell) => cellWithUnits(cell, unit));
  const inBands = <B extends { readonly cells: Cells }>(bands: readonly B[] | undefined) =>
    bands?.map((band) => ({ ...band, cells: inCells(band.cells) }));
  return prices.map((period) => ({
    ...period,
    cells: inCells(period.cells),
    bands: inBands(period.bands),
    windows: inBands(period.windows)?.map((window) => ({ ...window, bands: inBands(window.bands) })),
  }));
}

/** Before and behind all days that a file can name; as text they sort right. */
const always = "";
const never = "~";

interface Pair {
  readonly lower: PricePeriod | undefined;
  readonly upper: PricePeriod | undefined;
}

type Cells = PricePeriod["cells"];
type Bands = NonNullable<PricePeriod["bands"]>;
type Windows = NonNullable<PricePeriod["windows"]>;

/** Of periods that hold on a day, the one that started last; of two that started together, the first. */
function inForce(periods: readonly PricePeriod[], day: string): PricePeriod | undefined {
  let latest: PricePeriod | undefined;
  for (const period of periods) {
    const holds = (period.from ?? always) <= day && day < (period.until ?? never);
    if (holds && (latest === undefined || (latest.from ?? always) < (period.from ?? always))) latest = period;
  }
  return latest;
}

function dated({ from: _, until: __, ...period }: PricePeriod, from: string, until: string): PricePeriod {
  return { ...(from !== always && { from }), ...(until !== never && { until }), ...period };
}

function mergePeriod({ lower, upper }: Pair): PricePeriod {
  if (!lower || !upper) return lower ?? upper ?? { cells: {} };
  const source = [lower.source ?? [], upper.source ?? []].flat();
  const bands = mergeBands(lower.bands, upper.bands);
  const windows = mergeWindows(lower.windows, upper.windows);
  return {
    cells: mergeCells(lower.cells, upper.cells),
    ...(bands && { bands }),
    ...(windows && { windows }),
    ...(source.length > 0 && { source: source.length === 1 ? source[0] : source }),
  };
}

function mergeCells(lower: Cells, upper: Cells): Cells {
  return { ...lower, ...mapValues(upper, (cell, tier) => ({ ...lower[tier], ...cell })) };
}

function mergeBands(lower: Bands = [], upper: Bands = []): Bands | undefined {
  const bands = mergeByKey(
    lower,
    upper,
    ({ when }) => when.input_total.replaceAll(" ", ""),
    (one, other) => ({
      ...one,
      cells: mergeCells(one.cells, other.cells),
    }),
  );
  return bands.length > 0 ? bands : undefined;
}

function mergeWindows(lower: Windows = [], upper: Windows = []): Windows | undefined {
  const windows = mergeByKey(
    lower,
    upper,
    ({ utc, days = [] }) => JSON.stringify([utc, [...days].sort()]),
    (one, other) => {
      const bands = mergeBands(one.bands, other.bands);
      return { ...one, cells: mergeCells(one.cells, other.cells), ...(bands && { bands }) };
    },
  );
  return windows.length > 0 ? windows : undefined;
}

function mergeByKey<T>(
  lower: readonly T[],
  upper: readonly T[],
  keyOf: (one: T) => string,
  merge: (one: T, other: T) => T,
): T[] {
  const merged = new Map(lower.map((one) => [keyOf(one), one]));
  for (const one of upper) {
    const under = merged.get(keyOf(one));
    merged.set(keyOf(one), under ? merge(under, one) : one);
  }
  return [...merged.values()];
}

function cellWithUnits(cell: PriceCell, unit: Unit): PriceCell {
  return mapValues(cell, (given: PriceAmount, word) =>
    typeof given === "string" && isPriceWord(word) && unitsOf(word)[0] === "mtok"
      ? { amount: given, per: unit }
      : given,
  ) as PriceCell;
}

function mapValues<V, R>(given: Readonly<Record<string, V>>, map: (value: V, key: string) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, map(value, key)]));
}
