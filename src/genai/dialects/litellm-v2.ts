// LiteLLM with LITELLM_OTEL_V2. Seen: proxy 1.106.2 (captures).
import type { Dialect } from "../dialect.ts";
import { currentNames, earlierNames } from "./shared-rules.ts";

export const litellmV2: Dialect = {
  id: "litellm-v2",
  about: "LiteLLM with `LITELLM_OTEL_V2=true`.",
  signs: { scopes: ["litellm"], keys: ["litellm.cost.total", "litellm.call_type", "litellm.request.route"] },
  rules: [
    ...currentNames,
    ...earlierNames,
    { from: "litellm.provider.model", to: "@provider_model" },
    { from: "litellm.model_group", to: "litellm.model_group" },
    // The client's alias: it goes on under the name that the first callback has for it.
    { from: "gen_ai.request.model", to: "litellm.model_group" },
    { from: "litellm.call_id", to: "@call_id" },
    { from: "litellm.cost.total", to: "@reported_usd" },
    { from: "litellm.request.streaming", to: "gen_ai.request.stream" },
    { from: "litellm.call_type", to: "gen_ai.operation.name", keep: true },
    { from: "llm.is_streaming", to: "gen_ai.request.stream" },
  ],
  tokens: { inputIncludesCache: true, outputIncludesReasoning: true },
  layer: "proxy",
  layerKeys: ["litellm.request.route", "litellm.api_key.hash"],
  prefixedModels: true,
  traps: [
    "`gen_ai.request.model` and `gen_ai.response.model` are the client's alias; the real model is `litellm.provider.model`.",
    "Model, team and key stand on every span of the request by baggage (redis, postgres): a model makes no call.",
    "A failed call says usage 0/0 and cost 0.0.",
    "`gen_ai.tool.0.name` is a tool that the request offers, no tool that ran.",
    "A hit of the proxy's cache makes no chat span at all.",
  ],
};
