// MLflow tracing exported over OTLP. Seen: 3.17.2 (captures). Every attribute is a JSON text.
import type { Dialect } from "../dialect.ts";

export const mlflow: Dialect = {
  id: "mlflow",
  about: "MLflow tracing (`mlflow.openai.autolog` and its like), exported over OTLP.",
  signs: { scopes: ["mlflow.*"], keys: ["mlflow.spanType", "mlflow.chat.tokenUsage"] },
  rules: [
    {
      from: "mlflow.spanType",
      to: "gen_ai.operation.name",
      values: {
        LLM: "chat",
        CHAT_MODEL: "chat",
        EMBEDDING: "embeddings",
        TOOL: "execute_tool",
        AGENT: "invoke_agent",
        CHAIN: "invoke_workflow",
        WORKFLOW: "invoke_workflow",
        RETRIEVER: "retrieval",
        RERANKER: "rerank",
        "*": "",
      },
    },
    { from: "mlflow.llm.model", to: "@model" },
    { from: "model", to: "gen_ai.request.model", keep: true },
    { from: "max_tokens", to: "gen_ai.request.max_tokens", keep: true },
    { from: "temperature", to: "gen_ai.request.temperature", keep: true },
    { from: "mlflow.llm.provider", to: "gen_ai.provider.name" },
    // The form of the messages tells whose API was called; formats of frameworks tell nothing.
    {
      from: "mlflow.message.format",
      to: "gen_ai.provider.name",
      keep: true,
      values: {
        openai: "openai",
        anthropic: "anthropic",
        gemini: "gcp.gemini",
        bedrock: "aws.bedrock",
        mistral: "mistral_ai",
        groq: "groq",
        "*": "",
      },
    },
    {
      inside: "mlflow.chat.tokenUsage",
      rules: [
        { from: "input_tokens", to: "gen_ai.usage.input_tokens" },
        { from: "output_tokens", to: "gen_ai.usage.output_tokens" },
        { from: "total_tokens", to: "@total_tokens" },
        { from: "cache_read_input_tokens", to: "gen_ai.usage.cache_read.input_tokens" },
        { from: "cache_creation_input_tokens", to: "gen_ai.usage.cache_write.input_tokens" },
      ],
    },
    { inside: "mlflow.llm.cost", rules: [{ from: "total_cost", to: "@reported_usd" }] },
  ],
  tokens: { inputIncludesCache: "auto", outputIncludesReasoning: true },
  layer: "app",
  traps: [
    'Texts are quoted once more: `mlflow.llm.model` is `"\\"gpt-4o\\""`.',
    "`mlflow.trace.tokenUsage` on the root repeats the sum: it is not read.",
    "Embeddings carry no usage; nothing carries the reasoning tokens or a response id.",
  ],
};
