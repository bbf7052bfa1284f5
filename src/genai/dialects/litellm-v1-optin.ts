// LiteLLM's first callback with OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental.
import type { Dialect } from "../dialect.ts";
import { litellmCallback, litellmProxyKeys, litellmSigns } from "./litellm-v1.ts";
import { currentNames, earlierNames } from "./shared-rules.ts";

export const litellmV1Optin: Dialect = {
  id: "litellm-v1-optin",
  about: "LiteLLM's `otel` callback with `OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental`.",
  signs: { scopes: ["litellm"], keys: litellmSigns, hints: ["gen_ai.provider.name"] },
  rules: [...currentNames, ...earlierNames, ...litellmCallback],
  tokens: { inputIncludesCache: true, outputIncludesReasoning: true },
  layer: "proxy",
  layerKeys: litellmProxyKeys,
  prefixedModels: true,
  traps: [
    '`gen_ai.provider.name` is LiteLLM\'s own id (`bedrock`), and `""` or `Unknown` where the default mode has that fault.',
    "Finish reasons are still a JSON text; cache counts come as attributes for Anthropic only.",
  ],
};
