// Anthropic's Python SDK emits spans itself since 2.x. Seen: 2.11.0 (captures).
import type { Dialect } from "../dialect.ts";
import { currentNames } from "./shared-rules.ts";

export const anthropicSdk: Dialect = {
  id: "anthropic-sdk",
  about: "Spans that Anthropic's own SDK emits, whatever instrumentation stands above it.",
  signs: {
    scopes: ["com.anthropic.sdk.*"],
    keys: ["anthropic.response.service_tier", "anthropic.message.stop_reason"],
  },
  rules: [
    ...currentNames,
    { from: "anthropic.usage.cache_creation.ephemeral_5m_input_tokens", to: "@cache_write_5m_tokens" },
    { from: "anthropic.usage.cache_creation.ephemeral_1h_input_tokens", to: "@cache_write_1h_tokens" },
    { from: "anthropic.message.stop_reason", to: "gen_ai.response.finish_reasons", keep: true },
    { from: "anthropic.response.service_tier", to: "@service_tier" },
  ],
  tokens: { inputIncludesCache: true, outputIncludesReasoning: true },
  layer: "app",
  traps: ["Every instrumented call has two usage spans, under OpenLLMetry and LangChain even in two traces."],
};
