// The names of the OpenTelemetry GenAI conventions as they are today, with the type of each value.
// Source: attribute registry of semantic-conventions-genai at fee465db (schema gen-ai-dev/1.42.0-dev, core 1.44.0).
// Prompts, answers and tool arguments are not listed: nothing here reads or writes content.

/** What a value is once it is right. */
export type AttributeType = "int" | "double" | "boolean" | "string" | "string[]";

export const attributeTypes = {
  "gen_ai.operation.name": "string",
  "gen_ai.provider.name": "string",
  "gen_ai.request.model": "string",
  "gen_ai.response.model": "string",
  "gen_ai.response.id": "string",
  "gen_ai.response.finish_reasons": "string[]",
  "gen_ai.response.status": "string",
  "gen_ai.response.time_to_first_chunk": "double",
  "gen_ai.request.max_tokens": "int",
  "gen_ai.request.choice.count": "int",
  "gen_ai.request.temperature": "double",
  "gen_ai.request.top_p": "double",
  "gen_ai.request.top_k": "int",
  "gen_ai.request.stop_sequences": "string[]",
  "gen_ai.request.frequency_penalty": "double",
  "gen_ai.request.presence_penalty": "double",
  "gen_ai.request.seed": "int",
  "gen_ai.request.stream": "boolean",
  "gen_ai.request.encoding_formats": "string[]",
  "gen_ai.request.reasoning.level": "string",
  "gen_ai.usage.input_tokens": "int",
  "gen_ai.usage.output_tokens": "int",
  "gen_ai.usage.cache_read.input_tokens": "int",
  "gen_ai.usage.cache_write.input_tokens": "int",
  "gen_ai.usage.reasoning.output_tokens": "int",
  "gen_ai.usage.image.input_tokens": "int",
  "gen_ai.usage.image.output_tokens": "int",
  "gen_ai.usage.audio.input_tokens": "int",
  "gen_ai.usage.audio.output_tokens": "int",
  "gen_ai.usage.audio.cache_read.input_tokens": "int",
  "gen_ai.conversation.id": "string",
  "gen_ai.agent.id": "string",
  "gen_ai.agent.name": "string",
  "gen_ai.workflow.name": "string",
  "gen_ai.tool.name": "string",
  "gen_ai.tool.call.id": "string",
  "gen_ai.tool.type": "string",
  "gen_ai.tool.description": "string",
  "gen_ai.data_source.id": "string",
  "gen_ai.output.type": "string",
  "gen_ai.embeddings.dimension.count": "int",
  "openai.request.service_tier": "string",
  "openai.response.service_tier": "string",
  "openai.response.system_fingerprint": "string",
  "error.type": "string",
  "server.address": "string",
  "server.port": "int",
  "user.id": "string",
  "session.id": "string",
} as const satisfies Readonly<Record<string, AttributeType>>;
export type AttributeName = keyof typeof attributeTypes;

/** Names that changed last: the name of today, and the one before it that readers still look for. */
export const previousNames = {
  // semantic-conventions-genai #440
  "gen_ai.usage.cache_write.input_tokens": "gen_ai.usage.cache_creation.input_tokens",
} as const satisfies Partial<Record<AttributeName, string>>;

/** Values of `gen_ai.provider.name` in the registry. The enum is open: other values are allowed. */
export const providerNames = [
  "openai",
  "gcp.gen_ai",
  "gcp.vertex_ai",
  "gcp.gemini",
  "anthropic",
  "cohere",
  "azure.ai.inference",
  "azure.ai.openai",
  "ibm.watsonx.ai",
  "aws.bedrock",
  "perplexity",
  "x_ai",
  "deepseek",
  "groq",
  "mistral_ai",
  "moonshot_ai",
] as const;

/** Values of `gen_ai.operation.name` in the registry. */
export const operationNames = [
  "chat",
  "generate_content",
  "text_completion",
  "embeddings",
  "retrieval",
  "fetch_response",
  "create_agent",
  "invoke_agent",
  "execute_tool",
  "invoke_workflow",
  "plan",
  "search_memory",
  "create_memory",
  "update_memory",
  "upsert_memory",
  "delete_memory",
  "create_memory_store",
  "delete_memory_store",
] as const;
