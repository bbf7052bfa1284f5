// Bytes as they come from broken senders, broken networks and people of ill will. Whatever they are: a batch, or
// `Refused("malformed")`. What once broke something is kept in `crashers/` and tried first.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Batch, type Signal, signals } from "../../src/core/batch.ts";
import { Refused } from "../../src/core/refused.ts";
import { attributeKey } from "../../src/otlp/attribute-key.ts";
import { jsonToProto } from "../../src/otlp/json.ts";
import { OpaqueBatch } from "../../src/otlp/opaque-batch.ts";
import { TraceBatch, TraceBatches } from "../../src/otlp/trace-batch.ts";
import { declaredKeys, declaredPrefix, joined, requests, varint } from "../support/arbitrary-otlp.ts";
import { mutated, mutatedOnce } from "../support/mutations.ts";
import { decode, toOtlpJson } from "../support/otlp-oracle.ts";
import { seededRandom } from "../support/random.ts";

const batches = new TraceBatches([{ exact: declaredKeys, prefixes: [declaredPrefix] }]);
const context = { headers: {}, subject: undefined, peer: "" };
const keys = declaredKeys.map(attributeKey);

/** Reads, asks everything, changes every span, and writes. Returns what leaves, undefined when the bytes are refused. */
function process(signal: Signal, bytes: Uint8Array): Uint8Array | undefined {
  try {
    const arrival = { signal, bytes, context, transport: "http" } as const;
    const batch: Batch = signal === "traces" ? batches.read(arrival)[0]! : new OpaqueBatch(arrival);
    if (batch instanceof TraceBatch) for (let at = 0; at < batch.items; at++) askAndChange(batch, at);
    return batch.encode().bytes;
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== "malformed") throw error;
    expect(error.message).toMatch(/ at byte \d+$/);
    return undefined;
  }
}

function askAndChange(batch: TraceBatch, at: number): void {
  const view = batch.span(at);
  void [view.traceId, view.spanId, view.parentSpanId, view.name, view.kind, view.startMs, view.endMs, view.statusCode];
  void [view.scopeName, view.scopeVersion, view.traceState, view.resourceText(keys[0]!)];
  for (const key of keys) {
    void [view.type(key), view.text(key), view.bigint(key), view.double(key), view.boolean(key), view.value(key)];
  }
  for (let row = view.rowsStart; row < view.rowsEnd; row++)
    void [view.rowName(row), view.rowType(row), view.rowText(row)];
  view.rename(keys[0]!, keys[1]!);
  view.setText(keys[2]!, "€ edited");
  view.setBigint(keys[3]!, -1n);
}

/** What is taken must be taken by a backend too: here by protobufjs. */
function check(signal: Signal, bytes: Uint8Array): "taken" | "refused" {
  const left = process(signal, bytes);
  if (left === undefined) return "refused";
  expect(left.length).toBeLessThan(bytes.length + 64 * (bytes.length + 1));
  decode(signal, left);
  return "taken";
}

const crashers = join(import.meta.dirname, "crashers");

describe("what broke something once", () => {
  test.each(readdirSync(crashers).filter((name) => name !== "README.md"))("%s", (name) => {
    const bytes = new Uint8Array(readFileSync(join(crashers, name)));
    const signal = signals.find((one) => name.startsWith(one)) ?? "traces";
    if (name.endsWith(".json")) checkJson(signal, bytes);
    else check(signal, bytes);
  });
});

/** Captured requests and generated ones, the same ones in every run. */
function samples(signal: Signal): readonly Uint8Array[] {
  const generated = fc.sample(requests[signal], { numRuns: 60, seed: 7 }).filter((bytes) => bytes.length > 20);
  return signal === "traces" ? [...captures(), ...generated] : generated;
}

function captures(): readonly Uint8Array[] {
  const folder = join(import.meta.dirname, "../corpora");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".pb"))
    .sort()
    .map((name) => new Uint8Array(readFileSync(join(folder, name))));
}

describe.each(signals)("%s", (signal) => {
  test("mutated requests are a batch or malformed", () => {
    const random = seededRandom(20261121);
    const originals = samples(signal);
    const seen = { taken: 0, refused: 0 };
    for (let round = 0; round < 4000; round++) {
      seen[check(signal, mutated(originals[round % originals.length]!, random))]++;
    }
    expect(seen.taken).toBeGreaterThan(400);
    expect(seen.refused).toBeGreaterThan(400);
  });

  test("arbitrary bytes are a batch or malformed", () => {
    const random = seededRandom(99);
    for (let round = 0; round < 3000; round++) {
      const length = Math.floor(random() * 60);
      // Tags and lengths of OTLP at the front, so that one in some gets further than the first byte.
      const head = [0x0a, length - 2, 0x12, length - 4, 0x12, length - 6].slice(0, 2 * Math.floor(random() * 4));
      const bytes = Uint8Array.from({ length }, (_, place) => head[place] ?? Math.floor(random() * 256));
      check(signal, bytes);
    }
  });

  test("mutated JSON is a request or malformed", () => {
    const random = seededRandom(5);
    const originals = samples(signal).map((bytes) => Buffer.from(JSON.stringify(toOtlpJson(decode(signal, bytes)))));
    for (let round = 0; round < 2000; round++) {
      const original = originals[round % originals.length]!;
      checkJson(signal, mutatedOnce(new Uint8Array(original), random));
    }
  });
});

function checkJson(signal: Signal, json: Uint8Array): void {
  try {
    const bytes = jsonToProto(signal, json);
    expect(bytes.length).toBeLessThanOrEqual(json.length * 4);
    check(signal, bytes);
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== "malformed") throw error;
  }
}

describe("requests that are made to cost", () => {
  const mebibyte = 1024 * 1024;
  const nested = (levels: number, wrap: (inner: Uint8Array) => Uint8Array) => {
    let bytes: Uint8Array = new Uint8Array(0);
    for (let level = 0; level < levels; level++) bytes = wrap(bytes);
    return bytes;
  };
  const inside = (tag: number, content: Uint8Array) =>
    joined([Uint8Array.of(tag), varint(BigInt(content.length)), content]);
  const inSpan = (attribute: Uint8Array) =>
    [0x4a, 0x12, 0x12, 0x0a].reduce((bytes, tag) => inside(tag, bytes), attribute);
  const nestedValue = (levels: number) =>
    inSpan(
      inside(
        0x12,
        nested(levels, (inner) => inside(0x2a, inside(0x0a, inner))),
      ),
    );

  test.each([
    { name: "half a million empty spans", bytes: inside(0x0a, inside(0x12, fill(mebibyte, [0x12, 0]))), is: "taken" },
    { name: "half a million empty resources", bytes: fill(mebibyte, [0x0a, 0]), is: "taken" },
    {
      name: "a span of half a million empty attributes",
      bytes: [0x12, 0x12, 0x0a].reduce((bytes, tag) => inside(tag, bytes), fill(mebibyte, [0x4a, 0])),
      is: "taken",
    },
    { name: "values 20 deep", bytes: nestedValue(20), is: "taken" },
    { name: "values 1,000 deep", bytes: nestedValue(1000), is: "refused" },
    { name: "values 5,000 deep", bytes: nestedValue(5000), is: "refused" },
    {
      name: "groups 1,000 deep",
      bytes: Uint8Array.from({ length: 4000 }, (_, i) => (i % 2 === 0 ? 0x83 : 0x06)),
      is: "refused",
    },
    { name: "a length of 4 GiB", bytes: Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f), is: "refused" },
    { name: "a negative length", bytes: joined([Uint8Array.of(0x0a), varint(-1n)]), is: "refused" },
    {
      name: "a length of 36 bits",
      bytes: Uint8Array.of(0x0a, 0x82, 0x80, 0x80, 0x80, 0x80, 0x01, 0x12, 0),
      is: "refused",
    },
    { name: "a tag of six bytes", bytes: Uint8Array.of(0xd0, 0x98, 0x82, 0x80, 0x80, 0, 0), is: "refused" },
    { name: "a varint of 11 bytes", bytes: fill(11, [0xff]), is: "refused" },
    { name: "field number 0", bytes: Uint8Array.of(0x02, 0), is: "refused" },
    { name: "wire type 7", bytes: Uint8Array.of(0x0f, 0), is: "refused" },
    { name: "the end of a group without its start", bytes: Uint8Array.of(0x84, 0x06), is: "refused" },
  ])("$name: $is", ({ bytes, is }) => {
    expect(process("traces", bytes) === undefined ? "refused" : "taken").toBe(is);
  });

  test.each([
    { name: "lists a million deep", json: `{"x":${"[".repeat(mebibyte)}` },
    { name: "values ten thousand deep", json: `{"resourceSpans":[${'{"resource":{"attributes":['.repeat(10_000)}` },
    { name: "a name of a mebibyte", json: `{"${"x".repeat(mebibyte)}":1}` },
    { name: "a number of a mebibyte", json: `{"resourceSpans":[{"schemaUrl":${"1".repeat(mebibyte)}}]}` },
    { name: "an integer of a mebibyte", json: spanJson(`{"startTimeUnixNano":${"1".repeat(mebibyte)}}`) },
    { name: "a double of a mebibyte", json: valueJson(`{"doubleValue":"${"1".repeat(mebibyte)}"}`) },
    {
      name: "one member a hundred thousand times",
      json: spanJson(`{${fillText('"status":{"message":"m"},', 100_000)}"name":"n"}`),
    },
    {
      name: "members in turns before a long one",
      json: spanJson(
        `{"name":"n","status":{},"traceState":"${"x".repeat(mebibyte)}",${fillText('"status":{"code":1},"links":[{}],"name":"n",', 20_000)}"flags":1}`,
      ),
    },
    { name: "half a million nulls", json: `{"resourceSpans":[${fillText("null,", 500_000)}null]}` },
  ])("JSON, $name: answered in bounded time", ({ json }) => checkJson("traces", new TextEncoder().encode(json)));
});

function fill(length: number, pattern: readonly number[]): Uint8Array {
  return Uint8Array.from({ length }, (_, place) => pattern[place % pattern.length]!);
}

function fillText(text: string, times: number): string {
  return text.repeat(times);
}

function spanJson(span: string): string {
  return `{"resourceSpans":[{"scopeSpans":[{"spans":[${span}]}]}]}`;
}

function valueJson(value: string): string {
  return spanJson(`{"attributes":[{"key":"k","value":${value}}]}`);
}
