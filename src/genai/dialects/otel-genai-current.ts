import type { Dialect } from "../dialect.ts";
import { currentNames } from "./shared-rules.ts";

export const otelGenaiCurrent: Dialect = {
  id: "otel-genai-current",
  about: "Instrumentations that follow today's OpenTelemetry GenAI conventions.",
  signs: {
    names: ["gen_ai.provider.name", "gen_ai.operation.name", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"],
  },
  rules: currentNames,
  tokens: { inputIncludesCache: "auto", outputIncludesReasoning: "auto" },
  layer: "app",
  traps: [
    "The convention says since 1.40 that input includes cached tokens; older emitters write what the provider said.",
    "`invoke_agent` spans may restate the usage of the calls below them.",
  ],
};
