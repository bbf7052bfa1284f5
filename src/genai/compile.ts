// Dialects as tables: what is asked of every span is an array that is indexed by the id of a key, so that the number of
// dialects costs nothing on spans that none of them knows.
import type { AttributeKeys } from "../core/component.ts";
import { type AttributeKey, attributeKey } from "../otlp/attribute-key.ts";
import { olderKeys } from "./convention.ts";
import { type Constant, type Dialect, type InsideRule, matchesScope, type Rule, type TokenMeaning } from "./dialect.ts";
import { at, attributeFields, fieldIndex, fields, kindOf } from "./fields.ts";
import { type Wanted, wantedOf } from "./literal.ts";
import { type AttributeName, type AttributeType, attributeTypes } from "./semconv.ts";
import type { Meaning } from "./values.ts";

/** Weights of what a dialect is recognised by: no number of weaker signs makes up for a stronger one. */
export const signWeights = { scope: 100_000, key: 1000, name: 50, hint: 1, rule: 1 } as const;

export interface CompiledRule extends Meaning {
  readonly source: Rule | InsideRule;
  readonly key: AttributeKey;
  readonly field: number;
  readonly dialect: string;
  /** Name for `explain`: the dialect and what it read. */
  readonly name: string;
  /** The type that the attribute has when there is nothing to do; undefined where the value is needed. */
  readonly passiveType: string | undefined;
  readonly removable: boolean;
  /** None of a modality is not worth an attribute of its own. */
  readonly skipsZero: boolean;
  /** Set for rules about members of a text. */
  readonly inside: { readonly wanted: Wanted; readonly rules: readonly CompiledRule[] } | undefined;
}

export interface CompiledDialect {
  readonly id: string;
  readonly dialect: Dialect;
  readonly rules: readonly CompiledRule[];
  readonly tokens: TokenMeaning;
  readonly layerKeys: readonly AttributeKey[];
  readonly constants: readonly Constant[];
}

/** Which dialects a key speaks for, and how much: entries `starts[id]` to `starts[id + 1]` of the two lists. */
export interface SignTable {
  readonly starts: Int32Array;
  readonly dialects: Uint8Array;
  readonly weights: Int32Array;
}

export interface CompiledDialects {
  readonly dialects: readonly CompiledDialect[];
  /**
   * By the first dialect that is asked and another: what the other knows beyond the first. Emitters share the names of
   * conventions, and reading them once is enough.
   */
  readonly beyond: readonly (readonly (readonly CompiledRule[])[])[];
  readonly signs: SignTable;
  readonly keys: AttributeKeys;
  /** Keys under which fields are written, by field. */
  readonly targets: readonly AttributeKey[];
  readonly serviceName: AttributeKey;
}

export function compileDialects(dialects: readonly Dialect[]): CompiledDialects {
  const compiled = dialects.map(compileDialect);
  const targets = fields.slice(0, attributeFields).map(attributeKey);
  const sources = compiled.flatMap(({ rules, layerKeys, dialect }) => [
    ...rules.map(({ key }) => key.name),
    ...layerKeys.map(({ name }) => name),
    ...(dialect.signs.keys ?? []),
    ...(dialect.signs.names ?? []),
    ...(dialect.signs.hints ?? []),
  ]);
  const exact = new Set([...sources, ...targets.map(({ name }) => name), ...olderKeys, "service.name"]);
  return {
    dialects: compiled,
    beyond: compiled.map((first) => compiled.map((other) => rulesBeyond(first, other))),
    signs: signTable(compiled),
    keys: { exact: [...exact], prefixes: [] },
    targets,
    serviceName: attributeKey("service.name"),
  };
}

function compileDialect(dialect: Dialect): CompiledDialect {
  const rules = dialect.rules.map((rule) =>
    "inside" in rule ? compileInside(dialect, rule) : compileRule(dialect, rule, rule.from),
  );
  return {
    id: dialect.id,
    dialect,
    // The sums are read before their parts, so that parts of other families can be compared with them.
    rules: [...rules].sort((a, b) => rank(a) - rank(b)),
    tokens: dialect.tokens,
    layerKeys: (dialect.layerKeys ?? []).map(attributeKey),
    constants: dialect.constants ?? [],
  };
}

function rulesBeyond(first: CompiledDialect, other: CompiledDialect): readonly CompiledRule[] {
  const known = new Set(first.dialect.rules);
  return other.rules.filter((rule) => !known.has(rule.source));
}

function rank(rule: CompiledRule): number {
  if (rule.inside !== undefined) return 2;
  return rule.field === at.input || rule.field === at.output ? 0 : 1;
}

function compileInside(dialect: Dialect, outer: InsideRule): CompiledRule {
  const { inside, rules } = outer;
  const [first] = rules;
  if (first === undefined) throw new Error(`dialect ${dialect.id}: ${inside} has no rules; name its members`);
  const member = (rule: Rule): CompiledRule => ({
    ...compileRule(dialect, rule, inside),
    name: `${dialect.id}: ${inside} ${rule.from}`,
    passiveType: undefined,
    removable: false,
  });
  return {
    ...member(first),
    source: outer,
    inside: { wanted: wantedOf(rules.map(({ from }) => from)), rules: rules.map(member) },
  };
}

function compileRule(dialect: Dialect, rule: Rule, source: string): CompiledRule {
  const field = fieldIndex(rule.to);
  const kind = kindOf(rule.to);
  const identity = rule.from === rule.to;
  return {
    source: rule,
    key: attributeKey(source),
    field,
    kind,
    identity,
    values: rule.values && new Map(Object.entries(rule.values)),
    unit: rule.unit,
    dialect: dialect.id,
    name: `${dialect.id}: ${rule.from}`,
    passiveType: identity && passive(kind) ? typeNames[attributeTypes[rule.to as AttributeName]] : undefined,
    // What is a name of today is no original of another, and what is only a hint was not renamed.
    removable: !identity && !rule.keep && !(rule.from in attributeTypes) && isRenamed(field),
    skipsZero: !identity && modalities.has(field),
    inside: undefined,
  };
}

/** Totals and models of unknown side end up in attributes too. */
function isRenamed(field: number): boolean {
  return field < attributeFields || field === at.total || field === at.model;
}

const modalities: ReadonlySet<number> = new Set([
  at.audioInput,
  at.audioOutput,
  at.audioCacheRead,
  at.imageInput,
  at.imageOutput,
]);

/** Kinds whose right values nobody here has to look at. */
function passive(kind: string): boolean {
  return kind === "integer" || kind === "double" || kind === "boolean" || kind === "texts";
}

const typeNames: Readonly<Record<AttributeType, string>> = {
  int: "int",
  double: "double",
  boolean: "bool",
  string: "string",
  "string[]": "array",
};

/** A readable source of usage or of an operation speaks for its dialect too; without one there is nothing to recognise. */
function signTable(dialects: readonly CompiledDialect[]): SignTable {
  const entries = dialects.flatMap(({ dialect, rules }, index) => {
    const { keys = [], names = [], hints = [] } = dialect.signs;
    const sign = (name: string, weight: number) => ({ id: attributeKey(name).id, index, weight });
    return [
      ...keys.map((key) => sign(key, signWeights.key)),
      ...names.map((name) => sign(name, signWeights.name)),
      ...hints.map((hint) => sign(hint, signWeights.hint)),
      ...rules.filter(tellsCall).map(({ key }) => sign(key.name, signWeights.rule)),
    ];
  });
  const idsEnd = Math.max(-1, ...entries.map(({ id }) => id)) + 1;
  const starts = new Int32Array(idsEnd + 1);
  const ordered = entries.sort((a, b) => a.id - b.id);
  for (const { id } of ordered) starts.fill((starts[id + 1] ?? 0) + 1, id + 1);
  return {
    starts,
    dialects: Uint8Array.from(ordered, ({ index }) => index),
    weights: Int32Array.from(ordered, ({ weight }) => weight),
  };
}

function tellsCall({ field, inside }: CompiledRule): boolean {
  if (inside !== undefined) return inside.rules.some(tellsCall);
  return field === at.operation || field === at.input || field === at.output || field === at.total;
}

/** How much a scope's name speaks for a dialect. */
export function scopeWeight({ dialect }: CompiledDialect, scope: string): number {
  return dialect.signs.scopes?.some((name) => matchesScope(name, scope)) ? signWeights.scope : 0;
}
