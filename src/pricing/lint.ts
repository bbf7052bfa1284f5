// What a price file says that its writer cannot have meant, and what will surprise who reads the bill.
import { Doubter, usdPerTokenMax } from "./doubts.ts";
import type { ReadLayer } from "./layers.ts";
import type { PriceBook } from "./price-book.ts";
import {
  leastTotal,
  type PricedModel,
  type PricedProvider,
  type PricePeriod,
  priceWords,
  sourcesOf,
} from "./price-file.ts";
import { canonicalProvider } from "./provider-names.ts";
import { formatPath } from "./read-price-file.ts";

export interface LintFinding {
  /** An error contradicts itself: some row cannot mean what it says. */
  readonly level: "error" | "warning";
  /** `prices.yaml:7:3`, or the layer where there are no lines. */
  readonly place: string;
  readonly path: string;
  readonly text: string;
}

/** What is odd in a layer that can be read. `book` is what it becomes a part of, with the bundled table below. */
export function lintLayer(layer: ReadLayer, book: PriceBook): readonly LintFinding[] {
  const { file, name, placeOf } = layer;
  const doubter = new Doubter({ tokenUnit: file.defaults?.unit ?? "mtok", usdPerTokenMax });
  const found = file.providers.flatMap((provider, at) => [
    ...namesTwice(provider, ["providers", at], placeOf ? "error" : "warning"),
    ...provider.models.flatMap((model, index) =>
      lintModel({ model, layer, doubter, at: ["providers", at, "models", index] }),
    ),
  ]);
  const fields = (layer.unknownFields ?? []).map(
    (field): Oddity => ({
      level: "warning",
      at: [],
      text: `the field ${JSON.stringify(field)} looks like a price and is not known; its amounts are left out`,
    }),
  );
  return [...found, ...fields, ...lintReferences(layer, book)].map(({ level, at, text }) => ({
    level,
    place: placeOf?.(at) ?? name,
    path: placeOf ? formatPath(at) : nameOf(file.providers, at),
    text,
  }));
}

interface Oddity {
  readonly level: LintFinding["level"];
  readonly at: readonly PropertyKey[];
  readonly text: string;
}

/** `openai/gpt-4o` for a place in a file without lines. */
function nameOf(providers: readonly PricedProvider[], [, provider, , model]: readonly PropertyKey[]): string {
  const found = typeof provider === "number" ? providers[provider] : undefined;
  const row = typeof model === "number" ? found?.models[model] : undefined;
  return [found?.id, row?.id].filter((part) => part !== undefined).join("/");
}

/** The same name in two rows of a provider: the later row gets it. Tables of others are full of it. */
function namesTwice(
  { models }: PricedProvider,
  at: readonly PropertyKey[],
  level: LintFinding["level"],
): readonly Oddity[] {
  const owners = new Map<string, string>();
  return models.flatMap((model, index) =>
    (model.merge ? [] : (model.match ?? [model.id])).flatMap((name) => {
      const key = typeof name === "string" ? name : `^ ${name.regex}`;
      const owner = owners.get(key);
      owners.set(key, model.id);
      if (owner === undefined) return [];
      const text = `the name ${JSON.stringify(name)} is also one of ${JSON.stringify(owner)}; keep it in one of them`;
      return [{ level, at: [...at, "models", index], text }];
    }),
  );
}

interface Linted {
  readonly model: PricedModel;
  readonly layer: ReadLayer;
  readonly doubter: Doubter;
  readonly at: readonly PropertyKey[];
}

function lintModel({ model, layer, doubter, at }: Linted): readonly Oddity[] {
  const doubts = doubter
    .doubtsOf(model)
    .map(({ path, text }): Oddity => ({ level: "warning", at: [...at, ...path], text }));
  const refused = layer.refused?.get(model);
  const prices = [...at, "prices"];
  const periods = [
    ...model.prices.flatMap((period, index) =>
      lintPeriod(period, { at: [...prices, index], layer: layer.name, model }),
    ),
    ...lintDays(model.prices, prices),
  ];
  return [
    ...lintPatterns(model, at),
    ...(refused ? [{ level: "warning", at, text: refusedTexts[refused] } as const] : []),
    ...doubts,
    ...periods,
  ];
}

const refusedTexts = {
  quarantined_price: "the row is not billed by: a price of it is beyond belief",
  unverified_free: "the row is not billed by: it says that the model is free, and nothing else says so",
};

/** `.` stands for names that nobody has looked at. */
function lintPatterns({ match = [] }: PricedModel, at: readonly PropertyKey[]): readonly Oddity[] {
  return match.flatMap((name, index): readonly Oddity[] => {
    if (typeof name === "string" || !/(?<!\\)\.(?:[*+]|\{)/.test(name.regex)) return [];
    const text = `matches names that nobody has looked at, by ${JSON.stringify(name.regex)}; write what may stand there`;
    return [{ level: "warning", at: [...at, "match", index], text }];
  });
}

interface PeriodAt {
  readonly at: readonly PropertyKey[];
  readonly layer: string;
  readonly model: PricedModel;
}

function lintPeriod(period: PricePeriod, { at, layer, model }: PeriodAt): readonly Oddity[] {
  const { from, until, cells, bands = [], windows = [] } = period;
  const odd: Oddity[] = [];
  if (from !== undefined && until !== undefined && until <= from) {
    odd.push({ level: "error", at: [...at, "until"], text: `must be later than from, ${from}, not ${until}` });
  }
  odd.push(...lintBands(bands, [...at, "bands"]), ...lintWindows(windows, [...at, "windows"]));
  if (cells["default"] === undefined && !model.merge) {
    odd.push({ level: "error", at: [...at, "cells"], text: "has no default cell: calls without a tier have no price" });
  }
  for (const [index, { cells: banded }] of bands.entries()) {
    const missing = priceWords.filter(
      (word) => isToken(word) && cells["default"]?.[word] && !banded["default"]?.[word],
    );
    if (missing.length === 0 || layer === "litellm") continue;
    const text = `has no ${missing.join(", ")}, which the default cell has: a band holds for the whole request`;
    odd.push({ level: "warning", at: [...at, "bands", index], text });
  }
  if (layer !== "litellm" && !hasCheckedSource(period)) {
    odd.push({ level: "warning", at, text: "has no source with the day on which it was checked" });
  }
  return odd;
}

function hasCheckedSource(period: PricePeriod): boolean {
  const sources = sourcesOf(period);
  return sources.length > 0 && sources.every(({ name, checked }) => name !== "" && checked !== undefined);
}

function isToken(word: string): boolean {
  return ["input", "output", "cache_read", "cache_write", "cache_write_5m", "cache_write_1h"].includes(word);
}

/** Days on which two periods hold, or none: of those that overlap, the one that started last holds. */
function lintDays(periods: readonly PricePeriod[], at: readonly PropertyKey[]): readonly Oddity[] {
  const sorted = periods
    .map((period, index) => ({ period, from: period.from ?? "", path: [...at, index] }))
    .sort((a, b) => (a.from < b.from ? -1 : 1));
  return sorted.flatMap(({ period, from, path }, index): readonly Oddity[] => {
    const before = sorted[index - 1]?.period;
    if (!before) return [];
    if ((before.from ?? "") === from) {
      const text = `starts with another period, ${period.from ?? "without a day"}; give one of them a day`;
      return [{ level: "error", at: path, text }];
    }
    if (before.until === undefined || before.until === from) return [];
    const text =
      from < before.until
        ? `starts before the period from ${before.from ?? "the beginning"} ends, ${before.until}; from ${from} on this one holds`
        : `leaves the days from ${before.until} to ${from} without a price`;
    return [{ level: "warning", at: [...path, "from"], text }];
  });
}

type Windows = NonNullable<PricePeriod["windows"]>;

/** Hours that hold nothing, and hours of two windows: of those the first holds. */
function lintWindows(windows: Windows, at: readonly PropertyKey[]): readonly Oddity[] {
  return windows.flatMap((window, index): readonly Oddity[] => {
    const path = [...at, index, "utc"];
    const minutes = minutesOf(window);
    if (minutes.length === 0)
      return [{ level: "error", at: path, text: "ends where it starts; write 00:00-24:00 for all day" }];
    const other = windows
      .slice(0, index)
      .find((earlier) => minutesOf(earlier).some((span) => minutes.some((own) => meet(span, own))));
    if (!other) return [];
    return [
      { level: "error", at: path, text: `overlaps ${other.utc}, which stands before it and holds; part their hours` },
    ];
  });
}

interface Span {
  readonly start: number;
  readonly end: number;
}

const dayMinutes = 1440;
const weekdays: NonNullable<Windows[number]["days"]> = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** Minutes of the week, for each day of a window one or two stretches: the part behind midnight is of the same day. */
function minutesOf({ utc, days = weekdays }: Windows[number]): readonly Span[] {
  const [start = 0, end = 0] = utc.split("-").map((clock) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3)));
  if (start === end) return [];
  const ofDay =
    start < end
      ? [{ start, end }]
      : [
          { start: 0, end },
          { start, end: dayMinutes },
        ];
  return days.flatMap((day) => {
    const midnight = weekdays.indexOf(day) * dayMinutes;
    return ofDay.map((span) => ({ start: midnight + span.start, end: midnight + span.end }));
  });
}

function meet(one: Span, other: Span): boolean {
  return one.start < other.end && other.start < one.end;
}

function lintBands(bands: NonNullable<PricePeriod["bands"]>, at: readonly PropertyKey[]): readonly Oddity[] {
  const least = bands.map(({ when }) => leastTotal(when.input_total));
  return bands.flatMap(({ when }, index): readonly Oddity[] => {
    if (least.indexOf(least[index] ?? 0) === index) return [];
    return [
      {
        level: "error",
        at: [...at, index, "when"],
        text: `begins where another band does, ${JSON.stringify(when.input_total)}; keep one of them`,
      },
    ];
  });
}

/** Names that mean no row, and rows that lie over nothing, by the table of all layers with the bundled one below. */
function lintReferences({ file, name: layer, placeOf }: ReadLayer, { resolver, table }: PriceBook): readonly Oddity[] {
  if (!placeOf) return [];
  const providers = [...table.providers.keys()];
  const aliases = Object.entries(file.aliases ?? {}).flatMap(([alias, target]): readonly Oddity[] => {
    if (resolver.findTarget(target) || providers.some((id) => resolver.findAlias(id, withoutPrefix(alias, id))))
      return [];
    const text = `no row is ${JSON.stringify(target)}; write PROVIDER/MODEL, and name the layer that has it beside this file`;
    return [{ level: "error", at: ["aliases", alias], text }];
  });
  const lying = file.providers.flatMap(({ id, models }, provider) =>
    models.flatMap((model, index): readonly Oddity[] => {
      if (!model.merge) return [];
      const found = table.providers.get(canonicalProvider(id))?.exact.get(model.id);
      if (found === undefined || found.layer !== layer || found.model.prices !== model.prices) return [];
      const text = "is to be merged and there is no row below; name the layer that has it beside this file";
      return [{ level: "warning", at: ["providers", provider, "models", index, "merge"], text }];
    }),
  );
  return [...aliases, ...lying];
}

function withoutPrefix(alias: string, provider: string): string {
  return alias.startsWith(`${provider}/`) ? alias.slice(provider.length + 1) : alias;
}
