// Gemini: 1215 tokens in, 1024 of them cached, 55 candidates and 32 thoughts beside them; after a tool 1330, 1152, 41.
import { type Answer, type Api, type Asked, argumentsFor, type Counts, event, listOf, objectOf, text } from "./api.ts";

const call = /\/models\/([^/:]+):(generateContent|streamGenerateContent|embedContent|batchEmbedContents|predict)$/;

export const geminiApi: Api = {
  knows: (path) => call.test(path),
  read(path, body) {
    const [, model = "", method = ""] = call.exec(path) ?? [];
    const parts = listOf(body["contents"]).flatMap(({ parts: some }) => listOf(some));
    const afterTool = parts.some((part) => "functionResponse" in part);
    const offered = listOf(listOf(body["tools"])[0]?.["functionDeclarations"])[0];
    const schema = offered?.["parameters"] ?? offered?.["parametersJsonSchema"] ?? offered?.["parameters_json_schema"];
    return {
      provider: path.includes("/publishers/") ? "gcp.vertex_ai" : "gcp.gemini",
      operation: method.includes("mbed") || method === "predict" ? "embeddings" : "chat",
      model,
      snapshot: model,
      stream: method === "streamGenerateContent",
      tool: offered && !afterTool ? { name: String(offered["name"]), arguments: argumentsFor(schema) } : undefined,
      afterTool,
      path,
      body,
    };
  },
  counts({ operation, afterTool }, more) {
    if (operation === "embeddings") return { input: 8 + more, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };
    return afterTool
      ? { input: 1330 + more, cacheRead: 1152, cacheWrite: 0, output: 41 + more, reasoning: 0 }
      : { input: 1215 + more, cacheRead: 1024, cacheWrite: 0, output: 87 + more, reasoning: 32 };
  },
  answer(asked, counts, id) {
    if (asked.operation === "embeddings") return embedding(asked);
    const whole = generated(asked, counts, `gemini-${id}`);
    if (!asked.stream) return { responseId: whole.responseId, usageSent: true, body: { whole } };
    const begun = {
      ...whole,
      usageMetadata: { ...whole.usageMetadata, candidatesTokenCount: 1, thoughtsTokenCount: 0 },
    };
    return {
      responseId: whole.responseId,
      usageSent: true,
      body: { type: "text/event-stream", events: [event(begun), event(whole)] },
    };
  },
  failure: (status) => ({
    error: { code: status, message: `status ${status}`, status: status === 429 ? "RESOURCE_EXHAUSTED" : "INTERNAL" },
  }),
};

function embedding({ body }: Asked): Answer {
  const values = [0.25, -0.5, 0.125];
  const count = Math.max(1, listOf(body["requests"]).length);
  const whole = { embedding: { values }, embeddings: Array.from({ length: count }, () => ({ values })) };
  return { responseId: null, usageSent: false, body: { whole } };
}

function generated({ model, tool }: Asked, { input, cacheRead, output, reasoning }: Counts, responseId: string) {
  const part = tool ? { functionCall: { name: tool.name, args: objectOf(tool.arguments) } } : { text };
  return {
    candidates: [{ content: { role: "model", parts: [part] }, finishReason: "STOP", index: 0 }],
    modelVersion: model,
    responseId,
    usageMetadata: {
      promptTokenCount: input,
      cachedContentTokenCount: cacheRead,
      candidatesTokenCount: output - reasoning,
      thoughtsTokenCount: reasoning,
      totalTokenCount: input + output,
    },
  };
}
