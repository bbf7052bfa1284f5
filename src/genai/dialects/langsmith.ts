// LangSmith's OpenTelemetry export. From its published source.
import type { Dialect, Rule } from "../dialect.ts";
import { currentNames, earlierNames, usageObject } from "./shared-rules.ts";

const usageMetadata: readonly Rule[] = [
  ...usageObject,
  { from: "input_token_details.cache_read", to: "gen_ai.usage.cache_read.input_tokens" },
  { from: "input_token_details.cache_creation", to: "gen_ai.usage.cache_write.input_tokens" },
  { from: "input_token_details.ephemeral_5m_input_tokens", to: "@cache_write_5m_tokens" },
  { from: "input_token_details.ephemeral_1h_input_tokens", to: "@cache_write_1h_tokens" },
  { from: "input_token_details.audio", to: "gen_ai.usage.audio.input_tokens" },
  { from: "output_token_details.reasoning", to: "gen_ai.usage.reasoning.output_tokens" },
  { from: "output_token_details.audio", to: "gen_ai.usage.audio.output_tokens" },
  { from: "total_cost", to: "@reported_usd" },
];

export const langsmith: Dialect = {
  id: "langsmith",
  about: "LangSmith SDKs with OpenTelemetry export.",
  signs: { scopes: ["langsmith*"], keys: ["langsmith.span.kind", "langsmith.usage_metadata"] },
  rules: [
    {
      from: "langsmith.span.kind",
      to: "gen_ai.operation.name",
      keep: true,
      values: {
        llm: "chat",
        embedding: "embeddings",
        tool: "execute_tool",
        retriever: "retrieval",
        chain: "@container",
      },
    },
    ...currentNames,
    ...earlierNames,
    { from: "langsmith.span.kind", to: "gen_ai.operation.name", keep: true, values: { "*": "@other" } },
    { from: "langsmith.metadata.ls_provider", to: "gen_ai.provider.name", keep: true },
    { from: "langsmith.metadata.ls_model_name", to: "@model", keep: true },
    {
      inside: "gen_ai.usage.input_token_details",
      rules: [
        { from: "cache_read", to: "gen_ai.usage.cache_read.input_tokens" },
        { from: "cache_creation", to: "gen_ai.usage.cache_write.input_tokens" },
        { from: "ephemeral_5m_input_tokens", to: "@cache_write_5m_tokens" },
        { from: "ephemeral_1h_input_tokens", to: "@cache_write_1h_tokens" },
        { from: "audio", to: "gen_ai.usage.audio.input_tokens" },
      ],
    },
    {
      inside: "gen_ai.usage.output_token_details",
      rules: [
        { from: "reasoning", to: "gen_ai.usage.reasoning.output_tokens" },
        { from: "audio", to: "gen_ai.usage.audio.output_tokens" },
      ],
    },
    { inside: "langsmith.usage_metadata", rules: usageMetadata },
    // All that LangChain's own runs have beside the sums.
    { inside: "langsmith.metadata.usage_metadata", rules: usageMetadata },
    { from: "gen_ai.response.service_tier", to: "@service_tier" },
  ],
  tokens: { inputIncludesCache: "auto", outputIncludesReasoning: true },
  layer: "app",
  traps: [
    "`gen_ai.response.finish_reasons` is `stop, length`, one text.",
    "Chains may repeat the usage of their models.",
    "Wrappers of Anthropic left the cache out of the input before March 2026.",
  ],
};
