// What a price file says that its writer cannot have meant, and what will surprise who reads the bill.
import { Doubter, usdPerTokenMax } from "./doubts.ts";
import type { ReadLayer } from "./layers.ts";
import { type PricedModel, type PricedProvider, type PricePeriod, priceWords, sourcesOf } from "./price-file.ts";
import { formatPath } from "./read-price-file.ts";

export interface LintFinding {
  /** An error contradicts itself: some row cannot mean what it says. */
  readonly level: "error" | "warning";
  /** `prices.yaml:7:3`, or the layer where there are no lines. */
  readonly place: string;
  readonly path: string;
  readonly text: string;
}

/** What is odd in a layer that can be read. In the order of the file. */
export function lintLayer(layer: ReadLayer): readonly LintFinding[] {
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
  return [...found, ...fields].map(({ level, at, text }) => ({
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
    (model.match ?? [model.id]).flatMap((name) => {
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
  const periods = model.prices.flatMap((period, index) => [
    ...lintPeriod(period, [...at, "prices", index], layer.name),
    ...model.prices.slice(0, index).flatMap((earlier) => overlap(earlier, period, [...at, "prices", index])),
  ]);
  return [...(refused ? [{ level: "warning", at, text: refusedTexts[refused] } as const] : []), ...doubts, ...periods];
}

const refusedTexts = {
  quarantined_price: "the row is not billed by: a price of it is beyond belief",
  unverified_free: "the row is not billed by: it says that the model is free, and nothing else says so",
};

function lintPeriod(period: PricePeriod, at: readonly PropertyKey[], layer: string): readonly Oddity[] {
  const { from, until, cells, bands = [] } = period;
  const odd: Oddity[] = [];
  if (from !== undefined && until !== undefined && until <= from) {
    odd.push({ level: "error", at: [...at, "until"], text: `must be later than from, ${from}, not ${until}` });
  }
  if (cells["default"] === undefined) {
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

function overlap(one: PricePeriod, other: PricePeriod, at: readonly PropertyKey[]): readonly Oddity[] {
  const starts = one.from ?? "";
  const apart = (other.until !== undefined && other.until <= starts) || (one.until ?? "9999") <= (other.from ?? "");
  // A later start without an end before it is how prices change; two that start together cannot both hold.
  if (apart || (one.from ?? "") !== (other.from ?? "")) return [];
  return [
    { level: "error", at, text: `starts with another period, ${one.from ?? "without a day"}; give one of them a day` },
  ];
}
