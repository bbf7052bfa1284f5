// SDKs of observability platforms that export OpenTelemetry. From their published source.
import type { Dialect } from "../dialect.ts";
import { currentNames, earlierNames, usageObject } from "./shared-rules.ts";

export const laminar: Dialect = {
  id: "laminar",
  about: "Laminar SDKs.",
  signs: { scopes: ["lmnr*", "@lmnr-ai/*"], keys: ["lmnr.span.type"] },
  rules: [
    {
      from: "lmnr.span.type",
      to: "gen_ai.operation.name",
      keep: true,
      values: { LLM: "chat", TOOL: "execute_tool", CACHED: "@other", EVALUATION: "@container", "*": "" },
    },
    ...currentNames,
    ...earlierNames,
    { from: "gen_ai.usage.cache_creation.input_tokens.ephemeral_5m", to: "@cache_write_5m_tokens" },
    { from: "gen_ai.usage.cache_creation.input_tokens.ephemeral_1h", to: "@cache_write_1h_tokens" },
    { from: "lmnr.association.properties.session_id", to: "gen_ai.conversation.id", keep: true },
    { from: "lmnr.association.properties.user_id", to: "user.id", keep: true },
  ],
  tokens: { inputIncludesCache: "auto", outputIncludesReasoning: true },
  layer: "app",
  traps: ["`gen_ai.usage.input_cost` and `output_cost` are parts of `gen_ai.usage.cost`."],
};

export const langwatch: Dialect = {
  id: "langwatch",
  about: "LangWatch SDKs.",
  signs: { scopes: ["langwatch*"], keys: ["langwatch.span.type", "langwatch.metrics"] },
  rules: [
    {
      from: "langwatch.span.type",
      to: "gen_ai.operation.name",
      keep: true,
      values: {
        llm: "chat",
        embedding: "embeddings",
        tool: "execute_tool",
        agent: "invoke_agent",
        rag: "retrieval",
        chain: "@container",
        workflow: "@container",
        span: "@container",
      },
    },
    ...currentNames,
    ...earlierNames,
    { from: "langwatch.span.type", to: "gen_ai.operation.name", keep: true, values: { "*": "@other" } },
    { from: "gen_ai.usage.cached_input_tokens", to: "gen_ai.usage.cache_read.input_tokens" },
    { from: "gen_ai.usage.cache_creation_5m.input_tokens", to: "@cache_write_5m_tokens" },
    { from: "gen_ai.usage.cache_creation_1h.input_tokens", to: "@cache_write_1h_tokens" },
    { from: "langwatch.thread.id", to: "gen_ai.conversation.id", keep: true },
    { from: "langwatch.user.id", to: "user.id", keep: true },
    { from: "langwatch.span.cost", to: "@reported_usd" },
    {
      inside: "langwatch.metrics",
      rules: ["value.", ""].flatMap(
        (path) =>
          [
            { from: `${path}promptTokens`, to: "gen_ai.usage.input_tokens" },
            { from: `${path}prompt_tokens`, to: "gen_ai.usage.input_tokens" },
            { from: `${path}completionTokens`, to: "gen_ai.usage.output_tokens" },
            { from: `${path}completion_tokens`, to: "gen_ai.usage.output_tokens" },
            { from: `${path}cost`, to: "@reported_usd" },
          ] as const,
      ),
    },
  ],
  tokens: { inputIncludesCache: false, outputIncludesReasoning: true },
  layer: "app",
  traps: ["Input leaves the cache out."],
};

export const sentry: Dialect = {
  id: "sentry",
  about: "Sentry SDKs with AI monitoring, over OpenTelemetry.",
  signs: {
    scopes: ["sentry*", "@sentry/*"],
    keys: [
      "gen_ai.operation.type",
      "gen_ai.usage.input_tokens.cached",
      "ai.total_tokens.used",
      "gen_ai.cost.total_tokens",
    ],
    hints: ["sentry.op"],
  },
  rules: [
    ...currentNames,
    ...earlierNames,
    {
      from: "sentry.op",
      to: "gen_ai.operation.name",
      keep: true,
      values: {
        "gen_ai.chat": "chat",
        "gen_ai.responses": "chat",
        "gen_ai.messages": "chat",
        "gen_ai.generate_content": "generate_content",
        "gen_ai.embeddings": "embeddings",
        "gen_ai.text_completion": "text_completion",
        "gen_ai.invoke_agent": "invoke_agent",
        "gen_ai.execute_tool": "execute_tool",
        "gen_ai.handoff": "@other",
        "gen_ai.pipeline": "@container",
        "*": "",
      },
    },
    {
      from: "gen_ai.operation.type",
      to: "gen_ai.operation.name",
      keep: true,
      values: { ai_client: "chat", agent: "invoke_agent", tool: "execute_tool", handoff: "@other", "*": "" },
    },
    { from: "gen_ai.usage.input_tokens.cached", to: "gen_ai.usage.cache_read.input_tokens" },
    { from: "gen_ai.usage.input_tokens.cache_write", to: "gen_ai.usage.cache_write.input_tokens" },
    { from: "gen_ai.usage.output_tokens.reasoning", to: "gen_ai.usage.reasoning.output_tokens" },
    { from: "ai.prompt_tokens.used", to: "gen_ai.usage.input_tokens" },
    { from: "ai.completion_tokens.used", to: "gen_ai.usage.output_tokens" },
    { from: "ai.total_tokens.used", to: "@total_tokens" },
    { from: "ai.model_id", to: "gen_ai.request.model" },
    { from: "ai.model.provider", to: "gen_ai.provider.name" },
    { from: "gen_ai.cost.total_tokens", to: "@reported_usd" },
    { from: "ai.total_cost", to: "@reported_usd" },
  ],
  tokens: { inputIncludesCache: "auto", outputIncludesReasoning: true },
  layer: "app",
  traps: ["`gen_ai.cost.input_tokens` and `gen_ai.cost.total_tokens` are dollars, whatever their names say."],
};

export const braintrust: Dialect = {
  id: "braintrust",
  about: "Braintrust SDKs with OpenTelemetry export.",
  signs: { scopes: ["braintrust*"], keys: ["braintrust.metrics", "braintrust.span_attributes"] },
  rules: [
    ...currentNames,
    ...earlierNames,
    {
      inside: "braintrust.span_attributes",
      rules: [
        {
          from: "type",
          to: "gen_ai.operation.name",
          values: { llm: "chat", tool: "execute_tool", task: "@container", eval: "@container", "*": "@other" },
        },
      ],
    },
    {
      inside: "braintrust.metrics",
      rules: [
        ...usageObject,
        { from: "tokens", to: "@total_tokens" },
        { from: "prompt_cached_tokens", to: "gen_ai.usage.cache_read.input_tokens" },
        { from: "prompt_cache_creation_tokens", to: "gen_ai.usage.cache_write.input_tokens" },
        { from: "completion_reasoning_tokens", to: "gen_ai.usage.reasoning.output_tokens" },
        { from: "estimated_cost", to: "@reported_usd" },
      ],
    },
    {
      inside: "braintrust.metadata",
      rules: [
        { from: "model", to: "gen_ai.request.model" },
        { from: "provider", to: "gen_ai.provider.name" },
        { from: "temperature", to: "gen_ai.request.temperature" },
        { from: "max_tokens", to: "gen_ai.request.max_tokens" },
      ],
    },
  ],
  tokens: { inputIncludesCache: "auto", outputIncludesReasoning: true },
  layer: "app",
  traps: ["Everything stands in JSON texts; `braintrust.parent` alone says only where a span goes."],
};

export const otherPlatforms: Dialect = {
  id: "platforms",
  about: "AgentOps, Langtrace, LiveKit Agents and Opik.",
  signs: {
    scopes: ["agentops*", "langtrace*", "@langtrase/*", "livekit*", "opik*"],
    keys: ["agentops.span.kind", "langtrace.sdk.name", "llm.token.counts", "lk.llm_metrics"],
  },
  rules: [
    {
      from: "agentops.span.kind",
      to: "gen_ai.operation.name",
      keep: true,
      values: { llm: "chat", agent: "invoke_agent", tool: "execute_tool" },
    },
    ...currentNames,
    ...earlierNames,
    { from: "agentops.span.kind", to: "gen_ai.operation.name", keep: true, values: { "*": "@container" } },
    { inside: "llm.token.counts", rules: usageObject },
    {
      inside: "lk.llm_metrics",
      rules: [...usageObject, { from: "prompt_cached_tokens", to: "gen_ai.usage.cache_read.input_tokens" }],
    },
    { from: "llm.model", to: "gen_ai.request.model" },
    { from: "langtrace.service.name", to: "gen_ai.provider.name", keep: true },
  ],
  tokens: { inputIncludesCache: "auto", outputIncludesReasoning: true },
  layer: "app",
  traps: ["LiveKit's `llm_request` and an instrumentation of the SDK tell one call twice."],
};
