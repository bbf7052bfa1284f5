// The price book: layers of price files compiled into one immutable table. Later layers win row by row;
// rows are merged first, names are resolved after.
import { compilePeriods, type Minimums, type Period } from "./compile.ts";
import type { CostFlag } from "./cost.ts";
import { mergePeriods, withUnits } from "./merge-rows.ts";
import { parseFraction } from "./money.ts";
import { anchoredPattern, type PricedModel, type PricedProvider, type PriceFile, type Unit } from "./price-file.ts";
import { canonicalProvider } from "./provider-names.ts";
import { Resolver } from "./resolve.ts";
import { type Factor, makeFactor } from "./sum.ts";

/** A price file with where it comes from. */
export interface Layer {
  /** `bundled`, `inline` or a path. */
  readonly name: string;
  readonly version: string;
  /** `fill` adds only rows that are missing. */
  readonly mode: "override" | "fill";
  readonly file: PriceFile;
  /** Rows that stand in the file and cannot be billed by, with the reason. They replace no row. */
  readonly refused?: ReadonlyMap<PricedModel, "quarantined_price" | "unverified_free">;
  /** Rows whose amounts are visibly rounded by whoever wrote the table. */
  readonly rounded?: ReadonlySet<PricedModel>;
}

/** One model of one provider: what a call is priced by. */
export interface Row {
  readonly provider: string;
  readonly id: string;
  readonly layer: string;
  readonly version: string;
  readonly refused: "quarantined_price" | "unverified_free" | undefined;
  /** What should be known about the row, without making its price an estimate. */
  readonly flags: readonly CostFlag[];
  readonly multipliers: Multipliers;
  /** What part of the price a batch call costs where the row has no prices for batch. */
  readonly batch: Factor | undefined;
  /** How records of the provider that do not say it count their input. */
  readonly usage: UsageConvention;
  readonly minimums: Minimums;
  /** What it was made of, for rows that are laid over it. */
  readonly model: PricedModel;
  readonly tokenUnit: Unit;
  /** From the latest to the earliest. Compiled when the row is first used: most never are. */
  periods(): readonly Period[];
}

export interface Multipliers {
  /** By the region in lower case. */
  readonly region: ReadonlyMap<string, Factor>;
  readonly speed: ReadonlyMap<string, Factor>;
}

/** Whether `input` includes what is cached. */
export type UsageConvention = "inclusive" | "exclusive";

/** The names of one provider's models. */
export interface Names {
  readonly exact: ReadonlyMap<string, Row>;
  /** By names in lower case. Made when a name is first asked for that none of the exact ones is. */
  folded(): ReadonlyMap<string, Row>;
  readonly patterns: readonly { readonly regex: RegExp; readonly row: Row }[];
  /** Providers whose rows are asked next. */
  readonly fallback: readonly string[];
}

export interface PriceTable {
  readonly providers: ReadonlyMap<string, Names>;
  /** By `provider/name` or name; what they stand for is `provider/name` or a name of the same provider. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Aliases of ARNs in which a `*` stands for any part; the first that matches holds. */
  readonly arnAliases: readonly { readonly regex: RegExp; readonly target: string }[];
}

/** Prices as they hold together. A change of prices is another book. */
export interface PriceBook {
  /** Versions of its layers. */
  readonly version: string;
  readonly resolver: Resolver;
  /** For who looks at all rows. */
  readonly table: PriceTable;
}

/** Compiles layers, the later over the earlier; `aliases` are the user's and win over those of the files. */
export function compileBook(layers: readonly Layer[], aliases: Readonly<Record<string, string>> = {}): PriceBook {
  const providers = new Map<string, Draft>();
  const named = new Map<string, string>();
  for (const layer of layers) for (const given of layer.file.providers) mergeRules(providers, given);
  for (const layer of layers) {
    for (const given of layer.file.providers) {
      for (const id of providerIds(given)) mergeModels(draft(providers, id), id, given, layer);
    }
    for (const [name, target] of Object.entries(layer.file.aliases ?? {})) named.set(name, target);
  }
  for (const [name, target] of Object.entries(aliases)) named.set(name, target);
  const table: PriceTable = {
    providers: new Map([...providers].map(([id, names]) => [id, finish(names)])),
    aliases: named,
    arnAliases: [...named].flatMap(([name, target]) => {
      return name.startsWith("arn:") && name.includes("*") ? [{ regex: arnPattern(name), target }] : [];
    }),
  };
  return { version: layers.map(({ version }) => version).join(" "), resolver: new Resolver(table), table };
}

/** A `*` is any text without the separators of ARNs: a region, an account, the id of a profile. */
function arnPattern(name: string): RegExp {
  const parts = name.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join("[^:/]*")}$`);
}

/** A provider while layers are laid over it. */
interface Draft {
  readonly exact: Map<string, Row>;
  readonly patterns: Map<string, { readonly regex: RegExp; readonly row: Row }>;
  fallback: readonly string[];
  batch: Factor | undefined;
  usage: UsageConvention;
  minimums: Minimums;
}

function draft(providers: Map<string, Draft>, id: string): Draft {
  const found = providers.get(id);
  if (found) return found;
  const made: Draft = {
    exact: new Map(),
    patterns: new Map(),
    fallback: [],
    batch: undefined,
    usage: "inclusive",
    minimums: new Map(),
  };
  providers.set(id, made);
  return made;
}

function providerIds({ id, aliases }: PricedProvider): readonly string[] {
  return [...new Set([id, ...(aliases ?? [])].map(canonicalProvider))];
}

/** Rules of a provider hold for the rows of all layers. */
function mergeRules(providers: Map<string, Draft>, given: PricedProvider): void {
  for (const id of providerIds(given)) {
    const into = draft(providers, id);
    if (given.fallback) into.fallback = given.fallback.map(canonicalProvider);
    if (given.rules?.batch !== undefined) into.batch = readFactor("batch", given.rules.batch);
    if (given.rules?.usage !== undefined) into.usage = given.rules.usage;
    if (given.rules?.minimums !== undefined) into.minimums = readMinimums(given.rules.minimums);
  }
}

function mergeModels(into: Draft, provider: string, { models, multipliers }: PricedProvider, layer: Layer): void {
  const tokenUnit = layer.file.defaults?.unit ?? "mtok";
  const { batch, usage, minimums } = into;
  for (const model of models) {
    const refused = layer.refused?.get(model);
    const context = { provider, layer, refused, tokenUnit, batch, usage, minimums, multipliers };
    const written = makeRow(model, context);
    const under = model.merge ? rowUnder(into, model) : undefined;
    const row = under ? laidOver(under, written, context) : written;
    const keeps = layer.mode === "fill" || refused !== undefined;
    const isSame = under?.id === model.id;
    if (isSame && !keeps) takeOver(into, under, row);
    for (const name of model.match ?? (isSame ? [] : [model.id])) {
      if (keeps && isNamed(into, name)) continue;
      if (typeof name === "string") setName(into, name, row);
      else setPattern(into, name.regex, row);
    }
  }
}

/** The name's owner is replaced whole when the name is its id: its other names then mean the new row too. */
function setName(into: Draft, name: string, row: Row): void {
  const owner = into.exact.get(name);
  into.exact.set(name, row);
  if (owner && owner !== row && owner.id === name) takeOver(into, owner, row);
}

/** All that meant one row means another. */
function takeOver(into: Draft, owner: Row, row: Row): void {
  for (const [name, holder] of into.exact) if (holder === owner) into.exact.set(name, row);
  for (const [source, { regex, row: holder }] of into.patterns) {
    if (holder === owner) into.patterns.set(source, { regex, row });
  }
}

function setPattern(into: Draft, source: string, row: Row): void {
  const regex = anchoredPattern(source);
  if (regex) into.patterns.set(source, { regex, row });
}

function isNamed(into: Draft, name: string | { readonly regex: string }): boolean {
  if (typeof name !== "string") return into.patterns.has(name.regex);
  return into.exact.has(name) || [...into.patterns.values()].some(({ regex }) => regex.test(name));
}

/** The row that a merging one is laid over: the one that has its id, or else the first of its names. */
function rowUnder(into: Draft, { id, match = [] }: PricedModel): Row | undefined {
  for (const row of into.exact.values()) if (row.id === id) return row;
  for (const name of [id, ...match]) {
    const found = typeof name === "string" ? into.exact.get(name) : into.patterns.get(name.regex)?.row;
    if (found) return found;
  }
  return undefined;
}

interface RowContext {
  readonly provider: string;
  readonly layer: Layer;
  readonly refused: Row["refused"];
  readonly tokenUnit: Unit;
  readonly batch: Factor | undefined;
  readonly usage: UsageConvention;
  readonly minimums: Minimums;
  /** The provider's, for rows that list them. */
  readonly multipliers: PricedProvider["multipliers"];
}

function makeRow(model: PricedModel, context: RowContext): Row {
  const { layer } = context;
  const flags: readonly CostFlag[] = layer.rounded?.has(model) ? roundedFlags : noFlags;
  return compiledLater(model, flags, multipliersOf(model, context.multipliers), context);
}

const noFlags: readonly CostFlag[] = [];
const roundedFlags: readonly CostFlag[] = ["table_price_rounded"];

/** What the lower row says and the upper does not stays; so does a doubt about the lower one. */
function laidOver(under: Row, over: Row, context: RowContext): Row {
  const lower = withUnits(under.model.prices, under.tokenUnit);
  const prices = mergePeriods(lower, withUnits(over.model.prices, over.tokenUnit));
  const { region, speed } = under.multipliers;
  const multipliers = {
    region: new Map([...region, ...over.multipliers.region]),
    speed: new Map([...speed, ...over.multipliers.speed]),
  };
  const flags = [...new Set([...under.flags, ...over.flags])];
  const refused = over.refused ?? under.refused;
  return compiledLater({ ...over.model, prices }, flags, multipliers, { ...context, tokenUnit: "mtok", refused });
}

/** Thousands of rows are made when a table is loaded, and most are never asked for. */
function compiledLater(
  model: PricedModel,
  flags: readonly CostFlag[],
  multipliers: Multipliers,
  { provider, layer, refused, tokenUnit, batch, usage, minimums }: RowContext,
): Row {
  let compiled: readonly Period[] | undefined;
  return {
    provider,
    id: model.id,
    layer: layer.name,
    version: layer.version,
    refused,
    flags,
    multipliers,
    batch,
    usage,
    minimums,
    model,
    tokenUnit,
    periods() {
      compiled ??= compilePeriods(model, { provider, tokenUnit, batch: batch?.factor, minimums });
      return compiled;
    },
  };
}

const noFactors: ReadonlyMap<string, Factor> = new Map();
const noMultipliers: Multipliers = { region: noFactors, speed: noFactors };

/** A row's own factors, or those of its provider that it lists. */
function multipliersOf({ multipliers: own }: PricedModel, shared: PricedProvider["multipliers"] = {}): Multipliers {
  if (!own) return noMultipliers;
  const { region, geo, speed } = Array.isArray(own) ? Object.fromEntries(own.map((kind) => [kind, shared[kind]])) : own;
  return { region: factors("region", { ...region, ...geo }), speed: factors("speed", speed) };
}

function factors(kind: string, given: Readonly<Record<string, string>> | undefined): ReadonlyMap<string, Factor> {
  return new Map(
    Object.entries(given ?? {}).flatMap(([name, text]) => {
      const read = readFactor(`${kind}:${name}`, text);
      return read ? [[name.toLowerCase(), read] as const] : [];
    }),
  );
}

function readMinimums(given: Readonly<Record<string, string>>): Minimums {
  return new Map(Object.entries(given).map(([word, quantity]) => [word, Number(quantity)]));
}

function readFactor(reason: string, text: string): Factor | undefined {
  const read = parseFraction(text);
  return read && makeFactor(reason, read);
}

function finish({ exact, patterns, fallback }: Draft): Names {
  let folded: ReadonlyMap<string, Row> | undefined;
  return {
    exact,
    folded() {
      folded ??= fold(exact);
      return folded;
    },
    patterns: [...patterns.values()],
    fallback,
  };
}

function fold(exact: ReadonlyMap<string, Row>): ReadonlyMap<string, Row> {
  const folded = new Map<string, Row>();
  for (const [name, row] of exact) {
    const lower = name.toLowerCase();
    // Two rows whose names differ in case alone: a third spelling cannot tell which is meant.
    folded.set(lower, folded.get(lower) ?? row);
  }
  return folded;
}
