// Names that people make up when they write a span by hand, as tutorials and cost loggers do.
import type { Dialect } from "../dialect.ts";

export const handmade: Dialect = {
  id: "handmade",
  about: "Spans written by hand with names such as `llm.prompt_tokens` and `llm.cost_usd`.",
  signs: {
    scopes: ["litellm.cost_attribution", "litellm-router"],
    keys: ["llm.prompt_tokens", "llm.completion_tokens"],
    names: [
      ..."gen_ai.usage.inputTokens gen_ai.usage.promptTokens llm.input_tokens llm.tokens_in llm.tokens.prompt".split(
        " ",
      ),
      ..."llm.usage.input_tokens llm.total_tokens llm.tokens.total llm.usage.cost_usd".split(" "),
    ],
  },
  rules: [
    ...[
      "llm.prompt_tokens",
      "llm.input_tokens",
      "llm.tokens_in",
      "llm.tokens.prompt",
      "llm.usage.input_tokens",
      "gen_ai.usage.inputTokens",
      "gen_ai.usage.promptTokens",
    ].map((from) => ({ from, to: "gen_ai.usage.input_tokens" }) as const),
    ...[
      "llm.completion_tokens",
      "llm.output_tokens",
      "llm.tokens_out",
      "llm.tokens.completion",
      "llm.usage.output_tokens",
      "gen_ai.usage.outputTokens",
      "gen_ai.usage.completionTokens",
    ].map((from) => ({ from, to: "gen_ai.usage.output_tokens" }) as const),
    { from: "llm.total_tokens", to: "@total_tokens" },
    { from: "llm.tokens.total", to: "@total_tokens" },
    { from: "llm.call_type", to: "gen_ai.operation.name" },
    ...["llm.model", "llm.model.name", "llm.model_id", "llm.model_name"].map(
      (from) => ({ from, to: "gen_ai.request.model" }) as const,
    ),
    { from: "llm.provider", to: "gen_ai.provider.name" },
    { from: "llm.finish_reason", to: "gen_ai.response.finish_reasons" },
    { from: "llm.cost_usd", to: "@reported_usd" },
    ...[
      "llm.cost",
      "llm.usage.cost",
      "llm.usage.cost_usd",
      "gen_ai.cost",
      "gen_ai.cost.usd",
      "gen_ai.usage.cost_usd",
    ].map((from) => ({ from, to: "@reported_usd" }) as const),
    ...["litellm.response_cost", "litellm.response-cost"].map((from) => ({ from, to: "@reported_usd" }) as const),
    { from: "llm.success", to: "@failed", values: { false: "failed", true: "" } },
  ],
  tokens: { inputIncludesCache: "auto", outputIncludesReasoning: "auto" },
  layer: "app",
  prefixedModels: true,
  traps: [
    "A cost of 0.0 means that the price was not known.",
    "Such a span often is a trace of its own beside an instrumentation's span of the same call, without a response id.",
    "Bare names (`model`, `prompt_tokens`) are read in no dialect by themselves: anything may have them.",
  ],
};
