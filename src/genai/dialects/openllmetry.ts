// Traceloop OpenLLMetry, three generations of names. Seen: Python 0.62.4, JavaScript 0.27.0 (captures).
import type { Dialect, Rule } from "../dialect.ts";
import { currentNames, earlierNames } from "./shared-rules.ts";

// The scopes are listed one by one: `opentelemetry.instrumentation.openai_v2` is OpenTelemetry's own.
const libraries = `alephalpha agno anthropic bedrock cohere crewai google_generativeai groq haystack langchain litellm
  llamaindex mistralai ollama openai openai.v0 openai.v1 openai_agents replicate sagemaker together transformers
  vertexai voyageai watsonx writer`.split(/\s+/);
const scopes = [
  ...libraries.map((library) => `opentelemetry.instrumentation.${library}`),
  "@traceloop/*",
  "traceloop.tracer",
];

const tokens = {
  inputIncludesCache: true,
  outputIncludesReasoning: true,
  exclusiveScopes: [
    "opentelemetry.instrumentation.bedrock",
    "@traceloop/instrumentation-bedrock",
    "@traceloop/instrumentation-anthropic",
  ],
  apartReasoningScopes: [
    "opentelemetry.instrumentation.google_generativeai",
    "opentelemetry.instrumentation.vertexai",
    "@traceloop/instrumentation-vertexai",
  ],
} as const;

const everyGeneration: readonly Rule[] = [
  ...currentNames,
  ...earlierNames,
  { from: "llm.usage.total_tokens", to: "@total_tokens" },
  { from: "llm.is_streaming", to: "gen_ai.request.stream" },
  { from: "gen_ai.request.max_completion_tokens", to: "gen_ai.request.max_tokens" },
  { from: "gen_ai.request.n", to: "gen_ai.request.choice.count" },
  {
    from: "llm.request.type",
    to: "gen_ai.operation.name",
    values: { completion: "text_completion", unknown: "" },
  },
  { from: "traceloop.span.kind", to: "gen_ai.operation.name", values: { task: "@container" } },
  { from: "traceloop.workflow.name", to: "gen_ai.workflow.name" },
  { from: "gen_ai.user", to: "user.id" },
  { from: "llm.user", to: "user.id" },
];

export const openllmetryCurrent: Dialect = {
  id: "openllmetry-current",
  about: "Traceloop OpenLLMetry since 2026: names of the convention and some of its own.",
  signs: { scopes, keys: ["gen_ai.is_streaming", "traceloop.span.kind"], hints: ["gen_ai.provider.name"] },
  rules: everyGeneration,
  tokens,
  layer: "app",
  traps: [
    "The provider is taken from the base URL: LiteLLM and vLLM look like `openai`.",
    "Anthropic streams say one output token too many; JavaScript streams without usage invent it (14 and 3).",
    "`cache_read` is written as 0 where it is not known; LangChain says 0 cache writes where there were some.",
    "Bedrock and JavaScript's Anthropic leave the cache out of the input.",
  ],
};

export const openllmetryLegacy: Dialect = {
  id: "openllmetry-legacy",
  about: "Traceloop OpenLLMetry of 2023 to 2025.",
  signs: { scopes, keys: ["llm.request.type", "llm.vendor"], hints: ["gen_ai.system", "gen_ai.usage.prompt_tokens"] },
  rules: [
    ...everyGeneration,
    { from: "llm.usage.prompt_tokens", to: "gen_ai.usage.input_tokens" },
    { from: "llm.usage.completion_tokens", to: "gen_ai.usage.output_tokens" },
    { from: "llm.usage.reasoning_tokens", to: "gen_ai.usage.reasoning.output_tokens" },
    { from: "llm.vendor", to: "gen_ai.provider.name" },
    { from: "llm.request.model", to: "gen_ai.request.model" },
    { from: "llm.response.model", to: "gen_ai.response.model" },
    { from: "llm.request.max_tokens", to: "gen_ai.request.max_tokens" },
    { from: "llm.temperature", to: "gen_ai.request.temperature" },
    { from: "llm.request.temperature", to: "gen_ai.request.temperature" },
    { from: "llm.top_p", to: "gen_ai.request.top_p" },
    { from: "llm.request.top_p", to: "gen_ai.request.top_p" },
    { from: "llm.top_k", to: "gen_ai.request.top_k" },
    { from: "llm.frequency_penalty", to: "gen_ai.request.frequency_penalty" },
    { from: "llm.presence_penalty", to: "gen_ai.request.presence_penalty" },
    { from: "llm.chat.stop_sequences", to: "gen_ai.request.stop_sequences" },
    { from: "llm.response.finish_reason", to: "gen_ai.response.finish_reasons" },
    { from: "llm.response.stop_reason", to: "gen_ai.response.finish_reasons" },
    { from: "gen_ai.completion.0.finish_reason", to: "gen_ai.response.finish_reasons" },
  ],
  tokens,
  layer: "app",
  traps: [
    "`gen_ai.system` is a vendor with a capital letter (`OpenAI`), or a framework (`Langchain`) that bills nothing.",
    "`llm.request.type` `completion` is a text completion here, a chat in LiteLLM.",
    "A LangChain span and the SDK's own span tell one call twice.",
  ],
};
