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
      ...`request.messages request.prompt request.tools request.functions request.available_tools request.body
        response.text response.object response.tool_calls response.reasoning response.content response.message
        response.messages response.body messages system_prompt thinking reasoning system.message user.message
        assistant.message choice content.revised_prompt retrieval.query memory.search.query vectordb.search.query
        extraction.instruction framework.pipeline.input_data framework.pipeline.output_data`
        .split(/\s+/)
        .map((name) => `gen_ai.${name}`),
      // Agents, tasks and steps: OpenLIT, Sentry, OpenLLMetry for LangGraph, Splunk
      ...`task.input task.output task.input_data task.output_data task.objective task.description step.input_data
        step.output_data step.objective workflow.initial_input workflow.final_output workflow.description
        browser.task.description browser.action.value`
        .split(/\s+/)
        .map((name) => `gen_ai.${name}`),
      ...`instructions system_instructions prompt goal next_goal context input_context task plan thinking memory
        evaluation actions action.tool_input action.log action_errors expected_output actual_output output_result
        human_input tool_results tools final_result finish.output finish.log step_messages`
        .split(/\s+/)
        .map((name) => `gen_ai.agent.${name}`),
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
      // Parameters of the call as one text, system instructions and tools among them: what is known of them is read before.
      ..."llm.invocation_parameters embedding.invocation_parameters message.content document.content".split(" "),
      ..."message.function_call_arguments_json smolagents.task smolagents.additional_args".split(" "),
    ],
    prefixes: [
      // Google's SDK: the attributes of a message without the list that it stands in.
      "message.tool_calls.",
      "message.contents.",
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
    // All of it but what `notContent` names: the texts are many, and each version has others.
    emitter: "CrewAI, of OpenLLMetry, AgentOps and others",
    on: "every span",
    prefixes: ["crewai.crew.", "crewai.task.", "crewai.agent.", "crewai.tool.", "crewai.flow.", "gen_ai.crewai."],
    exact: ["crewai.inputs", "crewai.result", "crewai.output"],
  },
  {
    emitter: "CrewAI, of OpenInference",
    on: "every span",
    exact: "crew_tasks crew_agents crew_inputs flow_inputs formatted_description formatted_expected_output".split(" "),
  },
  {
    emitter: "Haystack, Weave and PostHog",
    on: "every span",
    exact: [
      ..."component.input component.output pipeline.input_data pipeline.output_data agent.input agent.output"
        .split(" ")
        .map((name) => `haystack.${name}`),
      ..."weave.inputs weave.output $ai_input $ai_output_choices $ai_input_state $ai_output_state $ai_tools".split(" "),
    ],
  },
  {
    emitter: "Model Context Protocol",
    on: "every span",
    exact: `tool.arguments tool.result result params request.argument request.params response.value sampling.messages
      fastmcp.prompt.arguments completion.argument.value completion.context.arguments completion.values`
      .split(/\s+/)
      .map((name) => `mcp.${name}`),
  },
  {
    // Errors quote what could not be parsed, was too long or was refused; the same text goes up span by span.
    emitter: "Errors, whose texts quote prompts and answers; their types and codes stay",
    on: "every span",
    exact:
      `exception.message exception.stacktrace error.message error.stack_trace error.stacktrace error.stack llm.error
      gen_ai.error.message gen_ai.framework.error.message gen_ai.extraction.error mcp.error.message
      litellm.provider.error.message litellm.provider.error.stack_trace langfuse.observation.status_message
      traceloop.error.message braintrust.error`.split(/\s+/),
  },
  {
    emitter: "LiteLLM, whose child span repeats request and answer member by member",
    on: ["litellm"],
    exact: [
      ..."messages response exception guardrail_request guardrail_response".split(" "),
      ..."prompt_management_metadata mcp_tool_call_metadata vector_store_request_metadata guardrail_information"
        .split(" ")
        .map((name) => `metadata.${name}`),
    ],
    prefixes: ["llm."],
  },
  {
    emitter: "LiteLLM, under a tracer of another name",
    on: "every span",
    prefixes: ["litellm.guardrail.request", "litellm.guardrail.response", "litellm.guardrail.input"],
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
      ..."response.reasoningText response.sources result.content result.reasoning settings.prompt settings.messages"
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
    exact: `observation.input observation.output trace.input trace.output experiment.item.expected_output
      experiment.item.input experiment.item.output`
      .split(/\s+/)
      .map((name) => `langfuse.${name}`),
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
      // Mastra 0.24 spreads whatever a span was given over bare names; the answer of the provider is its body.
      ..."body request text object toolCalls toolInput toolOutput args reasoning".split(" "),
    ],
  },
  {
    emitter: "Mastra",
    on: "every span",
    exact: [
      ...`agent_run workflow_run workflow_step workflow_conditional workflow_conditional_eval workflow_parallel
        workflow_loop workflow_sleep workflow_wait_event model_generation model_inference model_step model_chunk
        llm_generation tool_call client_tool_call mcp_tool_call processor_run memory_operation workspace_action
        scorer_run scorer_step rag_ingestion rag_embedding rag_vector_operation rag_action graph_action generic`
        .split(/\s+/)
        .flatMap((type) => ["input", "output", "instructions", "prompt"].map((part) => `mastra.${type}.${part}`)),
      ..."body request response input output prompt messages instructions"
        .split(" ")
        .map((name) => `mastra.metadata.${name}`),
    ],
  },
  { emitter: "Genkit", on: "every span", exact: ["genkit:input", "genkit:output"] },
  {
    emitter: "Spring AI",
    on: "every span",
    exact: [
      "spring.ai.chat.client.input",
      "spring.ai.chat.client.output",
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
      arguments user_prompt final_answer generated_text chat_history plan thought thoughts reasoning memory
      system_instruction system_instructions instructions documents request_body response_body tool_calls tool_args
      tool_arguments tool_result exception agent.input agent.output agent.prompt agent.goal agent.instructions
      agent.reasoning task.input task.output task.description workflow.input workflow.output`.split(/\s+/),
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
  ...["crewai", "gen_ai.crewai"].flatMap((emitter) =>
    `crew.id crew.key crew.name crew.version crew.process crew.verbose crew.memory crew.cache crew.planning crew.share_crew
      crew.max_rpm crew.language crew.token_usage crew.usage_metrics task.id task.key task.agent task.async_execution
      task.human_input agent.id agent.key agent.role agent.llm agent.cache agent.verbose agent.allow_delegation
      agent.allow_code_execution agent.max_iter agent.max_rpm tool.name flow.id flow.name`
      .split(/\s+/)
      .map((name) => `${emitter}.${name}`),
  ),
];

/** Names of spans that say what was said: where the scope is one of these, one that ends so becomes `name`. */
export interface TellingName {
  readonly on: readonly string[];
  readonly end: string;
  readonly name: string;
}

/** A task of CrewAI goes by its description. */
export const tellingNames: readonly TellingName[] = [
  { on: ["opentelemetry.instrumentation.crewai*", "agentops.instrumentation.*"], end: ".task", name: "task" },
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
