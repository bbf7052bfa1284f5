// A model provider for tests: the parts of OpenAI's API that instrumentations look at, with the same usage every time.
// Chat is 1215 tokens in, 1024 of them cached, and 87 out, 32 of them reasoning; an embedding is 8 tokens in.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ModelServer {
  /** Base URL as a client of OpenAI wants it. */
  readonly url: string;
  /** What was answered, in order: `chat gpt-4o-mini`, `chat boom 429`. */
  readonly answered: string[];
  stop(): Promise<void>;
}

interface ChatRequest {
  readonly model: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
}

/** Models answer under the name of their snapshot. */
const snapshots: Readonly<Record<string, string>> = {
  "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
  "gpt-4o": "gpt-4o-2024-08-06",
};

const chatUsage = {
  prompt_tokens: 1215,
  completion_tokens: 87,
  total_tokens: 1302,
  prompt_tokens_details: { cached_tokens: 1024, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 32, audio_tokens: 0 },
};

export async function startModelServer(): Promise<ModelServer> {
  const answered: string[] = [];
  const server = createServer((request, response) => {
    void readJson(request).then((body) => answer(request.url ?? "", body, response, answered));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    answered,
    stop: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}

function answer(path: string, body: ChatRequest, response: ServerResponse, answered: string[]): void {
  const operation = path === "/v1/embeddings" ? "embeddings" : path === "/v1/chat/completions" ? "chat" : "unknown";
  // A model that is always out of quota.
  if (body.model === "boom") {
    answered.push(`${operation} boom 429`);
    return json(response, 429, { error: { message: "rate limited", type: "rate_limit_error", code: "rate_limit" } });
  }
  answered.push(`${operation} ${body.model}`);
  const id = `chatcmpl-${String(answered.length).padStart(12, "k")}`;
  if (operation === "embeddings") json(response, 200, embedding(body.model));
  else if (operation !== "chat")
    json(response, 404, { error: { message: `no ${path}`, type: "invalid_request_error" } });
  else if (body.stream === true) stream(response, id, body);
  else json(response, 200, completion(id, body.model));
}

function embedding(model: string) {
  return {
    object: "list",
    model,
    data: [{ object: "embedding", index: 0, embedding: [0.25, -0.5, 0.125] }],
    usage: { prompt_tokens: 8, total_tokens: 8 },
  };
}

function completion(id: string, model: string) {
  const message = { role: "assistant", content: "A short answer.", refusal: null };
  return {
    ...envelope(id, model, "chat.completion"),
    choices: [{ index: 0, message, logprobs: null, finish_reason: "stop" }],
    usage: chatUsage,
  };
}

function envelope(id: string, model: string, object: string) {
  return { id, object, created: 1_790_000_000, model: snapshots[model] ?? model, service_tier: "default" };
}

/** Server-sent events; the usage comes in a chunk of its own, and only when it was asked for. */
function stream(response: ServerResponse, id: string, { model, stream_options }: ChatRequest): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (chunk: object) => response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  const chunk = (delta: object, finish: string | null) => ({
    ...envelope(id, model, "chat.completion.chunk"),
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  });
  send(chunk({ role: "assistant", content: "" }, null));
  send(chunk({ content: "A short " }, null));
  send(chunk({ content: "answer." }, null));
  send(chunk({}, "stop"));
  if (stream_options?.include_usage === true)
    send({ ...envelope(id, model, "chat.completion.chunk"), choices: [], usage: chatUsage });
  response.end("data: [DONE]\n\n");
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function readJson(request: IncomingMessage): Promise<ChatRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString() || "{}");
}
