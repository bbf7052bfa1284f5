// Mastra's exporters. From its published source.
import type { Dialect } from "../dialect.ts";
import { currentNames, earlierNames } from "./shared-rules.ts";

export const mastra: Dialect = {
  id: "mastra",
  about: "Mastra agents and workflows, exported over OpenTelemetry.",
  signs: { scopes: ["@mastra/*", "mastra*"], keys: ["mastra.span.type"] },
  rules: [
    {
      from: "mastra.span.type",
      to: "gen_ai.operation.name",
      keep: true,
      values: {
        model_generation: "chat",
        llm_generation: "chat",
        model_step: "chat",
        agent_run: "invoke_agent",
        tool_call: "execute_tool",
        mcp_tool_call: "execute_tool",
        workflow_run: "invoke_workflow",
        "*": "@other",
      },
    },
    ...currentNames,
    ...earlierNames,
    { from: "gen_ai.usage.cached_input_tokens", to: "gen_ai.usage.cache_read.input_tokens" },
    { from: "gen_ai.usage.cache_write_input_tokens", to: "gen_ai.usage.cache_write.input_tokens" },
    { from: "mastra.metadata.threadId", to: "gen_ai.conversation.id", keep: true },
  ],
  tokens: { inputIncludesCache: true, outputIncludesReasoning: true },
  layer: "app",
  traps: [
    "A generation is the sum of its steps, and with one step they say the same: the step is the call.",
    'Counts come as texts too (`"720"`).',
  ],
};
