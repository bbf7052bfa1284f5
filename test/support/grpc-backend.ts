// An OTLP/gRPC backend for tests: grpc-js as other people run it, with answers as the test says. It keeps what it gets.
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import { type Signal, signals } from "../../src/core/batch.ts";
import { exportPaths } from "../../src/otlp/services.ts";
import { encodeStatus } from "../../src/otlp/status.ts";
import { itemsOf } from "./backend.ts";
import { decode, type Plain } from "./otlp-oracle.ts";

export interface GrpcReceived {
  readonly signal: Signal;
  readonly bytes: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
  /** Common name of the client's certificate. */
  readonly client: string | undefined;
}

/** `hang` never answers. `retryAfterMs` adds RetryInfo. */
export type GrpcReply =
  | { readonly code?: number; readonly details?: string; readonly retryAfterMs?: number; readonly body?: Uint8Array }
  | "hang";

export interface GrpcBackend {
  readonly target: string;
  readonly port: number;
  readonly received: GrpcReceived[];
  /** `count` starts at 1. Answers OK by default. */
  reply: (request: GrpcReceived, count: number) => GrpcReply;
  /** Spans, log records or metrics of everything that was answered with OK. */
  taken(signal: Signal): Plain[];
  stop(): void;
}

export interface GrpcBackendOptions {
  /** `host:port` or `unix:path`; a free port by default. */
  readonly address?: string;
  readonly credentials?: ServerCredentials;
  readonly maxBytes?: number;
}

/** Stopped at the end of the test. */
export async function startGrpcBackend(options: GrpcBackendOptions = {}): Promise<GrpcBackend> {
  const { address = "127.0.0.1:0", credentials = ServerCredentials.createInsecure(), maxBytes = -1 } = options;
  const server = new Server({ "grpc.max_receive_message_length": maxBytes });
  const received: GrpcReceived[] = [];
  const taken: GrpcReceived[] = [];
  for (const signal of signals) {
    const handle = (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void => {
      const metadata = Object.fromEntries(Object.entries(call.metadata.getMap()).map(([k, v]) => [k, String(v)]));
      const client = call.getAuthContext().sslPeerCertificate?.subject?.CN;
      const request = { signal, bytes: Uint8Array.from(call.request), metadata, client: client && String(client) };
      received.push(request);
      const reply = backend.reply(request, received.length);
      if (reply === "hang") return;
      if (reply.code) return answer(errorOf(reply));
      taken.push(request);
      answer(null, Buffer.from(reply.body ?? []));
    };
    server.addService(serviceOf(signal), { Export: handle });
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  const backend: GrpcBackend = {
    target: address.startsWith("unix:") ? address : `127.0.0.1:${port}`,
    port,
    received,
    reply: () => ({}),
    taken: (signal) =>
      taken
        .filter((request) => request.signal === signal)
        .flatMap(({ bytes }) => itemsOf(signal, decode(signal, bytes))),
    stop: () => server.forceShutdown(),
  };
  onTestFinished(() => server.forceShutdown());
  return backend;
}

function errorOf(reply: Exclude<GrpcReply, "hang">) {
  const { code = 0, details = "no", retryAfterMs } = reply;
  const metadata = new Metadata();
  if (retryAfterMs !== undefined) {
    metadata.set("grpc-status-details-bin", Buffer.from(encodeStatus({ code, message: details, retryAfterMs })));
  }
  return { code, details, metadata };
}

function serviceOf(signal: Signal): ServiceDefinition {
  const asItIs = (bytes: Buffer): Buffer => bytes;
  const both = { requestSerialize: asItIs, requestDeserialize: asItIs, responseSerialize: asItIs };
  const method = { path: exportPaths[signal], requestStream: false, responseStream: false, ...both };
  return { Export: { ...method, responseDeserialize: asItIs } };
}
