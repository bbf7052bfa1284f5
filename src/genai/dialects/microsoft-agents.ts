// Microsoft Agent Framework, Agent 365 and Semantic Kernel, .NET and Python. From their published source.
import type { Dialect } from "../dialect.ts";
import { currentNames, earlierNames } from "./shared-rules.ts";

export const microsoftAgents: Dialect = {
  id: "microsoft-agents",
  about: "Microsoft Agent Framework, Agent 365, Semantic Kernel and Microsoft.Extensions.AI.",
  signs: {
    scopes: [
      ..."agent_framework* Microsoft.SemanticKernel* semantic_kernel* Microsoft.Agents* Microsoft.Extensions.AI*".split(
        " ",
      ),
      "Experimental.Microsoft.Extensions.AI*",
      "Experimental.Microsoft.Agents.AI*",
    ],
    keys: ["gen_ai.response.prompt_tokens", "gen_ai.response.completion_tokens", "microsoft.tenant.id"],
  },
  rules: [
    ...currentNames,
    ...earlierNames,
    { from: "gen_ai.response.prompt_tokens", to: "gen_ai.usage.input_tokens" },
    { from: "gen_ai.response.completion_tokens", to: "gen_ai.usage.output_tokens" },
    { from: "gen_ai.response.completion_token", to: "gen_ai.usage.output_tokens" },
    { from: "microsoft.session.id", to: "gen_ai.conversation.id", keep: true },
    { from: "microsoft.agent.user.id", to: "user.id", keep: true },
  ],
  tokens: { inputIncludesCache: "auto", outputIncludesReasoning: true },
  layer: "app",
  traps: [
    "`invoke_agent` carries the usage of the whole run beside its `chat` spans.",
    "The provider may be `microsoft.agent_framework`: address or model tell the real one.",
    "Finish reasons come as a JSON text too.",
  ],
};
