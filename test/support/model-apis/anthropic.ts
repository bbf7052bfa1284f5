// Anthropic's messages: 191 tokens in beside 1024 read from and 256 written to the cache, 87 out; after a tool 178,
// 1152, 0 and 41. The API's input leaves the cache out.
import { type Api, type Asked, argumentsFor, type Counts, event, listOf, snapshotOf, text } from "./api.ts";

export const anthropicApi: Api = {
  knows: (path) => path.endsWith("/v1/messages") || path.endsWith("/v1/messages/count_tokens"),
  read(path, body) {
    const messages = listOf(body["messages"]);
    const afterTool = messages.some(({ content }) => listOf(content).some(({ type }) => type === "tool_result"));
    const offered = listOf(body["tools"])[0];
    const model = String(body["model"]);
    return {
      provider: "anthropic",
      operation: path.endsWith("count_tokens") ? "count_tokens" : "chat",
      model,
      snapshot: snapshotOf(model),
      stream: body["stream"] === true,
      tool:
        offered && !afterTool
          ? { name: String(offered["name"]), arguments: argumentsFor(offered["input_schema"]) }
          : undefined,
      afterTool,
      path,
      body,
    };
  },
  counts: ({ afterTool, operation }, more) =>
    operation === "count_tokens"
      ? { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 }
      : afterTool
        ? { input: 1330 + more, cacheRead: 1152, cacheWrite: 0, output: 41 + more, reasoning: 0 }
        : { input: 1471 + more, cacheRead: 1024, cacheWrite: 256, output: 87 + more, reasoning: 0 },
  answer(asked, counts, call) {
    if (asked.operation === "count_tokens")
      return { responseId: null, usageSent: false, body: { whole: { input_tokens: 14 } } };
    const message = messageOf(asked, counts, call);
    if (!asked.stream) return { responseId: message.id, usageSent: true, body: { whole: message } };
    return {
      responseId: message.id,
      usageSent: true,
      body: { type: "text/event-stream", events: eventsOf(message, counts) },
    };
  },
  failure: (status) => ({
    type: "error",
    error: { type: status === 429 ? "rate_limit_error" : "api_error", message: `status ${status}` },
  }),
};

function messageOf({ snapshot, tool }: Asked, counts: Counts, call: string) {
  const content = tool
    ? [{ type: "tool_use", id: `toolu_${call}`, name: tool.name, input: tool.arguments }]
    : [{ type: "text", text }];
  return {
    id: `msg_${call}`,
    type: "message",
    role: "assistant",
    model: snapshot,
    content,
    stop_reason: tool ? "tool_use" : "end_turn",
    stop_sequence: null,
    usage: usageOf(counts),
  };
}

function usageOf({ input, cacheRead, cacheWrite, output }: Counts) {
  return {
    input_tokens: input - cacheRead - cacheWrite,
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cacheRead,
    cache_creation: { ephemeral_5m_input_tokens: cacheWrite, ephemeral_1h_input_tokens: 0 },
    output_tokens: output,
    service_tier: "standard",
  };
}

function eventsOf(message: ReturnType<typeof messageOf>, counts: Counts): readonly string[] {
  const [block] = message.content;
  const begun = { ...message, content: [], stop_reason: null, usage: { ...message.usage, output_tokens: 1 } };
  const empty = block?.type === "tool_use" ? { ...block, input: {} } : { type: "text", text: "" };
  const delta =
    block?.type === "tool_use" && "input" in block
      ? { type: "input_json_delta", partial_json: JSON.stringify(block.input) }
      : { type: "text_delta", text };
  const steps = [
    { type: "message_start", message: begun },
    { type: "content_block_start", index: 0, content_block: empty },
    { type: "content_block_delta", index: 0, delta },
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { stop_reason: message.stop_reason, stop_sequence: null },
      usage: usageOf(counts),
    },
    { type: "message_stop" },
  ];
  return steps.map((step) => event(step, step.type));
}
