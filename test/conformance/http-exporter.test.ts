// Conformance of what goes out over HTTP: C-44 to C-58 of the list in docs/conformance.md, as far as they are about HTTP.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { Refused } from "../../src/core/refused.ts";
import { otlpHttp } from "../../src/exporters/otlp_http/otlp-http.ts";
import { encodeStatus } from "../../src/otlp/status.ts";
import { type Backend, type Reply, startBackend } from "../support/backend.ts";
import {
  call,
  problemsOf,
  protobufType,
  type RunningExporter,
  startExporter,
  startReceiver,
  traces,
} from "../support/http-path.ts";
import { encode, type Plain } from "../support/otlp-oracle.ts";
import { until } from "../support/until.ts";

async function start(settings: Plain = {}, reply?: Backend["reply"]) {
  const backend = await startBackend();
  onTestFinished(() => backend.stop());
  if (reply) backend.reply = reply;
  return { backend, ...(await startExporter({ endpoint: backend.url, ...settings })) };
}

const counted = ({ host }: Pick<RunningExporter, "host">, name: string) =>
  host.counted.get(`${name}{"exporter":"otlp_http/test"}`) ?? 0;
const sent = (running: Pick<RunningExporter, "host">) => counted(running, "otelcol_exporter_sent_spans");
const failed = (running: Pick<RunningExporter, "host">) => counted(running, "otelcol_exporter_send_failed_spans");
const namesOf = (backend: Backend) => backend.taken("traces").map(({ name }) => name);

/** Waits until the exporter waits, then lets exactly `ms` pass; the attempt must not come a millisecond earlier. */
async function attemptAfter(
  ms: number,
  { host, backend }: { host: RunningExporter["host"]; backend: Backend },
): Promise<void> {
  const failures = () => host.reported.filter(([status]) => status === "degraded").length;
  await until(() => 0 < failures() && failures() === backend.received.length);
  const before = backend.received.length;
  host.advance(ms - 1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(backend.received).toHaveLength(before);
  host.advance(1);
  await until(() => backend.received.length === before + 1);
}

describe("a request", () => {
  test.each([
    { settings: (url: string) => ({ endpoint: `${url}/base` }), path: "/base/v1/traces" },
    { settings: (url: string) => ({ endpoint: `${url}/base/` }), path: "/base/v1/traces" },
    { settings: (url: string) => ({ endpoint: `${url}/base?key=1` }), path: "/base/v1/traces?key=1" },
    { settings: (url: string) => ({ endpoint: `${url}/base`, traces_endpoint: `${url}/x` }), path: "/x" },
    { settings: (url: string) => ({ endpoint: undefined, traces_endpoint: `${url}/x/` }), path: "/x/" },
  ])("C-44 goes to $path", async ({ settings, path }) => {
    const backend = await startBackend();
    onTestFinished(() => backend.stop());
    const { send } = await startExporter(settings(backend.url));
    await send("traces", traces());
    await until(() => backend.received.length === 1);
    expect(backend.received[0]).toMatchObject({ method: "POST", path });
  });

  test("C-45 carries the headers of the protocol, and what the user sets replaces them", async () => {
    const plain = await start();
    await plain.send("traces", traces(50));
    await until(() => plain.backend.received.length === 1);
    expect(plain.backend.received[0]?.headers).toMatchObject({
      "content-type": "application/x-protobuf",
      "content-encoding": "gzip",
      "user-agent": expect.stringMatching(/^spantoll\/\d+\.\d+\.\d+$/),
    });
    const own = await start({ headers: { "User-Agent": "mine", "X-Key": 5 } });
    await own.send("traces", traces(50));
    await until(() => own.backend.received.length === 1);
    expect(own.backend.received[0]?.headers).toMatchObject({ "user-agent": "mine", "x-key": "5" });
  });

  test.each([
    { name: "a body below 1 KiB", settings: {}, spans: 1, coding: undefined },
    { name: "compression: none", settings: { compression: "none" }, spans: 50, coding: undefined },
    { name: "compression: deflate", settings: { compression: "deflate" }, spans: 50, coding: "deflate" },
    { name: "gzip at level 9", settings: { compression_params: { level: 9 } }, spans: 50, coding: "gzip" },
  ])("C-45 of $name is coded as $coding", async ({ settings, spans, coding }) => {
    const { backend, send } = await start(settings);
    await send("traces", traces(spans));
    await until(() => backend.received.length === 1);
    expect(backend.received[0]?.headers["content-encoding"]).toBe(coding);
    expect(namesOf(backend)).toHaveLength(spans);
  });

  test("goes over a connection that is kept open", async () => {
    const running = await start({ sending_queue: { num_consumers: 1 } });
    for (let at = 0; at < 20; at++) await running.send("traces", traces(1, at));
    await until(() => sent(running) === 20);
    expect(running.backend.connections()).toBe(1);
    expect(namesOf(running.backend)).toEqual(Array.from({ length: 20 }, (_, at) => `span-${at}`));
  });
});

describe("an answer", () => {
  test.each([
    { type: "application/x-protobuf", body: Buffer.from("0a0608031202" + "6e6f", "hex") },
    { type: "application/json", body: '{"partialSuccess":{"rejectedSpans":"3","errorMessage":"no"}}' },
  ])("C-46 of partial success in $type is counted, told, and not sent again", async ({ type, body }) => {
    const running = await start({}, () => ({ headers: { "content-type": type }, body }));
    await running.send("traces", traces(5));
    await until(() => sent(running) > 0);
    expect([sent(running), failed(running), running.backend.received.length]).toEqual([2, 3, 1]);
    expect(running.host.logged.join("\n")).toMatch(/warn .*"dropped_spans":3,"message":"no"/);
  });

  test.each([400, 401, 403, 404, 405, 413, 414, 431, 500, 501, 301])(
    "C-47 of %d is final: dropped, counted, told why",
    async (status) => {
      const reply = {
        status,
        headers: { "content-type": "application/x-protobuf" },
        body: encodeStatus({ code: 3, message: "bad\nspan" }),
      };
      const running = await start({}, () => reply);
      await running.send("traces", traces(5));
      await until(() => failed(running) > 0);
      expect([sent(running), failed(running), running.backend.received.length]).toEqual([0, 5, 1]);
      const line = running.host.logged.find((text) => text.includes("data dropped")) ?? "";
      expect(line).toContain('"dropped_items":5');
      expect(line).toContain(`answered ${status}`);
      expect(JSON.parse(line.slice(line.indexOf("{"))).error).toContain('"bad\\nspan"');
      expect(running.host.reported.at(-1)?.[0]).toBe("degraded");
    },
  );

  test.each([429, 502, 503, 504])("C-48 of %d is tried again after 5 s, 7.5 s, and then is well", async (status) => {
    const running = await start({}, (_, count) => (count < 3 ? { status } : {}));
    await running.send("traces", traces(5));
    await until(() => running.backend.received.length === 1);
    await attemptAfter(5000, running);
    await attemptAfter(7500, running);
    await until(() => sent(running) === 5);
    expect(failed(running)).toBe(0);
    expect(running.host.reported.map(([word]) => word)).toEqual(["degraded", "degraded", "ok"]);
  });

  test.each([
    { name: "seconds", retryAfter: "20", ms: 20_000 },
    { name: "a date", retryAfter: "Sat, 21 Nov 2026 10:00:30 GMT", ms: 30_000 },
    { name: "less than the backoff", retryAfter: "1", ms: 5000 },
    { name: "garbage", retryAfter: "soon", ms: 5000 },
  ])("C-49 with Retry-After of $name is obeyed", async ({ retryAfter, ms }) => {
    const running = await start({}, (_, count) =>
      count < 2 ? { status: 503, headers: { "retry-after": retryAfter } } : {},
    );
    await running.send("traces", traces(1));
    await until(() => running.backend.received.length === 1);
    await attemptAfter(ms, running);
    await until(() => sent(running) === 1);
  });

  test.each<{ name: string; reply: Reply }>([
    { name: "that cannot be read", reply: { body: Buffer.from("ffff", "hex") } },
    { name: "in JSON that is none", reply: { headers: { "content-type": "application/json" }, body: "{" } },
    { name: "in plain text", reply: { headers: { "content-type": "text/plain" }, body: "OK" } },
    { name: "of 10 MiB", reply: { body: Buffer.alloc(10 * 1024 ** 2) } },
    { name: "of 204", reply: { status: 204 } },
  ])("C-50 of success $name is success", async ({ reply }) => {
    const running = await start({}, () => reply);
    await running.send("traces", traces(2));
    await until(() => sent(running) === 2);
    expect([failed(running), running.backend.received.length]).toEqual([0, 1]);
  });
});

test("C-50 an answer without end is success, and not read to any end", async () => {
  let written = 0;
  const chunk = Buffer.alloc(64 * 1024);
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.writeHead(200, { "content-type": "application/x-protobuf" });
      const more = (): void => {
        while (!response.destroyed && response.write(chunk)) written += chunk.length;
      };
      response.on("drain", more);
      more();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  const running = await startExporter({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  await running.send("traces", traces(2));
  await until(() => sent(running) === 2);
  // What is read, and what the kernel holds on either side.
  expect(written).toBeLessThan(4 * 1024 ** 2 + 16 * 1024 ** 2);
  expect(failed(running)).toBe(0);
});

test("C-56 70 MiB leave in requests of at most 64, and a span that is larger is dropped and counted", async () => {
  const running = await start({ compression: "none", sending_queue: { queue_size: "256MiB" } });
  const spansOf = (mebibytes: readonly number[]) =>
    mebibytes.map((size, at) => ({ name: `span-${at}`, traceState: "x".repeat(size * 1024 ** 2) }));
  const request = (mebibytes: readonly number[]): Plain => ({
    resourceSpans: [{ scopeSpans: [{ spans: spansOf(mebibytes) }] }],
  });
  await running.send("traces", request([10, 10, 10, 10, 10, 10, 10]));
  await running.send("traces", request([65]));
  await until(() => sent(running) + failed(running) === 8);
  expect([sent(running), failed(running)]).toEqual([7, 1]);
  const sizes = running.backend.received.map(({ bytes }) => bytes.length);
  expect(sizes.length).toBeGreaterThan(1);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(64 * 1024 ** 2);
  expect(namesOf(running.backend)).toHaveLength(7);
});

describe("a backend that", () => {
  test.each<Reply>(["close", "cut"])("C-52 ends the connection (%s) gets the request again", async (reply) => {
    const running = await start({}, (_, count) => (count === 1 ? reply : {}));
    await running.send("traces", traces(1));
    await attemptAfter(5000, running);
    await until(() => sent(running) === 1);
  });

  test("C-52 is away gets everything once it is back", async () => {
    const first = await startBackend();
    const running = await startExporter({ endpoint: first.url });
    await first.stop();
    await running.send("traces", traces(3));
    await until(() => running.host.reported.at(-1)?.[0] === "degraded");
    expect(running.host.reported.at(-1)?.[1]).toContain("ECONNREFUSED");
    const second = await startBackend(first.port);
    onTestFinished(() => second.stop());
    running.host.advance(5000);
    await until(() => sent(running) === 3);
    expect(namesOf(second)).toEqual(["span-0", "span-1", "span-2"]);
    expect(running.host.reported.at(-1)).toEqual(["ok", undefined]);
  });

  test("C-52 closes idle connections loses nothing and costs no wait", async () => {
    const running = await start();
    await running.send("traces", traces(1, 0));
    await until(() => sent(running) === 1);
    await running.backend.stop();
    const again = await startBackend(running.backend.port);
    onTestFinished(() => again.stop());
    await running.send("traces", traces(1, 1));
    await until(() => sent(running) === 2);
    expect(namesOf(again)).toEqual(["span-1"]);
  });

  test("C-52 ends a connection just when it is used again gets the request on a new one at once", async () => {
    const running = await start({}, (_, count) => (count === 2 ? "close" : {}));
    await running.send("traces", traces(1, 0));
    await until(() => sent(running) === 1);
    await running.send("traces", traces(1, 1));
    await until(() => sent(running) === 2);
    expect([running.backend.received.length, running.backend.connections()]).toEqual([3, 2]);
    expect(running.host.reported).toEqual([]);
  });

  test("C-52 has a name that nobody knows is tried again", async () => {
    const running = await startExporter({ endpoint: "http://no-such-host.invalid:4318" });
    await running.send("traces", traces(1));
    await until(() => running.host.reported.at(-1)?.[0] === "degraded");
    expect(failed(running)).toBe(0);
  });

  test("C-53 never answers is given up after the timeout and tried again", async () => {
    const running = await start({ timeout: "3s" }, (_, count) => (count === 1 ? "hang" : {}));
    await running.send("traces", traces(1));
    await until(() => running.backend.received.length === 1);
    running.host.advance(3000);
    await attemptAfter(5000, running);
    await until(() => sent(running) === 1);
    expect(running.host.logged.join("\n")).toContain("no answer within 3000 ms");
  });

  test("C-54 stays away has the data dropped after max_elapsed_time, counted once", async () => {
    const retry = { initial_interval: "1s", max_interval: "1s", max_elapsed_time: "3s" };
    const running = await start({ retry_on_failure: retry }, () => ({ status: 503 }));
    await running.send("traces", traces(4));
    for (let second = 0; second < 3; second++) await attemptAfter(1000, running);
    await until(() => failed(running) > 0);
    expect([sent(running), failed(running), running.backend.received.length]).toEqual([0, 4, 4]);
  });
});

describe("without a queue", () => {
  test.each([
    { status: 400, code: "malformed", http: 400 },
    { status: 503, code: "unavailable", http: 503 },
  ])(
    "C-55 the sender gets $http for the backend's $status, after one attempt without retries",
    async ({ status, code, http }) => {
      const settings = { retry_on_failure: { enabled: false }, sending_queue: { enabled: false } };
      const { backend, exporter, send } = await start(settings, () => ({ status }));
      const refused = await send("traces", traces(1)).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(Refused);
      expect(refused).toMatchObject({ code });
      const { url } = await startReceiver({ exporters: [exporter] });
      const answer = await call(`${url}/v1/traces`, { headers: protobufType, body: encode("traces", traces(1)) });
      expect(answer.status).toBe(http);
      expect(backend.received).toHaveLength(2);
    },
  );

  test("the sender is answered when the backend has answered", async () => {
    const { backend, send } = await start({ sending_queue: { wait_for_result: true } });
    await send("traces", traces(1));
    expect(namesOf(backend)).toEqual(["span-0"]);
  });
});

test("C-58 one dead exporter takes nothing from the healthy one, and when it is full neither gets anything", async () => {
  const dead = await start({ sending_queue: { queue_size: 2, sizer: "requests" } }, () => ({ status: 503 }));
  const healthy = await start();
  const { url } = await startReceiver({ exporters: [healthy.exporter, dead.exporter] });
  const statuses: number[] = [];
  for (let at = 0; at < 4; at++) {
    const body = encode("traces", traces(1, at));
    statuses.push((await call(`${url}/v1/traces`, { headers: protobufType, body })).status);
  }
  expect(statuses).toEqual([200, 200, 503, 503]);
  await until(() => namesOf(healthy.backend).length === 2);
  expect(namesOf(healthy.backend)).toEqual(["span-0", "span-1"]);
  expect(dead.host.logged.join("\n")).toContain("the sending queue is full");
});

describe("the settings", () => {
  test.each([
    { given: {}, says: "endpoint: must be set" },
    {
      given: { endpoint: "localhost:4318" },
      says: 'endpoint: must be a URL such as http://localhost:4318, not "localhost:4318"',
    },
    { given: { endpoint: "ftp://x" }, says: "endpoint: must be a URL" },
    { given: { endpoint: "http://x", encoding: "text" }, says: "encoding:" },
    { given: { endpoint: "http://x", timeout: 30 }, says: "write the unit, as in 30s" },
    { given: { endpoint: "http://x", compression: "snappy" }, says: "compression:" },
    { given: { endpoint: "http://x", headers: { "bad name": "x" } }, says: "headers.bad name: must be a header name" },
    { given: { endpoint: "http://x", tls: { ca_file: "/nowhere" } }, says: "tls.ca_file: cannot be read: ENOENT" },
    {
      given: { endpoint: "http://x", tls: { cert_file: "package.json" } },
      says: "tls: must name cert_file and key_file",
    },
    {
      given: { endpoint: "http://x", retry_on_failure: { max_elapsed_time: "1s" } },
      says: "retry_on_failure.max_elapsed_time: must be at least initial_interval",
    },
    { given: { endpoint: "http://x", sending_queue: { storage: "" } }, says: "sending_queue.storage:" },
    { given: { endpoint: "http://x", auth: {} }, says: "auth" },
  ])("$given is refused: $says", ({ given, says }) => {
    expect(problemsOf(otlpHttp, given).join("\n")).toContain(says);
  });

  test("a header that is refused does not show its value", () => {
    const problems = problemsOf(otlpHttp, { endpoint: "http://x", headers: { "x-key": "secret\nsecret" } });
    expect(problems).toHaveLength(1);
    expect(problems.join()).not.toContain("secret");
  });

  test("secrets of headers and endpoint are never told", async () => {
    const server = createServer((_, response) => response.writeHead(400).end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const running = await startExporter({
      endpoint: `http://user:hunter2@127.0.0.1:${port}`,
      headers: { "x-key": "hunter2" },
    });
    await running.send("traces", traces(1));
    await until(() => failed(running) === 1);
    expect(JSON.stringify([running.host.logged, running.host.reported])).not.toContain("hunter2");
  });
});
