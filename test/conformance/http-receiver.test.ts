// Conformance of the HTTP door: C-01 to C-22 of the list in docs/conformance.md, through real sockets.

import { request as requestHttp } from "node:http";
import { connect } from "node:net";
import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Signal } from "../../src/core/batch.ts";
import { Refused } from "../../src/core/refused.ts";
import { readStatusMessage } from "../../src/otlp/status.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import {
  call,
  type HttpAnswer,
  jsonType,
  protobufType,
  startExporter,
  startReceiver,
  traces,
} from "../support/http-path.ts";
import { decode, encode, type Plain, toOtlpJson } from "../support/otlp-oracle.ts";
import { until } from "../support/until.ts";

const oneSpan = encode("traces", traces(1));
const oneSpanJson = JSON.stringify(toOtlpJson(decode("traces", oneSpan)));

async function startPath(http: Plain = {}, signals?: readonly Signal[]) {
  const backend = await startBackend();
  onTestFinished(() => backend.stop());
  const { exporter } = await startExporter({ endpoint: backend.url });
  const running = await startReceiver({ http, exporters: [exporter], ...(signals ? { signals } : {}) });
  return { ...running, backend };
}

async function received(backend: Backend, count = 1): Promise<Uint8Array[]> {
  await until(() => backend.received.length >= count);
  return backend.received.map(({ bytes }) => bytes);
}

function messageOf(answer: HttpAnswer): string | undefined {
  if (answer.headers["content-type"] !== "application/json") return readStatusMessage(answer.body);
  const status = JSON.parse(answer.body.toString());
  expect(status.code).toBeTypeOf("number");
  return status.message;
}

describe("a good request", () => {
  test("C-01 protobuf is answered with the empty message and reaches the backend byte-identical", async () => {
    const { url, backend } = await startPath();
    const answer = await call(`${url}/v1/traces`, { headers: protobufType, body: oneSpan });
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe("application/x-protobuf");
    expect(answer.body).toHaveLength(0);
    expect(await received(backend)).toEqual([Buffer.from(oneSpan)]);
  });

  test("C-02 JSON is answered with the empty message in JSON and reaches the backend as the same spans", async () => {
    const { url, backend } = await startPath();
    const answer = await call(`${url}/v1/traces`, { headers: jsonType, body: oneSpanJson });
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(answer.body.toString()).toBe("{}");
    const [bytes = new Uint8Array()] = await received(backend);
    expect(decode("traces", bytes)).toEqual(decode("traces", oneSpan));
  });

  test.each([
    {
      signal: "metrics",
      request: {
        resourceMetrics: [
          {
            scopeMetrics: [
              {
                metrics: [
                  { name: "m", sum: { dataPoints: [{ asInt: "5" }], aggregationTemporality: 2, isMonotonic: true } },
                ],
              },
            ],
          },
        ],
      },
    },
    {
      signal: "logs",
      request: {
        resourceLogs: [{ scopeLogs: [{ logRecords: [{ severityNumber: 9, body: { stringValue: "hello" } }] }] }],
      },
    },
  ] as const)("C-03 $signal pass in both forms", async ({ signal, request }) => {
    const { url, backend, host } = await startPath();
    const bytes = encode(signal, request);
    expect((await call(`${url}/v1/${signal}`, { headers: protobufType, body: bytes })).status).toBe(200);
    const json = JSON.stringify(toOtlpJson(decode(signal, bytes)));
    expect((await call(`${url}/v1/${signal}`, { headers: jsonType, body: json })).status).toBe(200);
    const requests = await received(backend, 2);
    expect(requests.map((one) => decode(signal, one))).toEqual([decode(signal, bytes), decode(signal, bytes)]);
    const word = signal === "logs" ? "log_records" : "metric_points";
    expect(host.counted.get(`otelcol_receiver_accepted_${word}{"receiver":"otlp","transport":"http"}`)).toBe(2);
  });

  test.each([
    { type: "application/json; charset=utf-8", body: oneSpanJson, answers: "application/json" },
    { type: "Application/JSON", body: oneSpanJson, answers: "application/json" },
    { type: "APPLICATION/X-PROTOBUF;x=y", body: oneSpan, answers: "application/x-protobuf" },
  ])("C-04 $type is understood", async ({ type, body, answers }) => {
    const { url } = await startPath();
    const answer = await call(`${url}/v1/traces`, { headers: { "content-type": type }, body });
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe(answers);
  });

  test.each([
    {
      name: "C-05 gzip of protobuf",
      headers: { ...protobufType, "content-encoding": "gzip" },
      body: gzipSync(oneSpan),
    },
    { name: "C-05 gzip of JSON", headers: { ...jsonType, "content-encoding": "GZIP" }, body: gzipSync(oneSpanJson) },
    { name: "C-06 deflate", headers: { ...protobufType, "content-encoding": "deflate" }, body: deflateSync(oneSpan) },
    { name: "identity", headers: { ...protobufType, "content-encoding": "identity" }, body: oneSpan },
    {
      name: "C-09 two gzip members",
      headers: { ...protobufType, "content-encoding": "gzip" },
      body: Buffer.concat([gzipSync(oneSpan.subarray(0, 20)), gzipSync(oneSpan.subarray(20))]),
    },
  ])("$name is decompressed", async ({ headers, body }) => {
    const { url, backend } = await startPath();
    expect((await call(`${url}/v1/traces`, { headers, body })).status).toBe(200);
    const [bytes = new Uint8Array()] = await received(backend);
    expect(decode("traces", bytes)).toEqual(decode("traces", oneSpan));
  });

  test("a compressed body of many megabytes is decompressed whole", async () => {
    const { url, backend } = await startPath();
    const large = encode("traces", traces(150_000));
    expect(large.length).toBeGreaterThan(8 * 1024 ** 2);
    const headers = { ...protobufType, "content-encoding": "gzip" };
    expect((await call(`${url}/v1/traces`, { headers, body: gzipSync(large) })).status).toBe(200);
    const [bytes = new Uint8Array()] = await received(backend);
    expect(Buffer.compare(bytes, large)).toBe(0);
  });

  test.each([
    { name: "nothing in protobuf", headers: protobufType, body: "" },
    { name: "{} in JSON", headers: jsonType, body: "{}" },
    { name: "a scope without spans", headers: protobufType, body: encode("traces", traces(0)) },
  ])("C-10 $name is accepted and not forwarded", async ({ headers, body }) => {
    const { url, backend, host } = await startPath();
    expect((await call(`${url}/v1/traces`, { headers, body })).status).toBe(200);
    await call(`${url}/v1/traces`, { headers: protobufType, body: oneSpan });
    expect(await received(backend)).toEqual([Buffer.from(oneSpan)]);
    expect(host.counted.get('otelcol_receiver_accepted_spans{"receiver":"otlp","transport":"http"}')).toBe(1);
  });

  test("C-14 paths are settings, with or without a slash in front", async () => {
    const { url } = await startPath({ traces_url_path: "otlp/v1/traces" });
    const send = { headers: protobufType, body: oneSpan };
    expect((await call(`${url}/otlp/v1/traces?x=1`, send)).status).toBe(200);
    expect((await call(`${url}/v1/traces`, send)).status).toBe(404);
  });

  test("C-16 200 connections and 10,000 requests on one connection are all answered", async () => {
    const { port, host } = await startReceiver();
    const request = Buffer.concat([
      Buffer.from(
        `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: ${oneSpan.length}\r\n\r\n`,
      ),
      oneSpan,
    ]);
    /** Sends the next request when the one before is answered; resolves with the number of good answers. */
    const statusLines = (count: number) =>
      new Promise<number>((resolve, reject) => {
        let answered = 0;
        const socket = connect(port, "127.0.0.1", () => void socket.write(request));
        socket.on("data", (chunk) => {
          if (!chunk.toString("latin1").startsWith("HTTP/1.1 200 ")) return void socket.destroy();
          answered++;
          if (answered === count) socket.end();
          else socket.write(request);
        });
        socket.on("error", reject);
        socket.on("close", () => resolve(answered));
      });
    const answered = await Promise.all([statusLines(10_000), ...Array.from({ length: 200 }, () => statusLines(5))]);
    expect(answered).toEqual([10_000, ...Array.from({ length: 200 }, () => 5)]);
    expect(host.counted.get('otelcol_receiver_accepted_spans{"receiver":"otlp","transport":"http"}')).toBe(11_000);
  });

  test("C-16 requests that are sent before the answers of others are answered in their order", async () => {
    const { port } = await startReceiver();
    const head = `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: ${oneSpan.length}\r\n`;
    const types = Array.from({ length: 99 }, (_, at) => (at % 3 === 0 ? "text/plain" : "application/x-protobuf"));
    const lines: string[] = [];
    const socket = connect(port, "127.0.0.1", () => {
      for (const type of types) {
        socket.write(`${head}Content-Type: ${type}\r\n\r\n`);
        socket.write(oneSpan);
      }
    });
    onTestFinished(() => void socket.destroy());
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    await until(() => text.split("HTTP/1.1 ").length - 1 === types.length);
    for (const [, status] of text.matchAll(/HTTP\/1\.1 (\d+)/g)) lines.push(status ?? "");
    expect(lines).toEqual(types.map((type) => (type === "text/plain" ? "415" : "200")));
  });

  test("a client that asks before sending is told to go on", async () => {
    const { url } = await startPath();
    const status = await new Promise((resolve, reject) => {
      const request = requestHttp(`${url}/v1/traces`, {
        method: "POST",
        headers: { ...protobufType, expect: "100-continue", "content-length": oneSpan.length },
      });
      request.on("continue", () => request.end(oneSpan));
      request.on("response", (response) => resolve(response.statusCode));
      request.on("error", reject);
      request.flushHeaders();
    });
    expect(status).toBe(200);
  });

  test("headers reach the pipeline only with include_metadata", async () => {
    const seen: unknown[] = [];
    const accept = async ({ context }: { context: { headers: object } }) => seen.push(context.headers);
    const closed = await startReceiver({ accept });
    const open = await startReceiver({ accept, http: { include_metadata: true } });
    const headers = { ...protobufType, "X-Tenant": "acme" };
    await call(`${closed.url}/v1/traces`, { headers, body: oneSpan });
    await call(`${open.url}/v1/traces`, { headers, body: oneSpan });
    expect(seen).toEqual([{}, expect.objectContaining({ "x-tenant": "acme" })]);
  });
});

describe("CORS", () => {
  const cors = { allowed_origins: ["http://*.ex.com"], allowed_headers: ["X-Mine"], max_age: 60 };
  const ask = (url: string, origin: string) =>
    call(`${url}/v1/traces`, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type, x-mine, x-other",
      },
    });

  test("C-15 an allowed origin is echoed, with what it asked for as far as it is allowed", async () => {
    const { url } = await startPath({ cors });
    const answer = await ask(url, "http://a.ex.com");
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({
      "access-control-allow-origin": "http://a.ex.com",
      "access-control-allow-credentials": "true",
      "access-control-allow-headers": "content-type, x-mine",
      "access-control-max-age": "60",
    });
    const sent = await call(`${url}/v1/traces`, {
      headers: { ...protobufType, origin: "http://a.ex.com" },
      body: oneSpan,
    });
    expect(sent.headers["access-control-allow-origin"]).toBe("http://a.ex.com");
  });

  test.each(["http://evil.com", "http://.ex.co", "http://a.ex.com.evil.com"])(
    "C-15 %s gets no CORS headers",
    async (origin) => {
      const { url } = await startPath({ cors });
      expect(Object.keys((await ask(url, origin)).headers).filter((name) => name.startsWith("access-"))).toEqual([]);
    },
  );

  test("C-15 without the setting there are no CORS headers", async () => {
    const { url } = await startPath();
    const answer = await ask(url, "http://a.ex.com");
    expect(answer.status).toBe(405);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-"))).toEqual([]);
  });
});

describe("a bad request", () => {
  test.each([
    {
      name: "C-07 gzip that is none",
      headers: { ...protobufType, "content-encoding": "gzip" },
      body: oneSpan,
      status: 400,
      says: "gzip",
    },
    {
      name: "C-07 gzip that is none, in JSON",
      headers: { ...jsonType, "content-encoding": "gzip" },
      body: oneSpanJson,
      status: 400,
      says: "gzip",
    },
    {
      name: "gzip cut short",
      headers: { ...protobufType, "content-encoding": "gzip" },
      body: gzipSync(oneSpan).subarray(0, 30),
      status: 400,
      says: "gzip",
    },
    {
      name: "C-08 an unknown coding",
      headers: { ...protobufType, "content-encoding": "br" },
      body: oneSpan,
      status: 415,
      says: '"br"',
    },
    {
      name: "C-08 two codings",
      headers: { ...protobufType, "content-encoding": "gzip, gzip" },
      body: oneSpan,
      status: 415,
      says: "gzip, gzip",
    },
    {
      name: "C-12 no media type",
      headers: {},
      body: oneSpan,
      status: 415,
      says: "415 unsupported media type, supported: [application/json, application/x-protobuf]",
    },
    {
      name: "C-12 an unknown media type",
      headers: { "content-type": "text/plain" },
      body: oneSpan,
      status: 415,
      says: "415 unsupported",
    },
    {
      name: "C-21 truncated protobuf",
      headers: protobufType,
      body: oneSpan.subarray(0, -3),
      status: 400,
      says: "byte",
    },
    {
      name: "C-21 random bytes",
      headers: protobufType,
      body: Buffer.from("ffffffffffffffffffffffff", "hex"),
      status: 400,
      says: "byte",
    },
    { name: "C-21 JSON cut short", headers: jsonType, body: '{"resourceSpans":', status: 400, says: "byte" },
    { name: "C-21 JSON that is a number", headers: jsonType, body: "1234", status: 400, says: "byte" },
    {
      name: "C-93 JSON a million levels deep",
      headers: jsonType,
      body: `{"resourceSpans":${"[".repeat(1_000_000)}`,
      status: 400,
      says: "byte",
    },
  ])("$name is answered $status in its own form and the door stays open", async ({ headers, body, status, says }) => {
    const { url, host } = await startReceiver();
    const answer = await call(`${url}/v1/traces`, { headers, body });
    expect(answer.status).toBe(status);
    const isJson = headers["content-type" as keyof typeof headers] !== "application/x-protobuf";
    expect(answer.headers["content-type"]).toBe(isJson ? "application/json" : "application/x-protobuf");
    expect(messageOf(answer)).toContain(says);
    expect(answer.headers["retry-after"]).toBeUndefined();
    expect((await call(`${url}/v1/traces`, { headers: protobufType, body: oneSpan })).status).toBe(200);
    expect(host.counted.get('otelcol_receiver_accepted_spans{"receiver":"otlp","transport":"http"}')).toBe(1);
    expect(host.counted.get('spantoll_internal_errors_total{"place":"receivers.otlp"}')).toBeUndefined();
  });

  test.each(["GET", "PUT", "PATCH", "DELETE"])("C-11 %s is answered 405 with what is allowed", async (method) => {
    const { url } = await startReceiver();
    const answer = await call(`${url}/v1/traces`, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe("POST");
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(messageOf(answer)).toBe("405 method not allowed, supported: [POST]");
    const asked = await call(`${url}/v1/traces`, { method, headers: { accept: "application/x-protobuf" } });
    expect([asked.status, asked.headers["content-type"]]).toEqual([405, "application/x-protobuf"]);
    expect(messageOf(asked)).toBe("405 method not allowed, supported: [POST]");
  });

  test.each([
    { name: "an unknown path", path: "/v1/unknown" },
    { name: "a signal without a pipeline", path: "/v1/logs" },
    { name: "a path of an object's prototype", path: "/__proto__" },
  ])("C-13 $name is answered 404 in its own form", async ({ path }) => {
    const { url } = await startReceiver({ signals: ["traces"] });
    const inJson = await call(url + path, { headers: jsonType, body: "{}" });
    const inProtobuf = await call(url + path, { headers: protobufType, body: oneSpan });
    expect([inJson.status, inProtobuf.status]).toEqual([404, 404]);
    expect(messageOf(inJson)).toContain("404");
    expect(messageOf(inProtobuf)).toContain("404");
  });

  test.each([
    {
      name: "overloaded",
      thrown: new Refused("overloaded", "the sending queue is full", { retryAfterMs: 1500 }),
      status: 503,
      retryAfter: "2",
    },
    { name: "unavailable", thrown: new Refused("unavailable", "redis is away"), status: 503, retryAfter: "1" },
    {
      name: "unauthenticated",
      thrown: new Refused("unauthenticated", "who are you"),
      status: 401,
      retryAfter: undefined,
    },
    {
      name: "too large for the pipeline",
      thrown: new Refused("too_large", "larger than the queue"),
      status: 413,
      retryAfter: undefined,
    },
    { name: "a bug of ours", thrown: new TypeError("undefined is not a function"), status: 503, retryAfter: "1" },
  ])("C-22 $name is answered $status with a Status in either form", async ({ thrown, status, retryAfter }) => {
    const { url } = await startReceiver({ accept: () => Promise.reject(thrown) });
    for (const [headers, body] of [
      [protobufType, oneSpan],
      [jsonType, oneSpanJson],
    ] as const) {
      const answer = await call(`${url}/v1/traces`, { headers, body });
      expect(answer.status).toBe(status);
      expect(answer.headers["retry-after"]).toBe(retryAfter);
      expect(answer.headers["content-type"]).toBe(headers["content-type"]);
      expect(messageOf(answer)).toBe(thrown instanceof Refused ? thrown.message : "internal error");
    }
  });

  test.each(["memory is short", "a queue is full"])("C-22 503 because %s has a Status in either form", async (why) => {
    const settings = { sending_queue: { queue_size: 1, sizer: "requests" }, retry_on_failure: { max_elapsed_time: 0 } };
    const { exporter, send } = await startExporter({ endpoint: "http://127.0.0.1:1", ...settings });
    const { url, host } = await startReceiver({ exporters: [exporter] });
    if (why === "a queue is full") await send("traces", traces(1));
    else host.pressure.reason = why;
    for (const [headers, body] of [
      [protobufType, oneSpan],
      [jsonType, oneSpanJson],
    ] as const) {
      const answer = await call(`${url}/v1/traces`, { headers, body });
      expect([answer.status, answer.headers["content-type"]]).toEqual([503, headers["content-type"]]);
      expect(answer.headers["retry-after"]).toMatch(/^[1-9]\d*$/);
      expect(messageOf(answer)).toContain(why === "a queue is full" ? "queue is full" : why);
    }
    const labels = '{"receiver":"otlp","transport":"http"}';
    const refusedSpans = host.counted.get(`otelcol_receiver_refused_spans${labels}`);
    expect(refusedSpans).toBe(why === "a queue is full" ? 2 : undefined);
  });

  test.each([
    { reason: "malformed", path: "/v1/traces", headers: protobufType, body: oneSpan.subarray(1) },
    { reason: "malformed", path: "/v1/traces", headers: jsonType, body: "{" },
    { reason: "too_large", path: "/v1/traces", headers: protobufType, body: Buffer.alloc(2048) },
    { reason: "not_found", path: "/v1/nothing", headers: protobufType, body: oneSpan },
    { reason: "wrong_media_type", path: "/v1/traces", headers: {}, body: oneSpan },
    {
      reason: "wrong_coding",
      path: "/v1/traces",
      headers: { ...protobufType, "content-encoding": "br" },
      body: oneSpan,
    },
    { reason: "overloaded", path: "/v1/traces", headers: protobufType, body: oneSpan, pressure: "memory is short" },
  ])("that is refused is counted once, as $reason", async ({ reason, path, headers, body, pressure }) => {
    const { url, host } = await startReceiver({ http: { max_request_body_size: "1KiB" } });
    host.pressure.reason = pressure;
    await call(url + path, { headers, body });
    const counted = [...host.counted].filter(([name]) => name.startsWith("spantoll_receiver_refused_requests_total"));
    const labels = `{"receiver":"otlp","transport":"http","reason":"${reason}"}`;
    expect(counted).toEqual([[`spantoll_receiver_refused_requests_total${labels}`, 1]]);
  });
});
