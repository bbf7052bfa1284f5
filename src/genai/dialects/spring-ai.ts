// Spring AI over Micrometer. From its published source.
import type { Dialect } from "../dialect.ts";
import { currentNames, earlierNames } from "./shared-rules.ts";

export const springAi: Dialect = {
  id: "spring-ai",
  about: "Spring AI, whose observations Micrometer turns into spans.",
  signs: {
    scopes: ["org.springframework.*", "io.micrometer.*"],
    keys: ["spring.ai.kind"],
  },
  rules: [
    ...currentNames,
    ...earlierNames,
    {
      from: "spring.ai.kind",
      to: "gen_ai.operation.name",
      keep: true,
      values: {
        chat_client: "@container",
        advisor: "@container",
        tool_call: "execute_tool",
        vector_store: "retrieval",
        "*": "",
      },
    },
    { from: "spring.ai.chat.client.conversation.id", to: "gen_ai.conversation.id", keep: true },
    { from: "spring.ai.tool.definition.name", to: "gen_ai.tool.name", keep: true },
  ],
  tokens: { inputIncludesCache: "auto", outputIncludesReasoning: true },
  layer: "app",
  traps: [
    'Every value is a text: `"42"`, `"0.7"`, and `"none"` for nothing.',
    "The client's span (`framework`, provider `spring_ai`) stands around that of the model.",
  ],
};
