// Arize OpenInference. Seen: Python litellm 0.1.51, openai 0.1.66, anthropic 3.1.0, langchain 0.1.80, JavaScript openai
// 4.2.7 (captures).
import type { Dialect, Rule } from "../dialect.ts";

const parameters: readonly Rule[] = [
  { from: "model", to: "gen_ai.request.model" },
  { from: "temperature", to: "gen_ai.request.temperature" },
  { from: "top_p", to: "gen_ai.request.top_p" },
  { from: "top_k", to: "gen_ai.request.top_k" },
  { from: "max_tokens", to: "gen_ai.request.max_tokens" },
  { from: "max_completion_tokens", to: "gen_ai.request.max_tokens" },
  { from: "seed", to: "gen_ai.request.seed" },
  { from: "frequency_penalty", to: "gen_ai.request.frequency_penalty" },
  { from: "presence_penalty", to: "gen_ai.request.presence_penalty" },
  { from: "n", to: "gen_ai.request.choice.count" },
  { from: "stream", to: "gen_ai.request.stream" },
];

export const openinference: Dialect = {
  id: "openinference",
  about: "Arize OpenInference instrumentations, and all who write `llm.token_count.*`.",
  signs: {
    scopes: ["openinference.instrumentation.*", "@arizeai/openinference-instrumentation-*"],
    keys: ["openinference.span.kind", "llm.token_count.prompt", "llm.token_count.total"],
  },
  rules: [
    { from: "llm.token_count.prompt", to: "gen_ai.usage.input_tokens" },
    { from: "llm.token_count.completion", to: "gen_ai.usage.output_tokens" },
    { from: "llm.token_count.total", to: "@total_tokens" },
    { from: "llm.token_count.prompt_details.cache_read", to: "gen_ai.usage.cache_read.input_tokens" },
    { from: "llm.token_count.prompt_details.cache_write", to: "gen_ai.usage.cache_write.input_tokens" },
    // Envoy AI Gateway
    { from: "llm.token_count.prompt_details.cache_creation", to: "gen_ai.usage.cache_write.input_tokens" },
    { from: "llm.token_count.prompt_details.audio", to: "gen_ai.usage.audio.input_tokens" },
    { from: "llm.token_count.completion_details.reasoning", to: "gen_ai.usage.reasoning.output_tokens" },
    { from: "llm.token_count.completion_details.audio", to: "gen_ai.usage.audio.output_tokens" },
    {
      from: "openinference.span.kind",
      to: "gen_ai.operation.name",
      values: {
        LLM: "chat",
        EMBEDDING: "embeddings",
        AGENT: "invoke_agent",
        TOOL: "execute_tool",
        RETRIEVER: "retrieval",
        CHAIN: "invoke_workflow",
        RERANKER: "rerank",
        // Counts tokens before a call: never a call.
        TOKEN_COUNTER: "@other",
        "*": "",
      },
    },
    { from: "llm.request.model_name", to: "gen_ai.request.model" },
    { from: "llm.response.model_name", to: "gen_ai.response.model" },
    { from: "llm.model_name", to: "@model" },
    { from: "embedding.model_name", to: "@model" },
    { from: "reranker.model_name", to: "@model" },
    { inside: "llm.invocation_parameters", rules: parameters },
    { inside: "embedding.invocation_parameters", rules: [{ from: "model", to: "gen_ai.request.model" }] },
    // "google" may be Vertex: then `llm.system` says so.
    { from: "llm.provider", to: "gen_ai.provider.name", values: { google: "" } },
    { from: "llm.system", to: "gen_ai.provider.name" },
    { from: "llm.provider", to: "gen_ai.provider.name" },
    { from: "llm.finish_reason", to: "gen_ai.response.finish_reasons" },
    { from: "llm.response.id", to: "gen_ai.response.id" },
    { from: "llm.cost.total", to: "@reported_usd" },
    { from: "llm.usage.cost_usd", to: "@reported_usd" },
    { from: "session.id", to: "gen_ai.conversation.id" },
    { from: "agent.name", to: "gen_ai.agent.name" },
    { from: "tool.name", to: "gen_ai.tool.name" },
    { from: "tool.description", to: "gen_ai.tool.description" },
    { from: "tool_call.id", to: "gen_ai.tool.call.id" },
  ],
  tokens: { inputIncludesCache: "auto", outputIncludesReasoning: true },
  layer: "app",
  prefixedModels: true,
  traps: [
    "`llm.model_name` is the model that answered in most instrumentations and the one that was asked for in LiteLLM's.",
    "Kind TOOL on a span with token counts is a model that was given tools.",
    "`llm.token_count.prompt_details.cache_input` holds text tokens, `llm.cost.completion_details.output` held a token count: neither is read.",
    "No response id as an attribute, except in JavaScript frameworks.",
    "`output.value` holds the provider's answer with its usage: never a second source.",
  ],
};
