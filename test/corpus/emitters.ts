// Spans as known emitters write them, short: for tests of who pays for a call that several of them tell.
import type { Attributes, GivenSpan } from "../support/spans.ts";

export interface Told extends Partial<GivenSpan> {
  readonly id: string;
  readonly in?: number;
  readonly out?: number;
  /** Id of the answer, where the emitter writes it. */
  readonly answer?: string;
  readonly tenant?: string;
  readonly model?: string;
  readonly more?: Attributes;
}

type Emitter = (told: Told) => GivenSpan;

/** The fields that the emitter puts on the span itself, and those of the request around it. */
function span(told: Told, scope: string, attributes: Record<string, Attributes[string] | undefined>): GivenSpan {
  const { in: _in, out: _out, answer: _answer, tenant: _tenant, model: _model, more, ...given } = told;
  const known = Object.entries(attributes).filter(
    (entry): entry is [string, Attributes[string]] => entry[1] !== undefined,
  );
  return { scope, ...given, attributes: { ...Object.fromEntries(known), ...more } };
}

const gpt = "gpt-4o-mini";
const claude = "claude-sonnet-4-5-20250929";

export const openInference: Emitter = (told) =>
  span(told, "openinference.instrumentation.openai", {
    "openinference.span.kind": "LLM",
    "llm.model_name": told.model ?? gpt,
    "llm.provider": "openai",
    "llm.token_count.prompt": told.in,
    "llm.token_count.completion": told.out,
    metadata: told.tenant && JSON.stringify({ tenant_id: told.tenant }),
  });

export const langchain: Emitter = (told) =>
  openInference({ scope: "openinference.instrumentation.langchain", ...told });

export const openLLMetry: Emitter = (told) =>
  span(told, "opentelemetry.instrumentation.openai.v1", {
    "llm.request.type": "chat",
    "gen_ai.system": "openai",
    "gen_ai.request.model": told.model ?? gpt,
    "gen_ai.response.model": told.model ?? gpt,
    "gen_ai.response.id": told.answer,
    "gen_ai.usage.input_tokens": told.in,
    "gen_ai.usage.output_tokens": told.out,
    "traceloop.association.properties.tenant_id": told.tenant,
  });

export const otel: Emitter = (told) =>
  span(told, "opentelemetry.instrumentation.openai_v2", {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": told.model ?? gpt,
    "gen_ai.response.id": told.answer,
    "gen_ai.usage.input_tokens": told.in,
    "gen_ai.usage.output_tokens": told.out,
    "tenant.id": told.tenant,
  });

export const agent: Emitter = (told) =>
  otel({ ...told, more: { "gen_ai.operation.name": "invoke_agent", ...told.more } });

export const anthropicSdk: Emitter = (told) =>
  span(told, "com.anthropic.sdk.python", {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.model": told.model ?? claude,
    "gen_ai.response.id": told.answer,
    "gen_ai.usage.input_tokens": told.in,
    "gen_ai.usage.output_tokens": told.out,
    "anthropic.message.stop_reason": "end_turn",
  });

export const openInferenceAnthropic: Emitter = (told) =>
  openInference({
    scope: "openinference.instrumentation.anthropic",
    model: claude,
    ...told,
    more: { "llm.provider": "anthropic" },
  });

const litellmResource = { "service.name": "litellm" };

/** The proxy's own span of a request: it knows the tenant, and no call. */
export const litellmServer: Emitter = (told) =>
  span({ resource: litellmResource, name: "Received Proxy Server Request", ...told }, "litellm", {
    "metadata.user_api_key_team_id": told.tenant,
  });

export const litellmV1: Emitter = (told) =>
  span({ resource: litellmResource, name: "litellm_request", ...told }, "litellm", {
    "llm.request.type": "acompletion",
    "gen_ai.system": "openai",
    "gen_ai.request.model": told.model ?? gpt,
    "gen_ai.response.model": "fast",
    "litellm.model_group": "fast",
    "litellm.provider.model": `openai/${told.model ?? gpt}`,
    "gen_ai.response.id": told.answer,
    "gen_ai.usage.input_tokens": told.in,
    "gen_ai.usage.output_tokens": told.out,
    "gen_ai.cost.total_cost": 0.0002,
    "metadata.user_api_key_hash": "ab12",
    "metadata.user_api_key_team_id": told.tenant ?? "",
  });

/** The usage once more, below the span of the call. */
export const litellmRaw: Emitter = (told) =>
  span({ resource: litellmResource, name: "raw_gen_ai_request", ...told }, "litellm", {
    "llm.openai.usage": `{'prompt_tokens': ${told.in}, 'completion_tokens': ${told.out}}`,
    "llm.openai.id": told.answer,
  });

export const litellmV2: Emitter = (told) =>
  span({ resource: litellmResource, name: "chat fast", ...told }, "litellm", {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "fast",
    "gen_ai.response.model": "fast",
    "litellm.provider.model": `openai/${told.model ?? gpt}`,
    "litellm.cost.total": 0.0002,
    "litellm.request.route": "/v1/chat/completions",
    "gen_ai.response.id": told.answer,
    "gen_ai.usage.input_tokens": told.in,
    "gen_ai.usage.output_tokens": told.out,
    "litellm.team.id": told.tenant,
  });

export const vllm: Emitter = (told) =>
  span({ resource: { "service.name": "vllm-server" }, name: "llm_request", ...told }, "vllm.tracing.otel", {
    "gen_ai.request.id": told.answer,
    "gen_ai.usage.prompt_tokens": told.in,
    "gen_ai.usage.completion_tokens": told.out,
    "gen_ai.latency.e2e": 0.8,
  });

export const langfuse: Emitter = (told) =>
  span(told, "langfuse-sdk", {
    "langfuse.observation.type": "generation",
    "langfuse.observation.model.name": told.model ?? gpt,
    "langfuse.observation.usage_details": JSON.stringify({ input: told.in, output: told.out }),
  });

/** Vercel's AI SDK before 7: `operation` is `ai.generateText` or, for the call itself, `ai.generateText.doGenerate`. */
export const vercel = (operation: string): Emitter => {
  return (told) =>
    span({ name: operation, ...told }, "ai", {
      "ai.operationId": operation,
      "ai.model.id": told.model ?? gpt,
      "ai.model.provider": "openai.chat",
      "ai.usage.inputTokens": told.in,
      "ai.usage.outputTokens": told.out,
      "gen_ai.response.id": operation.includes(".do") ? told.answer : undefined,
      "ai.telemetry.metadata.tenantId": told.tenant,
    });
};

/** AI SDK 7. */
export const vercel7: Emitter = (told) =>
  span({ scope: "gen_ai", ...told }, "gen_ai", {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": told.model ?? gpt,
    "gen_ai.usage.input_tokens": told.in,
    "gen_ai.usage.output_tokens": told.out,
    "ai.settings.context.tenantId": told.tenant,
  });

export const mlflow: Emitter = (told) =>
  span(told, "mlflow.openai", {
    "mlflow.spanType": '"CHAT_MODEL"',
    "mlflow.llm.model": JSON.stringify(told.model ?? gpt),
    "mlflow.chat.tokenUsage": JSON.stringify({ input_tokens: told.in, output_tokens: told.out }),
    "tenant.id": told.tenant,
  });

/** As tutorials write it by hand: `llm.*`, without an id. */
export const handmade: Emitter = (told) =>
  span(told, "litellm.cost_attribution", {
    "llm.model": told.model ?? gpt,
    "llm.call_type": "acompletion",
    "llm.tenant_id": told.tenant,
    "llm.prompt_tokens": told.in,
    "llm.completion_tokens": told.out,
    "llm.cost_usd": 0,
  });

/** A span that tells no call. */
export const plain: Emitter = (told) => span(told, "http", { "http.request.method": "POST", "tenant.id": told.tenant });
