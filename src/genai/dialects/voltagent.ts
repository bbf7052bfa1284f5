// VoltAgent. From its published source.
import type { Dialect } from "../dialect.ts";
import { currentNames, earlierNames } from "./shared-rules.ts";

export const voltagent: Dialect = {
  id: "voltagent",
  about: "VoltAgent agents and their model calls.",
  signs: {
    scopes: ["@voltagent/*", "voltagent*"],
    keys: ["llm.operation", "usage.prompt_context.total"],
    hints: ["entity.type"],
  },
  rules: [
    { from: "llm.operation", to: "gen_ai.operation.name", keep: true, values: { embed: "embeddings", "*": "chat" } },
    {
      from: "entity.type",
      to: "gen_ai.operation.name",
      keep: true,
      values: {
        agent: "invoke_agent",
        tool: "execute_tool",
        workflow: "invoke_workflow",
        retriever: "retrieval",
      },
    },
    ...currentNames,
    ...earlierNames,
    { from: "entity.type", to: "gen_ai.operation.name", keep: true, values: { "*": "@other" } },
    ...["llm.usage", "usage"].flatMap(
      (bag) =>
        [
          { from: `${bag}.prompt_tokens`, to: "gen_ai.usage.input_tokens" },
          { from: `${bag}.completion_tokens`, to: "gen_ai.usage.output_tokens" },
          { from: `${bag}.total_tokens`, to: "@total_tokens" },
          { from: `${bag}.cached_tokens`, to: "gen_ai.usage.cache_read.input_tokens" },
          { from: `${bag}.reasoning_tokens`, to: "gen_ai.usage.reasoning.output_tokens" },
        ] as const,
    ),
    { from: "llm.model", to: "gen_ai.request.model" },
    { from: "llm.model_id", to: "gen_ai.request.model" },
    { from: "ai.model.name", to: "gen_ai.request.model" },
    { from: "llm.provider", to: "gen_ai.provider.name" },
    { from: "ai.model.provider", to: "gen_ai.provider.name" },
    { from: "usage.cost", to: "@reported_usd" },
    { from: "conversation.id", to: "gen_ai.conversation.id", keep: true },
  ],
  tokens: { inputIncludesCache: "auto", outputIncludesReasoning: true },
  layer: "app",
  prefixedModels: true,
  traps: [
    "`usage.*` on the agent's span repeats `llm.usage.*` of its calls.",
    "`usage.prompt_context.*` are estimates: not read.",
  ],
};
