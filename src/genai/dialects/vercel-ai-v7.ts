// Vercel AI SDK from 7 on, scope `gen_ai`. From its published source.
import type { Dialect } from "../dialect.ts";
import { currentNames, earlierNames } from "./shared-rules.ts";

export const vercelAiV7: Dialect = {
  id: "vercel-ai-v7",
  about: "Vercel AI SDK from 7 on (`@ai-sdk/otel`).",
  signs: { scopes: ["gen_ai", "@ai-sdk/otel*"] },
  rules: [...currentNames, ...earlierNames, { from: "ai.settings.context.userId", to: "user.id", keep: true }],
  tokens: { inputIncludesCache: true, outputIncludesReasoning: true },
  layer: "app",
  traps: [
    "`invoke_agent` is the sum of its `chat` spans; `embeddings` and `rerank` come twice, one within the other.",
    "`gen_ai.usage.*` also holds seconds and characters: only known names are read.",
    "Azure is `azure.ai.inference` here.",
  ],
};
