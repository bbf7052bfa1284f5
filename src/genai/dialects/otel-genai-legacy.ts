import type { Dialect } from "../dialect.ts";
import { currentNames, earlierNames } from "./shared-rules.ts";

export const otelGenaiLegacy: Dialect = {
  id: "otel-genai-legacy",
  about: "Instrumentations of conventions 1.26 to 1.36, and spellings of drafts that never were released.",
  signs: {
    names: [
      "gen_ai.system",
      "gen_ai.usage.prompt_tokens",
      "gen_ai.usage.completion_tokens",
      "gen_ai.usage.total_tokens",
      "gen_ai.usage.input_tokens",
      "gen_ai.usage.output_tokens",
    ],
  },
  rules: [
    ...currentNames,
    ...earlierNames,
    // Semantic Kernel 2024
    { from: "gen_ai.response.prompt_tokens", to: "gen_ai.usage.input_tokens" },
    { from: "gen_ai.response.completion_tokens", to: "gen_ai.usage.output_tokens" },
    // Strands
    { from: "gen_ai.usage.cache_write_input_tokens", to: "gen_ai.usage.cache_write.input_tokens" },
    // pydantic-ai
    { from: "gen_ai.usage.cache_read_tokens", to: "gen_ai.usage.cache_read.input_tokens" },
    { from: "gen_ai.usage.cache_write_tokens", to: "gen_ai.usage.cache_write.input_tokens" },
    // Mastra
    { from: "gen_ai.usage.cached_input_tokens", to: "gen_ai.usage.cache_read.input_tokens" },
    // Sentry
    { from: "gen_ai.usage.input_tokens.cached", to: "gen_ai.usage.cache_read.input_tokens" },
    { from: "gen_ai.usage.input_tokens.cache_write", to: "gen_ai.usage.cache_write.input_tokens" },
    { from: "gen_ai.usage.output_tokens.reasoning", to: "gen_ai.usage.reasoning.output_tokens" },
    // OpenLIT
    { from: "gen_ai.usage.prompt_tokens_details.cached_tokens", to: "gen_ai.usage.cache_read.input_tokens" },
    { from: "gen_ai.usage.completion_tokens_details.reasoning_tokens", to: "gen_ai.usage.reasoning.output_tokens" },
    { from: "gen_ai.request.is_stream", to: "gen_ai.request.stream" },
    { from: "gen_ai.user.id", to: "user.id" },
    { from: "gen_ai.session.id", to: "gen_ai.conversation.id" },
    // Gemini emitters
    { from: "gen_ai.usage.thoughts_tokens", to: "gen_ai.usage.reasoning.output_tokens" },
    { from: "gen_ai.response.stop_reason", to: "gen_ai.response.finish_reasons" },
    { from: "gen_ai.model", to: "gen_ai.request.model" },
    { from: "gen_ai.request_model", to: "gen_ai.request.model" },
    { from: "gen_ai.response_model", to: "gen_ai.response.model" },
  ],
  tokens: { inputIncludesCache: "auto", outputIncludesReasoning: "auto" },
  layer: "app",
  traps: [
    "Emitters write `prompt_tokens` and `input_tokens` on one span: alternatives, never added; the newer name counts.",
    "`gen_ai.prompt.name` is a name of today, `gen_ai.prompt.0.role` one of 2024: nothing goes by the prefix `gen_ai.prompt`.",
  ],
};
