// LiteLLM's model_prices_and_context_window.json as a layer. What its fields mean is a table, `litellm-fields.ts`.
import { Doubter, usdPerTokenMax } from "./doubts.ts";
import { FieldReader, type Place } from "./litellm-fields.ts";
import { divideHalfEven, formatFraction, fraction, multiply, parseDecimal } from "./money.ts";
import type { PriceCell, PricedModel, PricedProvider, PriceFile, PricePeriod, PriceWord } from "./price-file.ts";
import { canonicalProvider } from "./provider-names.ts";

export interface LitellmPrices {
  readonly file: PriceFile;
  /** Fields that look like prices and that nobody has looked at. */
  readonly unknownFields: readonly string[];
  readonly refused: ReadonlyMap<PricedModel, Suspicion>;
  readonly rounded: ReadonlySet<PricedModel>;
}

/** Reads LiteLLM's file; throws a `SyntaxError` when the text is no JSON, or no object of rows. */
export function readLitellmPrices(text: string): LitellmPrices {
  const rows = rowsOf(text);
  const providers = new Map<string, PricedModel[]>();
  const refused = new Map<PricedModel, Suspicion>();
  const rounded = new Set<PricedModel>();
  const reading: Reading = { fields: new FieldReader(), amounts: new Map(), providers: new Map() };
  const doubter = new Doubter({ tokenUnit: "token", usdPerTokenMax });
  for (const [key, row] of Object.entries(rows)) {
    if (!isObject(row) || key === "sample_spec" || typeof row["litellm_provider"] !== "string") continue;
    const provider = providerOf(row["litellm_provider"], reading);
    const model = readRow(key, row, provider, reading);
    if (!model) continue;
    const models = providers.get(provider);
    if (models) models.push(model);
    else providers.set(provider, [model]);
    const reason = suspicion(model, provider, doubter);
    if (reason) refused.set(model, reason);
    if (isRounded(key, model)) rounded.add(model);
  }
  const priced: PricedProvider[] = [...providers].map(([id, models]) => ({ id, models }));
  const file: PriceFile = { defaults: { unit: "token" }, providers: priced };
  return { file, refused, rounded, unknownFields: reading.fields.unknown };
}

type Fields = Readonly<Record<string, unknown>>;

/** JSON.parse makes doubles of numbers; those of fields become the text that was written before it sees them. */
function rowsOf(text: string): Fields {
  try {
    const rows: unknown = JSON.parse(text.replace(numberOfField, '$1"$2"'));
    if (!isObject(rows)) throw new SyntaxError("must be an object of models");
    return rows;
  } catch (cause) {
    // Whatever is wrong, the text as it stands has it at the place that the user sees.
    JSON.parse(text);
    throw cause;
  }
}

/**
 * Between the quote that closes a string and the one that opens the next stands a comma, a colon or a bracket: what
 * matches is the whole key of a field. What is no number of JSON stays, and is told by JSON.parse.
 */
const numberOfField = /("\w+"\s*:\s*)(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?=[\s,}])/g;

/** What is remembered from row to row. */
interface Reading {
  readonly fields: FieldReader;
  /** Amounts by the text that stands in the file. */
  readonly amounts: Map<string, string | undefined>;
  readonly providers: Map<string, string>;
}

function readRow(key: string, row: Fields, provider: string, reading: Reading): PricedModel | undefined {
  const cells = new Cells(provider === "x_ai", reading);
  let isPlain = true;
  for (const field in row) {
    const value = row[field];
    if (typeof value === "boolean") continue;
    const found = typeof value === "string" ? reading.fields.placeOf(field, row) : undefined;
    if (found) cells.set(found, value as string);
    else if (reading.fields.hasRule(field)) isPlain = false;
  }
  if (!isPlain) readSearches(row, cells);
  const period = isPlain ? cells.period() : withTieredPricing(cells.period(), row, reading);
  if (period.cells["default"] === undefined) return undefined;
  const multipliers = isPlain ? undefined : readMultipliers(row);
  const match = [withoutPrefix(key, provider, reading)];
  return multipliers ? { id: key, match, multipliers, prices: [period] } : { id: key, match, prices: [period] };
}

function withoutPrefix(key: string, provider: string, reading: Reading): string {
  const slash = key.indexOf("/");
  return 0 < slash && providerOf(key.slice(0, slash), reading) === provider ? key.slice(slash + 1) : key;
}

function providerOf(spelling: string, { providers }: Reading): string {
  const known = providers.get(spelling) ?? canonicalProvider(spelling);
  providers.set(spelling, known);
  return known;
}

/** Amounts by band and tier, as they come. */
class Cells {
  readonly #reaches: boolean;
  readonly #reading: Reading;
  readonly #usual: Record<string, PriceCell> = {};
  /** By the total that they are above. Few rows have any. */
  #bands: Map<number, Record<string, PriceCell>> | undefined;

  /** xAI's thresholds are reached, not exceeded. */
  constructor(reaches: boolean, reading: Reading) {
    this.#reaches = reaches;
    this.#reading = reading;
  }

  set({ word, above, tier }: Place, text: string): void {
    const usd = amountOf(text, this.#reading);
    if (usd === undefined) return;
    const cells = above === 0 ? this.#usual : this.#band(above);
    const cell = cells[tier];
    if (cell) cell[word] = usd;
    else cells[tier] = { [word]: usd };
  }

  #band(above: number): Record<string, PriceCell> {
    this.#bands ??= new Map();
    const cells = this.#bands.get(above) ?? {};
    this.#bands.set(above, cells);
    return cells;
  }

  period(): PricePeriod {
    if (!this.#bands) return { cells: this.#usual };
    const operator = this.#reaches ? ">=" : ">";
    const bands = [...this.#bands]
      .sort(([a], [b]) => a - b)
      .map(([above, cells]) => ({ when: { input_total: `${operator} ${above}` }, cells }));
    return { cells: this.#usual, bands };
  }
}

function amountOf(text: string, { amounts }: Reading): string | undefined {
  const known = amounts.get(text);
  if (known !== undefined || amounts.has(text)) return known;
  const amount = readAmount(text);
  amounts.set(text, amount);
  return amount;
}

/** Some amounts are results of a calculation in doubles; twelve digits are what was meant. Negative ones mean none. */
function readAmount(text: string): string | undefined {
  const exact = parseDecimal(text);
  if (!exact) return undefined;
  const digits = text
    .replace(/[eE].*$/, "")
    .replace(/[^\d]/g, "")
    .replace(/^0+/, "");
  if (digits.length <= digitsMax) return formatFraction(exact);
  const noise = 10n ** BigInt(digits.length - digitsMax);
  const written = BigInt(digits);
  return formatFraction(multiply(exact, fraction(divideHalfEven(written, noise) * noise, written)));
}

const digitsMax = 12;

function readSearches(row: Fields, cells: Cells): void {
  const bySize = row["search_context_cost_per_query"];
  if (!isObject(bySize)) return;
  for (const [size, word] of searchSizes) {
    const text = bySize[`search_context_size_${size}`];
    if (typeof text === "string") cells.set({ word, above: 0, tier: "default" }, text);
  }
}

const searchSizes = [
  ["low", "web_searches_low"],
  ["medium", "web_searches"],
  ["high", "web_searches_high"],
] as const;

/** Bands as a list: the first is the default, each holds above its lower end, the last beyond its upper end too. */
function withTieredPricing(period: PricePeriod, row: Fields, reading: Reading): PricePeriod {
  const list = row["tiered_pricing"];
  if (!Array.isArray(list)) return period;
  const bands = list.flatMap((band: unknown) => {
    const from: unknown = isObject(band) && Array.isArray(band["range"]) ? band["range"][0] : undefined;
    if (!isObject(band) || typeof from !== "number" || !(0 <= from && Number.isSafeInteger(from))) return [];
    const cell: Record<string, string> = {};
    for (const [field, value] of Object.entries(band)) {
      const place = reading.fields.placeOf(field, row);
      const usd = typeof value === "string" && place ? amountOf(value, reading) : undefined;
      if (place && usd !== undefined) cell[place.word] = usd;
    }
    return [{ above: from, cell: cell as PriceCell }];
  });
  const first = bands.find(({ above }) => above === 0);
  const usual = { ...first?.cell, ...period.cells["default"] };
  return {
    cells: Object.keys(usual).length === 0 ? period.cells : { ...period.cells, default: usual },
    bands: bands
      .filter(({ above }) => above > 0)
      .map(({ above, cell }) => ({ when: { input_total: `> ${above}` }, cells: { default: cell } })),
  };
}

/** Factors for regions and speed: Anthropic's in one object, OpenAI's in fields of their own. */
function readMultipliers(row: Fields): PricedModel["multipliers"] | undefined {
  const entry = row["provider_specific_entry"];
  if (entry === undefined && uplifts.every(({ field }) => row[field] === undefined)) return undefined;
  const region: Record<string, string> = {};
  const speed: Record<string, string> = {};
  for (const [name, factor] of isObject(entry) ? Object.entries(entry) : []) {
    if (typeof factor === "string" && parseDecimal(factor)) (name === "fast" ? speed : region)[name] = factor;
  }
  for (const { name, field } of uplifts) {
    const factor = row[field];
    if (typeof factor === "string") region[name] = factor;
  }
  if (Object.keys(region).length + Object.keys(speed).length === 0) return undefined;
  return { region, speed };
}

const uplifts = ["eu", "us"].map((name) => ({ name, field: `regional_processing_uplift_multiplier_${name}` }));

type Suspicion = "quarantined_price" | "unverified_free";

/** Providers that run on the user's machine: there 0 is a fact. */
const freeProviders: ReadonlySet<string> = new Set(["ollama", "lemonade", "llamafile", "lm_studio"]);

function suspicion(model: PricedModel, provider: string, doubter: Doubter): Suspicion | undefined {
  let isFree = !freeProviders.has(provider);
  for (const { cells, bands } of model.prices) {
    for (const all of bands === undefined ? [cells] : [cells, ...bands.map((band) => band.cells)]) {
      if (doubter.isDoubtful(all)) return "quarantined_price";
      isFree &&= areFree(all);
    }
  }
  return isFree ? "unverified_free" : undefined;
}

function areFree(cells: PricePeriod["cells"]): boolean {
  for (const tier in cells) {
    for (const word in cells[tier]) if (cells[tier][word as PriceWord] !== "0") return false;
  }
  return true;
}

/** A price per pixel whose picture does not come to hundredths of a cent was divided and rounded. */
function isRounded(key: string, { prices }: PricedModel): boolean {
  const pixels = prices[0]?.cells["default"]?.pixels;
  if (typeof pixels !== "string") return false;
  const size = /(?:^|\/)(\d{2,5})-x-(\d{2,5})\//.exec(key);
  if (!size) return false;
  const area = fraction(BigInt(Number(size[1]) * Number(size[2])), 1n);
  return 10_000n % multiply(parseDecimal(pixels) ?? area, area).den !== 0n;
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
