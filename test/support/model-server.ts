// Model providers for tests: one real server that speaks the APIs of OpenAI, Anthropic, Gemini and Bedrock as far as
// clients look at them, and keeps a journal of what every call used. The journal is the truth; spans are compared with it.
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { anthropicApi } from "./model-apis/anthropic.ts";
import type { Answer, Api, Asked, Counts } from "./model-apis/api.ts";
import { bedrockApi } from "./model-apis/bedrock.ts";
import { geminiApi } from "./model-apis/gemini.ts";
import { openaiApi } from "./model-apis/openai.ts";

/** One attempt that reached the server. Tokens are null where it failed; `input` has all input, `output` all output. */
export interface JournalEntry {
  readonly call: string;
  readonly provider: string;
  readonly operation: string;
  readonly requestModel: string;
  /** The snapshot that answered. */
  readonly model: string;
  readonly responseId: string | null;
  readonly input: number | null;
  readonly cacheRead: number | null;
  readonly cacheWrite: number | null;
  readonly output: number | null;
  readonly reasoning: number | null;
  /** Whether the answer carried the usage: a stream of chat completions does so only when it was asked to. */
  readonly usageSent: boolean;
  readonly stream: boolean;
  readonly status: number;
  /** What stood behind `#` in the prompt: how a test names the caller, because proxies pass on nothing else. */
  readonly tag: string | null;
}

export interface ModelServer {
  /** Base URL as a client of OpenAI wants it. */
  readonly url: string;
  /** Without a path, as clients of the others want it. */
  readonly origin: string;
  /** What was answered, in order: `chat gpt-4o-mini`, `chat boom 429`. */
  readonly answered: string[];
  readonly journal: JournalEntry[];
  stop(): Promise<void>;
}

export interface ModelServerOptions {
  /** The same usage every time, or one more token of input and of output with every call. */
  readonly usage?: "fixed" | "growing";
}

const apis: readonly Api[] = [anthropicApi, geminiApi, bedrockApi, openaiApi];

export async function startModelServer(options: ModelServerOptions = {}): Promise<ModelServer> {
  const answered: string[] = [];
  const journal: JournalEntry[] = [];
  const clerk = new Clerk(answered, journal, options.usage ?? "fixed");
  const server = createServer((request, response) => {
    void readBody(request).then((body) => clerk.serve(request.url ?? "", body, response));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    origin: `http://127.0.0.1:${port}`,
    answered,
    journal,
    stop: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}

class Clerk {
  readonly #answered: string[];
  readonly #journal: JournalEntry[];
  readonly #usage: "fixed" | "growing";
  /** Ids of answers are never those of another server's. */
  readonly #run = randomBytes(5).toString("hex");
  /** Models that fail every other time. */
  readonly #failedLast = new Set<string>();

  constructor(answered: string[], journal: JournalEntry[], usage: "fixed" | "growing") {
    this.#answered = answered;
    this.#journal = journal;
    this.#usage = usage;
  }

  serve(url: string, body: string, response: ServerResponse): void {
    const path = decodeURIComponent(url.split("?")[0] ?? "");
    const api = apis.find((one) => one.knows(path));
    const asked = api?.read(path, body === "" ? {} : JSON.parse(body));
    if (api === undefined || asked === undefined) {
      this.#answered.push(`unknown ${path} 404`);
      return json(response, 404, { error: { message: `no ${path}`, type: "invalid_request_error" } });
    }
    const status = this.#statusOf(asked.model);
    if (status !== 200) {
      this.#answered.push(`${asked.operation} ${asked.model} ${status}`);
      this.#journal.push({ ...entryOf(asked, this.#callId(), body), ...nothing, status });
      return json(response, status, api.failure(status));
    }
    this.#answered.push(`${asked.operation} ${asked.model}`);
    const counts = api.counts(asked, this.#usage === "growing" ? this.#journal.length : 0);
    const answer = api.answer(asked, counts, this.#callId());
    this.#journal.push({ ...entryOf(asked, this.#callId(), body), ...truth(answer, counts), status });
    send(response, answer);
  }

  /** `boom` is always out of quota; what begins with `flaky` fails every other time. */
  #statusOf(model: string): number {
    if (model.includes("boom")) return 429;
    if (!model.startsWith("flaky")) return 200;
    if (this.#failedLast.delete(model)) return 200;
    this.#failedLast.add(model);
    return 500;
  }

  /** Of the call that is being answered. */
  #callId(): string {
    return `${this.#run}${String(this.#answered.length).padStart(4, "0")}`;
  }
}

const nothing = {
  responseId: null,
  input: null,
  cacheRead: null,
  cacheWrite: null,
  output: null,
  reasoning: null,
  usageSent: false,
} as const;

function truth({ responseId, usageSent }: Answer, { input, cacheRead, cacheWrite, output, reasoning }: Counts) {
  return { responseId, input, cacheRead, cacheWrite, output, reasoning, usageSent };
}

function entryOf(asked: Asked, call: string, body: string) {
  const { provider, operation, model: requestModel, snapshot: model, stream } = asked;
  return { call, provider, operation, requestModel, model, stream, tag: /#([\w-]+)/.exec(body)?.[1] ?? null };
}

function send(response: ServerResponse, { body }: Answer): void {
  if (!("events" in body)) return json(response, 200, body.whole);
  response.writeHead(200, { "content-type": body.type });
  for (const event of body.events) response.write(event);
  response.end();
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
