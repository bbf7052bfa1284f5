// Google's Agent Development Kit. From its published source; captures.md 14.
import type { Dialect } from "../dialect.ts";
import { currentNames, earlierNames } from "./shared-rules.ts";

export const googleAdk: Dialect = {
  id: "google-adk",
  about: "Google ADK: agents, their model calls and tools.",
  signs: { scopes: ["gcp.vertex.agent"], keys: ["gcp.vertex.agent.llm_response", "gcp.vertex.agent.event_id"] },
  rules: [
    ...currentNames,
    ...earlierNames,
    { from: "gen_ai.usage.thoughts_tokens", to: "gen_ai.usage.reasoning.output_tokens" },
    {
      from: "gen_ai.usage.experimental.reasoning_tokens",
      to: "gen_ai.usage.reasoning.output_tokens",
    },
    { from: "gen_ai.usage.experimental.cached_content_tokens", to: "gen_ai.usage.cache_read.input_tokens" },
    { from: "gcp.vertex.agent.session_id", to: "gen_ai.conversation.id", keep: true },
    {
      inside: "gcp.vertex.agent.llm_response",
      rules: [
        { from: "usage_metadata.prompt_token_count", to: "gen_ai.usage.input_tokens" },
        { from: "usage_metadata.candidates_token_count", to: "gen_ai.usage.output_tokens" },
        { from: "usage_metadata.cached_content_token_count", to: "gen_ai.usage.cache_read.input_tokens" },
        { from: "usage_metadata.thoughts_token_count", to: "gen_ai.usage.reasoning.output_tokens" },
        { from: "usage_metadata.total_token_count", to: "@total_tokens" },
        { from: "model_version", to: "gen_ai.response.model" },
      ],
    },
  ],
  tokens: { inputIncludesCache: true, outputIncludesReasoning: "auto" },
  layer: "app",
  prefixedModels: true,
  traps: [
    "Output left thoughts out before 2.13: the total says so.",
    "The provider is `gcp.vertex.agent`, which answers nothing; models of others come through LiteLLM with their prefix.",
    "One call may have three spans: `call_llm`, `generate_content`, and that of an instrumentation of the SDK.",
    'Tools carry `"{}"` where a response would stand.',
  ],
};
