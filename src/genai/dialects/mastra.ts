// Mastra's exporters. Seen: 1.71.0 with exporter 1.4.0, and 0.24.9 with exporter 0.3.3.
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
        model_inference: "chat",
        llm_generation: "chat",
        agent_run: "invoke_agent",
        tool_call: "execute_tool",
        mcp_tool_call: "execute_tool",
        workflow_run: "invoke_workflow",
      },
    },
    ...currentNames,
    ...earlierNames,
    {
      from: "mastra.span.type",
      to: "gen_ai.operation.name",
      keep: true,
      values: { model_generation: "chat", model_step: "chat", "*": "@other" },
    },
    { from: "gen_ai.usage.cached_input_tokens", to: "gen_ai.usage.cache_read.input_tokens" },
    { from: "gen_ai.usage.cache_write_input_tokens", to: "gen_ai.usage.cache_write.input_tokens" },
    { from: "mastra.metadata.threadId", to: "gen_ai.conversation.id", keep: true },
  ],
  tokens: { inputIncludesCache: true, outputIncludesReasoning: true },
  layer: "app",
  traps: [
    "Since 1.x the call is `model_inference`; before it was `model_generation`, which of an agent with tools says the sum of all its calls.",
    "`gen_ai.provider.name` is AI SDK's word (`openai.chat`), and there is no response id.",
    'Counts come as texts too (`"720"`).',
  ],
};
