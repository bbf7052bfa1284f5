// Rules that several emitters share, because they write the names of one convention or another.
import type { Rule } from "../dialect.ts";
import { type AttributeName, attributeTypes } from "../semconv.ts";

/** Today's names stand for themselves; reading them repairs their types. */
export const currentNames: readonly Rule[] = [
  ...(Object.keys(attributeTypes) as AttributeName[]).map((name) => ({ from: name, to: name })),
  { from: "gen_ai.usage.cache_creation.input_tokens", to: "gen_ai.usage.cache_write.input_tokens" },
  { from: "gen_ai.usage.total_tokens", to: "@total_tokens" },
  { from: "gen_ai.usage.cost", to: "@reported_usd" },
];

/** Names of earlier versions of the convention, and spellings of drafts that emitters picked up. */
export const earlierNames: readonly Rule[] = [
  { from: "gen_ai.usage.prompt_tokens", to: "gen_ai.usage.input_tokens" },
  { from: "gen_ai.usage.completion_tokens", to: "gen_ai.usage.output_tokens" },
  { from: "gen_ai.usage.cache_read_input_tokens", to: "gen_ai.usage.cache_read.input_tokens" },
  { from: "gen_ai.usage.cache_creation_input_tokens", to: "gen_ai.usage.cache_write.input_tokens" },
  { from: "gen_ai.usage.reasoning_tokens", to: "gen_ai.usage.reasoning.output_tokens" },
  { from: "gen_ai.system", to: "gen_ai.provider.name" },
  { from: "gen_ai.openai.request.seed", to: "gen_ai.request.seed" },
  {
    from: "gen_ai.openai.request.response_format",
    to: "gen_ai.output.type",
    values: { json_object: "json", json_schema: "json" },
  },
  { from: "gen_ai.openai.request.service_tier", to: "openai.request.service_tier" },
  { from: "gen_ai.openai.response.service_tier", to: "openai.response.service_tier" },
  { from: "gen_ai.openai.response.system_fingerprint", to: "openai.response.system_fingerprint" },
  { from: "gen_ai.response.finish_reason", to: "gen_ai.response.finish_reasons" },
  { from: "gen_ai.is_streaming", to: "gen_ai.request.stream" },
];

/** The usage object of OpenAI's and Anthropic's APIs, as LiteLLM and others copy it into a text. */
export const usageObject: readonly Rule[] = [
  { from: "prompt_tokens", to: "gen_ai.usage.input_tokens" },
  { from: "input_tokens", to: "gen_ai.usage.input_tokens" },
  { from: "completion_tokens", to: "gen_ai.usage.output_tokens" },
  { from: "output_tokens", to: "gen_ai.usage.output_tokens" },
  { from: "total_tokens", to: "@total_tokens" },
  { from: "cache_read_input_tokens", to: "gen_ai.usage.cache_read.input_tokens" },
  { from: "prompt_tokens_details.cached_tokens", to: "gen_ai.usage.cache_read.input_tokens" },
  { from: "input_tokens_details.cached_tokens", to: "gen_ai.usage.cache_read.input_tokens" },
  { from: "cache_creation_input_tokens", to: "gen_ai.usage.cache_write.input_tokens" },
  { from: "prompt_tokens_details.cache_creation_tokens", to: "gen_ai.usage.cache_write.input_tokens" },
  { from: "prompt_tokens_details.cache_write_tokens", to: "gen_ai.usage.cache_write.input_tokens" },
  { from: "input_tokens_details.cache_write_tokens", to: "gen_ai.usage.cache_write.input_tokens" },
  { from: "cache_creation.ephemeral_5m_input_tokens", to: "@cache_write_5m_tokens" },
  { from: "cache_creation.ephemeral_1h_input_tokens", to: "@cache_write_1h_tokens" },
  {
    from: "prompt_tokens_details.cache_creation_token_details.ephemeral_5m_input_tokens",
    to: "@cache_write_5m_tokens",
  },
  {
    from: "prompt_tokens_details.cache_creation_token_details.ephemeral_1h_input_tokens",
    to: "@cache_write_1h_tokens",
  },
  { from: "completion_tokens_details.reasoning_tokens", to: "gen_ai.usage.reasoning.output_tokens" },
  { from: "output_tokens_details.reasoning_tokens", to: "gen_ai.usage.reasoning.output_tokens" },
  { from: "prompt_tokens_details.audio_tokens", to: "gen_ai.usage.audio.input_tokens" },
  { from: "completion_tokens_details.audio_tokens", to: "gen_ai.usage.audio.output_tokens" },
  { from: "service_tier", to: "@service_tier" },
];
