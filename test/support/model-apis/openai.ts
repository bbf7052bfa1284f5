// OpenAI: chat completions, responses, completions and embeddings. Chat is 1215 tokens in, 1024 of them cached, and 87
// out, 32 of them reasoning; the step after a tool 1330, 1152, 41 and 0; an embedding is 8 tokens in.
import {
  type Answer,
  type Api,
  type Asked,
  argumentsFor,
  type Counts,
  event,
  type Json,
  listOf,
  objectOf,
  snapshotOf,
  text,
} from "./api.ts";

const operations: readonly (readonly [end: string, operation: string])[] = [
  ["/chat/completions", "chat"],
  ["/responses", "responses"],
  ["/embeddings", "embeddings"],
  ["/completions", "text_completion"],
];

export const openaiApi: Api = {
  knows: (path) => operations.some(([end]) => path.endsWith(end)),
  read,
  counts(asked, more) {
    if (asked.operation === "embeddings")
      return { input: 8 + more, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };
    if (asked.operation === "text_completion")
      return { input: 12 + more, cacheRead: 0, cacheWrite: 0, output: 5 + more, reasoning: 0 };
    return asked.afterTool
      ? { input: 1330 + more, cacheRead: 1152, cacheWrite: 0, output: 41 + more, reasoning: 0 }
      : { input: 1215 + more, cacheRead: 1024, cacheWrite: 0, output: 87 + more, reasoning: 32 };
  },
  answer(asked, counts, call) {
    if (asked.operation === "embeddings") return embedding(asked, counts);
    if (asked.operation === "responses")
      return asked.stream ? responseStream(asked, counts, call) : response(asked, counts, call);
    if (asked.operation === "text_completion") return completion(asked, counts, call);
    return asked.stream ? chatStream(asked, counts, call) : chat(asked, counts, call);
  },
  failure: (status) => ({
    error: {
      message: `status ${status}`,
      type: status === 429 ? "rate_limit_error" : "server_error",
      code: String(status),
    },
  }),
};

function read(path: string, body: Json): Asked | undefined {
  const operation = operations.find(([end]) => path.endsWith(end))?.[1];
  if (operation === undefined) return undefined;
  const messages = [...listOf(body["messages"]), ...listOf(body["input"])];
  const afterTool = messages.some(({ role, type }) => role === "tool" || type === "function_call_output");
  const offered = listOf(body["tools"])[0];
  const tool = offered === undefined ? undefined : { ...offered, ...objectOf(offered["function"]) };
  const model = String(body["model"]);
  return {
    provider: path.startsWith("/vllm/") ? "hosted_vllm" : "openai",
    operation,
    model,
    snapshot: snapshotOf(model),
    stream: body["stream"] === true,
    tool:
      tool === undefined || afterTool
        ? undefined
        : { name: String(tool["name"]), arguments: argumentsFor(tool["parameters"]) },
    afterTool,
    path,
    body,
  };
}

function usageOf({ input, cacheRead, output, reasoning }: Counts) {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cacheRead, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: reasoning, audio_tokens: 0 },
  };
}

function embedding({ snapshot, body }: Asked, { input }: Counts): Answer {
  // Clients ask for base64 unless told otherwise.
  const floats = new Float32Array([0.25, -0.5, 0.125]);
  const vector = body["encoding_format"] === "base64" ? Buffer.from(floats.buffer).toString("base64") : [...floats];
  const count = Array.isArray(body["input"]) && typeof body["input"][0] === "string" ? body["input"].length : 1;
  const data = Array.from({ length: count }, (_, index) => ({ object: "embedding", index, embedding: vector }));
  const whole = { object: "list", model: snapshot, data, usage: { prompt_tokens: input, total_tokens: input } };
  return { responseId: null, usageSent: true, body: { whole } };
}

function envelope(id: string, { snapshot }: Asked, object: string) {
  return { id, object, created: 1_790_000_000, model: snapshot, service_tier: "default" };
}

function completion(asked: Asked, counts: Counts, call: string): Answer {
  const id = `cmpl-${call}`;
  const whole = {
    ...envelope(id, asked, "text_completion"),
    choices: [{ index: 0, text, logprobs: null, finish_reason: "stop" }],
    usage: usageOf(counts),
  };
  return { responseId: id, usageSent: true, body: { whole } };
}

function toolCallOf({ tool }: Asked, call: string) {
  if (tool === undefined) return undefined;
  return {
    id: `call_${call}`,
    type: "function",
    function: { name: tool.name, arguments: JSON.stringify(tool.arguments) },
  };
}

/** What the assistant says: JSON where a schema asks for it. */
function contentOf({ body }: Asked): string {
  const format = objectOf(body["response_format"]);
  const schema = objectOf(
    objectOf(format["json_schema"])["schema"] ?? objectOf(objectOf(body["text"])["format"])["schema"],
  );
  return Object.keys(schema).length === 0 ? text : JSON.stringify(argumentsFor(schema));
}

function chat(asked: Asked, counts: Counts, call: string): Answer {
  const id = `chatcmpl-${call}`;
  const toolCall = toolCallOf(asked, call);
  const message = toolCall
    ? { role: "assistant", content: null, refusal: null, tool_calls: [toolCall] }
    : { role: "assistant", content: contentOf(asked), refusal: null };
  const count = typeof asked.body["n"] === "number" ? asked.body["n"] : 1;
  const finish_reason = toolCall ? "tool_calls" : "stop";
  const whole = {
    ...envelope(id, asked, "chat.completion"),
    choices: Array.from({ length: count }, (_, index) => ({ index, message, logprobs: null, finish_reason })),
    usage: usageOf(counts),
  };
  return { responseId: id, usageSent: true, body: { whole } };
}

/** The usage comes in a chunk of its own, and only when it was asked for. */
function chatStream(asked: Asked, counts: Counts, call: string): Answer {
  const id = `chatcmpl-${call}`;
  const toolCall = toolCallOf(asked, call);
  const chunk = (delta: object, finish: string | null) =>
    event({
      ...envelope(id, asked, "chat.completion.chunk"),
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    });
  const said = toolCall
    ? [chunk({ tool_calls: [{ index: 0, ...toolCall }] }, null)]
    : [chunk({ content: "A short " }, null), chunk({ content: "answer." }, null)];
  const usageSent = objectOf(asked.body["stream_options"])["include_usage"] === true;
  const events = [
    chunk({ role: "assistant", content: "" }, null),
    ...said,
    chunk({}, toolCall ? "tool_calls" : "stop"),
    ...(usageSent
      ? [event({ ...envelope(id, asked, "chat.completion.chunk"), choices: [], usage: usageOf(counts) })]
      : []),
    event("[DONE]"),
  ];
  return { responseId: id, usageSent, body: { type: "text/event-stream", events } };
}

function responseBody(asked: Asked, counts: Counts, call: string) {
  const output = outputItem(asked, call);
  return {
    id: `resp_${call}`,
    object: "response",
    created_at: 1_790_000_000,
    model: asked.snapshot,
    status: "completed",
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    metadata: {},
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: "auto",
    tools: [],
    top_p: 1,
    service_tier: "default",
    store: false,
    truncation: "disabled",
    output: [output],
    usage: {
      input_tokens: counts.input,
      input_tokens_details: { cached_tokens: counts.cacheRead },
      output_tokens: counts.output,
      output_tokens_details: { reasoning_tokens: counts.reasoning },
      total_tokens: counts.input + counts.output,
    },
  };
}

function outputItem(asked: Asked, call: string) {
  const { tool } = asked;
  if (tool !== undefined) {
    const { name } = tool;
    return {
      type: "function_call",
      id: `fc_${call}`,
      call_id: `call_${call}`,
      name,
      arguments: JSON.stringify(tool.arguments),
      status: "completed",
    };
  }
  const content = [{ type: "output_text", text: contentOf(asked), annotations: [] }];
  return { type: "message", id: `msg_${call}`, role: "assistant", status: "completed", content };
}

function response(asked: Asked, counts: Counts, call: string): Answer {
  const whole = responseBody(asked, counts, call);
  return { responseId: whole.id, usageSent: true, body: { whole } };
}

function responseStream(asked: Asked, counts: Counts, call: string): Answer {
  const whole = responseBody(asked, counts, call);
  const [item] = whole.output;
  const begun = { ...whole, status: "in_progress", output: [], usage: null };
  const place = { output_index: 0, item_id: `msg_${call}`, content_index: 0 };
  const part = { type: "output_text", text: "", annotations: [] };
  const message = [
    { type: "response.content_part.added", ...place, part },
    { type: "response.output_text.delta", ...place, delta: text, logprobs: [] },
    { type: "response.output_text.done", ...place, text, logprobs: [] },
    { type: "response.content_part.done", ...place, part: { ...part, text } },
  ];
  const steps = [
    { type: "response.created", response: begun },
    {
      type: "response.output_item.added",
      output_index: 0,
      item: item?.type === "message" ? { ...item, content: [] } : item,
    },
    ...(item?.type === "message" ? message : []),
    { type: "response.output_item.done", output_index: 0, item },
    { type: "response.completed", response: whole },
  ];
  const events = steps.map((step, sequence_number) => event({ ...step, sequence_number }, step.type));
  return { responseId: whole.id, usageSent: true, body: { type: "text/event-stream", events } };
}
