// Which row prices a call. Ordered, strict steps: what is left of a name after a step must be a row's name.
// Never a substring, never an open prefix: `gpt-4.7` is not `gpt-4`, `claude-fable-5-2` is not `claude-fable-5`.
import type { Match } from "./cost.ts";
import type { Names, PriceTable, Row } from "./price-book.ts";
import { canonicalProvider, isGateway } from "./provider-names.ts";

export interface Found {
  readonly row: Row;
  readonly match: Match;
}

/** Looks rows up in one book and remembers what it found, misses too. */
export class Resolver {
  readonly #book: PriceTable;
  #byProvider = new Map<string, Map<string, Found | undefined>>();
  #remembered = 0;

  constructor(book: PriceTable) {
    this.#book = book;
  }

  /** The row for a model that a provider served under this name; undefined when no row is meant by it. */
  find(provider: string, name: string): Found | undefined {
    let names = this.#byProvider.get(provider);
    const known = names?.get(name);
    if (known !== undefined || names?.has(name)) return known;
    const found = resolve(this.#book, provider, name);
    // Names come from outside. Forgetting all of them is rare, and costs a few microseconds per name in use.
    if (rememberedMax <= this.#remembered) {
      this.#byProvider = new Map();
      this.#remembered = 0;
      names = undefined;
    }
    if (!names) {
      names = new Map();
      this.#byProvider.set(provider, names);
    }
    names.set(name, found);
    this.#remembered++;
    return found;
  }

  /** The row that an alias of no provider's would mean. */
  findTarget(target: string): Found | undefined {
    return resolveBehindGateway(this.#book, target);
  }

  /** What an alias says of the name, or else undefined. */
  findAlias(provider: string, name: string): Found | undefined {
    return this.#book.aliases.size === 0 ? undefined : resolveAlias(this.#book, canonicalProvider(provider), name);
  }
}

const rememberedMax = 20_000;
/** Names that are longer are no model's. */
const nameLengthMax = 400;

function resolve(book: PriceTable, provider: string, name: string): Found | undefined {
  if (nameLengthMax < name.length) return undefined;
  const trimmed = name.trim();
  const billing = canonicalProvider(provider);
  if (trimmed === "") return undefined;
  if (isGateway(billing)) return resolveBehindGateway(book, trimmed);
  return resolveAt(book, billing, trimmed);
}

function resolveAlias(book: PriceTable, provider: string, name: string): Found | undefined {
  const target = book.aliases.get(`${provider}/${name}`) ?? book.aliases.get(name) ?? arnTarget(book, name);
  if (target === undefined) return undefined;
  const found = resolveBehindGateway(book, target) ?? resolveAt(book, provider, target);
  return found && { row: found.row, match: "alias" };
}

function arnTarget({ arnAliases }: PriceTable, name: string): string | undefined {
  if (!name.startsWith("arn:") || nameLengthMax < name.length) return undefined;
  return arnAliases.find(({ regex }) => regex.test(name))?.target;
}

/** A gateway bills nothing: the provider is the first segment of the name. `prod/…` names none. */
function resolveBehindGateway(book: PriceTable, name: string): Found | undefined {
  let rest = name;
  for (let slash = rest.indexOf("/"); 0 < slash; slash = rest.indexOf("/")) {
    const provider = canonicalProvider(rest.slice(0, slash));
    rest = rest.slice(slash + 1);
    if (isGateway(provider)) continue;
    const found = book.providers.has(provider) ? resolveAt(book, provider, rest) : undefined;
    if (!found || isUnsure(found.match)) return found;
    return { row: found.row, match: "provider_from_prefix" };
  }
  return undefined;
}

/** Whether the row is that of a relative, which has to be known more than how the provider was found. */
function isUnsure(match: Match): boolean {
  return match === "provider_fallback" || match === "region_stripped";
}

function resolveAt(book: PriceTable, provider: string, name: string): Found | undefined {
  const names = book.providers.get(provider);
  const found = names && resolveIn(names, provider, name);
  if (found) return found;
  for (const fallback of names?.fallback ?? []) {
    const other = book.providers.get(fallback);
    const hit = other && resolveIn(other, fallback, withoutProvider(provider, name));
    if (hit) return { row: hit.row, match: "provider_fallback" };
  }
  return undefined;
}

function resolveIn(names: Names, provider: string, whole: string): Found | undefined {
  const asIs = lookUp(names, whole);
  if (asIs) return asIs;
  const bare = withoutProvider(provider, whole);
  const stripped = bare === whole ? undefined : lookUp(names, bare);
  if (stripped) return { row: stripped.row, match: "provider_stripped" };
  const parsed = parseName(bare);
  if (!parsed) return undefined;
  const read = parsed.name === bare ? undefined : lookUp(names, parsed.name);
  if (read) return { row: read.row, match: parsed.match };
  const pattern = names.patterns.find(({ regex }) => regex.test(parsed.name) || regex.test(parsed.name.toLowerCase()));
  if (pattern) return { row: pattern.row, match: "regex" };
  const undated = lookUpUndated(names, parsed.name);
  if (undated) return { row: undated.row, match: "date_stripped" };
  return provider === "aws.bedrock" ? lookUpRouted(names, parsed.name) : undefined;
}

function lookUp(names: Names, name: string): Found | undefined {
  const exact = names.exact.get(name);
  if (exact) return { row: exact, match: "exact" };
  const folded = names.folded().get(name.toLowerCase());
  return folded && { row: folded, match: "case_folded" };
}

/** Without segments that only repeat the provider, or name a gateway: `openai/gpt-4o` at OpenAI. */
function withoutProvider(provider: string, name: string): string {
  let rest = name;
  for (let slash = rest.indexOf("/"); 0 < slash; slash = rest.indexOf("/")) {
    const segment = canonicalProvider(rest.slice(0, slash));
    if (segment !== provider && !isGateway(segment)) return rest;
    rest = rest.slice(slash + 1);
  }
  return rest;
}

/** Names with a structure; undefined for those that name no model, such as an application's inference profile. */
function parseName(name: string): { readonly name: string; readonly match: Match } | undefined {
  if (name.startsWith("ft:")) {
    // OpenAI: ft:base:organisation:name:id. Tuned models have their own price, so `ft:` stays.
    return { name: name.split(":", 2).join(":"), match: "fine_tune_base" };
  }
  if (name.startsWith("arn:")) {
    const [, kind, model] = /^arn:[^:]+:[^:]+:[^:]*:[^:]*:([a-z-]+)\/(.+)$/.exec(name) ?? [];
    return model && kind && modelArns.has(kind) ? { name: model, match: "arn_parsed" } : undefined;
  }
  const path = modelPath.exec(name);
  return path?.[1] ? { name: path[1], match: "path_parsed" } : { name, match: "exact" };
}

/** Of Google, and of Fireworks' own models: those of another account are tuned, or its own. */
const modelPath =
  /^(?:models|accounts\/fireworks\/models|(?:projects\/[^/]+\/locations\/[^/]+\/)?publishers\/[^/]+\/models)\/([^/]+)$/;

const modelArns: ReadonlySet<string> = new Set(["foundation-model", "inference-profile"]);

/**
 * Names of one snapshot: a date, `latest` or a revision behind the model's name. Nothing else is removed:
 * `-5-2`, `.1` and `-v2:0` without a date are other versions, and priced by their own rows or not at all.
 */
const snapshot =
  /(?:[-@]20\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|-20\d{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])|-latest|@latest|@default|(?<=-20\d{6})-v\d+:\d+|-v1:\d+|:0)$/;
const snapshotsMax = 3;

function lookUpUndated(names: Names, name: string): Found | undefined {
  let rest = name;
  for (let removed = 0; removed < snapshotsMax; removed++) {
    const shorter = rest.replace(snapshot, "");
    if (shorter === rest || shorter === "") return undefined;
    rest = shorter;
    const found = lookUp(names, rest);
    if (found) return found;
  }
  return undefined;
}

/** What LiteLLM writes in front of a Bedrock model to choose the interface that is asked. */
const bedrockRoute = /^(?:converse|converse_like|invoke)\//;

/** Bedrock's regions, `us-west-2/anthropic.…`, and its profiles across them, `ca.anthropic.…`: their price is not known. */
const anyRegion = /^(?:(?:us|us-gov|eu|apac|ap|au|ca|jp|in|sa|global)\.|[a-z]{2}(?:-gov)?-[a-z]+-\d\/)(.+)$/;

function lookUpRouted(names: Names, name: string): Found | undefined {
  const model = name.replace(bedrockRoute, "");
  const asIs = model === name ? undefined : (lookUp(names, model) ?? lookUpUndated(names, model));
  if (asIs) return { row: asIs.row, match: "provider_stripped" };
  const [, anywhere] = anyRegion.exec(model) ?? [];
  if (!anywhere) return undefined;
  const found = lookUp(names, anywhere) ?? lookUpUndated(names, anywhere);
  return found && { row: found.row, match: "region_stripped" };
}
