// Spans as the published source of their emitters writes them: constructed, none of them was captured. The numbers are
// those of the captures: 1215 in (1024 of them cached) and 87 out (32 of them reasoning), or 1471 (1024 read, 256 written).
import { describe, expect, test } from "vitest";
import { type Attributes, type GivenSpan, traceRequest } from "../../../test/support/spans.ts";
import { TraceBatches } from "../../otlp/trace-batch.ts";
import type { Telling } from "../call.ts";
import { Reader } from "../read.ts";
import { dialects } from "./dialects.ts";

const openai = { input: 1215, cache_read: 1024, output: 87, reasoning: 32 };
const claude = { input: 1471, cache_read: 1024, cache_write: 256, output: 87 };
const chat = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o" };
const sums = { "gen_ai.usage.input_tokens": 1215, "gen_ai.usage.output_tokens": 87 };
const rawClaude = {
  "gen_ai.usage.input_tokens": 191,
  "gen_ai.usage.output_tokens": 87,
  "gen_ai.usage.cache_read.input_tokens": 1024,
  "gen_ai.usage.cache_creation.input_tokens": 256,
};
// Numbers of which arithmetic proves nothing: more input than cache.
const vagueClaude = { ...rawClaude, "gen_ai.usage.input_tokens": 2000 };

interface Case {
  readonly emitter: string;
  readonly scope?: string;
  readonly attributes: Attributes;
  readonly says: Partial<Telling> | undefined;
}

const cases: readonly Case[] = [
  {
    emitter: "pydantic-ai 2.x, a model's span",
    scope: "pydantic-ai",
    attributes: {
      ...chat,
      ...sums,
      "gen_ai.provider.name": "openai",
      "gen_ai.agent.name": "a",
      agent_name: "a",
      "gen_ai.usage.details.cache_read_tokens": 1024,
      "gen_ai.usage.details.reasoning_tokens": 32,
      "gen_ai.usage.details.input_tokens": 9999,
    },
    says: { dialect: "pydantic-ai", shape: "call", operation: "chat", usage: openai },
  },
  {
    emitter: "pydantic-ai 1.x, the run of an agent",
    scope: "pydantic-ai",
    attributes: { ...sums, agent_name: "a", model_name: "gpt-4o", "logfire.msg": "a run" },
    says: { dialect: "pydantic-ai", shape: "container" },
  },
  {
    emitter: "pydantic-ai 2.x, the run of an agent",
    scope: "pydantic-ai",
    attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.aggregated_usage.input_tokens": 1215 },
    says: undefined,
  },
  {
    emitter: "Logfire's instrumentation of OpenAI",
    scope: "logfire.openai",
    attributes: { ...chat, ...sums, "gen_ai.system": "openai", "operation.cost": 0.0015, request_data: "{}" },
    says: { dialect: "pydantic-ai", provider: "openai", reportedUsd: "0.0015" },
  },
  {
    emitter: "OpenLIT, OpenAI",
    scope: "openlit.otel.tracing",
    attributes: {
      ...chat,
      ...sums,
      "telemetry.sdk.name": "openlit",
      "gen_ai.system": "openai",
      "gen_ai.usage.cost": 0,
      "gen_ai.usage.completion_tokens_details.reasoning_tokens": 32,
      "gen_ai.usage.cache_read.input_tokens": 1024,
    },
    says: { dialect: "openlit", usage: openai, provider: "openai" },
  },
  {
    emitter: "OpenLIT, Anthropic's SDK",
    attributes: { ...chat, ...vagueClaude, "telemetry.sdk.name": "openlit", "gen_ai.system": "anthropic" },
    says: { dialect: "openlit", usage: { ...claude, input: 3280 } },
  },
  {
    emitter: "OpenLIT, Anthropic through LangChain",
    attributes: {
      ...chat,
      ...vagueClaude,
      "telemetry.sdk.name": "openlit",
      "gen_ai.provider.name": "langchain",
      "gen_ai.request.model": "claude-sonnet-4-5",
    },
    says: { usage: { ...claude, input: 2000 }, provider: "anthropic" },
  },
  {
    emitter: "Langfuse, the OpenAI wrapper",
    scope: "langfuse-sdk",
    attributes: {
      "langfuse.observation.type": "generation",
      "langfuse.observation.model.name": "gpt-4o-2024-08-06",
      "langfuse.observation.usage_details": JSON.stringify({
        prompt_tokens: 1215,
        completion_tokens: 87,
        total_tokens: 1302,
        prompt_tokens_details: { cached_tokens: 1024, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 32 },
      }),
    },
    says: {
      dialect: "langfuse",
      usage: openai,
      requestModel: "gpt-4o-2024-08-06",
      provider: "openai",
      operation: "chat",
    },
  },
  {
    emitter: "Langfuse, the JavaScript OpenAI wrapper: flat, and the cache within the input",
    scope: "langfuse-sdk",
    attributes: {
      "langfuse.observation.type": "generation",
      "langfuse.observation.usage_details":
        '{"input":1215,"output":87,"total":1302,"input_cached_tokens":1024,"output_reasoning_tokens":32}',
    },
    says: { usage: openai },
  },
  {
    emitter: "Langfuse, the LangChain handler: disjoint buckets",
    scope: "langfuse-sdk",
    attributes: {
      "langfuse.observation.type": "generation",
      "langfuse.observation.usage_details":
        '{"input":191,"output":55,"total":1302,"input_cache_read":1024,"output_reasoning":32}',
      "langfuse.observation.cost_details": '{"total":0.0123}',
      "langfuse.observation.level": "DEFAULT",
    },
    says: { usage: openai, reportedUsd: "0.0123", failed: false },
  },
  {
    emitter: "Langfuse, a call that failed",
    scope: "langfuse-sdk",
    attributes: { "langfuse.observation.type": "generation", "langfuse.observation.level": "ERROR" },
    says: { usage: undefined, failed: true },
  },
  {
    emitter: "Langfuse, a span around calls",
    scope: "langfuse-sdk",
    attributes: { "langfuse.observation.type": "span", "langfuse.observation.usage_details": '{"input":5}' },
    says: { shape: "container" },
  },
  {
    emitter: "LangSmith",
    scope: "langsmith",
    attributes: {
      "langsmith.span.kind": "llm",
      ...sums,
      "gen_ai.request.model": "gpt-4o",
      "langsmith.metadata.ls_provider": "openai",
      "gen_ai.usage.input_token_details": '{"cache_read":1024}',
      "gen_ai.usage.output_token_details": '{"reasoning":32}',
      "gen_ai.response.finish_reasons": "stop, length",
    },
    says: { dialect: "langsmith", usage: openai, provider: "openai", operation: "chat" },
  },
  {
    emitter: "LangSmith, usage in one text",
    scope: "langsmith",
    attributes: {
      "langsmith.span.kind": "llm",
      "langsmith.usage_metadata":
        '{"input_tokens":1215,"output_tokens":87,"total_tokens":1302,"input_token_details":{"cache_read":1024},"output_token_details":{"reasoning":32}}',
    },
    says: { usage: openai },
  },
  {
    emitter: "LangSmith, a chain",
    attributes: { "langsmith.span.kind": "chain", ...sums },
    says: { shape: "container" },
  },
  {
    emitter: "Google ADK before 2.13: thoughts beside the output",
    scope: "gcp.vertex.agent",
    attributes: {
      "gen_ai.operation.name": "call_llm",
      "gen_ai.system": "gcp.vertex.agent",
      "gen_ai.request.model": "gemini-2.5-flash",
      "gen_ai.usage.input_tokens": 1215,
      "gen_ai.usage.output_tokens": 55,
      "gcp.vertex.agent.llm_response":
        '{"content":{"parts":[{"text":"hi"}]},"usage_metadata":{"cached_content_token_count":1024,"candidates_token_count":55,"prompt_token_count":1215,"thoughts_token_count":32,"total_token_count":1302}}',
    },
    says: { dialect: "google-adk", usage: openai, provider: "gcp.gemini", operation: "chat" },
  },
  {
    emitter: "Google ADK from 2.13 on: thoughts within the output",
    scope: "gcp.vertex.agent",
    attributes: {
      "gen_ai.operation.name": "generate_content",
      "gen_ai.provider.name": "gcp.gemini",
      ...sums,
      "gcp.vertex.agent.llm_response":
        '{"usage_metadata":{"candidates_token_count":55,"cached_content_token_count":1024,"thoughts_token_count":32,"total_token_count":1302}}',
    },
    says: { usage: openai },
  },
  {
    emitter: "Strands on Bedrock: the total has the cache, the input has not",
    scope: "strands.telemetry.tracer",
    attributes: {
      "gen_ai.operation.name": "chat",
      "gen_ai.system": "strands-agents",
      "gen_ai.request.model": "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
      "gen_ai.usage.prompt_tokens": 2000,
      "gen_ai.usage.input_tokens": 2000,
      "gen_ai.usage.completion_tokens": 87,
      "gen_ai.usage.output_tokens": 87,
      "gen_ai.usage.total_tokens": 3367,
      "gen_ai.usage.cache_read_input_tokens": 1024,
      "gen_ai.usage.cache_write_input_tokens": 256,
    },
    says: { dialect: "strands", usage: { ...claude, input: 3280 }, provider: "aws.bedrock" },
  },
  {
    emitter: "Strands, the sum of a cycle",
    scope: "strands.telemetry.tracer",
    attributes: { "gen_ai.operation.name": "execute_event_loop_cycle", ...sums },
    says: { shape: "container" },
  },
  {
    emitter: "Microsoft Agent Framework, a run",
    scope: "agent_framework",
    attributes: {
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.provider.name": "microsoft.agent_framework",
      ...sums,
    },
    says: { dialect: "microsoft-agents", shape: "container" },
  },
  {
    emitter: "Semantic Kernel of 2024",
    scope: "Microsoft.SemanticKernel.Diagnostics",
    attributes: {
      "gen_ai.operation.name": "chat.completions",
      "gen_ai.system": "openai",
      "gen_ai.response.prompt_tokens": 1215,
      "gen_ai.response.completion_tokens": 87,
    },
    says: { dialect: "microsoft-agents", usage: { input: 1215, output: 87 }, operation: "chat" },
  },
  {
    emitter: "Spring AI: texts for everything",
    scope: "org.springframework.boot",
    attributes: {
      "gen_ai.operation.name": "chat",
      "gen_ai.system": "openai",
      "gen_ai.request.temperature": "0.7",
      "gen_ai.usage.input_tokens": "1215",
      "gen_ai.usage.output_tokens": "87",
      "gen_ai.usage.total_tokens": "1302",
      "gen_ai.request.max_tokens": "none",
      "gen_ai.response.finish_reasons": '["STOP"]',
    },
    says: { dialect: "spring-ai", usage: { input: 1215, output: 87 } },
  },
  {
    emitter: "Spring AI, the client around the model",
    attributes: {
      "spring.ai.kind": "chat_client",
      "gen_ai.operation.name": "framework",
      "gen_ai.system": "spring_ai",
      ...sums,
    },
    says: { shape: "container", provider: undefined },
  },
  {
    emitter: "Mastra, a step",
    scope: "@mastra/otel-exporter",
    attributes: {
      "mastra.span.type": "model_step",
      ...sums,
      "gen_ai.usage.cached_input_tokens": "1024",
      "gen_ai.usage.reasoning_tokens": "32",
    },
    says: { dialect: "mastra", shape: "call", usage: openai },
  },
  {
    emitter: "Mastra, a kind that nobody knows yet on a span that says what it is",
    scope: "@mastra/otel-exporter",
    attributes: { ...chat, ...sums, "mastra.span.type": "model_something" },
    says: { dialect: "mastra", shape: "call", operation: "chat", usage: { input: 1215, output: 87 } },
  },
  {
    emitter: "LiteLLM, the edit of an image",
    scope: "litellm",
    attributes: { "llm.request.type": "aimage_edit", "gen_ai.request.model": "gpt-image-1", ...sums },
    says: { shape: "call", operation: "image_edit", usage: { input: 1215, output: 87 } },
  },
  {
    emitter: "nobody in particular, usage without an operation",
    attributes: { "llm.prompt_tokens": 8, "llm.model": "text-embedding-3-small" },
    says: { shape: "call", operation: "embeddings", usage: { input: 8 } },
  },
  {
    emitter: "Genkit, a model",
    scope: "genkit-tracer",
    attributes: {
      "genkit:metadata:subtype": "model",
      "genkit:type": "action",
      "genkit:name": "googleai/gemini-2.5-flash",
      "genkit:output":
        '{"message":{"content":[]},"usage":{"inputTokens":1215,"outputTokens":55,"thoughtsTokens":32,"totalTokens":1302,"cachedContentTokens":1024}}',
    },
    says: {
      dialect: "genkit",
      shape: "call",
      usage: openai,
      provider: "gcp.gemini",
      requestModel: "gemini-2.5-flash",
      operation: "chat",
    },
  },
  {
    emitter: "Genkit, a flow",
    scope: "genkit-tracer",
    attributes: { "genkit:type": "flow", "genkit:name": "menu", "genkit:output": '{"usage":{"inputTokens":5}}' },
    says: { shape: "container", requestModel: undefined },
  },
  {
    emitter: "VoltAgent, a model",
    scope: "@voltagent/core",
    attributes: {
      "llm.operation": "streamText",
      "llm.model": "openai/gpt-4o",
      "llm.usage.prompt_tokens": 1215,
      "llm.usage.completion_tokens": 87,
      "llm.usage.cached_tokens": 1024,
      "llm.usage.reasoning_tokens": 32,
    },
    says: { dialect: "voltagent", usage: openai, provider: "openai" },
  },
  {
    emitter: "VoltAgent, an agent",
    scope: "@voltagent/core",
    attributes: { "entity.type": "agent", "usage.prompt_tokens": 1215, "usage.completion_tokens": 87 },
    says: { shape: "container" },
  },
  {
    emitter: "Claude Code",
    scope: "com.anthropic.claude_code.tracing",
    attributes: {
      "span.type": "llm_request",
      model: "claude-sonnet-4-5",
      input_tokens: "2",
      output_tokens: "87",
      cache_read_tokens: "63002",
      cache_creation_tokens: "679",
      success: "true",
    },
    says: {
      dialect: "claude-code",
      usage: { input: 63683, cache_read: 63002, cache_write: 679, output: 87 },
      provider: "anthropic",
      operation: "chat",
      failed: false,
    },
  },
  {
    emitter: "Claude Code, an interaction",
    scope: "com.anthropic.claude_code.tracing",
    attributes: { "span.type": "interaction", input_tokens: 5 },
    says: { shape: "container" },
  },
  {
    emitter: "Codex in a terminal, a turn",
    scope: "codex_cli_rs",
    attributes: {
      model: "gpt-5-codex",
      "codex.turn.token_usage.input_tokens": 13297,
      "codex.turn.token_usage.non_cached_input_tokens": 4480,
      "codex.turn.token_usage.cached_input_tokens": 8817,
      "codex.turn.token_usage.output_tokens": 87,
    },
    says: { dialect: "codex-turn", shape: "call", usage: { input: 13297, cache_read: 8817, output: 87 } },
  },
  {
    emitter: "Codex in a terminal, a response",
    scope: "codex_cli_rs",
    attributes: { ...sums, model: "gpt-5-codex" },
    says: { dialect: "codex-response", shape: "copy" },
  },
  {
    emitter: "Codex exec, a response",
    scope: "codex_exec",
    attributes: sums,
    says: { dialect: "codex-exec", shape: "call" },
  },
  {
    emitter: "Codex exec, a turn",
    scope: "codex_exec",
    attributes: { "codex.turn.token_usage.input_tokens": 13297 },
    says: { shape: "container" },
  },
  {
    emitter: "Gemini CLI",
    scope: "gemini-cli",
    attributes: { "gen_ai.operation.name": "llm_call", "gen_ai.request.model": "gemini-2.5-pro" },
    says: { dialect: "coding-agents", operation: "chat", usage: undefined },
  },
  {
    emitter: "Envoy AI Gateway with OpenInference's names",
    scope: "envoyproxy/ai-gateway",
    attributes: {
      "openinference.span.kind": "LLM",
      "llm.provider": "anthropic",
      "llm.token_count.prompt": 2000,
      "llm.token_count.completion": 87,
      "llm.token_count.prompt_details.cache_read": 1024,
      "llm.token_count.prompt_details.cache_creation": 256,
    },
    says: { dialect: "envoy-ai-gateway", layer: "proxy", usage: { ...claude, input: 2000 } },
  },
  {
    emitter: "Envoy AI Gateway with OpenTelemetry's names, Anthropic",
    scope: "envoyproxy/ai-gateway",
    attributes: { ...chat, ...vagueClaude, "gen_ai.provider.name": "anthropic" },
    says: { dialect: "envoy-ai-gateway-genai", usage: { ...claude, input: 3280 } },
  },
  {
    emitter: "agentgateway",
    scope: "agentgateway",
    attributes: {
      ...chat,
      ...vagueClaude,
      "gen_ai.provider.name": "anthropic",
      "agw.ai.usage.cost.total": "0.0602375",
    },
    says: { dialect: "agentgateway", layer: "proxy", usage: { ...claude, input: 3280 }, reportedUsd: "0.0602375" },
  },
  {
    emitter: "Bifrost",
    scope: "bifrost",
    attributes: { ...chat, ...sums, "gen_ai.usage.cost": 0.5 },
    says: { dialect: "gateway", layer: "proxy", reportedUsd: "0.5" },
  },
  {
    emitter: "Laminar",
    scope: "lmnr.sdk",
    attributes: {
      "lmnr.span.type": "LLM",
      ...sums,
      "gen_ai.usage.cache_read_input_tokens": 1024,
      "gen_ai.usage.cache_creation_input_tokens": 100,
      "gen_ai.usage.cache_creation.input_tokens.ephemeral_1h": 100,
    },
    says: {
      dialect: "laminar",
      usage: { input: 1215, cache_read: 1024, cache_write: 100, cache_write_1h: 100, output: 87 },
    },
  },
  {
    emitter: "LangWatch",
    scope: "langwatch",
    attributes: {
      "langwatch.span.type": "llm",
      "langwatch.metrics": '{"type":"json","value":{"promptTokens":1215,"completionTokens":87,"cost":0.01}}',
    },
    says: { dialect: "langwatch", usage: { input: 1215, output: 87 }, reportedUsd: "0.01", operation: "chat" },
  },
  {
    emitter: "Sentry: dollars under names of tokens",
    scope: "@sentry/node",
    attributes: {
      "sentry.op": "gen_ai.chat",
      ...sums,
      "gen_ai.usage.input_tokens.cached": 1024,
      "gen_ai.usage.output_tokens.reasoning": 32,
      "gen_ai.cost.total_tokens": 0.0031,
    },
    says: { dialect: "sentry", usage: openai, reportedUsd: "0.0031" },
  },
  {
    emitter: "Braintrust",
    scope: "braintrust",
    attributes: {
      "braintrust.span_attributes": '{"type":"llm","name":"Chat Completion"}',
      "braintrust.metrics":
        '{"prompt_tokens":1215,"completion_tokens":87,"tokens":1302,"prompt_cached_tokens":1024,"completion_reasoning_tokens":32}',
      "braintrust.metadata": '{"model":"gpt-4o","provider":"openai"}',
    },
    says: { dialect: "braintrust", usage: openai, requestModel: "gpt-4o", provider: "openai", operation: "chat" },
  },
  {
    emitter: "LiteLLM's Arize callback, a call that offers tools",
    scope: "litellm",
    attributes: {
      "openinference.span.kind": "TOOL",
      "llm.model_name": "gpt-4o",
      "llm.token_count.prompt": 1215,
      "llm.token_count.completion": 87,
      "llm.token_count.total": 1302,
    },
    says: { dialect: "litellm-openinference", layer: "proxy", shape: "call", operation: "chat" },
  },
  {
    emitter: "LiteLLM 1.80: usage on the SERVER span, in names of 2024",
    scope: "litellm",
    attributes: {
      "llm.request.type": "acompletion",
      "gen_ai.system": "openai",
      "gen_ai.usage.prompt_tokens": 1215,
      "gen_ai.usage.completion_tokens": 87,
      "llm.usage.total_tokens": 1302,
      "metadata.user_api_key_hash": "ab",
    },
    says: { dialect: "litellm-v1", layer: "proxy", shape: "call", usage: { input: 1215, output: 87 } },
  },
  {
    emitter: "AI SDK 7, an agent",
    scope: "gen_ai",
    attributes: { "gen_ai.operation.name": "invoke_agent", ...sums },
    says: { dialect: "vercel-ai-v7", shape: "container" },
  },
  {
    emitter: "AI SDK 7, a step",
    scope: "gen_ai",
    attributes: { "gen_ai.operation.name": "agent_step", ...sums },
    says: { shape: "container" },
  },
];

describe("spans constructed from published source", () => {
  test.each(cases)("$emitter", ({ attributes, scope = "", says }) => {
    const [telling] = told([{ id: "1", attributes, scope }]);
    if (says === undefined) expect(telling).toBeUndefined();
    else expect(telling).toMatchObject(says);
    if (says?.usage) expect(telling?.usage).toEqual(says.usage);
  });

  test("every dialect has one, or a capture", () => {
    const captured = `litellm-v2 litellm-v1-optin litellm-raw vllm anthropic-sdk mlflow vercel-ai otel-genai-legacy
      otel-genai-current openllmetry-current openllmetry-legacy openinference handmade`.split(/\s+/);
    const constructed = cases.flatMap(({ attributes, scope = "" }) =>
      told([{ id: "1", attributes, scope }]).map(({ dialect }) => dialect),
    );
    const without = dialects.map(({ id }) => id).filter((id) => !captured.includes(id) && !constructed.includes(id));
    expect(without).toEqual(["platforms"]);
  });
});

function told(spans: readonly GivenSpan[]): readonly Telling[] {
  const reader = new Reader(dialects, { services: new Map(), badValue: () => undefined });
  const context = { headers: {}, subject: undefined, peer: "" };
  const arrival = { signal: "traces", bytes: traceRequest(spans), context, transport: "http" } as const;
  const [batch] = new TraceBatches([reader.keys]).read(arrival);
  if (!batch) return [];
  return spans.flatMap((_, at) => reader.read(batch.span(at)) ?? []);
}
