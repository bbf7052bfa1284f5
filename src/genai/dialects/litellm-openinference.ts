// LiteLLM's callbacks `arize`, `arize_phoenix`, `langfuse_otel` and `weave_otel`. captures.md 9.
import type { Dialect } from "../dialect.ts";
import { litellmCallback } from "./litellm-v1.ts";
import { openinference } from "./openinference.ts";
import { currentNames, earlierNames } from "./shared-rules.ts";

export const litellmOpeninference: Dialect = {
  id: "litellm-openinference",
  about: "LiteLLM's callbacks for Arize, Phoenix, Langfuse and Weave, which write OpenInference's names.",
  signs: { scopes: ["litellm"], hints: ["openinference.span.kind", "llm.token_count.prompt", "llm.token_count.total"] },
  rules: [...openinference.rules, ...currentNames, ...earlierNames, ...litellmCallback],
  tokens: { inputIncludesCache: true, outputIncludesReasoning: true },
  layer: "proxy",
  prefixedModels: true,
  traps: [
    "Kind is TOOL on a call that offers tools.",
    "Both `litellm_request` and its parent `litellm_proxy_request` carry the usage.",
  ],
};
