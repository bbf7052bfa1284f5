// Bedrock: Converse and InvokeModel of a Claude, whole and as a stream of events. The API's input leaves the cache out.
import { crc32 } from "node:zlib";
import { anthropicApi } from "./anthropic.ts";
import { type Answer, type Api, type Asked, argumentsFor, type Counts, listOf, objectOf, text } from "./api.ts";

const call = /^\/model\/(.+)\/(converse|converse-stream|invoke|invoke-with-response-stream)$/;

export const bedrockApi: Api = {
  knows: (path) => call.test(path),
  read(path, body) {
    const [, model = "", method = ""] = call.exec(path) ?? [];
    const content = listOf(body["messages"]).flatMap(({ content: parts }) => listOf(parts));
    const afterTool = content.some((part) => "toolResult" in part || part["type"] === "tool_result");
    const offered = objectOf(listOf(objectOf(body["toolConfig"])["tools"])[0]?.["toolSpec"]);
    const schema = objectOf(offered["inputSchema"])["json"];
    return {
      provider: "aws.bedrock",
      operation: "chat",
      model,
      snapshot: model,
      stream: method.includes("stream"),
      tool:
        "name" in offered && !afterTool
          ? { name: String(offered["name"]), arguments: argumentsFor(schema) }
          : undefined,
      afterTool,
      path,
      body,
    };
  },
  counts: anthropicApi.counts,
  answer(asked, counts, id) {
    if (asked.path.includes("/converse")) return converse(asked, counts, id);
    const { body } = anthropicApi.answer(asked, counts, id);
    if ("whole" in body) return { responseId: null, usageSent: true, body };
    const events = body.events.map((sent) => chunkOf(String(sent)));
    return { responseId: null, usageSent: true, body: { type: eventStream, events } };
  },
  failure: (status) => ({
    message: `status ${status}`,
    __type: status === 429 ? "ThrottlingException" : "InternalServerException",
  }),
};

const eventStream = "application/vnd.amazon.eventstream";

function converse({ stream, tool }: Asked, counts: Counts, id: string): Answer {
  const { input, cacheRead, cacheWrite, output } = counts;
  const usage = {
    inputTokens: input - cacheRead - cacheWrite,
    outputTokens: output,
    totalTokens: input + output,
    cacheReadInputTokens: cacheRead,
    cacheWriteInputTokens: cacheWrite,
  };
  const stopReason = tool ? "tool_use" : "end_turn";
  const toolUse = tool && { toolUseId: `tooluse_${id}`, name: tool.name };
  if (!stream) {
    const content = toolUse ? [{ toolUse: { ...toolUse, input: tool.arguments } }] : [{ text }];
    const whole = {
      output: { message: { role: "assistant", content } },
      stopReason,
      usage,
      metrics: { latencyMs: 42 },
    };
    return { responseId: null, usageSent: true, body: { whole } };
  }
  const delta = toolUse ? { toolUse: { input: JSON.stringify(tool.arguments) } } : { text };
  const events = [
    frame("messageStart", { role: "assistant" }),
    ...(toolUse ? [frame("contentBlockStart", { contentBlockIndex: 0, start: { toolUse } })] : []),
    frame("contentBlockDelta", { contentBlockIndex: 0, delta }),
    frame("contentBlockStop", { contentBlockIndex: 0 }),
    frame("messageStop", { stopReason }),
    frame("metadata", { usage, metrics: { latencyMs: 42 } }),
  ];
  return { responseId: null, usageSent: true, body: { type: eventStream, events } };
}

/** An event of Anthropic's own stream, as Bedrock wraps it. */
function chunkOf(sent: string): Uint8Array {
  const data = sent.slice(sent.indexOf("data: ") + 6).trim();
  return frame("chunk", { bytes: Buffer.from(data).toString("base64") });
}

/** A message of AWS's event stream encoding: lengths, their checksum, headers, payload, checksum of all. */
function frame(type: string, payload: object): Uint8Array {
  const headers = Buffer.concat([
    header(":event-type", type),
    header(":content-type", "application/json"),
    header(":message-type", "event"),
  ]);
  const body = Buffer.from(JSON.stringify(payload));
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(16 + headers.length + body.length, 0);
  prelude.writeUInt32BE(headers.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const message = Buffer.concat([prelude, headers, body]);
  const end = Buffer.alloc(4);
  end.writeUInt32BE(crc32(message), 0);
  return Buffer.concat([message, end]);
}

function header(name: string, value: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(value.length, 0);
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from([7]), length, Buffer.from(value)]);
}
