// Where emitters put what was said: prompts, answers, arguments and results of tools, by family of emitter.
// Sources: the captures, and the published source of the emitters that none was captured of.
import { litellmProviders } from "./dialects/litellm-raw.ts";

export interface SensitiveKeys {
  readonly emitter: string;
  /** Where these names are meant: everywhere, on spans that a dialect knows, or in scopes (`*` at the end for all that start so). */
  readonly on: "every span" | "known spans" | readonly string[];
  readonly exact?: readonly string[];
  readonly prefixes?: readonly string[];
}

export const contentKeys: readonly SensitiveKeys[] = [
  {
    emitter: "OpenTelemetry GenAI conventions, of today and before",
    on: "every span",
    exact: [
      ..."input.messages output.messages system_instructions tool.definitions tool.call.arguments tool.call.result"
        .split(" ")
        .map((name) => `gen_ai.${name}`),
      ..."retrieval.query.text retrieval.documents memory.query.text memory.records evaluation.explanation"
        .split(" ")
        .map((name) => `gen_ai.${name}`),
      ..."prompt completion content.prompt content.completion content.reasoning event.content input output"
        .split(" ")
        .map((name) => `gen_ai.${name}`),
      // Sentry, Mastra, OpenLIT and others who added to the convention
      ..."request.messages response.text response.tool_calls response.object request.available_tools response.reasoning"
        .split(" ")
        .map((name) => `gen_ai.${name}`),
    ],
    // `gen_ai.tool.0.parameters` is LiteLLM's; names of tools are declared by themselves and stay.
    prefixes: [
      "gen_ai.prompt.",
      "gen_ai.completion.",
      "gen_ai.tool.",
      "gen_ai.input.messages.",
      "gen_ai.output.messages.",
      "gen_ai.embeddings.",
      "gen_ai.workflow.input",
      "gen_ai.workflow.output",
    ],
  },
  {
    emitter: "OpenInference",
    on: "every span",
    exact: [
      ..."input.value output.value llm.prompt_template.template llm.prompt_template.variables llm.function_call".split(
        " ",
      ),
      ..."tool.parameters tool.json_schema tool_call.function.arguments reranker.query embedding.text".split(" "),
      ..."llm.input_messages llm.output_messages llm.prompts llm.choices llm.tools retrieval.documents".split(" "),
      ..."reranker.input_documents reranker.output_documents embedding.embeddings".split(" "),
    ],
    prefixes: [
      ..."llm.input_messages. llm.output_messages. llm.prompts. llm.choices. llm.completions. llm.tools.".split(" "),
      ..."embedding.embeddings. retrieval.documents. reranker.input_documents. reranker.output_documents.".split(" "),
    ],
  },
  {
    emitter: "OpenLLMetry",
    on: "every span",
    exact: ["traceloop.entity.input", "traceloop.entity.output"],
    prefixes: ["llm.request.functions.", "traceloop.prompt."],
  },
  {
    emitter: "LiteLLM, whose child span repeats request and answer member by member",
    on: ["litellm"],
    exact: ["messages", "response", "metadata.prompt_management_metadata", "metadata.mcp_tool_call_metadata"],
    prefixes: ["llm."],
  },
  {
    emitter: "LiteLLM, under a tracer of another name",
    on: "every span",
    exact: litellmProviders.flatMap((provider) =>
      "messages input prompt contents system instructions tools choices content output data candidates text"
        .split(" ")
        .map((name) => `llm.${provider}.${name}`),
    ),
  },
  {
    emitter: "Vercel AI SDK",
    on: "every span",
    exact: [
      ..."prompt response.text response.object response.toolCalls response.reasoning response.files response.content"
        .split(" ")
        .map((name) => `ai.${name}`),
      ..."result.text result.object result.toolCalls toolCall.args toolCall.result value values embedding embeddings"
        .split(" ")
        .map((name) => `ai.${name}`),
      ..."schema documents ranking settings.system settings.instructions request.body response.body"
        .split(" ")
        .map((name) => `ai.${name}`),
    ],
    prefixes: ["ai.prompt."],
  },
  {
    emitter: "pydantic-ai and Logfire",
    on: ["pydantic-ai*", "pydantic_ai*", "logfire*"],
    exact: [
      ..."all_messages all_messages_events final_result events tool_arguments tool_response prompt result".split(" "),
      ..."model_request_parameters request_data response_data input output".split(" "),
    ],
  },
  { emitter: "pydantic-ai", on: "every span", exact: ["pydantic_ai.all_messages"], prefixes: ["pydantic_ai.input"] },
  {
    emitter: "Langfuse",
    on: "every span",
    exact: ["observation.input", "observation.output", "trace.input", "trace.output"].map((name) => `langfuse.${name}`),
  },
  {
    emitter: "LangSmith",
    on: "every span",
    exact: ["langsmith.inputs", "langsmith.outputs", "langsmith.events", "langsmith.trace.inputs"],
  },
  {
    emitter: "Google ADK",
    on: "every span",
    exact: "llm_request llm_response tool_call_args tool_response data event"
      .split(" ")
      .map((name) => `gcp.vertex.agent.${name}`),
  },
  {
    emitter: "Strands, Semantic Kernel, Agent Framework, VoltAgent, Mastra and Genkit",
    on: [
      ..."strands* Microsoft.SemanticKernel* semantic_kernel* agent_framework* Microsoft.Agents*".split(" "),
      ..."@voltagent/* voltagent* @mastra/* mastra* genkit-tracer".split(" "),
    ],
    exact: [
      ..."input output prompt messages system_prompt instructions result response message.content".split(" "),
      ..."llm.messages agent.messages agent.input agent.output tool.input tool.output".split(" "),
      ..."workflow.input workflow.output executor.input executor.output".split(" "),
    ],
  },
  {
    emitter: "Mastra",
    on: "every span",
    exact: `agent_run workflow_run workflow_step model_generation model_step model_chunk llm_generation tool_call
      mcp_tool_call processor_run generic`
      .split(/\s+/)
      .flatMap((type) => [`mastra.${type}.input`, `mastra.${type}.output`]),
  },
  { emitter: "Genkit", on: "every span", exact: ["genkit:input", "genkit:output"] },
  {
    emitter: "Spring AI",
    on: "every span",
    exact: [
      ..."chat.client.user.text chat.client.user.params chat.client.system.text chat.client.system.params"
        .split(" ")
        .map((name) => `spring.ai.${name}`),
      ..."tool.call.arguments tool.call.result tool.definition.schema chat.client.tool.functions"
        .split(" ")
        .map((name) => `spring.ai.${name}`),
      "db.vector.query.content",
      "db.vector.query.response.documents",
    ],
  },
  {
    emitter: "MLflow, whose attributes are the arguments of the call",
    on: ["mlflow*"],
    exact: "messages input prompt tools system contents instructions query inputs outputs functions".split(" "),
  },
  {
    emitter: "MLflow",
    on: "every span",
    exact: [
      ..."spanInputs spanOutputs chat.messages chat.tools traceInputs traceOutputs chunk.value"
        .split(" ")
        .map((name) => `mlflow.${name}`),
    ],
  },
  {
    emitter: "Claude Code, Codex and Gemini CLI",
    on: ["com.anthropic.claude_code*", "codex*", "gemini-cli*", "github.copilot*", "@github/copilot*"],
    exact: [
      ..."user_prompt prompt response new_context system_prompt_preview tool_input tool_result tool_output".split(" "),
      ..."arguments output function_args request_text response_text tool.output tool.input content".split(" "),
    ],
  },
  {
    emitter: "Platforms: Laminar, LangWatch, Sentry, Braintrust, AgentOps, Langtrace, LiveKit",
    on: "every span",
    exact: [
      ..."lmnr.span.input lmnr.span.output langwatch.input langwatch.output langwatch.contexts".split(" "),
      ..."langwatch.rag.contexts langwatch.prompt.variables ai.input_messages ai.responses ai.texts ai.tool_calls".split(
        " ",
      ),
      ..."ai.preamble ai.search_queries braintrust.input braintrust.output braintrust.input_json".split(" "),
      ..."braintrust.output_json braintrust.expected agentops.entity.input agentops.entity.output".split(" "),
      ..."llm.responses llm.retrieved.documents lk.user_transcript lk.user_input lk.chat_ctx lk.response.text".split(
        " ",
      ),
      ..."lk.function_tool.arguments lk.function_tool.output lk.input_text lk.instructions lk.generated_text".split(
        " ",
      ),
      ..."lk.response.function_calls".split(" "),
    ],
  },
  {
    emitter: "Spans written by hand",
    on: "every span",
    exact: [
      ..."agent.user_message agent.final_answer tool.arguments tool.result tool.output llm.prompt llm.completion".split(
        " ",
      ),
      ..."llm.response llm.input llm.output llm.messages llm.request.messages llm.response.text".split(" "),
      ..."llm.response.content llm.input.messages llm.output.messages llm.system_prompt".split(" "),
    ],
  },
  {
    emitter: "Spans written by hand, in names that other spans may have too",
    on: "known spans",
    exact: `prompt completion messages question answer user_input user_message query request.messages response.content
      request_messages response_content response_text input output response system_prompt tool_input tool_output
      arguments`.split(/\s+/),
  },
];

/** Names below the prefixes above that say nothing of what was said. */
export const notContent: readonly string[] = [
  "gen_ai.prompt.name",
  "gen_ai.prompt.version",
  "gen_ai.prompt.id",
  "gen_ai.embeddings.dimension.count",
  "ai.prompt.toolChoice",
  "ai.prompt.format",
  "traceloop.prompt.key",
  "traceloop.prompt.version",
  "traceloop.prompt.version_name",
];

/**
 * Events of the conventions before 1.38 and of Strands: whatever they carry is what was said, except these attributes
 * and those that stay on spans.
 */
export const messageEvents: readonly string[] = [
  ..."system.message user.message assistant.message tool.message choice content.prompt content.completion"
    .split(" ")
    .map((name) => `gen_ai.${name}`),
  "gen_ai.client.inference.operation.details",
];
export const keptInMessages: readonly string[] = ["role", "index", "finish_reason", "id", "name", "event.name"];
