// A gRPC client for tests: grpc-js as an application uses it, with every answer as data.
import { connect } from "node:http2";
import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import { exportPaths } from "../../src/otlp/services.ts";

export interface GrpcAnswer {
  /** 0 is success. */
  readonly code: number;
  readonly details: string;
  readonly trailers: Metadata;
  readonly body: Buffer;
}

export interface CallOptions {
  readonly path?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
}

export interface TestClient {
  call(body: Uint8Array, options?: CallOptions): Promise<GrpcAnswer>;
  /** A call that can be cancelled. */
  begin(body: Uint8Array, options?: CallOptions): { readonly answer: Promise<GrpcAnswer>; cancel(): void };
}

/** A connection of its own, closed at the end of the test. */
export function grpcClient(
  target: string,
  options: ChannelOptions = {},
  security: ChannelCredentials = credentials.createInsecure(),
): TestClient {
  const client = new Client(target, security, {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.max_send_message_length": -1,
    ...options,
  });
  onTestFinished(() => client.close());
  const begin: TestClient["begin"] = (body, { path = exportPaths.traces, metadata = {}, deadlineMs } = {}) => {
    const sent = new Metadata();
    for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
    let cancel = (): void => {};
    const answer = new Promise<GrpcAnswer>((resolve) => {
      const asItIs = (bytes: Buffer): Buffer => bytes;
      const given = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
      const done = (error: ServiceError | null, value?: Buffer): void =>
        resolve({
          code: error?.code ?? 0,
          details: error?.details ?? "",
          trailers: error?.metadata ?? new Metadata(),
          body: value ?? Buffer.alloc(0),
        });
      const call = client.makeUnaryRequest(path, asItIs, asItIs, Buffer.from(body), sent, given, done);
      cancel = () => call.cancel();
    });
    return { answer, cancel: () => cancel() };
  };
  return { begin, call: (body, given) => begin(body, given).answer };
}

export interface RawAnswer {
  /** Headers and trailers together. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** `grpc-status` of them. */
  readonly code: number;
}

/** A call in frames of our own making, which no library would send. */
export function rawCall(
  target: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  const session = connect(`http://${target}`);
  onTestFinished(() => session.destroy());
  return new Promise((resolve, reject) => {
    const all: Record<string, unknown> = {};
    const stream = session.request({
      ":method": "POST",
      ":path": exportPaths.traces,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    const keep = (given: object): void => void Object.assign(all, given);
    stream.on("response", keep);
    stream.on("trailers", keep);
    stream.on("error", reject);
    stream.on("close", () => resolve({ headers: all, code: Number(all["grpc-status"]) }));
    stream.resume();
    stream.end(body);
  });
}
