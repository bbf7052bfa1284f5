// Every capture through the normaliser, against what really happened. What is not right is in `not-right.ts`, by name
// and with its reason; a name that has become right must leave the list.
import { describe, expect, test } from "vitest";
import { type Telling, tellings } from "../../src/genai/call.ts";
import { attributeTypes } from "../../src/genai/semconv.ts";
import { TraceBatches } from "../../src/otlp/trace-batch.ts";
import { genAiNormalizer } from "../../src/processors/gen_ai_normalizer/gen-ai-normalizer.ts";
import { recordingHost } from "../support/recording-host.ts";
import { spansOf } from "../support/spans.ts";
import { type Capture, captures, type TrueCall } from "./captures.ts";
import { notRight } from "./not-right.ts";

const all = captures();

describe("every true call of the captures", () => {
  const found = all.flatMap((capture) => mistakesOf(capture, normalised(capture).told));

  test("has its provider, models, operation, tokens and id, except what is listed with its reason", () => {
    const unlisted = found.filter(({ name }) => !notRight.has(name));
    expect(unlisted.map(({ name, is, should }) => `${name}: ${is}, not ${should}`)).toEqual([]);
  });

  test("and what is listed is wrong indeed", () => {
    const names = new Set(found.map(({ name }) => name));
    expect([...notRight.keys()].filter((name) => !names.has(name))).toEqual([]);
  });
});

describe.each(all)("$name", (capture) => {
  const { told, spans, decodedBytes, badValues } = normalised(capture);
  const calls = told.filter(({ shape }) => shape === "call");

  test("every true call is told of, and no call that never was", () => {
    const isLater = capture.name.endsWith("/chat-stream.1.pb");
    expect(capture.calls.length > 0 && !isLater).toBe(told.length > 0);
    for (const call of calls) expect(callOf(capture, call, calls)).toBeDefined();
  });

  test("what is written is what is told, in the types of the convention", () => {
    for (const telling of told.filter(({ shape }) => shape !== "copy")) {
      const attributes = spans[telling.span]?.attributes ?? {};
      expect(attributes).toMatchObject(written(telling));
      for (const [key, value] of Object.entries(attributes))
        expect([key, typeName(value)]).toEqual([key, typeOf(key, value)]);
    }
  });

  test("no prompt is decoded and no value is bad", () => {
    expect(decodedBytes).toBeLessThan(100 + 2800 * capture.calls.length);
    expect(badValues).toEqual([]);
  });
});

test("spans that are no GenAI work pass byte-identical", () => {
  const plain = all.filter(({ name }) => name.endsWith("/chat-stream.1.pb"));
  expect(plain.length).toBe(1);
  for (const capture of plain) expect(Buffer.compare(normalised(capture).bytes, capture.bytes)).toBe(0);
});

test("what came out changes no more when it comes again", () => {
  for (const capture of all) {
    for (const settings of [{}, { keep_original: false }]) {
      const first = normalised(capture, settings);
      const second = normalised({ ...capture, bytes: first.bytes }, settings);
      const said = second.told.map(({ usage, provider, requestModel }) => ({ usage, provider, requestModel }));
      expect([capture.name, said]).toMatchObject([
        capture.name,
        first.told.map(({ usage, provider, requestModel }) => ({ usage, provider, requestModel })),
      ]);
      expect([capture.name, Buffer.compare(second.bytes, first.bytes)]).toEqual([capture.name, 0]);
    }
  }
});

test("without originals no earlier name of what was renamed is left on a call", () => {
  for (const capture of all) {
    const { told, spans } = normalised(capture, { keep_original: false, aliases: false });
    for (const telling of told.filter(({ shape }) => shape === "call")) {
      const keys = Object.keys(spans[telling.span]?.attributes ?? {});
      expect([capture.name, keys.filter(isEarlier)]).toEqual([capture.name, []]);
    }
  }
});

/** Names end in a point where everything that starts so is meant. */
const earlierNames = [
  "gen_ai.system",
  "gen_ai.usage.prompt_tokens",
  "gen_ai.usage.completion_tokens",
  "gen_ai.usage.cache_creation.",
  "gen_ai.usage.reasoning_tokens",
  "gen_ai.usage.total_tokens",
  "gen_ai.openai.response.",
  "gen_ai.is_streaming",
  "llm.request.type",
  "llm.is_streaming",
  "llm.usage.",
  "llm.token_count.",
  "llm.model_name",
  "llm.finish_reason",
  "openinference.span.kind",
  "ai.usage.",
  "ai.response.model",
  "ai.model.id",
];

function isEarlier(key: string): boolean {
  return earlierNames.some((name) => (name.endsWith(".") ? key.startsWith(name) : key === name));
}

interface Normalised {
  readonly told: readonly Telling[];
  readonly spans: ReturnType<typeof spansOf>;
  readonly bytes: Uint8Array;
  readonly decodedBytes: number;
  readonly badValues: readonly string[];
}

function normalised(capture: Capture, settings: object = {}): Normalised {
  const prepared = genAiNormalizer.prepare(settings, { read: () => new Uint8Array() });
  if (!prepared.ok) throw new Error("the settings are refused");
  const host = recordingHost();
  const normaliser = prepared.create(host);
  const context = { headers: {}, subject: undefined, peer: "" };
  const keys = normaliser.keys ? [normaliser.keys] : [];
  const [batch] = new TraceBatches(keys).read({ signal: "traces", bytes: capture.bytes, context, transport: "http" });
  if (!batch) throw new Error("no batch");
  normaliser.process(batch);
  const { decodedBytes } = batch;
  const { bytes, notes } = batch.encode();
  const told = tellings.get(notes) ?? [];
  return { told, spans: spansOf(bytes), bytes, decodedBytes, badValues: [...host.counted.keys()] };
}

interface Mistake {
  /** `folder/file.pb dialect field` */
  readonly name: string;
  readonly is: unknown;
  readonly should: unknown;
}

function mistakesOf(capture: Capture, told: readonly Telling[]): readonly Mistake[] {
  const calls = told.filter(({ shape }) => shape === "call");
  return calls.flatMap((telling) => {
    const call = callOf(capture, telling, calls);
    if (!call) return [];
    const is = claimsOf(telling);
    return Object.entries(truthOf(call))
      .filter(([field, should]) => !same(is[field], should))
      .map(([field, should]) => ({ name: `${capture.name} ${telling.dialect} ${field}`, is: is[field], should }));
  });
}

/** Where a file tells of several calls, the id says which; where there is none, they stand in the order of the facts. */
function callOf({ calls }: Capture, telling: Telling, told: readonly Telling[]): TrueCall | undefined {
  if (calls.length === 1) return calls[0];
  return (
    calls.find(({ response_id }) => telling.responseIds.includes(response_id ?? "")) ?? calls[told.indexOf(telling)]
  );
}

function claimsOf({ usage, ...telling }: Telling): Readonly<Record<string, unknown>> {
  return {
    provider: telling.provider,
    operation: telling.operation,
    request_model: telling.requestModel,
    model: telling.responseModel ?? telling.requestModel,
    input: usage?.input,
    cache_read: usage?.cache_read,
    cache_write: usage?.cache_write,
    output: usage?.output,
    reasoning: usage?.reasoning,
    response_id: telling.responseIds[0],
    failed: telling.failed,
  };
}

function truthOf(call: TrueCall): Readonly<Record<string, unknown>> {
  return {
    provider: call.provider === "hosted_vllm" ? "vllm" : call.provider,
    operation: call.operation === "responses" ? "chat" : call.operation,
    request_model: call.request_model,
    model: call.model,
    input: call.input,
    cache_read: call.cache_read,
    cache_write: call.cache_write,
    output: call.output,
    reasoning: call.reasoning,
    response_id: call.response_id,
    failed: call.error,
  };
}

/** None of a quantity may stay untold. */
function same(is: unknown, should: unknown): boolean {
  return is === should || (is === undefined && (should === null || should === 0));
}

function written({ usage, ...telling }: Telling): Readonly<Record<string, unknown>> {
  const attributes = {
    "gen_ai.provider.name": telling.provider,
    "gen_ai.operation.name": telling.operation,
    "gen_ai.request.model": telling.requestModel,
    "gen_ai.response.model": telling.responseModel,
    "gen_ai.usage.input_tokens": usage?.input,
    "gen_ai.usage.output_tokens": usage?.output,
    "gen_ai.usage.cache_read.input_tokens": usage?.cache_read,
    "gen_ai.usage.cache_write.input_tokens": usage?.cache_write,
    "gen_ai.usage.cache_creation.input_tokens": usage?.cache_write,
    "gen_ai.usage.reasoning.output_tokens": usage?.reasoning,
  };
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

function typeOf(key: string, value: unknown): string {
  const type = Object.hasOwn(attributeTypes, key) ? attributeTypes[key as keyof typeof attributeTypes] : undefined;
  if (type === undefined) return typeName(value);
  return { int: "number", double: "number", boolean: "boolean", string: "string", "string[]": "list" }[type];
}

function typeName(value: unknown): string {
  return Array.isArray(value) ? "list" : typeof value;
}
