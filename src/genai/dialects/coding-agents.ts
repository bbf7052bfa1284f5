// Claude Code, Codex, Gemini CLI and Copilot CLI. From their published telemetry.
import type { Dialect, Rule } from "../dialect.ts";
import { currentNames, earlierNames } from "./shared-rules.ts";

export const claudeCode: Dialect = {
  id: "claude-code",
  about: "Claude Code's traces.",
  signs: { scopes: ["com.anthropic.claude_code*"] },
  rules: [
    {
      from: "span.type",
      to: "gen_ai.operation.name",
      keep: true,
      values: { llm_request: "chat", interaction: "@container", tool: "execute_tool", "*": "" },
    },
    ...currentNames,
    { from: "input_tokens", to: "gen_ai.usage.input_tokens" },
    { from: "output_tokens", to: "gen_ai.usage.output_tokens" },
    { from: "cache_read_tokens", to: "gen_ai.usage.cache_read.input_tokens" },
    { from: "cache_creation_tokens", to: "gen_ai.usage.cache_write.input_tokens" },
    { from: "model", to: "gen_ai.request.model" },
    { from: "stop_reason", to: "gen_ai.response.finish_reasons" },
    { from: "ttft_ms", to: "gen_ai.response.time_to_first_chunk", unit: "ms" },
    { from: "speed", to: "@service_tier", values: { normal: "", standard: "" } },
    { from: "success", to: "@failed", values: { false: "failed", true: "" } },
  ],
  tokens: { inputIncludesCache: false, outputIncludesReasoning: true },
  layer: "app",
  constants: [
    { to: "gen_ai.provider.name", value: "anthropic" },
    { to: "gen_ai.operation.name", value: "chat" },
  ],
  traps: [
    "Input leaves the cache out: 2, with 63002 read.",
    "Numbers come as texts; a log event, a metric and the proxy's span tell of the same call.",
    "What a subscription pays is not charged by tokens: set its service to `ignore`.",
  ],
};

const turn: readonly Rule[] = [
  { from: "codex.turn.token_usage.input_tokens", to: "gen_ai.usage.input_tokens" },
  { from: "codex.turn.token_usage.output_tokens", to: "gen_ai.usage.output_tokens" },
  { from: "codex.turn.token_usage.total_tokens", to: "@total_tokens" },
  { from: "codex.turn.token_usage.cached_input_tokens", to: "gen_ai.usage.cache_read.input_tokens" },
  { from: "codex.turn.token_usage.cache_write_input_tokens", to: "gen_ai.usage.cache_write.input_tokens" },
  { from: "codex.turn.token_usage.non_cached_input_tokens", to: "@uncached_input_tokens" },
  { from: "codex.turn.token_usage.reasoning_output_tokens", to: "gen_ai.usage.reasoning.output_tokens" },
];
const codexNames: readonly Rule[] = [
  { from: "codex.usage.reasoning_output_tokens", to: "gen_ai.usage.reasoning.output_tokens" },
  { from: "model", to: "gen_ai.request.model" },
  { from: "conversation.id", to: "gen_ai.conversation.id", keep: true },
];
const codexAlways = [
  { to: "gen_ai.provider.name", value: "openai" },
  { to: "gen_ai.operation.name", value: "chat" },
] as const;

export const codexTurn: Dialect = {
  id: "codex-turn",
  about: "The turns of Codex in a terminal, scope `codex_cli_rs`: there the turn is what counts.",
  signs: { scopes: ["codex_cli_rs"], keys: ["codex.turn.token_usage.input_tokens"] },
  rules: [...turn, ...currentNames, ...earlierNames, ...codexNames],
  tokens: { inputIncludesCache: true, outputIncludesReasoning: true },
  layer: "app",
  constants: codexAlways,
  traps: ["What a ChatGPT plan pays is not charged by tokens: set its service to `ignore`."],
};

export const codexResponse: Dialect = {
  id: "codex-response",
  about: "The span `handle_responses` below a turn of Codex in a terminal.",
  signs: { scopes: ["codex_cli_rs"], hints: ["gen_ai.usage.input_tokens"] },
  rules: [...currentNames, ...earlierNames, ...codexNames],
  tokens: { inputIncludesCache: true, outputIncludesReasoning: true },
  layer: "app",
  shape: "copy",
  constants: codexAlways,
  traps: ["It repeats the usage of its turn."],
};

export const codexExec: Dialect = {
  id: "codex-exec",
  about: "Codex without a terminal, scope `codex_exec`: there the responses count and the turn is their sum.",
  signs: { scopes: ["codex_exec"] },
  rules: [
    {
      from: "codex.turn.token_usage.input_tokens",
      to: "gen_ai.operation.name",
      keep: true,
      values: { "*": "@container" },
    },
    ...currentNames,
    ...earlierNames,
    ...turn,
    ...codexNames,
  ],
  tokens: { inputIncludesCache: true, outputIncludesReasoning: true },
  layer: "app",
  constants: codexAlways,
  traps: ["`session_task.turn` is a sum here, and the call in `codex_cli_rs`."],
};

export const otherCodingAgents: Dialect = {
  id: "coding-agents",
  about: "Gemini CLI and GitHub Copilot CLI.",
  signs: {
    scopes: ["gemini-cli*", "github.copilot*", "@github/copilot*", "copilot-chat*"],
    keys: ["github.copilot.cost"],
  },
  rules: [
    ...currentNames,
    ...earlierNames,
    { from: "thoughts_token_count", to: "gen_ai.usage.reasoning.output_tokens" },
    { from: "enduser.pseudo.id", to: "user.id", keep: true },
  ],
  tokens: { inputIncludesCache: true, outputIncludesReasoning: "auto" },
  layer: "app",
  traps: [
    "Gemini CLI's spans carry no usage: it stands in logs and metrics.",
    "`github.copilot.cost` are premium requests, no dollars; the root repeats the usage of its calls.",
  ],
};
