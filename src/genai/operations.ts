// What kind of work a span is: the spellings of operations, and which of them are calls of a model.
import { operationNames } from "./semconv.ts";

export type Shape = "call" | "container" | "copy" | "other";

/** The operation for a spelling, undefined when nobody knows it. */
export function operationOf(spelling: string): string | undefined {
  return canonical.get(spelling) ?? canonical.get(spelling.toLowerCase());
}

/** What a span with this operation is; a word that is in no list is not billed. */
export function shapeOf(operation: string): Shape {
  if (calls.has(operation)) return "call";
  return containers.has(operation) ? "container" : "other";
}

/** What a model is called for; from `rerank` on it has no name in the convention. */
export const callOperations = [
  "chat",
  "generate_content",
  "text_completion",
  "embeddings",
  "rerank",
  "image_generation",
  "image_edit",
  "video_generation",
  "speech",
  "transcription",
  "translation",
  "ocr",
  "moderation",
] as const;

/** Operations that restate the usage of their children. */
export const containerOperations = [
  "invoke_agent",
  "create_agent",
  "invoke_workflow",
  "agent_step",
  "plan",
  "task",
  "framework",
  "execute_event_loop_cycle",
] as const;

const calls: ReadonlySet<string> = new Set(callOperations);
const containers: ReadonlySet<string> = new Set(containerOperations);

/** LiteLLM's call types, OpenInference's and Traceloop's kinds, older conventions. */
const spellings: Readonly<Record<string, string>> = {
  chat: `chat.completions completion acompletion completion_with_retries acompletion_with_retries responses aresponses
    anthropic_messages messages call_llm llm_call llm llm_request model_request chat_model generation
    pass_through_endpoint allm_passthrough_route`,
  text_completion: "atext_completion text.completions",
  generate_content: "agenerate_content generate_content_stream agenerate_content_stream",
  embeddings: "embedding aembedding vectorize",
  invoke_agent: "agent agent_call",
  execute_tool: "tool tool_call call_mcp_tool",
  invoke_workflow: "workflow chain",
  retrieval: "retrieve retriever vector_db_retrieve",
  rerank: "arerank reranker",
  image_generation: "aimage_generation image",
  image_edit: "aimage_edit image_variation aimage_variation",
  video_generation: "avideo_generation create_video acreate_video",
  speech: "aspeech",
  transcription: "atranscription",
  translation: "atranslation",
  ocr: "aocr",
  moderation: "amoderation",
};

const canonical: ReadonlyMap<string, string> = new Map([
  ...[...operationNames, ...callOperations, ...containerOperations].map((name) => [name, name] as const),
  ...Object.entries(spellings).flatMap(([name, others]) => others.split(/\s+/).map((word) => [word, name] as const)),
]);
