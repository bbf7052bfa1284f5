// Clients of the gRPC door that do not want to be served: C-97 and C-98 of the list in docs/conformance.md, in frames of
// our own making. What they cost under load, `npm run test:floods` measures.
import { connect } from "node:http2";
import { describe, expect, onTestFinished, test } from "vitest";
import { exportPaths } from "../../src/otlp/services.ts";
import { grpcClient } from "../support/grpc-client.ts";
import { frameOf } from "../support/grpc-frames.ts";
import { startReceiver, traces } from "../support/http-path.ts";
import { flags, frame, headerBlock, preface, RawConnection, rstStream, windowUpdate } from "../support/http2-frames.ts";
import { encode } from "../support/otlp-oracle.ts";
import { until } from "../support/until.ts";

const oneSpan = encode("traces", traces(1));
const callFields = {
  ":method": "POST",
  ":scheme": "http",
  ":path": exportPaths.traces,
  ":authority": "x",
  te: "trailers",
  "content-type": "application/grpc",
};
const callHeaders = headerBlock(callFields);
const call = (stream: number): Buffer => frame("headers", flags.endHeaders, stream, callHeaders);
const body = (stream: number): Buffer => frame("data", flags.endStream, stream, frameOf(oneSpan));
const odd = (at: number): number => 2 * at + 1;
const nothing = Buffer.alloc(0);
const many = (one: Buffer): Buffer[] => Array.from({ length: 2_000 }, () => one);

function open(target: string, reads = true): RawConnection {
  const [hostname = "", port = ""] = target.split(":");
  const connection = new RawConnection({ hostname, port }, reads);
  onTestFinished(() => connection.end());
  return connection;
}

async function healthy(target: string): Promise<void> {
  expect((await grpcClient(target).call(oneSpan)).code).toBe(0);
}

describe("a connection", () => {
  test.each([
    { name: "without a word", begin: nothing },
    { name: "with half of the preface", begin: preface().subarray(0, 20) },
  ])("C-97 $name is ended after ten seconds", async ({ begin }) => {
    const { target, host } = await startReceiver({ grpc: {} });
    const idle = open(target);
    await idle.write(begin);
    await healthy(target);
    host.advance(9_000);
    await healthy(target);
    expect(idle.isOpen).toBe(true);
    host.advance(1_000);
    await until(() => idle.wasCut);
  });

  test("C-97 without a call is ended in order after a minute, and one with calls is not", async () => {
    const { target, host } = await startReceiver({ grpc: {} });
    const [idle, busy] = [connect(`http://${target}`), connect(`http://${target}`)];
    onTestFinished(() => [idle, busy].forEach((session) => void session.destroy()));
    let ends = 0;
    idle.on("goaway", () => ends++);
    await new Promise((resolve) => idle.once("remoteSettings", resolve));
    await new Promise((resolve) => busy.request(callFields).resume().on("close", resolve).end(frameOf(oneSpan)));
    // Second by second, because pings want to be answered.
    for (let second = 0; second < 59; second++) {
      host.advance(1_000);
      await new Promise((resolve) => busy.ping(resolve));
    }
    expect([idle.closed, ends]).toEqual([false, 0]);
    host.advance(1_000);
    await until(() => idle.closed && 0 < ends);
    expect(busy.closed).toBe(false);
  });

  test("C-97 whose client is not there any more is ended when it does not answer", async () => {
    const { target, host } = await startReceiver({ grpc: {} });
    const silent = open(target);
    await silent.write(Buffer.concat([preface(), call(1), body(1)]));
    await until(() => host.counted.get(accepted) === 1);
    for (let second = 0; second < 39; second++) {
      host.advance(1_000);
      await healthy(target);
    }
    expect(silent.isOpen).toBe(true);
    await until(() => {
      host.advance(1_000);
      return silent.wasCut;
    });
  });

  test("C-97 on top of max_connections is closed at once, and told of", async () => {
    const { target, host } = await startReceiver({ grpc: { max_connections: 2 } });
    const three = [open(target), open(target), open(target)];
    await until(() => three.filter(({ wasCut }) => wasCut).length === 1);
    expect(host.logged.join("\n")).toContain('"max_connections":2');
  });

  test("C-98 whose calls are all reset is ended: nghttp2 leaves it, and it answers no ping", async () => {
    const { target, host } = await startReceiver({ grpc: {} });
    const connection = open(target);
    await connection.write(preface());
    for (let at = 0; at < 3_000; at++) await connection.write(Buffer.concat([call(odd(at)), rstStream(odd(at))]));
    await healthy(target);
    await until(() => {
      host.advance(1_000);
      return connection.wasCut;
    });
    await healthy(target);
  });

  test.each([
    { name: "calls that the server has to reset", at: (n: number) => [call(odd(n)), windowUpdate(odd(n), 0)] },
    {
      name: "headers without end",
      begin: [frame("headers", flags.none, 1, callHeaders)],
      at: () => [frame("continuation", flags.none, 1, headerBlock({ "x-more": "y".repeat(100) }))],
    },
    {
      name: "a megabyte of headers",
      begin: [frame("headers", flags.none, 1, callHeaders)],
      at: () => [frame("continuation", flags.none, 1, headerBlock({ "x-more": "y".repeat(100) }).subarray(0, 16_000))],
    },
    { name: "SETTINGS, answers unread", reads: false, at: () => many(frame("settings", flags.none, 0, nothing)) },
    { name: "PING, answers unread", reads: false, at: () => many(frame("ping", flags.none, 0, Buffer.alloc(8))) },
    { name: "DATA of nothing", begin: [call(1)], at: () => [frame("data", flags.none, 1, nothing)] },
  ])("C-98 of $name is ended", async ({ begin = [], at, reads = true }) => {
    const { target } = await startReceiver({ grpc: {} });
    const connection = open(target, reads);
    await connection.write(Buffer.concat([preface(), ...begin]));
    for (let count = 0; connection.isOpen; count++) {
      expect(count).toBeLessThan(100_000);
      await connection.write(Buffer.concat(at(count)));
      if (count % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(connection.wasCut).toBe(true);
    await healthy(target);
  });
});

describe("a call", () => {
  test("C-98 whose answer has no window is ended after 30 s, and nothing of it is kept", async () => {
    const { target, host } = await startReceiver({ grpc: {} });
    const session = connect(`http://${target}`, { settings: { initialWindowSize: 0 } });
    onTestFinished(() => session.destroy());
    const stream = session.request(callFields);
    stream.on("error", () => undefined);
    stream.end(frameOf(oneSpan));
    await until(() => 1 <= (host.counted.get(accepted) ?? 0));
    host.advance(29_000);
    await healthy(target);
    expect(stream.closed).toBe(false);
    host.advance(2_000);
    await until(() => stream.closed);
    await healthy(target);
  });

  test("C-98 is one of thousands that never end: those that come by other connections are served", async () => {
    const { target, host } = await startReceiver({ grpc: {} });
    const all = Array.from({ length: 6 }, () => open(target));
    for (const connection of all) {
      await connection.write(Buffer.concat([preface(), ...Array.from({ length: 1_000 }, (_, at) => call(odd(at)))]));
    }
    await until(() => 900 < (host.counted.get(refused("overloaded")) ?? 0));
    await healthy(target);
    // The last one had all its calls refused, and gets no more than a few.
    await all[5]?.write(Buffer.concat(Array.from({ length: 5 }, (_, at) => call(odd(1_000 + at)))));
    await until(() => 1_000 < (host.counted.get(refused("overloaded")) ?? 0));
    for (const connection of all) connection.end();
    await healthy(target);
  });

  test("C-97 that takes its time gives way where bodies have no room, and is told to come again", async () => {
    const { target, host } = await startReceiver({ grpc: { max_recv_msg_size_mib: 1 } });
    const session = connect(`http://${target}`);
    onTestFinished(() => session.destroy());
    const message = frameOf(Buffer.alloc(1024 ** 2 - 5));
    const answers: object[] = [];
    const slow = Array.from({ length: 4 }, () => {
      const stream = session.request(callFields);
      stream.on("error", () => undefined);
      stream.on("response", (given) => answers.push(given));
      return new Promise<void>((resolve) => stream.write(message.subarray(0, -1), () => resolve()));
    });
    await Promise.all(slow);
    const large = encode("traces", traces(1_000));
    const early = await grpcClient(target).call(large);
    host.advance(5_000);
    const late = await grpcClient(target).call(large);
    expect([early.code, late.code]).toEqual([14, 0]);
    await until(() => answers.length === 1);
    expect(answers[0]).toMatchObject({ "grpc-status": "14" });
  });
});

const accepted = 'otelcol_receiver_accepted_spans{"receiver":"otlp","transport":"grpc"}';
const refused = (reason: string): string =>
  `spantoll_receiver_refused_requests_total{"receiver":"otlp","transport":"grpc","reason":"${reason}"}`;

describe("a refused call is counted", () => {
  test.each([
    { reason: "malformed", message: Buffer.from("not protobuf at all") },
    { reason: "malformed", message: Buffer.from("no gzip"), coding: "gzip" },
    { reason: "wrong_coding", message: oneSpan, coding: "br" },
    { reason: "too_large", message: Buffer.alloc(1024 ** 2 + 1) },
    { reason: "too_large", message: oneSpan, length: 2 ** 32 - 1 },
    { reason: "unreadable", message: Buffer.concat([oneSpan, frameOf(oneSpan)]), length: oneSpan.length },
    { reason: "overloaded", message: oneSpan, pressure: "memory is short" },
  ])("once, as $reason", async ({ reason, message, coding, length, pressure }) => {
    const { target, host } = await startReceiver({ grpc: { max_recv_msg_size_mib: 1 } });
    host.pressure.reason = pressure;
    const session = connect(`http://${target}`);
    onTestFinished(() => session.destroy());
    const headers = coding === undefined ? callFields : { ...callFields, "grpc-encoding": coding };
    await new Promise((resolve) => {
      const options = { compressed: coding !== undefined, ...(length === undefined ? {} : { length }) };
      const stream = session.request(headers);
      stream.on("error", () => undefined);
      stream.resume().on("close", resolve).end(frameOf(message, options));
    });
    const counted = [...host.counted].filter(([name]) => name.startsWith("spantoll_receiver_refused_requests_total"));
    expect(counted).toEqual([[refused(reason), 1]]);
  });
});
