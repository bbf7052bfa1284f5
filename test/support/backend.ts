// An OTLP/HTTP backend for tests: a real server that keeps what it gets and answers as the test says.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync, inflateSync } from "node:zlib";
import type { Signal } from "../../src/core/batch.ts";
import { decode, type Plain } from "./otlp-oracle.ts";

export interface ReceivedRequest {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingMessage["headers"];
  /** Decompressed. */
  readonly bytes: Uint8Array;
}

export type Reply =
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: string | Uint8Array }
  /** `hang` never answers; `close` ends the connection before, `cut` in the middle of the answer. */
  | "hang"
  | "close"
  | "cut";

export interface Backend {
  readonly url: string;
  readonly port: number;
  readonly received: ReceivedRequest[];
  /** Connections that were opened so far. */
  readonly connections: () => number;
  /** Says what is answered; `count` starts at 1. Answers 200 by default. */
  reply: (request: ReceivedRequest, count: number) => Reply | Promise<Reply>;
  /** Spans, log records or metrics of everything that was answered with 2xx, in order, as protobufjs reads them. */
  taken(signal: Signal): Plain[];
  stop(): Promise<void>;
}

/** Listens on `port`, or on a free one. */
export async function startBackend(port = 0): Promise<Backend> {
  const received: ReceivedRequest[] = [];
  const taken: ReceivedRequest[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    void readRequest(request).then(async (whole) => {
      received.push(whole);
      const reply = await backend.reply(whole, received.length);
      if (typeof reply === "object" && (reply.status ?? 200) < 300) taken.push(whole);
      answer(response, reply);
    });
  });
  server.on("connection", () => connections++);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const { port: realPort } = server.address() as AddressInfo;
  const backend: Backend = {
    url: `http://127.0.0.1:${realPort}`,
    port: realPort,
    received,
    connections: () => connections,
    reply: () => ({}),
    taken: (signal) =>
      taken.filter(({ path }) => path.endsWith(signal)).flatMap(({ bytes }) => itemsOf(signal, decode(signal, bytes))),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return backend;
}

async function readRequest(request: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { url: path = "", method = "", headers } = request;
  return { path, method, headers, bytes: plain(Buffer.concat(chunks), headers["content-encoding"]) };
}

function plain(body: Uint8Array, coding: string | undefined): Uint8Array {
  if (coding === "gzip") return gunzipSync(body);
  return coding === "deflate" ? inflateSync(body) : body;
}

function answer(response: ServerResponse, reply: Reply): void {
  if (reply === "hang") return;
  if (reply === "close") response.destroy();
  else if (reply === "cut") {
    response.writeHead(200, { "content-length": 100 });
    response.write("half");
    setImmediate(() => response.destroy());
  } else {
    const { status = 200, headers = { "content-type": "application/x-protobuf" }, body = "" } = reply;
    response.writeHead(status, headers).end(body);
  }
}

const way: Readonly<Record<Signal, readonly string[]>> = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
};

/** The spans, log records or metrics of a decoded request. */
export function itemsOf(signal: Signal, request: Plain): Plain[] {
  let level: Plain[] = [request];
  for (const name of way[signal]) level = level.flatMap((message) => (message[name] ?? []) as Plain[]);
  return level;
}
