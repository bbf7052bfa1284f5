// Strands Agents and Bedrock AgentCore. From their published source; captures.md 13.
import type { Dialect } from "../dialect.ts";
import { currentNames, earlierNames } from "./shared-rules.ts";

export const strands: Dialect = {
  id: "strands",
  about: "Strands Agents, on Bedrock AgentCore or elsewhere.",
  signs: {
    scopes: ["strands*", "opentelemetry.instrumentation.strands*"],
    keys: ["gen_ai.usage.cache_write_input_tokens", "event_loop.cycle_id"],
  },
  rules: [
    ...currentNames,
    ...earlierNames,
    { from: "gen_ai.usage.cache_write_input_tokens", to: "gen_ai.usage.cache_write.input_tokens" },
    { from: "gen_ai.server.time_to_first_token", to: "gen_ai.response.time_to_first_chunk", unit: "ms", keep: true },
  ],
  tokens: { inputIncludesCache: "auto", outputIncludesReasoning: true },
  layer: "app",
  traps: [
    "`prompt_tokens` and `input_tokens` stand on one span with one value.",
    "`invoke_agent` and `execute_event_loop_cycle` carry the sum of their calls.",
    "Bedrock's input left the cache out; now it has it. Bedrock's total always has it, and tells.",
    "The provider is `strands-agents`; the model says whose it is.",
  ],
};
