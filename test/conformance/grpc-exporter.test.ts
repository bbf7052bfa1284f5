// The gRPC exporter as a backend sees it: C-44 to C-55 of the list in docs/conformance.md as far as they are about gRPC,
// through real sockets.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { signals } from "../../src/core/batch.ts";
import { Refused } from "../../src/core/refused.ts";
import { otlpGrpc } from "../../src/exporters/otlp_grpc/otlp-grpc.ts";
import { type GrpcBackend, type GrpcReply, startGrpcBackend } from "../support/grpc-backend.ts";
import { grpcClient } from "../support/grpc-client.ts";
import { problemsOf, type RunningExporter, startAnyExporter, startReceiver, traces } from "../support/http-path.ts";
import { encode, type Plain } from "../support/otlp-oracle.ts";
import { until } from "../support/until.ts";

type Running = RunningExporter & { readonly backend: GrpcBackend };

const insecure = { tls: { insecure: true } };

async function start(settings: Plain = {}, reply?: GrpcBackend["reply"]): Promise<Running> {
  const backend = await startGrpcBackend();
  if (reply) backend.reply = reply;
  const running = await startTo({ endpoint: backend.target, ...insecure, ...settings });
  return { ...running, backend };
}

function startTo(settings: Plain): Promise<RunningExporter> {
  return startAnyExporter(otlpGrpc, settings, "otlp_grpc/test");
}

const count = (running: RunningExporter, name: string): number =>
  running.host.counted.get(`otelcol_exporter_${name}_spans{"exporter":"otlp_grpc/test"}`) ?? 0;
const sent = (running: RunningExporter): number => count(running, "sent");
const failed = (running: RunningExporter): number => count(running, "send_failed");
const namesOf = (backend: GrpcBackend): unknown[] => backend.taken("traces").map((span) => span["name"]);

/** Nothing is sent a moment before `ms` are over, and the next attempt then. */
async function attemptAfter(ms: number, running: Running): Promise<void> {
  const before = running.backend.received.length;
  await until(() => running.host.timers() > 0 && running.host.reported.at(-1)?.[0] === "degraded");
  running.host.advance(ms - 1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(running.backend.received).toHaveLength(before);
  running.host.advance(1);
  await until(() => before < running.backend.received.length);
}

/** Resolves when the attempt is answered and the exporter waits for the next. */
async function waiting(running: Running, attempts: number): Promise<void> {
  await until(() => running.host.logged.filter((line) => line.includes("will be tried again")).length >= attempts);
}

describe("a request", () => {
  test.each(signals)("C-44 of %s reaches its service unchanged", async (signal) => {
    const { backend, send } = await start();
    await send(signal, signal === "traces" ? traces(2) : {});
    await until(() => backend.received.length === 1);
    expect(backend.received[0]).toMatchObject({ signal, bytes: encode(signal, signal === "traces" ? traces(2) : {}) });
  });

  test.each([
    { name: "host:port", endpoint: (port: number) => `127.0.0.1:${port}`, tls: { insecure: true } },
    { name: "http:// without insecure", endpoint: (port: number) => `http://127.0.0.1:${port}`, tls: {} },
    { name: "dns:///", endpoint: (port: number) => `dns:///localhost:${port}`, tls: { insecure: true } },
  ])("C-44 C-57 goes to $name in plain text", async ({ endpoint, tls }) => {
    const backend = await startGrpcBackend();
    const { send } = await startTo({ endpoint: endpoint(backend.port), tls });
    await send("traces", traces(1));
    await until(() => backend.received.length === 1);
  });

  test("C-44 goes to a socket file", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "spantoll-")), "otlp.sock");
    const backend = await startGrpcBackend({ address: `unix:${path}` });
    const { send } = await startTo({ endpoint: `unix://${path}`, ...insecure });
    await send("traces", traces(1));
    await until(() => namesOf(backend).length === 1);
  });

  test("C-45 carries the metadata that the user sets, and who we are", async () => {
    const { backend, send } = await start({ headers: { "X-Key": 5, "x-scope-orgid": "acme" } });
    await send("traces", traces(1));
    await until(() => backend.received.length === 1);
    expect(backend.received[0]?.metadata).toMatchObject({
      "x-key": "5",
      "x-scope-orgid": "acme",
      "user-agent": expect.stringMatching(/^spantoll\/\d+\.\d+\.\d+ grpc-node-js/),
    });
  });

  test.each([
    { name: "a message below 1 KiB", settings: {}, spans: 1 },
    { name: "gzip at level 1", settings: {}, spans: 500 },
    { name: "gzip at level 9", settings: { compression_params: { level: 9 } }, spans: 500 },
    { name: "compression: none", settings: { compression: "none" }, spans: 500 },
  ])("C-45 arrives whole as $name", async ({ settings, spans }) => {
    const { backend, send } = await start(settings);
    await send("traces", traces(spans));
    await until(() => namesOf(backend).length === spans);
  });

  test("goes one after the other over one connection", async () => {
    const running = await start({ sending_queue: { num_consumers: 1 } });
    for (let at = 0; at < 20; at++) await running.send("traces", traces(1, at));
    await until(() => sent(running) === 20);
    expect(namesOf(running.backend)).toEqual(Array.from({ length: 20 }, (_, at) => `span-${at}`));
  });
});

describe("an answer", () => {
  test("C-46 of partial success is counted, told, and not sent again", async () => {
    const running = await start({}, () => ({ body: Buffer.from("0a0608031202" + "6e6f", "hex") }));
    await running.send("traces", traces(5));
    await until(() => sent(running) > 0);
    expect([sent(running), failed(running), running.backend.received.length]).toEqual([2, 3, 1]);
    expect(running.host.logged.join("\n")).toMatch(/warn .*"dropped_spans":3,"message":"no"/);
  });

  test("C-50 of success that cannot be read is success", async () => {
    const running = await start({}, () => ({ body: Buffer.from("ffff", "hex") }));
    await running.send("traces", traces(2));
    await until(() => sent(running) === 2);
    expect([failed(running), running.backend.received.length]).toEqual([0, 1]);
  });

  test.each([
    { code: 1, name: "CANCELLED" },
    { code: 4, name: "DEADLINE_EXCEEDED" },
    { code: 10, name: "ABORTED" },
    { code: 11, name: "OUT_OF_RANGE" },
    { code: 14, name: "UNAVAILABLE" },
    { code: 15, name: "DATA_LOSS" },
  ])("C-51 of $name is tried again after 5 s, and then is well", async ({ code, name }) => {
    const running = await start({}, (_, count) => (count < 2 ? { code, details: "busy" } : {}));
    await running.send("traces", traces(5));
    await waiting(running, 1);
    expect(running.host.logged.join("\n")).toContain(`answered ${name}: \\"busy\\"`);
    await attemptAfter(5000, running);
    await until(() => sent(running) === 5);
    expect(failed(running)).toBe(0);
    expect(running.host.reported.map(([word]) => word)).toEqual(["degraded", "ok"]);
  });

  test.each([2, 3, 5, 6, 7, 8, 9, 12, 13, 16])("C-51 of code %d is final: dropped, counted, told why", async (code) => {
    const running = await start({}, () => ({ code, details: "bad\nspan" }));
    await running.send("traces", traces(5));
    await until(() => failed(running) > 0);
    expect([sent(running), failed(running), running.backend.received.length]).toEqual([0, 5, 1]);
    const line = running.host.logged.find((text) => text.includes("data dropped")) ?? "";
    expect(line).toContain('"dropped_items":5');
    expect(JSON.parse(line.slice(line.indexOf("{"))).error).toContain('"bad\\nspan"');
  });

  test.each<{ name: string; settings: Plain; reply: GrpcReply; ms: number }>([
    { name: "RESOURCE_EXHAUSTED with RetryInfo", settings: {}, reply: { code: 8, retryAfterMs: 20_500 }, ms: 20_500 },
    { name: "UNAVAILABLE with RetryInfo", settings: {}, reply: { code: 14, retryAfterMs: 30_000 }, ms: 30_000 },
    { name: "UNAVAILABLE with less than the backoff", settings: {}, reply: { code: 14, retryAfterMs: 1 }, ms: 5000 },
    {
      name: "RESOURCE_EXHAUSTED where the setting says so",
      settings: { retry_on_resource_exhausted: true },
      reply: { code: 8, details: "RATE_LIMITED: ingestion rate limit exceeded" },
      ms: 5000,
    },
  ])("C-51 of $name is tried again after $ms ms", async ({ settings, reply, ms }) => {
    const running = await start(settings, (_, count) => (count < 2 ? reply : {}));
    await running.send("traces", traces(1));
    await waiting(running, 1);
    await attemptAfter(ms, running);
    await until(() => sent(running) === 1);
  });

  test("C-51 that the message is too large is final, whatever is set, and says what to set", async () => {
    const backend = await startGrpcBackend({ maxBytes: 1000 });
    const settings = { endpoint: backend.target, retry_on_resource_exhausted: true, ...insecure };
    const running = await startTo(settings);
    await running.send("traces", traces(100));
    await until(() => failed(running) === 100);
    expect(running.host.logged.join("\n")).toContain("set sending_queue.batch.max_size to what the backend takes");
    expect(backend.received).toEqual([]);
  });
});

describe("a backend that", () => {
  test("C-52 is away gets everything once it is back", async () => {
    const first = await startGrpcBackend();
    const retry_on_failure = { max_elapsed_time: 0 };
    const running = await startTo({ endpoint: first.target, retry_on_failure, ...insecure });
    await running.send("traces", traces(1, 0));
    await until(() => sent(running) === 1);
    first.stop();
    await running.send("traces", traces(3, 1));
    await until(() => running.host.reported.at(-1)?.[0] === "degraded");
    const second = await startGrpcBackend({ address: first.target });
    await until(() => {
      running.host.advance(1000);
      return sent(running) === 4;
    });
    expect(namesOf(second)).toEqual(["span-1", "span-2", "span-3"]);
    expect(running.host.reported.at(-1)).toEqual(["ok", undefined]);
  });

  test("C-52 has a name that nobody knows is tried again", async () => {
    const running = await startTo({ endpoint: "no-such-host.invalid:4317", ...insecure });
    await running.send("traces", traces(1));
    await until(() => running.host.reported.at(-1)?.[0] === "degraded");
    expect(failed(running)).toBe(0);
  });

  test("C-53 never answers is given up after the timeout of 5 s and tried again", async () => {
    const running = await start({}, (_, count) => (count === 1 ? "hang" : {}));
    await running.send("traces", traces(1));
    await until(() => running.backend.received.length === 1);
    running.host.advance(5000);
    await waiting(running, 1);
    expect(running.host.logged.join("\n")).toContain("no answer within 5000 ms");
    await attemptAfter(5000, running);
    await until(() => sent(running) === 1);
  });

  test("C-54 stays away has the data dropped after max_elapsed_time, counted once", async () => {
    const retry = { initial_interval: "1s", max_interval: "1s", max_elapsed_time: "3s" };
    const running = await start({ retry_on_failure: retry }, () => ({ code: 14 }));
    await running.send("traces", traces(4));
    await until(() => {
      running.host.advance(100);
      return failed(running) > 0;
    });
    expect([sent(running), failed(running)]).toEqual([0, 4]);
  });
});

test.each([
  { code: 3, refused: "malformed", grpc: 3 },
  { code: 14, refused: "unavailable", grpc: 14 },
])("C-55 without a queue the sender gets $grpc for the backend's $code", async ({ code, refused, grpc }) => {
  const settings = { retry_on_failure: { enabled: false }, sending_queue: { enabled: false } };
  const { backend, exporter, send } = await start(settings, () => ({ code }));
  const error = await send("traces", traces(1)).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Refused);
  expect(error).toMatchObject({ code: refused });
  const { target } = await startReceiver({ grpc: {}, exporters: [exporter] });
  expect((await grpcClient(target).call(encode("traces", traces(1)))).code).toBe(grpc);
  expect(backend.received).toHaveLength(2);
});

describe("the settings", () => {
  test.each([
    { given: {}, says: "endpoint: must be set" },
    { given: { endpoint: "tempo" }, says: "endpoint: must be host:port, http://host:port" },
    { given: { endpoint: "x:1", compression: "br" }, says: "compression:" },
    { given: { endpoint: "x:1", headers: { "bad name": "x" } }, says: "headers.bad name: must be a name of metadata" },
    { given: { endpoint: "x:1", headers: { "grpc-timeout": "x" } }, says: "headers.grpc-timeout: must be a name" },
    { given: { endpoint: "x:1", tls: { ca_file: "/nowhere" } }, says: "tls.ca_file: cannot be read: ENOENT" },
    { given: { endpoint: "x:1", tls: { min_version: "1.1" } }, says: "tls.min_version:" },
    { given: { endpoint: "x:1", auth: {} }, says: "auth" },
  ])("$given is refused: $says", ({ given, says }) => {
    expect(problemsOf(otlpGrpc, given).join("\n")).toContain(says);
  });

  test("a header that is refused does not show its value", () => {
    const problems = problemsOf(otlpGrpc, { endpoint: "x:1", headers: { "x-key": "secret\nsecret" } });
    expect(problems).toHaveLength(1);
    expect(problems.join()).not.toContain("secret");
  });

  test("take the Collector's keys that mean nothing here", () => {
    const settings = { endpoint: "x:1", wait_for_ready: true, read_buffer_size: 1, balancer_name: "pick_first" };
    expect(problemsOf(otlpGrpc, { ...settings, keepalive: { time: "30s", permit_without_stream: true } })).toEqual([]);
  });
});
