// One trap of real emitters: spans, what must be true of their calls, and with what they leave.
import { type Call, calls } from "../../src/genai/call.ts";
import { TraceBatches } from "../../src/otlp/trace-batch.ts";
import { genAiCall } from "../../src/processors/gen_ai_call/gen-ai-call.ts";
import { genAiCost } from "../../src/processors/gen_ai_cost/gen-ai-cost.ts";
import { genAiNormalizer } from "../../src/processors/gen_ai_normalizer/gen-ai-normalizer.ts";
import { decode, encode, type Plain } from "../support/otlp-oracle.ts";
import { recordingHost } from "../support/recording-host.ts";
import { type GivenSpan, traceRequest } from "../support/spans.ts";

export interface Trap {
  readonly trap: string;
  /** Requests in the order in which they come. */
  readonly requests: readonly (readonly GivenSpan[])[];
  /** By span id: what must be true of the call; null where the span has no role. The last word of a span counts. */
  readonly says: Readonly<Record<string, Partial<Call> | null>>;
  /** More attributes of the first span, as OTLP has them: doubles without a fraction, whole numbers of 64 bits. */
  readonly exact?: Readonly<Record<string, Plain>>;
  /** Attributes with which the first span leaves, as OTLP has them; null for those that it has not. */
  readonly leaves?: Readonly<Record<string, Plain | null>>;
}

export interface Decided {
  /** By span id, the last word counts. */
  readonly found: ReadonlyMap<string, Call>;
  /** Attributes of the first span of the last request, as it leaves. */
  readonly left: Readonly<Record<string, unknown>>;
}

/** Passes the requests through the processors, one after the other. */
export function decided(requests: readonly (readonly GivenSpan[])[], exact: Readonly<Record<string, Plain>>): Decided {
  const processors = [genAiNormalizer, genAiCall, genAiCost].map((declared) => {
    const prepared = declared.prepare({}, { read: () => new Uint8Array() });
    if (!prepared.ok) throw new Error(JSON.stringify(prepared.issues));
    return prepared.create(recordingHost());
  });
  const batches = new TraceBatches(processors.map(({ keys }) => keys ?? { exact: [], prefixes: [] }));
  const context = { headers: {}, subject: undefined, peer: "" };
  const found = new Map<string, Call>();
  let left = {};
  for (const spans of requests) {
    const [batch] = batches.read({
      signal: "traces",
      bytes: withExact(traceRequest(spans), exact),
      context,
      transport: "http",
    });
    if (!batch) continue;
    for (const processor of processors) processor.process(batch);
    for (const call of calls.get(batch.notes) ?? []) found.set(call.spanId.replace(/^0+/, ""), call);
    left = attributesOf(firstSpan(decode("traces", batch.encode().bytes)));
    batch.drop();
  }
  return { found, left };
}

function withExact(bytes: Uint8Array, exact: Readonly<Record<string, Plain>>): Uint8Array {
  const request = decode("traces", bytes);
  const attributes = firstSpan(request)["attributes"] as Plain[];
  attributes?.push(...Object.entries(exact).map(([key, value]) => ({ key, value })));
  return encode("traces", request);
}

function firstSpan(request: Plain): Plain {
  const [resource = {}] = (request["resourceSpans"] ?? []) as Plain[];
  const [scope = {}] = (resource["scopeSpans"] ?? []) as Plain[];
  const [span = {}] = (scope["spans"] ?? []) as Plain[];
  return span;
}

function attributesOf(span: Plain): Readonly<Record<string, unknown>> {
  return Object.fromEntries(((span["attributes"] ?? []) as Plain[]).map(({ key, value }) => [String(key), value]));
}
