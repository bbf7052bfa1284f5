// Turns @pydantic/genai-prices (MIT) into our price file. Its rules match open prefixes and substrings; ours list names
// and anchored patterns, so that a model that nobody has looked at is never priced by a neighbour's row.
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  type ConditionalPrice,
  findProvider,
  type MatchLogic,
  type ModelInfo,
  type ModelPrice,
  type Provider,
  type TieredPrices,
} from "@pydantic/genai-prices";
import type {
  PriceCell,
  PricedModel,
  PricedProvider,
  PriceFile,
  PricePeriod,
  PriceWord,
  Unit,
} from "../../src/pricing/price-file.ts";
import { canonicalProvider } from "../../src/pricing/provider-names.ts";
import { readPriceFile } from "../../src/pricing/read-price-file.ts";

/** The day on which the rows were taken over. */
const checked = "2026-11-20";

export interface BundledPrices {
  /** What `pricing/bundled.json` must hold. */
  readonly text: string;
  /** What the source has and our table has not, one line each. */
  readonly dropped: readonly string[];
}

/** The bundled price file, the same for the same package and the same files of our own: those are laid over it in order. */
export function bundledPrices(own: readonly string[]): BundledPrices {
  const dropped: string[] = [];
  const ours = own.flatMap((yaml) => {
    const read = readPriceFile(yaml);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    return read.file.providers;
  });
  const file = packagePrices(dropped);
  return { text: `${printFile({ ...file, providers: [...file.providers, ...ours] })}\n`, dropped };
}

/** The package's rows alone. */
export function packagePrices(dropped: string[] = []): PriceFile {
  const about = installed();
  const source = { name: "genai-prices", ref: about.version, checked };
  const taken = about.providerIds.map((id) => takeProvider(id, source, dropped));
  return {
    schema: 1,
    version: `${checked}+genai-prices.${about.version}`,
    currency: "USD",
    providers: taken.sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}

/** Our own price files, in the order of their names. */
export function ownPriceFiles(folder: string): readonly string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  return names.sort().map((name) => readFileSync(join(folder, name), "utf8"));
}

export interface Installed {
  readonly version: string;
  readonly providerIds: readonly string[];
}

/** The package tells its providers by its command line alone. */
export function installed(): Installed {
  const folder = dirname(dirname(createRequire(import.meta.url).resolve("@pydantic/genai-prices")));
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
  const listed = listModels(join(folder, "dist/cli.js"));
  const providerIds = new Set([...listed.matchAll(/^ {2}([^:\s]+):/gm)].map(([, id]) => id ?? ""));
  return { version, providerIds: [...providerIds].sort() };
}

/** Through a file: into a pipe the command line writes only what fits before it exits. */
function listModels(commandLine: string): string {
  const folder = mkdtempSync(join(tmpdir(), "prices-"));
  const file = join(folder, "list");
  const output = openSync(file, "w");
  try {
    execFileSync(process.execPath, [commandLine, "list"], { stdio: ["ignore", output, "inherit"] });
    return readFileSync(file, "utf8");
  } finally {
    closeSync(output);
    rmSync(folder, { recursive: true });
  }
}

/** Google's rows are asked for by three names of `gen_ai.provider.name`, Azure's by two. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  google: ["gcp.vertex_ai", "gcp.gen_ai"],
  azure: ["azure.ai.inference"],
};

function takeProvider(id: string, source: NonNullable<PricePeriod["source"]>, dropped: string[]): PricedProvider {
  const provider = findProvider({ providerId: id });
  if (!provider || provider.id !== id) throw new Error(`provider ${JSON.stringify(id)} is listed and cannot be found`);
  const named = new Set<string>();
  const models = provider.models.flatMap((model) => {
    const match = namesOf(model, provider, dropped).filter((name) => claim(named, name));
    const prices = periodsOf(model, provider, dropped).map((period) => ({ ...period, source }));
    if (match.length === 0) dropped.push(`${id}: ${model.id}: every name is taken by an earlier row`);
    return match.length === 0 || prices.length === 0 ? [] : [{ id: model.id, match, prices }];
  });
  const aliases = otherNames[id];
  const fallback = provider.fallback_model_providers?.map(canonicalProvider);
  return {
    id: canonicalProvider(id),
    ...(aliases && { aliases: [...aliases] }),
    ...(fallback && { fallback }),
    models,
  };
}

type Name = NonNullable<PricedModel["match"]>[number];

/** The source takes the first row that matches; so a name belongs to the first row that lists it. */
function claim(named: Set<string>, name: Name): boolean {
  const key = typeof name === "string" ? name : name.regex;
  if (named.has(key)) return false;
  named.add(key);
  return true;
}

function namesOf(model: ModelInfo, provider: Provider, dropped: string[]): Name[] {
  const names = rulesOf(model.match).flatMap((rule) => namesOfRule(rule, model, provider, dropped));
  if (matches(model.match, model.id)) names.unshift(model.id);
  return [...new Map(names.map((name) => [JSON.stringify(name), name])).values()];
}

/** The single rules of a tree; of an `and` the first, because the others only exclude names that we do not list. */
function rulesOf(rule: MatchLogic): MatchLogic[] {
  if ("or" in rule) return rule.or.flatMap(rulesOf);
  if ("and" in rule) return rule.and.slice(0, 1).flatMap(rulesOf);
  return [rule];
}

function namesOfRule(rule: MatchLogic, model: ModelInfo, provider: Provider, dropped: string[]): Name[] {
  if ("equals" in rule) return [rule.equals];
  if ("ends_with" in rule) return [rule.ends_with];
  if ("regex" in rule) {
    if (rule.regex.startsWith("^") && rule.regex.endsWith("$")) return [{ regex: rule.regex }];
    dropped.push(`${provider.id}: ${model.id}: open pattern ${rule.regex}`);
    return [];
  }
  const stem = "starts_with" in rule ? rule.starts_with : "contains" in rule ? rule.contains : "";
  const bare = stem.replace(/[-@]$/, "");
  // A stem that ends inside a date or a revision names no model: `claude-sonnet-4-2025`, `gemini-2.0-flash-0`.
  if (/-(?:0|20\d\d)$/.test(bare)) return [{ regex: `^${escaped(bare)}${bare.endsWith("-0") ? "\\d{2}" : "\\d{4}"}$` }];
  if (provider.id === "aws" && "contains" in rule) return bedrockNames(bare, model.id);
  if (provider.id === "google" && bare.startsWith("gemini"))
    return [bare, { regex: `^${escaped(bare)}${googleSnapshot}$` }];
  return [bare];
}

/** Google names snapshots `-002`, `-preview-05-06` and `-preview-09-2025`. */
const googleSnapshot = "(?:-preview|-exp)?(?:-00\\d|-\\d{2}-\\d{2}|-\\d{2}-20\\d{2})?";

/**
 * A substring at Bedrock stands for the model with its vendor, as it is and under each geography's profile,
 * because the source takes it to cost the same there.
 */
function bedrockNames(stem: string, id: string): Name[] {
  if (new RegExp(`^(?:${geographies.join("|")})\\.`).test(stem)) return [stem];
  const vendor = new RegExp(`([a-z0-9]+)\\.${escaped(stem)}`).exec(id)?.[1];
  const full = /^[a-z0-9]+\.[a-z]/.test(stem) || vendor === undefined ? stem : `${vendor}.${stem}`;
  return [...new Set([stem, full]), ...geographies.filter((geo) => geo !== "global").map((geo) => `${geo}.${full}`)];
}

const geographies = ["us", "us-gov", "eu", "apac", "au", "ca", "jp", "in", "global"];

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function matches(rule: MatchLogic, name: string): boolean {
  const lower = name.toLowerCase();
  if ("or" in rule) return rule.or.some((part) => matches(part, name));
  if ("and" in rule) return rule.and.every((part) => matches(part, name));
  if ("equals" in rule) return lower === rule.equals.toLowerCase();
  if ("starts_with" in rule) return lower.startsWith(rule.starts_with.toLowerCase());
  if ("ends_with" in rule) return lower.endsWith(rule.ends_with.toLowerCase());
  if ("contains" in rule) return lower.includes(rule.contains.toLowerCase());
  return new RegExp(rule.regex).test(name);
}

/** A row without constraint opens, dated rows follow, rows of a time of day belong to the row before them. */
function periodsOf(model: ModelInfo, provider: Provider, dropped: string[]): PricePeriod[] {
  const rows: ConditionalPrice[] = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }];
  const periods: PricePeriod[] = [];
  for (const { constraint, prices } of rows) {
    const cells = cellsOf(prices, (key) => dropped.push(`${provider.id}: ${model.id}: ${key} has no bucket`));
    if (!cells) continue;
    const last = periods.at(-1);
    if (constraint?.type === "time_of_date" && last) {
      const utc = `${clock(constraint.start_time)}-${clock(constraint.end_time)}`;
      periods[periods.length - 1] = { ...last, windows: [...(last.windows ?? []), { utc, ...cells }] };
      continue;
    }
    const from = constraint?.type === "start_date" ? constraint.start_date : undefined;
    if (from !== undefined && last) periods[periods.length - 1] = { ...last, until: from };
    periods.push({ ...(from !== undefined && { from }), ...cells });
  }
  return periods;
}

function clock(time: string): string {
  const found = /^(\d{2}:\d{2}):00Z$/.exec(time);
  if (!found?.[1]) throw new Error(`time of day ${JSON.stringify(time)} is not a whole minute in UTC`);
  return found[1];
}

const buckets: Readonly<Record<string, readonly [word: PriceWord, per: Unit | undefined]>> = {
  input_mtok: ["input", undefined],
  cache_read_mtok: ["cache_read", undefined],
  // The price of a write with the default time to live; the hour has its own.
  cache_write_mtok: ["cache_write", undefined],
  cache_write_1h_mtok: ["cache_write_1h", undefined],
  input_audio_mtok: ["audio_in", undefined],
  cache_audio_read_mtok: ["cache_read_audio", undefined],
  input_image_mtok: ["image_in", undefined],
  output_mtok: ["output", undefined],
  output_reasoning_mtok: ["reasoning", undefined],
  output_audio_mtok: ["audio_out", undefined],
  output_image_mtok: ["image_out", undefined],
  output_citation_mtok: ["citation", undefined],
  web_searches_kcount: ["web_searches", "kcount"],
  requests_kcount: ["requests", "kcount"],
  audio_hours: ["audio_seconds", "hour"],
  input_audio_hours: ["audio_seconds", "hour"],
  input_document_kpages: ["pages", "kpage"],
};

function cellsOf(prices: ModelPrice, drop: (key: string) => void): Pick<PricePeriod, "cells" | "bands"> | undefined {
  const known = Object.entries(prices).filter(([key, value]) => {
    if (buckets[key] === undefined && value !== undefined) drop(key);
    return buckets[key] !== undefined && value !== undefined;
  });
  if (known.length === 0) return undefined;
  const starts = known.flatMap(([, value]) => (typeof value === "object" ? value.tiers.map(({ start }) => start) : []));
  const bands = [...new Set(starts)]
    .sort((a, b) => a - b)
    .map((start) => ({
      // An inclusive threshold is written as one less there: 199999 means "reaches 200000".
      when: { input_total: start % 1000 === 999 ? `>= ${start + 1}` : `> ${start}` },
      cells: { default: cellAt(known, start) },
    }));
  return { cells: { default: cellAt(known, undefined) }, ...(bands.length > 0 && { bands }) };
}

/** The prices of requests beyond `start` tokens; a price without tiers holds for all of them. */
function cellAt(known: readonly [string, ModelPrice[string]][], start: number | undefined): PriceCell {
  const cell: { [W in PriceWord]?: NonNullable<PriceCell[W]> } = {};
  for (const [key, value] of known) {
    const [word, per] = buckets[key] ?? ["input", undefined];
    const amount = amountText(typeof value === "object" ? priceAt(value, start) : (value ?? 0));
    cell[word] = per === undefined ? amount : { amount, per };
  }
  return cell;
}

function priceAt({ base, tiers }: { base: number; tiers: TieredPrices["tiers"] }, start: number | undefined): number {
  const reached = tiers.filter((tier) => start !== undefined && tier.start <= start);
  return reached.reduce((highest, tier) => (highest.start < tier.start ? tier : highest), { start: -1, price: base })
    .price;
}

/** The shortest text of a double is what was written; longer ones are noise of a calculation. */
function amountText(value: number): string {
  return String(Number(value.toPrecision(12)));
}

/** One row a line, so that a change of prices is a readable difference. */
function printFile({ providers, ...head }: PriceFile): string {
  const printed = providers.map(({ models, ...about }) => {
    const rows = [...models].sort((a, b) => (a.id < b.id ? -1 : 1)).map((model) => `      ${JSON.stringify(model)}`);
    return `    {${JSON.stringify(about).slice(1, -1)}, "models": [\n${rows.join(",\n")}\n    ]}`;
  });
  return `{${JSON.stringify(head).slice(1, -1)},\n  "providers": [\n${printed.join(",\n")}\n  ]\n}`;
}
