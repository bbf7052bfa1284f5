// OpenLIT, Python and JavaScript. From its published source; captures.md 15.
import type { Dialect } from "../dialect.ts";
import { currentNames, earlierNames } from "./shared-rules.ts";

export const openlit: Dialect = {
  id: "openlit",
  about: "OpenLIT instrumentations.",
  signs: { scopes: ["openlit*", "@openlit/*"], keys: ["gen_ai.sdk.version", "telemetry.sdk.name"] },
  rules: [
    ...currentNames,
    ...earlierNames,
    { from: "gen_ai.client.token.usage", to: "@total_tokens" },
    { from: "gen_ai.usage.prompt_tokens_details.cached_tokens", to: "gen_ai.usage.cache_read.input_tokens" },
    { from: "gen_ai.usage.prompt_tokens_details.cache_read", to: "gen_ai.usage.cache_read.input_tokens" },
    { from: "gen_ai.usage.prompt_tokens_details.cache_write", to: "gen_ai.usage.cache_write.input_tokens" },
    { from: "gen_ai.usage.prompt_tokens_details.cache_creation_tokens", to: "gen_ai.usage.cache_write.input_tokens" },
    { from: "gen_ai.usage.completion_tokens_details.reasoning_tokens", to: "gen_ai.usage.reasoning.output_tokens" },
    { from: "gen_ai.usage.completion_tokens_details.audio", to: "gen_ai.usage.audio.output_tokens" },
    { from: "gen_ai.usage.completion_tokens_details.audio_tokens", to: "gen_ai.usage.audio.output_tokens" },
    { from: "gen_ai.request.is_stream", to: "gen_ai.request.stream" },
    { from: "gen_ai.request.user", to: "user.id" },
    { from: "gen_ai.user.id", to: "user.id" },
    { from: "gen_ai.session.id", to: "gen_ai.conversation.id" },
    { from: "gen_ai.token.cost.total", to: "@reported_usd" },
  ],
  tokens: { inputIncludesCache: true, outputIncludesReasoning: true, exclusiveProviders: ["anthropic"] },
  layer: "app",
  traps: [
    "Input of Anthropic's own SDK leaves the cache out; input that came through LangChain or LiteLLM, which stand as provider then, has it.",
    "A cost of 0 means that the price was not known.",
    "Streams without usage are counted by OpenLIT itself: 38 and 8 for 1215 and 87.",
    'Parameters that were not set are written as `""`, -1 or 1.0.',
  ],
};
