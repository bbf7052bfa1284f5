// What two spans under one call id are to each other. Emitters repeat ids (Ollama draws from 999, clients may choose
// them), so that an id alone says nothing: times, models and counts must go together. One rule for all who ask: the
// roles of a request and the embedded ledger call it, `ledger/redis/claim.lua` says the same in Lua, and
// `test/support/same-call-cases.ts` is the table that all three are held to.
import type { Usage } from "./usage.ts";

/** What a span is compared by. */
export interface Evidence {
  readonly startMs: number;
  readonly endMs: number;
  /** Stems of the names of its model (`stemOf`), or hashes of them; empty where the span names none. */
  readonly models: readonly (string | number)[];
  /** Counts that are absent were not told, and contradict nobody. */
  readonly usage: Counts;
  /** Who wrote the span: its layer, dialect, scope and service, or a hash of them. */
  readonly emitter: string | number;
  /** Whether it is known to tell one of several choices of its call (`Call.isChoice`). */
  readonly isChoice: boolean;
}

export type Counts = { readonly [B in "input" | "cache_read" | "cache_write" | "output"]?: Usage[B] | undefined };

/**
 * `apart`: two calls that got the same id. `same`: two spans of one call, of which one is enough. `choices`: two answers
 * to one input (`n` above 1), which count that input both, and each an output of its own.
 */
export type Relation = "apart" | "same" | "choices";

/**
 * The relation of two different spans under one id; it is symmetric.
 *
 * Spans of one emitter count alike: equal input with another output is another choice, and so is equal output where both
 * say that they are choices; what else differs is another call. Spans of two emitters may differ in the output (an
 * estimate, a stream that was cut, the sum of all choices), and in the input by what is left out of it. A client of a
 * proxy knows the model by an alias: then the inputs must be equal, or both counts near.
 */
export function relationOf(a: Evidence, b: Evidence): Relation {
  if (!overlap(a, b)) return "apart";
  if (!shareModel(a.models, b.models))
    return a.emitter !== b.emitter && countAlike(a.usage, b.usage) ? "same" : "apart";
  if (a.emitter !== b.emitter) return agreeOnInput(a.usage, b.usage) ? "same" : "apart";
  if (a.usage.input === b.usage.input) {
    const isOther = a.usage.output !== b.usage.output || (a.isChoice && b.isChoice);
    return isOther ? "choices" : "same";
  }
  return agreeOnInput(a.usage, b.usage) && a.usage.output === b.usage.output ? "same" : "apart";
}

/** Clocks of two machines, and the time that a span waits before it starts. */
export const toleranceMs = 5_000;
/** Two counts of one text differ by up to 2 %, or by two tokens. */
const toleranceShare = 0.02;
const toleranceTokens = 2;

/** Whether the times of two spans overlap, as far as clocks can tell. */
export function overlap(a: Evidence, b: Evidence): boolean {
  return a.startMs <= b.endMs + toleranceMs && b.startMs <= a.endMs + toleranceMs;
}

function shareModel(a: Evidence["models"], b: Evidence["models"]): boolean {
  return a.length === 0 || b.length === 0 || a.some((one) => b.includes(one));
}

function countAlike(a: Counts, b: Counts): boolean {
  if (a.input === undefined || b.input === undefined) return false;
  if (a.input === b.input) return true;
  return near(a.input, b.input) && a.output !== undefined && b.output !== undefined && near(a.output, b.output);
}

/** One of the two may leave cached tokens out and not say so. */
function agreeOnInput(a: Counts, b: Counts): boolean {
  if (a.input === undefined || b.input === undefined) return true;
  return near(a.input, b.input) || near(a.input - cachedOf(a), b.input) || near(a.input, b.input - cachedOf(b));
}

function cachedOf(counts: Counts): number {
  return (counts.cache_read ?? 0) + (counts.cache_write ?? 0);
}

/** Whether two counts are of one text. */
export function near(a: number, b: number): boolean {
  return Math.abs(a - b) <= Math.max(toleranceTokens, Math.max(a, b) * toleranceShare);
}

/** Who wrote a span, as far as spans of one call are told apart by it. */
export function emitterOf(layer: string, dialect: string, scope: string, service: string): string {
  return `${layer} ${dialect} ${scope} ${service}`;
}

/**
 * What layers agree on in the name of a model: without the path of a router, the vendor and region of Bedrock, the
 * date, version or channel of a snapshot.
 */
export function stemOf(model: string): string {
  const known = stems.get(model);
  if (known !== undefined) return known;
  const name = model.slice(model.lastIndexOf("/") + 1).toLowerCase();
  const stem = name.replace(vendor, "").replace(channel, "").replace(version, "").replace(date, "") || name;
  if (stemsMax <= stems.size) stems.clear();
  stems.set(model, stem);
  return stem;
}

const vendor =
  /^(?:(?:us|eu|apac|global|us-gov)\.)?(?:ai21|amazon|anthropic|cohere|deepseek|meta|mistral|openai|qwen)\./;
const channel = /(?:-latest|@[a-z0-9-]+|:[a-z]+)$/;
const version = /-v\d+(?::\d+)?$/;
/** `-20251001`, `-2025-10-01`, `-0613`, `-05-20`. */
const date = /-(?:\d{8}|\d{4}-\d{2}-\d{2}|\d{2}-\d{2}|\d{4})$/;
/** Models are few, and asked about with every call. */
const stems = new Map<string, string>();
const stemsMax = 1000;

/** The stems of all names that a span gives its model, each once. */
export function stemsOf(...names: readonly (string | undefined)[]): string[] {
  const found: string[] = [];
  for (const name of names) {
    const stem = name ? stemOf(name) : "";
    if (stem !== "" && !found.includes(stem)) found.push(stem);
  }
  return found;
}
