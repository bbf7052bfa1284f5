// The otlp receiver and the exporters of OTLP on a real pipeline without processors, between real sockets.

import { readFileSync } from "node:fs";
import { type IncomingHttpHeaders, request as requestHttp } from "node:http";
import { onTestFinished } from "vitest";
import { type Encoded, type Signal, signals } from "../../src/core/batch.ts";
import type { Accept, AnyKind, Component, Exporter, Files } from "../../src/core/component.ts";
import type { otlpGrpc } from "../../src/exporters/otlp_grpc/otlp-grpc.ts";
import { otlpHttp } from "../../src/exporters/otlp_http/otlp-http.ts";
import { TraceBatches } from "../../src/otlp/trace-batch.ts";
import { openDoor } from "../../src/pipeline/door.ts";
import { otlp } from "../../src/receivers/otlp/otlp.ts";
import { itemsOf } from "./backend.ts";
import { encode, type Plain } from "./otlp-oracle.ts";
import { type RecordingHost, recordingHost } from "./recording-host.ts";

export const files: Files = { read: (path) => readFileSync(path) };

/** What is wrong with settings, as `path: text`; empty when nothing is. */
export function problemsOf(kind: AnyKind, given: unknown): string[] {
  const prepared = kind.prepare(given, files);
  if (prepared.ok) return [];
  return [
    ...prepared.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`),
    ...prepared.objections.map(({ path, text }) => `${path.join(".")}: ${text}`),
  ];
}

export interface RunningExporter {
  readonly exporter: Exporter & Component;
  readonly host: RecordingHost;
  /** Reserves and commits, as a pipeline does. */
  send(signal: Signal, request: Plain): Promise<void>;
  stop(deadline?: AbortSignal): Promise<void>;
}

/** The exporter `otlp_http`, stopped at the end of the test. */
export function startExporter(given: Plain, id = "otlp_http/test"): Promise<RunningExporter> {
  return startAnyExporter(otlpHttp, given, id);
}

/** An exporter that is stopped at the end of the test. */
export async function startAnyExporter(
  kind: typeof otlpHttp | typeof otlpGrpc,
  given: Plain,
  id: string,
): Promise<RunningExporter> {
  const host = recordingHost({ id: `exporters.${id}` });
  const prepare = kind.prepare(given, files);
  if (!prepare.ok) throw new Error(problemsOf(kind, given).join("\n"));
  const exporter = prepare.create(undefined, host);
  await exporter.start?.();
  const stop = async (deadline = AbortSignal.abort()): Promise<void> => exporter.stop?.(deadline);
  onTestFinished(() => stop());
  const send = async (signal: Signal, request: Plain): Promise<void> => {
    const encoded = encodedOf(signal, request);
    await exporter.reserve(encoded.bytes.length, encoded).commit(encoded);
  };
  return { exporter, host, send, stop };
}

export function encodedOf(signal: Signal, request: Plain): Encoded {
  const context = { headers: {}, subject: undefined, peer: "test" };
  return { signal, bytes: encode(signal, request), items: countOf(signal, request), context, notes: {} };
}

/** Spans, log records or data points. */
function countOf(signal: Signal, request: Plain): number {
  const items = itemsOf(signal, request);
  if (signal !== "metrics") return items.length;
  return items.flatMap((metric) => Object.values(metric).flatMap((data) => (data as Plain)["dataPoints"] ?? [])).length;
}

export interface RunningReceiver {
  readonly receiver: Component;
  readonly host: RecordingHost;
  readonly url: string;
  readonly port: number;
  /** `host:port` or `unix:path` of the gRPC door. */
  readonly target: string;
}

export interface ReceiverOptions {
  readonly http?: Plain;
  /** Absent: no gRPC door. */
  readonly grpc?: Plain;
  readonly exporters?: readonly Exporter[];
  readonly signals?: readonly Signal[];
  /** Instead of a pipeline. */
  readonly accept?: Accept;
}

/** A receiver on a free port in front of the exporters, stopped at the end of the test. */
export async function startReceiver(options: ReceiverOptions = {}): Promise<RunningReceiver> {
  const host = recordingHost({ id: "receivers.otlp" });
  const endpoint = "127.0.0.1:0";
  const grpc = options.grpc && { grpc: { endpoint, ...options.grpc } };
  const settings = { protocols: { http: { endpoint, ...options.http }, ...grpc } };
  const prepare = otlp.prepare(settings, files);
  if (!prepare.ok) throw new Error(problemsOf(otlp, settings).join("\n"));
  const doors = new Map<Signal, Accept>();
  for (const signal of options.signals ?? signals) {
    const chains = [{ id: signal, signal, processors: [], exporters: options.exporters ?? [] }];
    doors.set(
      signal,
      options.accept ?? openDoor({ receiver: "otlp", signal, chains, traces: new TraceBatches([]), host }),
    );
  }
  const receiver = prepare.create(doors, host);
  await receiver.start?.();
  onTestFinished(async () => receiver.stop?.(AbortSignal.abort()));
  const addressOf = (protocol: string): string =>
    new RegExp(`"protocol":"${protocol}","address":"([^"]+)"`).exec(host.logged.join("\n"))?.[1] ?? "";
  const url = addressOf("http");
  const target = addressOf("grpc").replace(/^https?:\/\//, "");
  return { receiver, host, url, port: Number(new URL(url).port), target };
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One request on a connection of its own. */
export function call(
  url: string,
  options: { method?: string; headers?: Record<string, string | number>; body?: Uint8Array | string } = {},
): Promise<HttpAnswer> {
  const { method = "POST", headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const request = requestHttp(url, { method, headers: { connection: "close", ...headers } }, (response) => {
      const chunks: Uint8Array[] = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

export const protobufType = { "content-type": "application/x-protobuf" };
export const jsonType = { "content-type": "application/json" };

/** A request of `count` spans that are numbered from `first`. */
export function traces(count = 1, first = 0): Plain {
  const spans = Array.from({ length: count }, (_, at) => ({
    traceId: Buffer.alloc(16, 1).toString("base64"),
    spanId: Buffer.alloc(8, 2).toString("base64"),
    name: `span-${first + at}`,
    startTimeUnixNano: "1700000000000000000",
    endTimeUnixNano: "1700000000000000001",
  }));
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "lib" }, spans, schemaUrl: "https://s" }] }] };
}
