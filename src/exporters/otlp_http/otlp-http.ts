// Sends OTLP over HTTP. One attempt is here, and what an answer means in `answer.ts`; queue, batches and retries are
// `sending/`, the same for every exporter.
import { validateHeaderName, validateHeaderValue } from "node:http";
import { createSecureContext } from "node:tls";
import { z } from "zod";
import { type Encoded, type Signal, signals } from "../../core/batch.ts";
import {
  type Batching,
  type Component,
  type Exporter,
  exporter,
  type Files,
  type Objection,
} from "../../core/component.ts";
import type { Host } from "../../core/host.ts";
import { Refused } from "../../core/refused.ts";
import { duration, inert, section } from "../../core/settings.ts";
import { clientTlsFields, tlsObjections } from "../../core/tls.ts";
import { version } from "../../core/version.ts";
import { protoToJson } from "../../otlp/proto-to-json.ts";
import { attempt } from "../../sending/attempt.ts";
import { codings, compress, isAvailable, withoutCoding } from "../../sending/compress.ts";
import type { PushResult } from "../../sending/delivery.ts";
import { createSender } from "../../sending/sender.ts";
import { retrySettings, sendingObjections, sendingQueueSettings } from "../../sending/settings.ts";
import { resultOf } from "./answer.ts";
import { HttpClient } from "./client.ts";

const onHttp1 = inert("requests go over HTTP/1.1");
const bySockets = inert("Node.js sizes the buffers of sockets itself");

const tls = section(
  z.strictObject({
    ...clientTlsFields,
    insecure: inert("the scheme of the endpoint decides, http or https"),
  }),
  "TLS, for endpoints that start with https.",
).prefault({});

const url = (description: string) =>
  z
    .string()
    .refine((given) => /^https?:$/.test(parseUrl(given)?.protocol ?? ""), {
      error: (issue) => `must be a URL such as http://localhost:4318, not ${JSON.stringify(issue.input)}`,
    })
    .optional()
    .meta({ description });

const settings = z.strictObject({
  endpoint: url("Base URL of the backend; /v1/traces, /v1/metrics and /v1/logs are appended."),
  traces_endpoint: url("Whole URL for traces, instead of the one below endpoint."),
  metrics_endpoint: url("Whole URL for metrics."),
  logs_endpoint: url("Whole URL for logs."),
  headers: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .meta({ description: "Sent with every request. Values are never printed." }),
  timeout: duration("30s", "How long one attempt may take, answer included."),
  compression: z.enum(codings).default("gzip").meta({ description: "Bodies below 1 KiB are never compressed." }),
  compression_params: section(
    z.strictObject({
      level: z.int().min(-1).max(9).default(1).meta({ description: "From 1, fast, to 9, small; -1 is zlib's choice." }),
    }),
    "How to compress.",
  ).prefault({}),
  encoding: z
    .enum(["proto", "json"])
    .default("proto")
    .meta({ description: "Form of the body. json costs many times more, here and at the backend." }),
  tls,
  max_idle_conns: z
    .int()
    .min(0)
    .default(100)
    .meta({ description: "Connections that are kept open for later; 0 is no limit." }),
  max_conns_per_host: z.int().min(0).default(0).meta({ description: "Connections at the same time; 0 is no limit." }),
  idle_conn_timeout: duration("90s", "How long an unused connection is kept open; 0 is for ever."),
  disable_keep_alives: z
    .boolean()
    .default(false)
    .meta({ description: "Whether every request opens a connection of its own." }),
  retry_on_failure: retrySettings,
  sending_queue: sendingQueueSettings,
  read_buffer_size: bySockets,
  write_buffer_size: bySockets,
  force_attempt_http2: onHttp1,
  http2_read_idle_timeout: onHttp1,
  http2_ping_timeout: onHttp1,
});

type Settings = z.output<typeof settings>;

export const otlpHttp = exporter({
  type: "otlp_http",
  aliases: ["otlphttp"],
  summary: "Sends OTLP over HTTP to a backend or another collector.",
  signals,
  settings,
  check,
  create,
});

function* check(given: Settings, files: Files): Iterable<Objection> {
  if (signals.every((signal) => endpointOf(given, signal) === undefined)) {
    yield { path: ["endpoint"], text: "must be set; write the base URL of the backend, such as http://localhost:4318" };
  }
  for (const [name, value] of Object.entries(given.headers)) yield* headerObjections(name, String(value));
  for (const { path, text } of tlsObjections(given.tls, files, createSecureContext)) {
    yield { path: ["tls", ...path], text };
  }
  if (!isAvailable(given.compression)) yield { path: ["compression"], text: withoutCoding(given.compression) };
  yield* sendingObjections(given);
}

/** Says nothing of the value: it may be a secret. */
function* headerObjections(name: string, value: string): Iterable<Objection> {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch {
    yield { path: ["headers", name], text: "must be a header name with a value of one line" };
  }
}

function create(given: Settings, batching: Batching | undefined, host: Host): Exporter & Required<Component> {
  const client = new HttpClient(given);
  const headers = headersOf(given);
  const endpoints = {
    traces: endpointOf(given, "traces"),
    metrics: endpointOf(given, "metrics"),
    logs: endpointOf(given, "logs"),
  };

  async function push(encoded: Encoded, over: AbortSignal): Promise<PushResult> {
    const endpoint = endpoints[encoded.signal];
    if (endpoint === undefined) {
      return {
        kind: "permanent",
        reason: `no endpoint for ${encoded.signal}; set endpoint or ${encoded.signal}_endpoint`,
      };
    }
    const plain = given.encoding === "json" ? jsonOf(encoded) : encoded.bytes;
    if (plain === undefined) return { kind: "permanent", reason: "the request cannot be written as JSON" };
    const { bytes, coding } = await compress(plain, given.compression, given.compression_params.level);
    return attempt({ clock: host.clock, timeoutMs: given.timeout, over }, async (abort) => {
      const all = coding === undefined ? headers : { "content-encoding": coding, ...headers };
      return resultOf(await client.post(endpoint, all, bytes, abort), endpoint, host.clock.now());
    });
  }

  const sender = createSender(given, batching, push, host);
  return {
    reserve: (bytes, load) => sender.reserve(bytes, load),
    async start() {
      client.open();
      await sender.start();
    },
    async stop(deadline) {
      await sender.stop(deadline);
      client.close();
    },
  };
}

const jsonForms = new WeakMap<Uint8Array, Uint8Array>();

/** Made once for all attempts and all exporters of the same bytes; undefined when they are no request. */
function jsonOf({ signal, bytes }: Encoded): Uint8Array | undefined {
  try {
    const form = jsonForms.get(bytes) ?? protoToJson(signal, bytes);
    jsonForms.set(bytes, form);
    return form;
  } catch (cause) {
    if (cause instanceof Refused) return undefined;
    throw cause;
  }
}

/** Lower-case names, so that what the user sets replaces what is sent by default. */
function headersOf(given: Settings): Record<string, string> {
  const headers: Record<string, string> = {
    "content-type": given.encoding === "json" ? "application/json" : "application/x-protobuf",
    "user-agent": `spantoll/${version}`,
  };
  for (const [name, value] of Object.entries(given.headers)) headers[name.toLowerCase()] = String(value);
  return headers;
}

function endpointOf(given: Settings, signal: Signal): URL | undefined {
  const own = given[`${signal}_endpoint`];
  if (own !== undefined) return parseUrl(own);
  const base = given.endpoint === undefined ? undefined : parseUrl(given.endpoint);
  if (base !== undefined) base.pathname = `${base.pathname.replace(/\/$/, "")}/v1/${signal}`;
  return base;
}

function parseUrl(given: string): URL | undefined {
  return URL.canParse(given) ? new URL(given) : undefined;
}
