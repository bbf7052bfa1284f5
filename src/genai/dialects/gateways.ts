// Gateways between applications and providers, beside LiteLLM. From their published source and documentation.
import type { Dialect, Rule } from "../dialect.ts";
import { openinference } from "./openinference.ts";
import { currentNames, earlierNames } from "./shared-rules.ts";

const gatewayNames: readonly Rule[] = [
  { from: "gen_ai.usage.input_tokens.cached", to: "gen_ai.usage.cache_read.input_tokens" },
  { from: "gen_ai.usage.input_tokens.cache_write", to: "gen_ai.usage.cache_write.input_tokens" },
  { from: "gen_ai.usage.output_tokens.reasoning", to: "gen_ai.usage.reasoning.output_tokens" },
  { from: "gen_ai.usage.cached_tokens", to: "gen_ai.usage.cache_read.input_tokens" },
  { from: "gen_ai.usage.input_audio_tokens", to: "gen_ai.usage.audio.input_tokens" },
  { from: "gen_ai.usage.output_audio_tokens", to: "gen_ai.usage.audio.output_tokens" },
  { from: "gen_ai.usage.input_image_tokens", to: "gen_ai.usage.image.input_tokens" },
  { from: "gen_ai.usage.output_image_tokens", to: "gen_ai.usage.image.output_tokens" },
  { from: "gen_ai.usage.total_cost", to: "@reported_usd" },
];
const envoyScopes = ["io.envoy.ai_gateway*", "envoyproxy/ai-gateway*", "envoy-ai-gateway*", "ai-gateway*"];

export const envoyAiGateway: Dialect = {
  id: "envoy-ai-gateway",
  about: "Envoy AI Gateway with OpenInference's names, its default.",
  signs: { scopes: envoyScopes, hints: ["openinference.span.kind", "llm.token_count.prompt"] },
  rules: openinference.rules,
  tokens: { inputIncludesCache: true, outputIncludesReasoning: true },
  layer: "proxy",
  prefixedModels: true,
  traps: [
    "`TOKEN_COUNTER` spans count tokens before a call and are none.",
    "`tenant.id` is there where a header is mapped to it.",
  ],
};

export const envoyAiGatewayGenai: Dialect = {
  id: "envoy-ai-gateway-genai",
  about: "Envoy AI Gateway with `AI_GATEWAY_TRACING_SEMCONV=otel`.",
  signs: { scopes: envoyScopes, hints: ["gen_ai.operation.name", "gen_ai.provider.name"] },
  rules: [...currentNames, ...earlierNames, ...gatewayNames],
  tokens: { inputIncludesCache: true, outputIncludesReasoning: true, exclusiveProviders: ["anthropic"] },
  layer: "proxy",
  traps: ["Anthropic's input is written as it came, without the cache; with OpenInference's names it has the cache."],
};

export const agentgateway: Dialect = {
  id: "agentgateway",
  about: "The agentgateway project, on the HTTP span of the gateway.",
  signs: {
    scopes: ["agentgateway*"],
    keys: ["agw.ai.usage.cost.total", "agw.ai.time_to_first_token", "inferencepool.selected_endpoint"],
  },
  rules: [
    ...currentNames,
    ...earlierNames,
    ...gatewayNames,
    { from: "agw.ai.usage.cost.total", to: "@reported_usd" },
    { from: "agw.ai.time_to_first_token", to: "gen_ai.response.time_to_first_chunk", keep: true },
  ],
  tokens: { inputIncludesCache: true, outputIncludesReasoning: true, exclusiveProviders: ["anthropic", "aws.bedrock"] },
  layer: "proxy",
  traps: ["The counts are the provider's own: Anthropic's input leaves the cache out.", "The cost is decimal text."],
};

export const otherGateways: Dialect = {
  id: "gateway",
  about: "Kong AI Gateway, Bifrost, OpenRouter Broadcast, Portkey and Traceloop Hub.",
  signs: {
    scopes: [
      "kong*",
      "bifrost*",
      "github.com/maximhq/bifrost*",
      "openrouter*",
      "portkey*",
      "traceloop-hub*",
      "traceloop_hub*",
    ],
  },
  rules: [...currentNames, ...earlierNames, ...gatewayNames],
  tokens: { inputIncludesCache: "auto", outputIncludesReasoning: true },
  layer: "proxy",
  prefixedModels: true,
  traps: [
    "Bifrost makes a span for every attempt: one without usage is no call.",
    "OpenRouter's span says what OpenRouter charged.",
  ],
};
