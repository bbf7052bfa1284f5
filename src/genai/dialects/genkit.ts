// Genkit. From its published source.
import type { Dialect } from "../dialect.ts";

export const genkit: Dialect = {
  id: "genkit",
  about: "Genkit flows and models.",
  signs: { scopes: ["genkit-tracer", "genkit*"], keys: ["genkit:metadata:subtype", "genkit:type"] },
  rules: [
    {
      from: "genkit:metadata:subtype",
      to: "gen_ai.operation.name",
      keep: true,
      values: {
        model: "chat",
        embedder: "embeddings",
        tool: "execute_tool",
        retriever: "retrieval",
        "*": "@container",
      },
    },
    { from: "genkit:type", to: "gen_ai.operation.name", keep: true, values: { "*": "@container" } },
    { from: "genkit:name", to: "@model", keep: true },
    { from: "genkit:sessionId", to: "gen_ai.conversation.id", keep: true },
    { from: "genkit:state", to: "@failed", values: { error: "failed", success: "" } },
    {
      inside: "genkit:output",
      rules: [
        { from: "usage.inputTokens", to: "gen_ai.usage.input_tokens" },
        { from: "usage.outputTokens", to: "gen_ai.usage.output_tokens" },
        { from: "usage.totalTokens", to: "@total_tokens" },
        { from: "usage.thoughtsTokens", to: "gen_ai.usage.reasoning.output_tokens" },
        { from: "usage.cachedContentTokens", to: "gen_ai.usage.cache_read.input_tokens" },
        { from: "finishReason", to: "gen_ai.response.finish_reasons" },
        // Plugins of OpenAI's API and of Gemini add the provider's own answer.
        { from: "raw.id", to: "gen_ai.response.id" },
        { from: "raw.model", to: "gen_ai.response.model" },
        { from: "raw.usage.prompt_tokens_details.cached_tokens", to: "gen_ai.usage.cache_read.input_tokens" },
        { from: "raw.usage.completion_tokens_details.reasoning_tokens", to: "gen_ai.usage.reasoning.output_tokens" },
        { from: "raw.responseId", to: "gen_ai.response.id" },
        { from: "raw.modelVersion", to: "gen_ai.response.model" },
      ],
    },
    {
      inside: "genkit:input",
      rules: [
        { from: "config.temperature", to: "gen_ai.request.temperature" },
        { from: "config.maxOutputTokens", to: "gen_ai.request.max_tokens" },
      ],
    },
  ],
  tokens: { inputIncludesCache: true, outputIncludesReasoning: "auto" },
  layer: "app",
  prefixedModels: true,
  traps: [
    "Usage stands behind the answer in one text: of answers beyond 16 KiB it is not read.",
    "Flow, helper and model repeat the output of each other; only the model's span is a call.",
  ],
};
