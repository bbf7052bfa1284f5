// What clients do to a door that do not want to be served. Each attack goes on until it is told to stop.
import { exportPaths } from "../../src/otlp/services.ts";
import { flags, frame, headerBlock, preface, RawConnection, rstStream, windowUpdate } from "../support/http2-frames.ts";

export interface Place {
  readonly hostname: string;
  readonly port: string;
}

/** The doors; `https` and `grpcs` are the same with TLS. */
export interface Front {
  readonly http: Place;
  readonly grpc: Place;
  readonly https: Place;
  readonly grpcs: Place;
}

export interface Attack {
  readonly name: string;
  /** How many connections it has at the same time; one that is ended is opened again where `again` is true. */
  readonly connections: number;
  readonly again?: boolean;
  /** Whether it reads what it is answered. */
  readonly reads?: boolean;
  readonly door: keyof Front;
  /** What one connection does, until it is over or `isOver` says so. */
  readonly run: (connection: RawConnection, isOver: () => boolean) => Promise<void>;
}

const grpcHeaders = headerBlock({
  ":method": "POST",
  ":scheme": "http",
  ":path": exportPaths.traces,
  ":authority": "x",
  te: "trailers",
  "content-type": "application/grpc",
});
/** An empty request: five bytes of gRPC's own. */
const emptyMessage = Buffer.alloc(5);
const httpHead = "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n";

const call = (stream: number, end: number = flags.none): Buffer =>
  frame("headers", flags.endHeaders | end, stream, grpcHeaders);
const wholeCall = (stream: number): Buffer =>
  Buffer.concat([call(stream), frame("data", flags.endStream, stream, emptyMessage)]);

/** Writes what `next` gives, as fast as the server takes it. */
function endless(next: (count: number) => Uint8Array | string, begin: Uint8Array | string = ""): Attack["run"] {
  return async (connection, isOver) => {
    await connection.write(begin);
    for (let count = 0; connection.isOpen && !isOver(); count++) {
      await connection.write(next(count));
      // Lets the answers in.
      if (count % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
}

/** Writes `begin`, and then a byte a second. */
function trickle(begin: string, byte = "x"): Attack["run"] {
  return async (connection, isOver) => {
    await connection.write(begin);
    while (connection.isOpen && !isOver()) {
      await pause(1_000);
      await connection.write(byte);
    }
  };
}

/** Writes once, and then waits. */
function wait(begin: Uint8Array | string = ""): Attack["run"] {
  return async (connection, isOver) => {
    await connection.write(begin);
    while (connection.isOpen && !isOver()) await pause(50);
  };
}

const odd = (count: number): number => 2 * count + 1;
const streams = (count: number, each: (stream: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, at) => each(odd(at))));

export const attacks: readonly Attack[] = [
  { name: "idle connections", door: "http", connections: 2_000, run: wait() },
  { name: "a byte of headers a second", door: "http", connections: 500, again: true, run: trickle("POST /v1/tra") },
  {
    name: "a byte of the body a second",
    door: "http",
    connections: 500,
    run: trickle(`${httpHead}Content-Length: 1000000\r\n\r\n`),
  },
  {
    name: "large bodies that stop short of their end",
    door: "http",
    connections: 50,
    run: wait(Buffer.from(`${httpHead}Content-Length: 16000000\r\n\r\n${"x".repeat(15_999_999)}`)),
  },
  {
    name: "requests whose answers are not read",
    door: "http",
    connections: 50,
    reads: false,
    run: endless(() => `${httpHead}Content-Length: 0\r\n\r\n`.repeat(50)),
  },
  {
    name: "connections one after the other",
    door: "http",
    connections: 200,
    again: true,
    run: async (connection) => {
      await connection.write("GET ");
      connection.end();
    },
  },
  { name: "TLS handshakes that do not begin", door: "https", connections: 500, run: wait() },
  { name: "TLS handshakes that do not begin", door: "grpcs", connections: 500, run: wait() },
  { name: "TLS handshakes that do not go on", door: "https", connections: 500, run: wait("\x16\x03\x01") },
  { name: "TLS handshakes that do not go on", door: "grpcs", connections: 500, run: wait("\x16\x03\x01") },
  { name: "connections without a word", door: "grpc", connections: 2_000, run: wait() },
  { name: "connections without a call", door: "grpc", connections: 2_000, run: wait(preface()) },
  {
    name: "calls that are reset at once",
    door: "grpc",
    connections: 4,
    again: true,
    run: endless((count) => Buffer.concat([call(odd(count)), rstStream(odd(count))]), preface()),
  },
  {
    name: "calls that the server has to reset",
    door: "grpc",
    connections: 4,
    again: true,
    run: endless((count) => Buffer.concat([wholeCall(odd(count)), windowUpdate(odd(count), 0)]), preface()),
  },
  {
    name: "headers without end, in CONTINUATION",
    door: "grpc",
    connections: 4,
    again: true,
    run: endless(
      () => frame("continuation", flags.none, 1, headerBlock({ "x-more": "y".repeat(100) })),
      Buffer.concat([preface(), frame("headers", flags.none, 1, grpcHeaders)]),
    ),
  },
  {
    name: "headers of 1 MiB",
    door: "grpc",
    connections: 4,
    again: true,
    run: wait(Buffer.concat([preface(), ...manyFields()])),
  },
  {
    name: "SETTINGS, answers unread",
    door: "grpc",
    connections: 4,
    again: true,
    reads: false,
    run: endless(() => frame("settings", flags.none, 0, Buffer.alloc(0)), preface()),
  },
  {
    name: "PING, answers unread",
    door: "grpc",
    connections: 4,
    again: true,
    reads: false,
    run: endless(() => frame("ping", flags.none, 0, Buffer.alloc(8)), preface()),
  },
  {
    name: "PING, answers read",
    door: "grpc",
    connections: 4,
    again: true,
    run: endless(() => frame("ping", flags.none, 0, Buffer.alloc(8)), preface()),
  },
  {
    name: "empty DATA",
    door: "grpc",
    connections: 4,
    again: true,
    run: endless(() => frame("data", flags.none, 1, Buffer.alloc(0)), Buffer.concat([preface(), call(1)])),
  },
  {
    name: "a receive window of 0, calls whole",
    door: "grpc",
    connections: 20,
    run: wait(Buffer.concat([preface({ initialWindowSize: 0 }), streams(1_000, wholeCall)])),
  },
  {
    name: "calls that never end",
    door: "grpc",
    connections: 20,
    run: wait(
      Buffer.concat([preface(), streams(1_000, (at) => Buffer.concat([call(at), frame("data", 0, at, emptyMessage)]))]),
    ),
  },
  {
    name: "messages that stop short of their end",
    door: "grpc",
    connections: 20,
    run: wait(Buffer.concat([preface(), streams(60, unfinished)])),
  },
];

/** A call that tells of 1 MiB and sends 64 KiB of it, which is what a stream may send unasked. */
function unfinished(stream: number): Buffer {
  const message = Buffer.alloc(65_535);
  message.writeUInt32BE(1024 ** 2, 1);
  const parts = Array.from({ length: 4 }, (_, at) => message.subarray(at * 16_384, (at + 1) * 16_384));
  return Buffer.concat([call(stream), ...parts.map((part) => frame("data", flags.none, stream, part))]);
}

function manyFields(): Buffer[] {
  const field = headerBlock({ "x-more": "y".repeat(100) });
  const block = Buffer.concat(Array.from({ length: 140 }, () => field));
  const more = Array.from({ length: 65 }, () => frame("continuation", flags.none, 1, block));
  return [
    frame("headers", flags.none, 1, grpcHeaders),
    ...more,
    frame("continuation", flags.endHeaders, 1, Buffer.alloc(0)),
  ];
}

export interface Ended {
  /** Connections that were begun, and those that the server ended. */
  readonly begun: number;
  readonly cut: number;
}

/** Runs it for so long; resolves when all its connections are gone. */
export async function attackFor(attack: Attack, front: Front, ms: number): Promise<Ended> {
  const endMs = performance.now() + ms;
  const isOver = (): boolean => endMs <= performance.now();
  let begun = 0;
  let cut = 0;
  const lane = async (): Promise<void> => {
    do {
      begun++;
      const connection = new RawConnection(front[attack.door], attack.reads ?? true);
      // Who is not read any more, and not cut, would wait for ever.
      const timer = setTimeout(() => connection.end(), endMs - performance.now());
      await attack.run(connection, isOver);
      clearTimeout(timer);
      if (connection.wasCut) cut++;
      connection.end();
      if (!isOver()) await pause(10);
    } while (attack.again && !isOver());
  };
  await Promise.all(Array.from({ length: attack.connections }, lane));
  return { begun, cut };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
