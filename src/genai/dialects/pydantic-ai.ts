// pydantic-ai and Logfire's own instrumentations. From their published source; captures.md 17.
import type { Dialect } from "../dialect.ts";
import { currentNames, earlierNames, usageObject } from "./shared-rules.ts";

export const pydanticAi: Dialect = {
  id: "pydantic-ai",
  about: "Agents of pydantic-ai, and Logfire's instrumentations of OpenAI, Anthropic and others.",
  signs: {
    scopes: ["pydantic-ai*", "pydantic_ai*", "logfire*"],
    keys: ["gen_ai.usage.details.reasoning_tokens", "operation.cost", "gen_ai.usage.raw"],
  },
  rules: [
    ...currentNames,
    ...earlierNames,
    // The run of an agent before 2.x, which has no operation and the sum of its calls.
    { from: "agent_name", to: "gen_ai.operation.name", values: { "*": "@container" } },
    { from: "agent_name", to: "gen_ai.agent.name", keep: true },
    { from: "model_name", to: "@model", keep: true },
    ...["cache_read_tokens", "cache_read_input_tokens", "cached_tokens", "cached_content_tokens"].map(
      (name) =>
        ({ from: `gen_ai.usage.details.${name}`, to: "gen_ai.usage.cache_read.input_tokens", keep: true }) as const,
    ),
    ...["cache_write_tokens", "cache_creation_input_tokens"].map(
      (name) =>
        ({ from: `gen_ai.usage.details.${name}`, to: "gen_ai.usage.cache_write.input_tokens", keep: true }) as const,
    ),
    ...["reasoning_tokens", "thoughts_tokens"].map(
      (name) =>
        ({ from: `gen_ai.usage.details.${name}`, to: "gen_ai.usage.reasoning.output_tokens", keep: true }) as const,
    ),
    { from: "gen_ai.usage.cache_read_tokens", to: "gen_ai.usage.cache_read.input_tokens" },
    { from: "gen_ai.usage.cache_write_tokens", to: "gen_ai.usage.cache_write.input_tokens" },
    { from: "gen_ai.usage.input_audio_tokens", to: "gen_ai.usage.audio.input_tokens" },
    { from: "gen_ai.usage.output_audio_tokens", to: "gen_ai.usage.audio.output_tokens" },
    { from: "operation.cost", to: "@reported_usd" },
    // Logfire: the provider's own usage, from which it says only the sums in attributes.
    { inside: "gen_ai.usage.raw", rules: usageObject },
  ],
  tokens: { inputIncludesCache: true, outputIncludesReasoning: true },
  layer: "app",
  traps: [
    "`gen_ai.usage.details.*` repeats what the provider said: its sums are never read.",
    "`gen_ai.aggregated_usage.*` (2.x) and the usage of `agent run` (1.x) are sums of calls, the latter of a whole conversation perhaps.",
    "Zeros are left out: a span without output tokens is normal.",
  ],
};
