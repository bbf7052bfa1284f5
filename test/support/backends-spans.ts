// What was sent and what a backend gives back, in one form, so that they can be compared; and what spans add up to.
import type { SentSpan, Spent } from "./backends-sidecar.ts";
import type { Plain } from "./otlp-oracle.ts";

/** Attributes by key. A value keeps its kind: `{"intValue":"1215"}` is another than `{"doubleValue":1215}`. */
export type Attributes = Readonly<Record<string, Plain>>;

/** A span by what all backends keep of it. */
export interface PlainSpan {
  readonly name: unknown;
  readonly spanId: string;
  readonly start: unknown;
  readonly end: unknown;
  readonly attributes: Attributes;
  readonly events: readonly PlainEvent[];
  readonly links: number;
  readonly service: unknown;
  readonly scope: unknown;
}

interface PlainEvent {
  readonly name: unknown;
  readonly attributes: Attributes;
}

export function attributesOf(list: unknown): Attributes {
  return Object.fromEntries(listOf(list).map(({ key, value = {} }) => [key, withoutEmpty(value as Plain)]));
}

/** The span as it was sent. */
export function plainSpan({ span, spanId, resource, scope }: SentSpan): PlainSpan {
  return spanFrom(span, spanId, resource, scope);
}

/** All spans of `resourceSpans` in OTLP/JSON; `idOf` reads an id as this backend writes it. */
export function readSpans(resourceSpans: unknown, idOf: (written: string) => string): readonly PlainSpan[] {
  return listOf(resourceSpans).flatMap(({ resource = {}, scopeSpans }) =>
    listOf(scopeSpans).flatMap(({ scope = {}, spans }) =>
      listOf(spans).map((span) => spanFrom(span, idOf(String(span["spanId"])), resource as Plain, scope as Plain)),
    ),
  );
}

/** Attribute `key` of a sent span as a plain value, numbers as numbers. */
export function attribute({ span }: SentSpan, key: string): string | number | undefined {
  const value = attributesOf(span["attributes"])[key];
  if (value === undefined) return undefined;
  if (value["stringValue"] !== undefined) return String(value["stringValue"]);
  return Number(value["intValue"] ?? value["doubleValue"]);
}

/** What the billed spans add up to, by the value of attribute `key`: as the ledger tells it for a tenant. */
export function sumsBy(key: string, sent: readonly SentSpan[]): ReadonlyMap<string, Spent> {
  const sums = new Map<string, Spent>();
  for (const span of sent) {
    if (attribute(span, "spantoll.call.role") !== "bill") continue;
    const group = String(attribute(span, key));
    const sum = sums.get(group);
    const nanoUsd = BigInt(sum?.spent_nano_usd ?? 0) + BigInt(attribute(span, "spantoll.cost.nano_usd") ?? 0);
    sums.set(group, {
      spent_nano_usd: String(nanoUsd),
      requests: (sum?.requests ?? 0) + 1,
      input_tokens: (sum?.input_tokens ?? 0) + Number(attribute(span, "gen_ai.usage.input_tokens") ?? 0),
      output_tokens: (sum?.output_tokens ?? 0) + Number(attribute(span, "gen_ai.usage.output_tokens") ?? 0),
    });
  }
  return sums;
}

export function groupedBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): ReadonlyMap<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function listOf(value: unknown): readonly Plain[] {
  return (value ?? []) as readonly Plain[];
}

function spanFrom(span: Plain, spanId: string, resource: Plain, scope: Plain): PlainSpan {
  return {
    name: span["name"],
    spanId,
    start: span["startTimeUnixNano"],
    end: span["endTimeUnixNano"],
    attributes: attributesOf(span["attributes"]),
    // Events of one moment come back in any order.
    events: listOf(span["events"])
      .map(({ name, attributes }) => ({ name, attributes: attributesOf(attributes) }))
      .sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1)),
    links: listOf(span["links"]).length,
    service: attributesOf(resource["attributes"])["service.name"]?.["stringValue"],
    scope: scope["name"] ?? "",
  };
}

/** An empty list is written as nothing by some, and as a list by others. */
function withoutEmpty(value: Plain): Plain {
  const { values } = (value["arrayValue"] ?? value["kvlistValue"] ?? {}) as { values?: readonly unknown[] };
  if (values?.length !== 0) return value;
  return "arrayValue" in value ? { arrayValue: {} } : { kvlistValue: {} };
}
