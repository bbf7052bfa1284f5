// Requests to measure with, the same in every run: 30 % LLM spans in three dialects with 27 to 34 attributes and two
// texts of 0.5 to 4 KB, 70 % HTTP, SQL and Redis spans with 8 to 12 attributes, an exception event on 6 % of all.
import { seededRandom } from "../support/random.ts";
import type { RequestObject, SpanObject } from "./objects.ts";

export interface Mix {
  readonly spans: number;
  /** Share of LLM spans. */
  readonly llm: number;
  readonly seed: number;
}

type Value = { stringValue: string } | { intValue: number } | { doubleValue: number } | { boolValue: boolean };
type Attributes = Record<string, Value>;
type Random = () => number;

const text = (stringValue: string): Value => ({ stringValue });
const int = (intValue: number): Value => ({ intValue });
const double = (doubleValue: number): Value => ({ doubleValue });

/** One request with one resource and two scopes. */
export function requestOf({ spans, llm, seed }: Mix): RequestObject {
  const random = seededRandom(seed);
  const all = Array.from({ length: spans }, () => spanOf(random, random() < llm));
  const half = Math.ceil(spans / 2);
  return {
    resourceSpans: [
      {
        resource: {
          attributes: listOf({ "service.name": text("checkout"), "host.name": text(`pod-${letters(random, 8)}`) }),
        },
        scopeSpans: [
          { scope: { name: "instrumentation-a", version: "1.2.3" }, spans: all.slice(0, half) },
          { scope: { name: "instrumentation-b", version: "0.9.0" }, spans: all.slice(half) },
        ],
      },
    ],
  };
}

function spanOf(random: Random, isLlm: boolean): SpanObject {
  const startNs = 1_790_000_000_000_000_000n + BigInt(Math.floor(random() * 1e12));
  const attributes = isLlm ? pick(random, [openLlmetry, liteLlm, openInference])(random) : plain(random);
  return {
    traceId: bytes(random, 16),
    spanId: bytes(random, 8),
    parentSpanId: bytes(random, 8),
    name: isLlm ? "chat gpt-4o-mini" : pick(random, ["GET /api/orders/{id}", "SELECT orders", "HGETALL"]),
    kind: isLlm ? 3 : 2,
    startTimeUnixNano: String(startNs),
    endTimeUnixNano: String(startNs + BigInt(Math.floor(random() * 5e9))),
    attributes: listOf(attributes),
    ...(random() < 0.06 ? { events: [exception(random)], status: { code: 2, message: "boom" } } : {}),
    flags: 257,
  };
}

interface Counts {
  readonly input: number;
  readonly output: number;
  readonly model: string;
  readonly id: string;
}

function counts(random: Random): Counts {
  return {
    input: 500 + Math.floor(random() * 4000),
    output: 20 + Math.floor(random() * 800),
    model: pick(random, ["gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06", "gpt-4.1-2025-04-14"]),
    id: `chatcmpl-${letters(random, 24)}`,
  };
}

function openLlmetry(random: Random): Attributes {
  const { input, output, model, id } = counts(random);
  return {
    "llm.request.type": text("chat"),
    "gen_ai.system": text("OpenAI"),
    "gen_ai.request.model": text(model),
    "gen_ai.response.model": text(model),
    "gen_ai.response.id": text(id),
    "gen_ai.request.temperature": double(0.2),
    "gen_ai.request.max_tokens": int(1024),
    "llm.headers": text("None"),
    "llm.is_streaming": { boolValue: false },
    "gen_ai.prompt.0.role": text("user"),
    "gen_ai.prompt.0.content": prose(random),
    "gen_ai.completion.0.role": text("assistant"),
    "gen_ai.completion.0.content": prose(random),
    "gen_ai.completion.0.finish_reason": text("stop"),
    "gen_ai.usage.prompt_tokens": int(input),
    "gen_ai.usage.completion_tokens": int(output),
    "llm.usage.total_tokens": int(input + output),
    "gen_ai.usage.cache_read_input_tokens": int(Math.floor(input / 2)),
    "traceloop.association.properties.tenant_id": text(tenant(random)),
    "traceloop.workflow.name": text("answer-question"),
    ...others(random, 10),
  };
}

function liteLlm(random: Random): Attributes {
  const { input, output, model, id } = counts(random);
  return {
    "gen_ai.operation.name": text("chat"),
    "gen_ai.system": text("openai"),
    "gen_ai.request.model": text("fast"),
    "gen_ai.response.model": text(model),
    "litellm.provider.model": text(model),
    "gen_ai.response.id": text(id),
    "gen_ai.input.messages": prose(random),
    "gen_ai.output.messages": prose(random),
    "gen_ai.usage.input_tokens": int(input),
    "gen_ai.usage.output_tokens": int(output),
    "gen_ai.usage.total_tokens": int(input + output),
    "gen_ai.usage.cache_read.input_tokens": int(Math.floor(input / 3)),
    "gen_ai.cost.total_cost": double(0.00123),
    "metadata.user_api_key_hash": text(letters(random, 64)),
    "metadata.user_api_key_team_id": text(tenant(random)),
    "metadata.user_api_key_user_id": text("user-42"),
    "metadata.user_api_key_alias": text("backend"),
    "hidden_params.response_cost": text("0.00123"),
    "llm.is_streaming": text("False"),
    ...others(random, 12),
  };
}

function openInference(random: Random): Attributes {
  const { input, output, model } = counts(random);
  return {
    "openinference.span.kind": text("LLM"),
    "llm.system": text("openai"),
    "llm.provider": text("openai"),
    "llm.model_name": text(model),
    "llm.invocation_parameters": text('{"temperature":0.2,"max_tokens":1024}'),
    "input.value": prose(random),
    "input.mime_type": text("application/json"),
    "output.value": prose(random),
    "output.mime_type": text("application/json"),
    "llm.input_messages.0.message.role": text("user"),
    "llm.output_messages.0.message.role": text("assistant"),
    "llm.token_count.prompt": int(input),
    "llm.token_count.completion": int(output),
    "llm.token_count.total": int(input + output),
    "llm.token_count.prompt_details.cache_read": int(Math.floor(input / 4)),
    "llm.token_count.completion_details.reasoning": int(Math.floor(output / 4)),
    "session.id": text(letters(random, 16)),
    "user.id": text("user-42"),
    "tenant.id": text(tenant(random)),
    ...others(random, 11),
  };
}

function plain(random: Random): Attributes {
  return {
    "http.request.method": text("GET"),
    "url.path": text(`/api/orders/${Math.floor(random() * 1e6)}`),
    "http.response.status_code": int(200),
    "server.address": text("orders.internal"),
    "server.port": int(8080),
    "network.protocol.version": text("1.1"),
    "db.system.name": text("postgresql"),
    ...others(random, 1 + Math.floor(random() * 5)),
  };
}

function others(random: Random, count: number): Attributes {
  const entries = Array.from({ length: count }, (_, at) => [
    `app.tag.${at}.${letters(random, 4)}`,
    text(letters(random, 12)),
  ]);
  return Object.fromEntries(entries);
}

function exception(random: Random) {
  return {
    timeUnixNano: "1790000000000000000",
    name: "exception",
    attributes: listOf({
      "exception.type": text("TimeoutError"),
      "exception.message": text("upstream did not answer"),
      "exception.stacktrace": text(words(random, 600)),
    }),
  };
}

function listOf(attributes: Attributes) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value }));
}

function prose(random: Random): Value {
  return text(words(random, 500 + Math.floor(random() * 3500)));
}

function words(random: Random, length: number): string {
  let prose = "";
  while (prose.length < length) prose += `${letters(random, 2 + Math.floor(random() * 8))} `;
  return prose;
}

function letters(random: Random, count: number): string {
  let word = "";
  for (let at = 0; at < count; at++) word += String.fromCharCode(97 + Math.floor(random() * 26));
  return word;
}

function bytes(random: Random, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => Math.floor(random() * 256));
}

function tenant(random: Random): string {
  return `tenant-${Math.floor(random() * 40)}`;
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!;
}
