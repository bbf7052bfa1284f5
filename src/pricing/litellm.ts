// LiteLLM's model_prices_and_context_window.json as a layer. Its fields are read by one grammar:
// what is counted, then optionally above how many tokens, then optionally in which service tier.
import { add, type Fraction, formatFraction, fraction, isLess, multiply, parseDecimal } from "./money.ts";
import type { PriceCell, PricedModel, PricedProvider, PriceFile, PricePeriod, PriceWord } from "./price-file.ts";
import { unitsOf } from "./price-file.ts";
import { canonicalProvider } from "./provider-names.ts";

export interface LitellmPrices {
  readonly file: PriceFile;
  readonly refused: ReadonlyMap<PricedModel, "quarantined_price" | "unverified_free">;
  readonly rounded: ReadonlySet<PricedModel>;
}

/** Reads LiteLLM's file; throws a `SyntaxError` when the text is no JSON, or no object of rows. */
export function readLitellmPrices(text: string): LitellmPrices {
  const rows: unknown = JSON.parse(numbersAsText(text));
  if (!isObject(rows)) throw new SyntaxError("must be an object of models");
  const providers = new Map<string, PricedModel[]>();
  const refused = new Map<PricedModel, "quarantined_price" | "unverified_free">();
  const rounded = new Set<PricedModel>();
  for (const [key, row] of Object.entries(rows)) {
    if (!isObject(row) || key === "sample_spec" || typeof row["litellm_provider"] !== "string") continue;
    const provider = canonicalProvider(row["litellm_provider"]);
    const model = readRow(key, row, provider);
    if (!model) continue;
    const models = providers.get(provider);
    if (models) models.push(model);
    else providers.set(provider, [model]);
    const reason = suspicion(model, provider);
    if (reason) refused.set(model, reason);
    if (isRounded(key, model)) rounded.add(model);
  }
  const priced: PricedProvider[] = [...providers].map(([id, models]) => ({ id, models }));
  return { file: { defaults: { unit: "token" }, providers: priced }, refused, rounded };
}

type Fields = Readonly<Record<string, unknown>>;

/** JSON.parse makes doubles of numbers; prices stay the text that was written. */
function numbersAsText(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  );
}

function readRow(key: string, row: Fields, provider: string): PricedModel | undefined {
  const cells = new Cells(provider === "x_ai");
  for (const [field, value] of Object.entries(row)) {
    const found = typeof value === "string" ? readField(field, row) : undefined;
    if (found && typeof value === "string") cells.set(found, value);
  }
  readSearches(row, cells);
  const period = withTieredPricing(cells.period(), row);
  if (Object.keys(period.cells["default"] ?? {}).length === 0) return undefined;
  const multipliers = readMultipliers(row);
  const name = withoutPrefix(key, provider);
  return { id: key, match: [name], ...(multipliers && { multipliers }), prices: [period] };
}

function withoutPrefix(key: string, provider: string): string {
  const slash = key.indexOf("/");
  return 0 < slash && canonicalProvider(key.slice(0, slash)) === provider ? key.slice(slash + 1) : key;
}

interface Place {
  readonly word: PriceWord;
  /** Total input tokens above which it holds; 0 for all requests. */
  readonly above: number;
  readonly tier: string;
}

const tokenFields: Readonly<Record<string, PriceWord>> = {
  input_cost_per_token: "input",
  output_cost_per_token: "output",
  output_cost_per_reasoning_token: "reasoning",
  citation_cost_per_token: "citation",
  cache_read_input_token_cost: "cache_read",
  // The old spelling, of DeepSeek's rows.
  input_cost_per_token_cache_hit: "cache_read",
  cache_creation_input_token_cost: "cache_write",
  cache_creation_input_token_cost_above_1hr: "cache_write_1h",
  cache_read_input_audio_token_cost: "cache_read_audio",
  input_cost_per_audio_token: "audio_in",
  output_cost_per_audio_token: "audio_out",
  input_cost_per_image_token: "image_in",
  output_cost_per_image_token: "image_out",
};

const tiers: Readonly<Record<string, string>> = { batches: "batch", flex: "flex", priority: "priority", fast: "fast" };

function readField(field: string, row: Fields): Place | undefined {
  const found = /^(.*?)(?:_above_(\d+)k_tokens)?(?:_(batches|flex|priority|fast))?$/.exec(field);
  const [, base = "", thousands, suffix] = found ?? [];
  const word = tokenFields[base] ?? unitField(field, row);
  if (!word) return undefined;
  return {
    word,
    above: Number(thousands ?? 0) * 1000,
    tier: suffix === undefined ? "default" : (tiers[suffix] ?? suffix),
  };
}

/** What a unit counts depends on what the model does. */
function unitField(field: string, { mode, ...row }: Fields): PriceWord | undefined {
  const isVideo = mode === "video_generation";
  switch (field) {
    case "input_cost_per_second":
      return isVideo ? undefined : "audio_seconds";
    // Whisper's rows carry both sides of one price: a second is billed once.
    case "output_cost_per_second":
      if (isVideo) return "video_seconds";
      return row["input_cost_per_second"] === undefined ? "audio_seconds" : undefined;
    case "input_cost_per_character":
      return "characters";
    case "input_cost_per_pixel":
      return "pixels";
    case "output_cost_per_image":
      return "images";
    // In chat it prices pictures of the prompt, which are billed as tokens.
    case "input_cost_per_image":
      return mode === "image_generation" && row["output_cost_per_image"] === undefined ? "images" : undefined;
    case "ocr_cost_per_page":
      return "pages";
    case "input_cost_per_query":
      return mode === "rerank" ? "search_units" : "requests";
    case "input_cost_per_request":
      return "requests";
    default:
      return undefined;
  }
}

/** Amounts by band and tier, as they come. */
class Cells {
  readonly #reaches: boolean;
  readonly #byBand = new Map<number, Record<string, PriceCell>>();

  /** xAI's thresholds are reached, not exceeded. */
  constructor(reaches: boolean) {
    this.#reaches = reaches;
  }

  set({ word, above, tier }: Place, text: string): void {
    const usd = readAmount(text);
    if (usd === undefined) return;
    const cells = this.#byBand.get(above) ?? {};
    cells[tier] = { ...cells[tier], [word]: usd };
    this.#byBand.set(above, cells);
  }

  period(): PricePeriod {
    const bands = [...this.#byBand].filter(([above]) => above > 0).sort(([a], [b]) => a - b);
    return {
      cells: this.#byBand.get(0) ?? {},
      ...(bands.length > 0 && {
        bands: bands.map(([above, cells]) => ({
          when: { input_total: `${this.#reaches ? ">=" : ">"} ${above}` },
          cells,
        })),
      }),
    };
  }
}

/** Some amounts are results of a calculation in doubles; twelve digits are what was meant. Negative ones mean none. */
function readAmount(text: string): string | undefined {
  const exact = parseDecimal(text);
  if (!exact) return undefined;
  const digits = text
    .replace(/[eE].*$/, "")
    .replace(/[^\d]/g, "")
    .replace(/^0+/, "");
  return digits.length <= digitsMax ? formatFraction(exact) : (readAmount(Number(text).toPrecision(digitsMax)) ?? text);
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
function withTieredPricing(period: PricePeriod, row: Fields): PricePeriod {
  const list = row["tiered_pricing"];
  if (!Array.isArray(list)) return period;
  const bands = list.flatMap((band: unknown) => {
    if (!isObject(band) || !Array.isArray(band["range"])) return [];
    const cell: Record<string, string> = {};
    for (const [field, value] of Object.entries(band)) {
      const word = tokenFields[field];
      const usd = typeof value === "string" && word ? readAmount(value) : undefined;
      if (word && usd !== undefined) cell[word] = usd;
    }
    return [{ above: Number(band["range"][0]), cell: cell as PriceCell }];
  });
  const first = bands.find(({ above }) => above === 0);
  return {
    cells: { ...period.cells, default: { ...first?.cell, ...period.cells["default"] } },
    bands: bands
      .filter(({ above }) => above > 0)
      .map(({ above, cell }) => ({ when: { input_total: `> ${above}` }, cells: { default: cell } })),
  };
}

/** Factors for regions and speed: Anthropic's in one object, OpenAI's in fields of their own. */
function readMultipliers(row: Fields): PricedModel["multipliers"] | undefined {
  const region: Record<string, string> = {};
  const speed: Record<string, string> = {};
  const entry = row["provider_specific_entry"];
  for (const [name, factor] of isObject(entry) ? Object.entries(entry) : []) {
    if (typeof factor === "string") (name === "fast" ? speed : region)[name] = factor;
  }
  for (const name of ["eu", "us"]) {
    const factor = row[`regional_processing_uplift_multiplier_${name}`];
    if (typeof factor === "string") region[name] = factor;
  }
  if (Object.keys(region).length + Object.keys(speed).length === 0) return undefined;
  return { region, speed };
}

/** Dearer than the dearest model by an order of magnitude: an amount per million that was written as per token. */
const usdPerTokenMax: Fraction = { num: 2n, den: 1000n };

/** Providers that run on the user's machine: there 0 is a fact. */
const freeProviders: ReadonlySet<string> = new Set(["ollama", "lemonade", "llamafile", "lm_studio"]);

function suspicion({ prices }: PricedModel, provider: string): "quarantined_price" | "unverified_free" | undefined {
  const cells = prices
    .flatMap((period) => [period, ...(period.bands ?? [])])
    .flatMap(({ cells }) => Object.values(cells));
  const amounts = cells.flatMap((cell) => Object.entries(cell));
  let total: Fraction = { num: 0n, den: 1n };
  for (const [word, given] of amounts) {
    const usd = parseDecimal(typeof given === "string" ? given : given.amount) ?? usdPerTokenMax;
    if (unitsOf(word as PriceWord)[0] === "mtok" && isLess(usdPerTokenMax, usd)) return "quarantined_price";
    total = add(total, usd);
  }
  return total.num === 0n && !freeProviders.has(provider) ? "unverified_free" : undefined;
}

/** A price per pixel whose picture does not come to hundredths of a cent was divided and rounded. */
function isRounded(key: string, { prices }: PricedModel): boolean {
  const size = /(?:^|\/)(\d{2,5})-x-(\d{2,5})\//.exec(key);
  const pixels = prices[0]?.cells["default"]?.pixels;
  if (!size || typeof pixels !== "string") return false;
  const area = fraction(BigInt(Number(size[1]) * Number(size[2])), 1n);
  return 10_000n % multiply(parseDecimal(pixels) ?? area, area).den !== 0n;
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
