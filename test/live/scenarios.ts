// Runs a program with a real library in it, against a model server and a receiver that keeps what each scenario of the
// program sent. What the model server wrote down meanwhile is what happened.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { type JournalEntry, type ModelServer, startModelServer } from "../support/model-server.ts";

export interface Scenario {
  readonly name: string;
  /** Bodies of `POST /v1/traces`, as they came. */
  readonly requests: { readonly bytes: Uint8Array; readonly isJson: boolean }[];
  readonly journal: readonly JournalEntry[];
}

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const programMsMax = 240_000;

/** What every scenario of the program sent, in order. */
export async function scenariosOf(program: Program): Promise<readonly Scenario[]> {
  const models = await startModelServer();
  const scenarios: Scenario[] = [];
  const server = createServer((request, response) => void receive(request, response, scenarios, models));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  try {
    await run(program, `http://127.0.0.1:${port}`, models);
  } finally {
    server.closeAllConnections();
    await Promise.all([models.stop(), new Promise((done) => server.close(done))]);
  }
  return scenarios;
}

async function receive(request: IncomingMessage, response: ServerResponse, scenarios: Scenario[], models: ModelServer) {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const [, what, name = ""] = (request.url ?? "").split("/");
  if (what === "begin") {
    scenarios.push({ name, requests: [], journal: [] });
    models.journal.length = 0;
  } else if (what === "end") {
    Object.assign(scenarios.at(-1) ?? {}, { journal: [...models.journal] });
  } else if (request.url?.endsWith("/v1/traces") === true) {
    const bytes = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
    const isJson = request.headers["content-type"]?.includes("json") === true;
    scenarios.at(-1)?.requests.push({ bytes, isJson });
  }
  response.writeHead(200, { "content-type": "application/json" }).end("{}");
}

/** Ends with an error where the program does, or takes too long. */
async function run({ command, args, env }: Program, receiver: string, models: ModelServer): Promise<void> {
  const child = spawn(command, args, {
    stdio: ["ignore", "ignore", "pipe"],
    timeout: programMsMax,
    killSignal: "SIGKILL",
    env: {
      PATH: process.env["PATH"],
      MODEL_ORIGIN: models.origin,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_SERVICE_NAME: "checkout",
      OTEL_RESOURCE_ATTRIBUTES: "tenant.id=tenant-acme",
      OPENAI_BASE_URL: models.url,
      OPENAI_API_KEY: "sk-planted-key",
      ANTHROPIC_BASE_URL: models.origin,
      ANTHROPIC_API_KEY: "sk-ant-planted-key",
      ...env,
    },
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said = (said + text).slice(-20_000);
  });
  const [code, signal] = await once(child, "close");
  if (process.env["LIVE_VERBOSE"]) console.error(said);
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code ?? signal}:\n${said}`);
}
