// What a dialect is: how one kind of emitter spells a call. A dialect is data and lives in a file of its own in
// `dialects/`; `dialects/dialects.ts` lists them, `compile.ts` turns the list into tables, `read.ts` reads spans with them.
import type { Layer } from "./call.ts";
import type { AttributeName } from "./semconv.ts";

export interface Dialect {
  /** Value of `spantoll.call.dialect`. */
  readonly id: string;
  /** Who writes it, in one sentence. */
  readonly about: string;
  readonly signs: Signs;
  /** In the order in which they are asked: of several readable sources of a field the first counts. */
  readonly rules: readonly (Rule | InsideRule)[];
  readonly tokens: TokenMeaning;
  readonly layer: Layer;
  /** Where one of these keys must have a text before `layer` holds; without it the span is an application's. */
  readonly layerKeys?: readonly string[];
  /** What every call of this emitter is, where no attribute says so. */
  readonly constants?: readonly Constant[];
  /** Set where every span of the dialect is one thing, whatever its operation. */
  readonly shape?: "copy";
  /** Models stand behind their provider: `openai/gpt-4o`. */
  readonly prefixedModels?: true;
  /** What was seen to go wrong; printed into `docs/dialects.md`. */
  readonly traps: readonly string[];
}

/**
 * How a dialect is recognised. It is asked where its scope, one of its keys or one of its names is there; they weigh in
 * this order. A hint and a readable rule weigh least: they decide between dialects of one scope.
 */
export interface Signs {
  /** Names of the instrumentation scope; one that ends in `*` stands for everything that starts so. */
  readonly scopes?: readonly string[];
  /** Keys that nobody else writes. */
  readonly keys?: readonly string[];
  /** Names of a convention that many follow: the dialect is asked, but one that knows the emitter is asked before it. */
  readonly names?: readonly string[];
  /** Keys that others write too. */
  readonly hints?: readonly string[];
}

export interface Rule {
  /** Key of the attribute, or path inside the text of an `InsideRule`. */
  readonly from: string;
  readonly to: Field;
  /**
   * What values mean here, before the general vocabulary is asked; "" is no value, `*` is every other one.
   * `@container` and `@other` are for operations without a name in the convention.
   */
  readonly values?: Readonly<Record<string, string>>;
  /** Milliseconds become seconds. */
  readonly unit?: "ms";
  /** The source says more than the target: it stays even when originals are removed. */
  readonly keep?: true;
}

/** Rules for members of a JSON or Python literal in a text. Read only for what no attribute says. */
export interface InsideRule {
  readonly inside: string;
  /** `from` is a path: `prompt_tokens_details.cached_tokens`. */
  readonly rules: readonly Rule[];
}

export interface TokenMeaning {
  /** Whether the emitter's input counts cached tokens; `auto` believes the arithmetic, and the convention where it says nothing. */
  readonly inputIncludesCache: "auto" | boolean;
  /** Whether its output counts reasoning tokens. */
  readonly outputIncludesReasoning: "auto" | boolean;
  /** Scopes of this dialect whose input does not count cached tokens. */
  readonly exclusiveScopes?: readonly string[];
  /** Providers whose input it writes as they count it, without the cache, while other input counts it. */
  readonly exclusiveProviders?: readonly string[];
  /** Scopes of this dialect whose output does not count reasoning tokens, and which tell them only in the total. */
  readonly apartReasoningScopes?: readonly string[];
}

export interface Constant {
  readonly to: "gen_ai.provider.name" | "gen_ai.operation.name";
  readonly value: string;
}

/** Facts that are no attributes of the convention. `litellm.model_group` is LiteLLM's own word for a client's alias. */
export const internalFields = [
  "@total_tokens",
  "@uncached_input_tokens",
  "@cache_write_5m_tokens",
  "@cache_write_1h_tokens",
  // A model of which the emitter does not say whether it was asked for or answered.
  "@model",
  "@provider_model",
  "@response_id",
  "@call_id",
  "@reported_usd",
  "@cache_hit",
  "@service_tier",
  "@failed",
] as const;
export type InternalField = (typeof internalFields)[number];
export type Field = AttributeName | InternalField | "litellm.model_group";

/** Whether a scope's name is the one of a sign. */
export function matchesScope(pattern: string, scope: string): boolean {
  if (!pattern.endsWith("*")) return scope === pattern;
  const length = pattern.length - 1;
  for (let at = 0; at < length; at++) if (scope.charCodeAt(at) !== pattern.charCodeAt(at)) return false;
  return true;
}
