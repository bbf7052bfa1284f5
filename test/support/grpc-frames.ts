// gRPC as frames on HTTP/2, for what no library would send, and for load that costs its sender little.
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
import { type ClientHttp2Session, connect } from "node:http2";

/** A message as it stands on the wire. */
export function frameOf(message: Uint8Array, options: { compressed?: boolean; length?: number } = {}): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(options.compressed ? 1 : 0, 0);
  head.writeUInt32BE(options.length ?? message.length, 1);
  return Buffer.concat([head, message]);
}

/** A client with one connection, which it opens again when the server has ended it. */
export class FrameClient {
  readonly #target: string;
  #session: ClientHttp2Session | undefined;

  /** `host:port`, without TLS. */
  constructor(target: string) {
    this.#target = target;
  }

  /** Resolves with `grpc-status`; rejects when the call ends without one, or not within the time. */
  call(path: string, frame: Uint8Array, options: { coding?: string; timeoutMs?: number } = {}): Promise<number> {
    const { coding, timeoutMs = 30_000 } = options;
    return new Promise((resolve, reject) => {
      let status: string | undefined;
      const stream = this.#open().request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
        ...(coding === undefined ? {} : { "grpc-encoding": coding }),
      });
      const note = (headers: object): void => {
        const given: unknown = Reflect.get(headers, "grpc-status");
        if (given !== undefined) status = String(given);
      };
      stream.on("response", note);
      stream.on("trailers", note);
      stream.on("error", reject);
      stream.on("close", () => {
        if (status === undefined) reject(new Error("ended without grpc-status"));
        else resolve(Number(status));
      });
      stream.setTimeout(timeoutMs, () => stream.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      stream.resume();
      stream.end(frame);
    });
  }

  close(): void {
    this.#session?.destroy();
    this.#session = undefined;
  }

  #open(): ClientHttp2Session {
    if (this.#session === undefined || this.#session.closed || this.#session.destroyed) {
      this.#session = connect(`http://${this.#target}`);
      // What ends the connection ends its calls, which tell it.
      this.#session.on("error", () => undefined);
    }
    return this.#session;
  }
}
