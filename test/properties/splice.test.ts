import fc from "fast-check";
import { expect, test } from "vitest";
import type { Arrival, Signal } from "../../src/core/batch.ts";
import { attributeKey } from "../../src/otlp/attribute-key.ts";
import { OpaqueBatch } from "../../src/otlp/opaque-batch.ts";
import type { SpanView } from "../../src/otlp/span-view.ts";
import { TraceBatches } from "../../src/otlp/trace-batch.ts";
import { declaredKeys, declaredPrefix, requests } from "../support/arbitrary-otlp.ts";
import { decode, encode, fieldsOf, type Plain, requestTypes, type WireField } from "../support/otlp-oracle.ts";

type Key = (typeof declaredKeys)[number];
type Attribute = { key?: string; value?: Plain };

const batches = new TraceBatches([{ exact: declaredKeys, prefixes: [declaredPrefix] }]);
const seed = { seed: 20261121 };

function arrivalOf(signal: Signal, bytes: Uint8Array): Arrival {
  return { signal, bytes, context: { headers: {}, subject: undefined, peer: "" }, transport: "http" };
}

/** What a processor may do to a span, and what that means for the list of its attributes. */
type Edit =
  | { readonly kind: "text"; readonly key: Key; readonly value: string }
  | { readonly kind: "bigint"; readonly key: Key; readonly value: bigint }
  | { readonly kind: "integer"; readonly key: Key; readonly value: number }
  | { readonly kind: "double"; readonly key: Key; readonly value: number }
  | { readonly kind: "boolean"; readonly key: Key; readonly value: boolean }
  | { readonly kind: "texts"; readonly key: Key; readonly value: readonly string[] }
  | { readonly kind: "copy" | "rename"; readonly key: Key; readonly to: Key }
  | { readonly kind: "remove"; readonly key: Key };

const keys = fc.constantFrom(...declaredKeys);
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom("long ".repeat(60), "longer ".repeat(2500)),
);
const moves = fc
  .record({ kind: fc.constantFrom("copy" as const, "rename" as const), key: keys, to: keys })
  .filter(({ key, to }) => key !== to);
const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ kind: fc.constant("text" as const), key: keys, value: text }),
  fc.record({
    kind: fc.constant("bigint" as const),
    key: keys,
    value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  }),
  fc.record({ kind: fc.constant("integer" as const), key: keys, value: fc.maxSafeInteger() }),
  fc.record({ kind: fc.constant("double" as const), key: keys, value: fc.double() }),
  fc.record({ kind: fc.constant("boolean" as const), key: keys, value: fc.boolean() }),
  fc.record({ kind: fc.constant("texts" as const), key: keys, value: fc.array(text, { maxLength: 3 }) }),
  moves,
  fc.record({ kind: fc.constant("remove" as const), key: keys }),
);

/** Edits with the span, as a fraction of the batch, that they are made to: in any order, back and forth. */
const editLists = fc.array(fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), edits), {
  maxLength: 12,
});

function edit(view: SpanView, change: Edit): void {
  const key = attributeKey(change.key);
  if (change.kind === "text") view.setText(key, change.value);
  else if (change.kind === "bigint") view.setBigint(key, change.value);
  else if (change.kind === "integer") view.setInteger(key, change.value);
  else if (change.kind === "double") view.setDouble(key, change.value);
  else if (change.kind === "boolean") view.setBoolean(key, change.value);
  else if (change.kind === "texts") view.setTexts(key, change.value);
  else if (change.kind === "copy") view.copy(key, attributeKey(change.to));
  else if (change.kind === "rename") view.rename(key, attributeKey(change.to));
  else view.remove(key);
}

function expectedValue(change: Edit): Plain {
  if (change.kind === "text") return { stringValue: wellFormed(change.value) };
  if (change.kind === "bigint" || change.kind === "integer") return { intValue: String(change.value) };
  if (change.kind === "double")
    return { doubleValue: Number.isFinite(change.value) ? change.value : String(change.value) };
  if (change.kind === "boolean") return { boolValue: change.value };
  if (change.kind === "texts") {
    const values = change.value.map((stringValue) => ({ stringValue: wellFormed(stringValue) }));
    return { arrayValue: values.length > 0 ? { values } : {} };
  }
  throw new Error(change.kind);
}

/** A text as UTF-8 can say it: lone surrogates become U+FFFD. */
const wellFormed = (text: string) => Buffer.from(text).toString();

/** The same edit on decoded attributes. */
function editModel(attributes: readonly Attribute[], change: Edit): readonly Attribute[] {
  const without = (key: Key) => attributes.filter((attribute) => attribute.key !== key);
  if (change.kind === "remove") return without(change.key);
  if (change.kind !== "copy" && change.kind !== "rename") return put(attributes, change.key, expectedValue(change));
  const found = attributes.find((attribute) => attribute.key === change.key);
  if (found === undefined) return attributes;
  const copied = put(attributes, change.to, found.value ?? {});
  return change.kind === "copy" ? copied : copied.filter((attribute) => attribute.key !== change.key);
}

/** In the place of the first attribute of that key, the others of it gone; at the end when there is none. */
function put(attributes: readonly Attribute[], key: Key, value: Plain): readonly Attribute[] {
  const first = attributes.findIndex((attribute) => attribute.key === key);
  if (first < 0) return [...attributes, { key, value }];
  return attributes.flatMap((attribute, at) => {
    if (at === first) return [{ key, value }];
    return attribute.key === key ? [] : [attribute];
  });
}

function spansOf(request: Plain): Plain[] {
  const list = (from: Plain, name: string) => (from[name] ?? []) as Plain[];
  return list(request, "resourceSpans").flatMap((resource) =>
    list(resource, "scopeSpans").flatMap((scope) => list(scope, "spans")),
  );
}

/** The fields of a request without the attributes of its spans that have a declared key. */
function untouchable(fields: readonly WireField[], path: readonly number[] = [1, 2, 2, 9]): readonly WireField[] {
  return fields.flatMap(([number, wireType, value]): WireField[] => {
    if (number !== path[0] || wireType !== 2 || typeof value !== "object") return [[number, wireType, value]];
    if (path.length > 1) return [[number, wireType, untouchable(value, path.slice(1))]];
    const key = value.filter((inner) => inner[0] === 1).at(-1)?.[2] ?? "";
    return hexKeys.has(String(key)) ? [] : [[number, wireType, value]];
  });
}
const hexKeys: ReadonlySet<string> = new Set(declaredKeys.map((key) => Buffer.from(key).toString("hex")));

test("a request without edits leaves byte for byte as it came", () => {
  fc.assert(
    fc.property(requests.traces, (bytes) => {
      const before = bytes.slice();
      const [batch] = batches.read(arrivalOf("traces", bytes));
      for (let at = 0; at < batch!.items; at++) batch!.span(at).has(attributeKey("a"));
      const encoded = batch!.encode();
      expect(encoded.bytes).toEqual(before);
      expect(encoded.items).toBe(spansOf(decode("traces", before)).length);
    }),
    { ...seed, numRuns: 500 },
  );
});

test("what leaves is what came with the edits made to it, and nothing else differs", () => {
  fc.assert(
    fc.property(requests.traces, editLists, (bytes, list) => {
      const expected = decode("traces", bytes);
      const spans = spansOf(expected);
      const [batch] = batches.read(arrivalOf("traces", bytes));
      expect(batch!.items).toBe(spans.length);
      for (const [place, change] of spans.length > 0 ? list : []) {
        const at = Math.floor(place * spans.length);
        edit(batch!.span(at), change);
        const attributes = editModel((spans[at]!["attributes"] ?? []) as Attribute[], change);
        if (attributes.length > 0) spans[at]!["attributes"] = attributes;
        else delete spans[at]!["attributes"];
      }
      const { bytes: left, release } = batch!.encode();
      expect(decode("traces", left)).toEqual(expected);
      const type = requestTypes.traces;
      expect(untouchable(fieldsOf(type, left))).toEqual(untouchable(fieldsOf(type, bytes)));
      // So that the next run writes over what this one left.
      release?.();
    }),
    { ...seed, numRuns: 1500 },
  );
});

test("lengths are written in as few bytes as they take, whether the messages around a span grow or shrink", () => {
  const lengths = [0, 10, 100, 130, 16_200, 16_400, 2_097_000, 2_097_200];
  for (const before of lengths)
    for (const after of lengths) {
      const request = (length: number) =>
        encode("traces", {
          resourceSpans: [{ scopeSpans: [{ spans: [{ attributes: [attribute("a", length), attribute("b", 3)] }] }] }],
        });
      const [batch] = batches.read(arrivalOf("traces", request(before)));
      batch!.span(0).setText(attributeKey("a"), "x".repeat(after));
      const { bytes, release } = batch!.encode();
      expect(Buffer.compare(bytes, request(after))).toBe(0);
      release?.();
    }
});

function attribute(key: string, length: number): Attribute {
  return { key, value: { stringValue: "x".repeat(length) } };
}

test("two batches of one request do not see each other's edits", () => {
  fc.assert(
    fc.property(requests.traces, editLists, (bytes, list) => {
      const [edited, plain] = batches.read(arrivalOf("traces", bytes), 2);
      for (const [place, change] of edited!.items > 0 ? list : [])
        edit(edited!.span(Math.floor(place * edited!.items)), change);
      edited!.encode();
      expect(plain!.encode().bytes).toEqual(bytes);
    }),
    { ...seed, numRuns: 200 },
  );
});

test("a span view reads what protobufjs decodes", () => {
  fc.assert(
    fc.property(requests.traces, (bytes) => {
      const spans = spansOf(decode("traces", bytes));
      const [batch] = batches.read(arrivalOf("traces", bytes));
      spans.forEach((span, at) => {
        const view = batch!.span(at);
        expect(view.name).toBe(span["name"] ?? "");
        expect(view.kind).toBe(span["kind"] ?? 0);
        expect(view.traceId).toBe(idOf(span["traceId"]));
        expect(view.parentSpanId).toBe(idOf(span["parentSpanId"]));
        for (const name of declaredKeys) expect(readAll(view, name)).toEqual(readOracle(span, name));
      });
      batch!.drop();
    }),
    { ...seed, numRuns: 1000 },
  );
});

/** An id of zeros alone is none. */
function idOf(bytes: Parameters<typeof hexOf>[0]): string {
  return hexOf(bytes).replace(/^0+$/, "");
}

function hexOf(base64: unknown): string {
  return Buffer.from(String(base64 ?? ""), "base64").toString("hex");
}

function readAll(view: SpanView, name: Key) {
  const key = attributeKey(name);
  return {
    has: view.has(key),
    text: view.text(key),
    bigint: view.bigint(key),
    double: view.double(key),
    boolean: view.boolean(key),
  };
}

function readOracle(span: Plain, name: Key) {
  const found = ((span["attributes"] ?? []) as Attribute[]).find((attribute) => attribute.key === name);
  const value = found?.value ?? {};
  return {
    has: found !== undefined,
    text: value["stringValue"],
    bigint: value["intValue"] === undefined ? undefined : BigInt(String(value["intValue"])),
    double: value["doubleValue"] === undefined ? undefined : Number(value["doubleValue"]),
    boolean: value["boolValue"],
  };
}

test.each(["metrics", "logs"] as const)("%s are counted as protobufjs counts them, and pass as they came", (signal) => {
  const item = signal === "metrics" ? "dataPoints" : "logRecords";
  fc.assert(
    fc.property(requests[signal], (bytes) => {
      const batch = new OpaqueBatch(arrivalOf(signal, bytes));
      expect(batch.items).toBe(countNamed(decode(signal, bytes), item));
      expect(batch.encode().bytes).toBe(bytes);
    }),
    { ...seed, numRuns: 500 },
  );
});

function countNamed(value: unknown, name: string): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + countNamed(item, name), 0);
  if (typeof value !== "object" || value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [key, inner]) => sum + (key === name ? (inner as unknown[]).length : countNamed(inner, name)),
    0,
  );
}
