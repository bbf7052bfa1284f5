// Langfuse SDKs from 3 (Python) and 4 (JavaScript) on, which are OpenTelemetry. captures.md 16.
import type { Dialect, Rule } from "../dialect.ts";
import { usageObject } from "./shared-rules.ts";

const to = (field: Rule["to"], ...names: readonly string[]): readonly Rule[] =>
  names.map((from) => ({ from, to: field }));

/** Langfuse's own words for buckets, behind those of the providers. */
const buckets: readonly Rule[] = [
  ...usageObject,
  ...to("@uncached_input_tokens", "input"),
  ...to("gen_ai.usage.output_tokens", "output"),
  ...to("@total_tokens", "total"),
  ...to(
    "gen_ai.usage.cache_read.input_tokens",
    ..."input_cached_tokens input_cache_read input_cache_read_tokens cached_input_tokens cache_read".split(" "),
  ),
  ...to(
    "gen_ai.usage.cache_write.input_tokens",
    ..."input_cache_creation input_cache_creation_tokens input_cache_write cache_creation cache_write".split(" "),
  ),
  ...to("@cache_write_5m_tokens", "input_cache_creation_5m", "input_cache_creation_ephemeral_5m_input_tokens"),
  ...to("@cache_write_1h_tokens", "input_cache_creation_1h", "input_cache_creation_ephemeral_1h_input_tokens"),
  ...to(
    "gen_ai.usage.reasoning.output_tokens",
    ..."output_reasoning output_reasoning_tokens reasoning reasoning_tokens".split(" "),
  ),
  ...to("gen_ai.usage.audio.input_tokens", "input_audio", "input_audio_tokens"),
  ...to("gen_ai.usage.audio.output_tokens", "output_audio", "output_audio_tokens"),
];

export const langfuse: Dialect = {
  id: "langfuse",
  about: "Langfuse SDKs: decorators, the OpenAI wrapper, the LangChain handler.",
  signs: {
    scopes: ["langfuse-sdk*", "langfuse*"],
    keys: ["langfuse.observation.usage_details", "langfuse.observation.type"],
  },
  rules: [
    {
      from: "langfuse.observation.type",
      to: "gen_ai.operation.name",
      keep: true,
      values: {
        generation: "chat",
        embedding: "embeddings",
        agent: "invoke_agent",
        tool: "execute_tool",
        retriever: "retrieval",
        chain: "@container",
        span: "@container",
        event: "@other",
        evaluator: "@other",
        guardrail: "@other",
        "*": "",
      },
    },
    { from: "langfuse.observation.model.name", to: "@model" },
    { from: "langfuse.session.id", to: "gen_ai.conversation.id", keep: true },
    { from: "langfuse.user.id", to: "user.id", keep: true },
    {
      from: "langfuse.observation.level",
      to: "@failed",
      values: { error: "failed", default: "", debug: "", warning: "" },
    },
    { inside: "langfuse.observation.usage_details", rules: buckets },
    { inside: "langfuse.observation.cost_details", rules: [{ from: "total", to: "@reported_usd" }] },
    {
      inside: "langfuse.observation.model.parameters",
      rules: [
        { from: "temperature", to: "gen_ai.request.temperature" },
        // The wrapper writes a limit that was not set as `"Infinity"`.
        { from: "max_tokens", to: "gen_ai.request.max_tokens", values: { Infinity: "" } },
        { from: "top_p", to: "gen_ai.request.top_p" },
        { from: "frequency_penalty", to: "gen_ai.request.frequency_penalty" },
        { from: "presence_penalty", to: "gen_ai.request.presence_penalty" },
        { from: "seed", to: "gen_ai.request.seed" },
      ],
    },
  ],
  tokens: { inputIncludesCache: "auto", outputIncludesReasoning: false },
  layer: "app",
  traps: [
    "`input` and `output` of the LangChain handler leave out what stands in buckets of their own; the OpenAI wrapper writes the provider's usage as it came. The total tells.",
    "A wrapper inside a handler makes two generations of one call, without a response id.",
  ],
};
