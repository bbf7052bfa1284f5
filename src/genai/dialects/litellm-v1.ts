// LiteLLM's `otel` callback as it is by default. Seen: proxy 1.106.2 (captures), opentelemetry.py@00145a6.
import type { Dialect, InsideRule, Rule } from "../dialect.ts";
import { currentNames, earlierNames, usageObject } from "./shared-rules.ts";

/** What every mode of LiteLLM's first callback writes beside the names of a convention. */
export const litellmCallback: readonly (Rule | InsideRule)[] = [
  { from: "litellm.provider.model", to: "@provider_model" },
  { from: "litellm.model_group", to: "litellm.model_group" },
  { from: "litellm.call_id", to: "@call_id" },
  { from: "gen_ai.cost.total_cost", to: "@reported_usd" },
  { from: "llm.request.type", to: "gen_ai.operation.name" },
  { from: "llm.is_streaming", to: "gen_ai.request.stream" },
  { from: "llm.user", to: "user.id" },
  { from: "llm.usage.total_tokens", to: "@total_tokens" },
  // The only place that has cache and reasoning counts, as the text of a Python dictionary.
  { inside: "metadata.usage_object", rules: usageObject },
  {
    inside: "hidden_params",
    rules: [
      // The only sign of an answer from the proxy's own cache: usage and cost are full, the id is that of the first call.
      { from: "cache_key", to: "@cache_hit" },
      { from: "litellm_model_name", to: "@provider_model" },
      { from: "response_cost", to: "@reported_usd" },
    ],
  },
];

export const litellmSigns: readonly string[] = [
  "hidden_params",
  "metadata.usage_object",
  "gen_ai.cost.total_cost",
  "metadata.user_api_key_request_route",
];

export const litellmProxyKeys: readonly string[] = [
  "metadata.user_api_key_request_route",
  "metadata.user_api_key_hash",
];

export const litellmV1: Dialect = {
  id: "litellm-v1",
  about: "LiteLLM's `otel` callback with its default names, in the proxy and in the SDK.",
  signs: { scopes: ["litellm"], keys: litellmSigns, hints: ["gen_ai.system", "llm.is_streaming"] },
  rules: [...currentNames, ...earlierNames, ...litellmCallback],
  tokens: { inputIncludesCache: true, outputIncludesReasoning: true },
  layer: "proxy",
  layerKeys: litellmProxyKeys,
  prefixedModels: true,
  traps: [
    "`gen_ai.response.model` is the alias that the client asked for (`fast`); the real model is `litellm.provider.model`.",
    '`gen_ai.system` is `""` on messages, responses and embeddings and `Unknown` on pass-through.',
    '`gen_ai.response.finish_reasons` is a JSON text, `llm.is_streaming` is `"True"`, nothing is `""`.',
    "The span's name can be any `generation_name`; it says nothing.",
    "The SERVER span carries only the tenant, and in older versions the usage.",
    "A failure's `gen_ai.response.id`, and that of embeddings, is LiteLLM's call id.",
    "`gen_ai.cost.*` are parts of `gen_ai.cost.total_cost`: never summed.",
  ],
};
