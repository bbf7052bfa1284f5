// The body of a gRPC call, where grpc-js has no say for us: it receives through a window of 64 KiB, counts messages and
// not bytes, inflates by streams, and answers INTERNAL where OTLP wants INVALID_ARGUMENT. What is reached for behind its
// interface is in this file and in `grpc-sessions.ts` only; grpc-js is bundled in one version, and test/conformance holds all of it.
import assert from "node:assert/strict";
import type { Http2Session, ServerHttp2Stream } from "node:http2";
import { Duplex } from "node:stream";
import type { Metadata, ServerInterceptingCallInterface } from "@grpc/grpc-js";
import type { Held } from "./bodies.ts";
import { codingOf, inflate } from "./inflate.ts";

// With 64 KiB every larger request waits for the network once per window: 320 instead of 240 us of CPU for 114 KB.
const streamWindowBytes = 4 * 1024 ** 2;
const connectionWindowBytes = 16 * 1024 ** 2;

/** What grpc-js sends as the status of a call. */
export interface CallStatus {
  readonly code: number;
  readonly details: string;
  readonly metadata?: Metadata;
}

export interface BodyRules {
  readonly held: Held;
  /** Called once, at most, when there are more bytes than `held` allows. */
  readonly onTooMuch: (refused: unknown) => void;
  readonly onClose: () => void;
  /** Called with the code of every status that is sent, also of those that grpc-js thinks of itself. */
  readonly onStatus: (code: number) => void;
  /** What is answered when the body cannot be decompressed. */
  readonly statusOf: (error: unknown) => CallStatus;
  /** What is answered to a coding that is not known. */
  readonly unknownCoding: (name: string) => CallStatus;
}

/** Takes the body of a call under these rules; nothing of it has been read yet. */
export function watchBody(call: ServerInterceptingCallInterface, rules: BodyRules): void {
  const stream = streamOf(call);
  assert(typeof Reflect.get(call, "decompressMessage") === "function", "grpc-js has changed");
  if (stream.session) widenWindow(stream.session);
  const count = (chunk: Uint8Array): void => {
    try {
      rules.held.grow(chunk.length, 0);
    } catch (refused) {
      stream.off("data", count);
      rules.onTooMuch(refused);
    }
  };
  stream.on("data", count);
  stream.once("close", rules.onClose);
  Reflect.set(call, "decompressMessage", (framed: Buffer, name: string) => plainOf(framed, name, rules));
  const { sendStatus } = call;
  Reflect.set(call, "sendStatus", (status: Parameters<typeof sendStatus>[0]) => {
    rules.onStatus(status.code ?? 0);
    sendStatus.call(call, status);
  });
}

/** Reads and writes no more of a call: what came of it would be kept until the client ends it. */
export function endCall(call: ServerInterceptingCallInterface): void {
  streamOf(call).close();
}

/** What stands for the connection of a call. */
export function sessionOf(call: ServerInterceptingCallInterface): object {
  const stream = streamOf(call);
  return stream.session ?? stream;
}

function streamOf(call: ServerInterceptingCallInterface): ServerHttp2Stream {
  const stream: unknown = Reflect.get(call, "stream");
  assert(isStream(stream), "grpc-js has changed");
  return stream;
}

function isStream(value: unknown): value is ServerHttp2Stream {
  return value instanceof Duplex && "session" in value;
}

const widened = new WeakSet<Http2Session>();

function widenWindow(session: Http2Session): void {
  if (widened.has(session) || session.destroyed) return;
  widened.add(session);
  session.settings({ initialWindowSize: streamWindowBytes });
  session.setLocalWindowSize(connectionWindowBytes);
}

/** Five bytes of flag and length stand before every message: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md. */
const prefixBytes = 5;

/** Rejects with a `CallStatus`, which grpc-js answers. */
async function plainOf(framed: Buffer, name: string, rules: BodyRules): Promise<Uint8Array> {
  const body = framed.subarray(prefixBytes);
  const coding = codingOf(name);
  if (coding === undefined) throw rules.unknownCoding(name);
  if (coding === "identity") return ownMemory(body);
  try {
    return await inflate(body, coding, rules.held);
  } catch (error) {
    throw rules.statusOf(error);
  }
}

/** Small messages are slices of a pool, which a queued request would keep alive whole. */
function ownMemory(body: Buffer): Uint8Array {
  const isAlone = body.buffer.byteLength === body.length + prefixBytes;
  return isAlone ? new Uint8Array(body.buffer, body.byteOffset, body.length) : new Uint8Array(body);
}
