// What LiteLLM's file knows of the rows of @pydantic/genai-prices and the package does not: service tiers, factors,
// caches, audio and fees. Taken over where both tables agree on input and output at that day; where they do not, nobody
// knows which of them is right, and nothing is taken. Rows of media that the package has not at all are taken whole.
import { readLitellmPrices } from "../../src/pricing/litellm.ts";
import { mergePeriods } from "../../src/pricing/merge-rows.ts";
import { type Fraction, formatFraction, multiply, one, parseFraction } from "../../src/pricing/money.ts";
import { compileBook, type Row } from "../../src/pricing/price-book.ts";
import {
  isPriceWord,
  type PriceCell,
  type PricedModel,
  type PriceFile,
  type PricePeriod,
  type PriceWord,
  type Unit,
  unitsOf,
  usdPerUnit,
} from "../../src/pricing/price-file.ts";

export interface Lacking {
  /** Price files by name, such as `service-tiers.yaml`. */
  readonly files: ReadonlyMap<string, PriceFile>;
  /** Why rows were left, one line each. */
  readonly left: readonly string[];
}

/** What `litellmText`, as it was on a day, has and `table` lacks. */
export function lackingPrices(table: PriceFile, litellmText: string, day: string): Lacking {
  const book = compileBook([{ name: "table", version: "", mode: "override", file: table }]);
  const { file, refused } = readLitellmPrices(litellmText);
  const modes = modesOf(litellmText);
  const left: string[] = [];
  const additions = new Map<Row, Addition | "contradiction">();
  const wholes: { readonly provider: string; readonly model: PricedModel }[] = [];
  for (const { id: provider, models } of file.providers) {
    for (const model of models) {
      const name = String(model.match?.[0] ?? model.id);
      if (refused.has(model)) continue;
      const found = book.resolver.find(provider, name);
      const isMedia = media.has(modes.get(model.id) ?? "") && mediaProviders.has(provider);
      if (!found && isMedia && !dependsOnSize(name, modes)) wholes.push({ provider, model: taken(model, name, day) });
      if (!found || !named.has(found.match)) continue;
      const addition = additionTo(found.row, model, day);
      if (addition === undefined) left.push(`${provider}: ${model.id}: input or output differ from ${found.row.id}`);
      else additions.set(found.row, joined(additions.get(found.row), addition));
    }
  }
  return { files: filesOf(additions, wholes, left, day), left };
}

/** Matches that mean the row itself, and no relative of it. */
const named: ReadonlySet<string> = new Set(["exact", "case_folded", "provider_stripped", "date_stripped", "regex"]);

/**
 * Pictures and videos whose price depends on their size have keys such as `hd/1024-x-1024/dall-e-3`, which no span
 * names, and one for the smallest, which would be too low for all others.
 */
function dependsOnSize(name: string, keys: ReadonlyMap<string, string>): boolean {
  return (
    name.includes("/") || name.endsWith(highResolution) || keys.has(name + highResolution) || sizedNames(keys).has(name)
  );
}

const highResolution = "-high-res";

function sizedNames(keys: ReadonlyMap<string, string>): ReadonlySet<string> {
  return new Set([...keys.keys()].filter((key) => /\d-x-\d/.test(key)).map((key) => key.split("/").at(-1) ?? ""));
}

/** Modes whose rows are taken whole. Rows of texts have their table, and a neighbour that disagrees is no source. */
const media: ReadonlySet<string> = new Set([
  "audio_speech",
  "audio_transcription",
  "image_edit",
  "image_generation",
  "ocr",
  "realtime",
  "rerank",
  "search",
  "video_generation",
]);

function modesOf(text: string): ReadonlyMap<string, string> {
  const rows = JSON.parse(text) as Readonly<Record<string, { readonly mode?: string }>>;
  return new Map(Object.entries(rows).map(([key, { mode = "" }]) => [key, mode]));
}

/** Providers that are asked for under these names, and publish what they take. */
const mediaProviders: ReadonlySet<string> = new Set([
  "assemblyai",
  "aws.bedrock",
  "azure.ai.openai",
  "cohere",
  "deepgram",
  "elevenlabs",
  "gcp.gemini",
  "gcp.vertex_ai",
  "groq",
  "openai",
  "voyage",
]);

const source = (day: string) => ({ name: "litellm", ref: day, checked: day });

/** What a row lacks, for as long as its prices hold that were compared. */
interface Addition {
  readonly period: Pick<PricePeriod, "from" | "until">;
  readonly cells: Cells;
  readonly bands: Bands;
  readonly multipliers: PricedModel["multipliers"];
}

type Cells = PricePeriod["cells"];
type Bands = NonNullable<PricePeriod["bands"]>;

/** What the model says beyond the row; undefined where they disagree on the price of text. */
function additionTo(row: Row, model: PricedModel, day: string): Addition | undefined {
  const base = row.model.prices.filter(({ from = "", until = "~" }) => from <= day && day < until).at(-1);
  const [theirs] = model.prices;
  if (!base || !theirs) return undefined;
  const ours = cellIn(base.cells["default"], row.tokenUnit);
  const given = cellIn(theirs.cells["default"], "token");
  if (ours["input"] !== given["input"] || ours["output"] !== given["output"]) return undefined;
  return {
    period: { ...(base.from && { from: base.from }), ...(base.until && { until: base.until }) },
    cells: newCells(base.cells, theirs.cells, row),
    bands: newBands(base.bands ?? [], theirs.bands ?? [], row),
    multipliers: row.multipliers.region.size + row.multipliers.speed.size === 0 ? factorsOf(model) : undefined,
  };
}

/** In bands that both tables have, with the same prices; whether a threshold is exceeded or reached, our table knows. */
function newBands(base: Bands, theirs: Bands, row: Row): Bands {
  return theirs.flatMap(({ when, cells }) => {
    const under = base.find((band) => Math.abs(least(band.when.input_total) - least(when.input_total)) <= 1);
    const known = cellIn(under?.cells["default"], row.tokenUnit);
    const there = cellIn(cells["default"], "token");
    if (!under || known["input"] !== there["input"] || known["output"] !== there["output"]) return [];
    return [{ when: under.when, cells: newCells(under.cells, cells, row) }];
  });
}

function least(condition: string): number {
  return Number(condition.replace(/^>=? ?/, "")) + (condition.startsWith(">=") ? 0 : 1);
}

function factorsOf({ multipliers }: PricedModel): PricedModel["multipliers"] {
  if (!multipliers || Array.isArray(multipliers)) return undefined;
  const kinds = Object.entries(multipliers).flatMap(([kind, factors]) => {
    const written = Object.entries(factors).map(([name, factor]) => [
      name,
      formatFraction(parseFraction(factor) ?? one),
    ]);
    return written.length > 0 ? [[kind, Object.fromEntries(written)]] : [];
  });
  return Object.fromEntries(kinds) as PricedModel["multipliers"];
}

/** Tiers and words that are not there yet, in USD per million tokens. */
function newCells(base: Cells, theirs: Cells, { tokenUnit, batch }: Row): Cells {
  const cells: Record<string, PriceCell> = {};
  const usual = cellIn(base["default"], tokenUnit);
  const theirUsual = cellIn(theirs["default"], "token");
  for (const [tier, cell] of Object.entries(theirs)) {
    const known = cellIn(base[tier], tokenUnit);
    const given = cellIn(cell, "token");
    // What is no dearer than the default is no priority.
    if (tier === "priority" && given["input"] === usual["input"]) continue;
    const fresh = Object.entries(given).filter(([word, usd]) => {
      if (known[word] !== undefined || !(isPriceWord(word) && (isToken(word) || word.startsWith("web_searches"))))
        return false;
      // Audio that is cheaper than text is a price of the model before.
      if (word === "audio_in" && Number(usd) < Number(given["input"])) return false;
      if (tier === "batch") return !(batch && usd === times(usual[word], batch.factor));
      if (tier !== "default") return true;
      if (word.startsWith("web_searches_")) return usd !== (usual["web_searches"] ?? given["web_searches"]);
      if (word === "cache_write_1h") return usual["cache_write"] === theirUsual["cache_write"];
      return word !== "reasoning" || usd !== usual["output"];
    });
    if (fresh.length > 0) cells[tier] = asCell(fresh);
  }
  return cells;
}

type Amounts = Readonly<Record<string, string>>;

/** A cell in USD per million tokens, or per unit for what is no token. */
function cellIn(cell: PriceCell | undefined, unit: Unit): Amounts {
  const texts = Object.entries(cell ?? {}).flatMap(([word, given]) => {
    const usd = isPriceWord(word) && given !== undefined ? usdPerUnit(word, given, unit) : undefined;
    return usd && isPriceWord(word) ? [[word, formatFraction(isToken(word) ? multiply(usd, million) : usd)]] : [];
  });
  return Object.fromEntries(texts) as Amounts;
}

function asCell(amounts: readonly (readonly [word: string, usd: string])[]): PriceCell {
  return Object.fromEntries(amounts.map(([word, usd]) => [word, amount(word, usd)])) as PriceCell;
}

function isToken(word: PriceWord): boolean {
  return unitsOf(word)[0] === "mtok";
}

const million: Fraction = { num: 1_000_000n, den: 1n };

function times(text: string | undefined, factor: Fraction): string | undefined {
  if (text === undefined) return undefined;
  const usd = usdPerUnit("input", text, "token");
  return usd && formatFraction(multiply(usd, factor));
}

function amount(word: string, usd: string): PriceCell[PriceWord] {
  return word.startsWith("web_searches") ? { amount: times(usd, { num: 1000n, den: 1n }) ?? usd, per: "kcount" } : usd;
}

function taken(model: PricedModel, name: string, day: string): PricedModel {
  const inMillions = (cells: Cells): Cells =>
    Object.fromEntries(
      Object.entries(cells).map(([tier, cell]) => [tier, asCell(Object.entries(cellIn(cell, "token")))] as const),
    );
  const multipliers = factorsOf(model);
  return {
    id: name,
    ...(multipliers && { multipliers }),
    prices: model.prices.map(({ cells, bands }) => ({
      cells: inMillions(cells),
      ...(bands && { bands: bands.map((band) => ({ ...band, cells: inMillions(band.cells) })) }),
      source: source(day),
    })),
  };
}

/** What several names of a row add to it: one may lack what another has, but not say something else. */
function joined(known: Addition | "contradiction" | undefined, other: Addition): Addition | "contradiction" {
  if (known === undefined || known === "contradiction") return known ?? other;
  const bandsOf = ({ bands }: Addition): Record<string, Cells> =>
    Object.fromEntries(bands.map(({ when, cells }) => [when.input_total, cells]));
  const isSame = agree(known.cells, other.cells) && agree(bandsOf(known), bandsOf(other));
  if (!isSame || !agree(known.multipliers ?? {}, other.multipliers ?? {})) return "contradiction";
  const [merged] = mergePeriods([known], [other]);
  if (!merged) return "contradiction";
  const { cells, bands = [] } = merged;
  return { period: known.period, multipliers: known.multipliers ?? other.multipliers, cells, bands };
}

/** Whether nothing that both name is different. */
function agree(first: unknown, other: unknown): boolean {
  if (typeof first !== "object" || typeof other !== "object" || first === null || other === null)
    return first === other;
  return Object.entries(first).every(([key, value]) => {
    const there = (other as Readonly<Record<string, unknown>>)[key];
    return there === undefined || agree(value, there);
  });
}

/** Which words and tiers stand in which file. */
const kinds: readonly { readonly file: string; holds(tier: string, word: string): boolean }[] = [
  { file: "service-tiers.yaml", holds: (tier) => tier !== "default" },
  { file: "caches.yaml", holds: (_, word) => word.startsWith("cache_") && word !== "cache_read_audio" },
  { file: "audio-and-images.yaml", holds: (_, word) => /audio|image/.test(word) },
  { file: "fees.yaml", holds: () => true },
];

interface Whole {
  readonly provider: string;
  readonly model: PricedModel;
}

function filesOf(
  additions: ReadonlyMap<Row, Addition | "contradiction">,
  wholes: readonly Whole[],
  left: string[],
  day: string,
): ReadonlyMap<string, PriceFile> {
  const files = new Map<string, Map<string, PricedModel[]>>();
  const put = (file: string, { provider, model }: Whole) => {
    const providers = files.get(file) ?? new Map<string, PricedModel[]>();
    providers.set(provider, [...(providers.get(provider) ?? []), model]);
    files.set(file, providers);
  };
  for (const [row, addition] of additions) {
    if (addition === "contradiction") left.push(`${row.provider}: ${row.id}: its names contradict one another`);
    else for (const { file, model } of rowsOf(row, addition, day)) put(file, { provider: row.provider, model });
  }
  const once = new Map(wholes.map((whole) => [`${whole.provider}/${whole.model.id}`, whole]));
  for (const whole of once.values()) put("media.yaml", whole);
  const sorted = [...files].map(([name, providers]) => {
    const all = [...providers].map(([id, models]) => ({ id, models: models.toSorted(byId) }));
    return [name, { providers: all.toSorted(byId) }] as const;
  });
  return new Map(sorted);
}

function byId(first: { readonly id: string }, other: { readonly id: string }): number {
  return first.id < other.id ? -1 : 1;
}

/** A row of each file that has something of the addition. */
function rowsOf({ id }: Row, { period, cells, bands, multipliers }: Addition, day: string) {
  const rows = kinds.flatMap(({ file, holds }, index) => {
    const isMine = (tier: string, word: string) =>
      holds(tier, word) && !kinds.slice(0, index).some((other) => other.holds(tier, word));
    const own = only(cells, isMine);
    const ownBands = bands
      .map((band) => ({ ...band, cells: only(band.cells, isMine) }))
      .filter((band) => Object.keys(band.cells).length > 0);
    if (Object.keys(own).length + ownBands.length === 0) return [];
    const prices = [{ ...period, cells: own, ...(ownBands.length > 0 && { bands: ownBands }), source: source(day) }];
    return [{ file, model: { id, merge: true, prices } }];
  });
  if (!multipliers || Object.keys(multipliers).length === 0) return rows;
  const model = { id, merge: true, multipliers, prices: [{ cells: {}, source: source(day) }] };
  return [...rows, { file: "multipliers.yaml", model }];
}

function only(cells: Cells, isMine: (tier: string, word: string) => boolean): Cells {
  const kept = Object.entries(cells).map(([tier, cell]) => {
    return [tier, Object.fromEntries(Object.entries(cell).filter(([word]) => isMine(tier, word)))] as const;
  });
  return Object.fromEntries(kept.filter(([, cell]) => Object.keys(cell).length > 0)) as Cells;
}
