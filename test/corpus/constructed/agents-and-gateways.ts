// Coding agents, gateways and platforms, as their published source writes spans: none of these was captured.
import { type Case, chat, claude, openai, sums, vagueClaude } from "./case.ts";

export const agentsAndGateways: readonly Case[] = [
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
