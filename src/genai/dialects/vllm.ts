// vLLM's own spans. Seen: 0.33.0, constructed from `OutputProcessor.do_tracing`.
import type { Dialect } from "../dialect.ts";
import { currentNames, earlierNames } from "./shared-rules.ts";

export const vllm: Dialect = {
  id: "vllm",
  about: "The `llm_request` span of a vLLM server.",
  signs: {
    scopes: ["vllm.*"],
    keys: ["gen_ai.latency.e2e", "gen_ai.latency.time_to_first_token", "gen_ai.latency.time_in_queue"],
  },
  rules: [
    ...currentNames,
    ...earlierNames,
    { from: "gen_ai.usage.cached_tokens", to: "gen_ai.usage.cache_read.input_tokens" },
    // The id that the HTTP client gets: a proxy before vLLM has it as response id.
    { from: "gen_ai.request.id", to: "gen_ai.response.id" },
    { from: "gen_ai.request.n", to: "gen_ai.request.choice.count" },
  ],
  tokens: { inputIncludesCache: true, outputIncludesReasoning: true },
  layer: "model_server",
  constants: [
    { to: "gen_ai.provider.name", value: "vllm" },
    { to: "gen_ai.operation.name", value: "chat" },
  ],
  traps: [
    "No model and no provider: `services` of the normaliser names them.",
    "With `n` above 1 there is one span per choice, with the same request id and each with the whole prompt.",
    "Parameters that are falsy, such as temperature 0, are left out.",
  ],
};
