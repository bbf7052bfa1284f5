// Limits of the HTTP door: C-17 to C-20 and C-91 to C-97 of the list in docs/conformance.md, through raw sockets where
// a library would be too polite.
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { createGzip, gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { Refused } from "../../src/core/refused.ts";
import { otlp } from "../../src/receivers/otlp/otlp.ts";
import { rawCall } from "../support/grpc-client.ts";
import { frameOf } from "../support/grpc-frames.ts";
import { call, problemsOf, protobufType, startReceiver, traces } from "../support/http-path.ts";
import { encode } from "../support/otlp-oracle.ts";
import { startProgram } from "../support/program.ts";
import { until } from "../support/until.ts";

const MiB = 1024 ** 2;
const oneSpan = encode("traces", traces(1));
const gzipped = { ...protobufType, "content-encoding": "gzip" };

/** A connection that keeps what it gets. */
function open(port: number): { socket: Socket; text: () => string; closed: () => boolean } {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let text = "";
  let closed = false;
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    closed = true;
  });
  return { socket, text: () => text, closed: () => closed };
}

const head = (...lines: string[]) =>
  ["POST /v1/traces HTTP/1.1", "Host: x", "Content-Type: application/x-protobuf", ...lines, "", ""].join("\r\n");

async function healthy(url: string): Promise<void> {
  expect((await call(`${url}/v1/traces`, { headers: protobufType, body: oneSpan })).status).toBe(200);
}

describe("the size of a body", () => {
  test("C-17 may be the limit and not a byte more", async () => {
    const { url } = await startReceiver({ http: { max_request_body_size: oneSpan.length } });
    await healthy(url);
    const answer = await call(`${url}/v1/traces`, {
      headers: protobufType,
      body: Buffer.concat([oneSpan, Buffer.alloc(1)]),
    });
    expect(answer.status).toBe(413);
    expect(answer.headers["content-type"]).toBe("application/x-protobuf");
    await healthy(url);
  });

  test("C-17 is refused before it is read when its length is told", async () => {
    const { port } = await startReceiver();
    const { socket, text, closed } = open(port);
    socket.write(head(`Content-Length: ${65 * MiB}`));
    await until(() => text().includes("413"));
    expect(text()).toMatch(/connection: close/i);
    await until(closed);
  });

  test("C-17 is refused before it is read when the client asks first", async () => {
    const { port } = await startReceiver();
    const { socket, text } = open(port);
    socket.write(head(`Content-Length: ${65 * MiB}`, "Expect: 100-continue"));
    await until(() => text().includes("413"));
    expect(text()).not.toContain("100 Continue");
  });

  test("C-19 is counted while it comes in chunks, and the answer arrives before the connection closes", async () => {
    const { port, url } = await startReceiver({ http: { max_request_body_size: "64KiB" } });
    const { socket, text, closed } = open(port);
    socket.write(head("Transfer-Encoding: chunked"));
    const chunk = `${(16 * 1024).toString(16)}\r\n${"x".repeat(16 * 1024)}\r\n`;
    for (let at = 0; at < 200; at++) socket.write(chunk);
    await until(closed);
    expect(text()).toContain("HTTP/1.1 413");
    expect(text()).toContain("max_request_body_size");
    await healthy(url);
  });

  test("C-20 may be 63 MiB by default", async () => {
    const { url } = await startReceiver({ accept: async ({ bytes }) => bytes.length });
    const answer = await call(`${url}/v1/traces`, { headers: protobufType, body: Buffer.alloc(63 * MiB) });
    expect(answer.status).toBe(200);
  });

  test("must be positive", () => {
    const settings = { protocols: { http: { max_request_body_size: 0 } } };
    expect(problemsOf(otlp, settings)).toEqual(["protocols.http.max_request_body_size: must be positive"]);
  });
});

describe("a gzip bomb", () => {
  test.each([
    { name: "small enough for one call", plain: 8 * MiB, limit: "1MiB" },
    { name: "large", plain: 256 * MiB, limit: "4MiB" },
  ])("C-91 that is $name is answered 413 without being inflated, 20 at a time", async ({ plain, limit }) => {
    const { url } = await startReceiver({ http: { max_request_body_size: limit } });
    const bomb = await bombOf(plain);
    const before = process.memoryUsage().rss;
    const all = await Promise.all(
      Array.from({ length: 20 }, () => call(`${url}/v1/traces`, { headers: gzipped, body: bomb })),
    );
    const statuses = new Set(all.map(({ status }) => status));
    // Some may be turned away because the others are being read.
    expect([...statuses].filter((status) => status !== 413 && status !== 503)).toEqual([]);
    expect(statuses).toContain(413);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * MiB);
    await healthy(url);
  });
});

test.each(["http", "grpc"] as const)(
  "C-18 a bomb over %s takes less memory than twice the limit of 64 MiB",
  async (door) => {
    const program = await startProgram(`
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0" }, grpc: { endpoint: "127.0.0.1:0" } } } }
exporters: { debug: {} }
service: { telemetry: { metrics: { level: none } }, pipelines: { traces: { receivers: [otlp], exporters: [debug] } } }
`);
    const { pid, stderr } = program.started;
    const addresses = [...stderr.matchAll(/address[=: "]+http:\/\/(127\.0\.0\.1:\d+)/g)].map(
      ([, found]) => found ?? "",
    );
    const [grpc = "", http = ""] = addresses;
    await healthy(`http://${http}`);
    const before = peakBytes(pid);
    const bomb = await bombOf(512 * MiB);
    if (door === "http") {
      expect((await call(`http://${http}/v1/traces`, { headers: gzipped, body: bomb })).status).toBe(413);
    } else {
      const { code } = await rawCall(grpc, frameOf(bomb, { compressed: true }), { "grpc-encoding": "gzip" });
      expect(code).toBe(8);
    }
    await healthy(`http://${http}`);
    expect(peakBytes(pid) - before).toBeLessThan(2 * 64 * MiB);
  },
);

/** The most that a process ever had in memory. */
function peakBytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

async function bombOf(bytes: number): Promise<Buffer> {
  const gzip = createGzip();
  const zeros = Buffer.alloc(MiB);
  for (let at = 0; at < bytes / MiB; at++) gzip.write(zeros);
  gzip.end();
  return Buffer.concat(await gzip.toArray());
}

describe("pressure", () => {
  test("refuses before the body is read, and is over when it is over", async () => {
    const { port, host, url } = await startReceiver();
    host.pressure.reason = "memory is short";
    const { socket, text } = open(port);
    socket.write(head("Content-Length: 1000"));
    await until(() => text().includes("memory is short"));
    expect(text()).toMatch(/HTTP\/1\.1 503[\s\S]*retry-after: 1/i);
    host.pressure.reason = undefined;
    await healthy(url);
  });

  test("of too many bodies at once refuses what comes on top", async () => {
    const waiting: (() => void)[] = [];
    const accept = () => new Promise<number>((resolve) => waiting.push(() => resolve(1)));
    const { url } = await startReceiver({ accept, http: { max_request_body_size: "1KiB" } });
    const send = () => call(`${url}/v1/traces`, { headers: protobufType, body: Buffer.alloc(1000) });
    const first = Array.from({ length: 4 }, send);
    await until(() => waiting.length === 4);
    const more = await send();
    expect([more.status, more.headers["retry-after"]]).toEqual([503, "1"]);
    for (const resume of waiting) resume();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });
});

describe("a client that", () => {
  test("C-97 is slow with its headers is cut off", async () => {
    const { port, url } = await startReceiver({ http: { read_header_timeout: "100ms" } });
    const slow = Array.from({ length: 50 }, () => open(port));
    for (const { socket } of slow) socket.write("POST /v1/tra");
    await healthy(url);
    await until(() => slow.every(({ closed }) => closed()));
    expect(slow[0]?.text()).toContain("HTTP/1.1 408");
  });

  test("C-97 is slow with its body is cut off", async () => {
    const { port, host, url } = await startReceiver({ http: { read_timeout: "100ms" } });
    const { socket, closed } = open(port);
    socket.write(`${head("Content-Length: 1000")}x`);
    await until(closed);
    await healthy(url);
    expect(host.counted.get('spantoll_internal_errors_total{"place":"receivers.otlp"}')).toBeUndefined();
  });

  test("C-97 keeps an unused connection open is cut off", async () => {
    const { port } = await startReceiver({ http: { idle_timeout: "100ms" } });
    const { socket, text, closed } = open(port);
    socket.write(`${head("Content-Length: 0")}`);
    await until(() => text().includes("200"));
    await until(closed);
  });

  test("C-97 sends hundreds of requests without waiting for an answer is cut off", async () => {
    const waiting: (() => void)[] = [];
    const accept = () => new Promise<number>((resolve) => waiting.push(() => resolve(1)));
    const { port, host } = await startReceiver({ accept });
    const { socket, text, closed } = open(port);
    socket.write(head("Content-Length: 0").repeat(500));
    await until(closed);
    expect([waiting.length, text()]).toEqual([100, ""]);
    const labels = '{"receiver":"otlp","transport":"http","reason":"overloaded"}';
    expect(host.counted.get(`spantoll_receiver_refused_requests_total${labels}`)).toBe(1);
    for (const resume of waiting) resume();
  });

  test("C-97 takes its time gives way where bodies have no room, and is told to come again", async () => {
    const { port, host, url } = await startReceiver({ http: { max_request_body_size: "1KiB" } });
    const slow = Array.from({ length: 4 }, () => open(port));
    for (const { socket } of slow) socket.write(`${head("Content-Length: 1024")}${"x".repeat(1023)}`);
    const large = { headers: protobufType, body: encode("traces", traces(5)) };
    expect(large.body.length).toBeGreaterThan(128);
    await until(() => slow.every(({ socket }) => socket.writableLength === 0));
    await healthy(url).catch(() => undefined);
    const early = await call(`${url}/v1/traces`, large);
    host.advance(5_000);
    const late = await call(`${url}/v1/traces`, large);
    expect([early.status, late.status]).toEqual([503, 200]);
    await until(() => slow[0]?.text().startsWith("HTTP/1.1 503") === true);
    expect(slow.slice(1).map(({ text }) => text())).toEqual(["", "", ""]);
  });

  test("C-97 opens too many connections is closed at once, and told of", async () => {
    const { port, host } = await startReceiver({ http: { max_connections: 2 } });
    const three = [open(port), open(port), open(port)];
    await until(() => three.filter(({ closed }) => closed()).length === 1);
    expect(host.logged.join("\n")).toContain('"max_connections":2');
  });

  test.each([
    { name: "goes away in the middle", bytes: `${head("Content-Length: 1000")}half` },
    { name: "goes away when it is refused", bytes: `${head("Content-Length: 70000000")}half` },
    { name: "goes away in the headers", bytes: "POST /v1/traces HTT" },
  ])("$name leaves no trace", async ({ bytes }) => {
    const { port, host, url } = await startReceiver();
    const { socket } = open(port);
    socket.write(bytes, () => socket.destroy());
    await healthy(url);
    await healthy(url);
    expect(host.counted.get('spantoll_internal_errors_total{"place":"receivers.otlp"}')).toBeUndefined();
  });

  test("goes away while the pipeline works, which then refuses, leaves no trace", async () => {
    let refuse: (() => void) | undefined;
    const accept = () =>
      new Promise<number>((_, reject) => {
        refuse = () => reject(new Refused("overloaded", "full"));
      });
    const { port, host } = await startReceiver({ accept });
    const { socket, closed } = open(port);
    socket.write(head("Content-Length: 5"));
    socket.write("hello");
    await until(() => refuse !== undefined);
    socket.destroy();
    await until(closed);
    await new Promise((resolve) => setImmediate(resolve));
    refuse?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(host.counted.get('spantoll_internal_errors_total{"place":"receivers.otlp"}')).toBeUndefined();
  });

  test.each([
    { name: "speaks no HTTP", bytes: "\x16\x03\x01\x02\x00\x01\x00\x01", status: 400 },
    { name: "sends two lengths", bytes: head("Content-Length: 5", "Content-Length: 6"), status: 400 },
    { name: "sends a length that is none", bytes: head("Content-Length: many"), status: 400 },
    { name: "sends headers without end", bytes: head(`X: ${"x".repeat(100_000)}`), status: 431 },
    { name: "asks for HTTP/2", bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status: 400 },
  ])("$name is answered $status", async ({ bytes, status }) => {
    const { port, url } = await startReceiver();
    const { socket, text, closed } = open(port);
    socket.write(bytes, "latin1");
    await until(() => text().startsWith(`HTTP/1.1 ${status}`) && closed());
    await healthy(url);
  });

  test("gets every kind of mutated gzip answered with 200 or 400", async () => {
    const { url } = await startReceiver();
    const whole = gzipSync(encode("traces", traces(3)));
    const statuses = new Set<number>();
    for (let at = 0; at < whole.length; at++) {
      const body = Buffer.from(whole);
      body[at] = (body[at] ?? 0) ^ 0x55;
      statuses.add((await call(`${url}/v1/traces`, { headers: gzipped, body })).status);
    }
    expect([...statuses].filter((status) => status !== 200 && status !== 400)).toEqual([]);
  });
});

describe("the end", () => {
  test("lets requests finish that were begun, and takes no new ones", async () => {
    let resume: (() => void) | undefined;
    const accept = () =>
      new Promise<number>((resolve) => {
        resume = () => resolve(1);
      });
    const { receiver, url } = await startReceiver({ accept });
    const begun = call(`${url}/v1/traces`, { headers: { ...protobufType, connection: "keep-alive" }, body: oneSpan });
    await until(() => resume !== undefined);
    const stopped = receiver.stop?.(new AbortController().signal);
    await expect(call(`${url}/v1/traces`, { headers: protobufType, body: oneSpan })).rejects.toThrow("ECONNREFUSED");
    resume?.();
    const answer = await begun;
    expect([answer.status, answer.headers.connection]).toEqual([200, "close"]);
    await stopped;
  });

  test("does not wait for idle or half connections, nor beyond the deadline", async () => {
    const { receiver, port, url } = await startReceiver({ accept: () => new Promise(() => {}) });
    const idle = open(port);
    const hanging = call(`${url}/v1/traces`, { headers: protobufType, body: oneSpan }).catch(
      (error: Error) => error.message,
    );
    await until(() => !idle.socket.connecting);
    const deadline = new AbortController();
    const stopped = receiver.stop?.(deadline.signal);
    deadline.abort();
    await stopped;
    expect(await hanging).toMatch(/hang up|ECONNRESET/);
    await until(idle.closed);
    await receiver.stop?.(AbortSignal.abort());
  });

  test("a port that is taken is told with its address", async () => {
    const { port } = await startReceiver();
    const second = startReceiver({ http: { endpoint: `127.0.0.1:${port}` } });
    await expect(second).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: `);
  });

  test("is safe without a beginning", async () => {
    const prepared = otlp.prepare({ protocols: { http: null } }, { read: () => new Uint8Array() });
    if (!prepared.ok) throw new Error("refused");
    const { host } = await startReceiver();
    await prepared.create(new Map(), host).stop?.(AbortSignal.abort());
  });
});

describe("the settings", () => {
  test.each([
    { given: {}, says: "protocols: must name a protocol" },
    { given: { protocols: {} }, says: "protocols: must name a protocol" },
    { given: { protocols: { http: { endpoint: "4318" } } }, says: "protocols.http.endpoint: must be host:port" },
    { given: { protocols: { htttp: {} } }, says: 'Unrecognized key: "htttp"' },
    { given: { protocols: { http: { auth: {} } } }, says: 'Unrecognized key: "auth"' },
    { given: { protocols: { http: { compression_algorithms: ["brotli"] } } }, says: "compression_algorithms" },
    { given: { protocols: { http: { response_headers: { "a b": "c" } } } }, says: "response_headers.a b: must be" },
  ])("$given: $says", ({ given, says }) => {
    expect(problemsOf(otlp, given).join("\n")).toContain(says);
  });
});

test("what the queue cannot ever hold is refused for good", async () => {
  const { url } = await startReceiver({
    exporters: [
      {
        reserve: () => {
          throw new Refused("too_large", "larger than the queue");
        },
      },
    ],
  });
  const answer = await call(`${url}/v1/traces`, { headers: protobufType, body: oneSpan });
  expect([answer.status, answer.headers["retry-after"]]).toEqual([413, undefined]);
});
