// One call over gRPC: checked before its body is read, read, handed in, answered.
// https://opentelemetry.io/docs/specs/otlp/#otlpgrpc
import type * as GrpcJs from "@grpc/grpc-js";
import type { Context, Signal } from "../../core/batch.ts";
import type { Accept } from "../../core/component.ts";
import type { Host } from "../../core/host.ts";
import { Refused } from "../../core/refused.ts";
import { encodeStatus, grpcCodes, statusOf } from "../../otlp/status.ts";
import { BodyBudget, type Held } from "./bodies.ts";
import { type CallStatus, watchBody } from "./grpc-body.ts";
import type { GrpcSettings } from "./grpc-settings.ts";
import { codings } from "./inflate.ts";
import { refusalOf } from "./refusal.ts";

type Grpc = typeof GrpcJs;
type UnaryCall = GrpcJs.ServerUnaryCall<Uint8Array, Uint8Array>;
type Answer = GrpcJs.sendUnaryData<Uint8Array>;

/** How long a client may take for its request. */
const readTimeoutMs = 60_000;
const readCheckIntervalMs = 1_000;

/** The message travels percent-encoded in a header, and clients take 8 KiB of headers. */
const messageLengthMax = 512;

/** A call whose body is being read. */
interface Reading {
  readonly held: Held;
  /** Monotonic milliseconds. */
  readonly since: number;
  readonly refuse: (refused: Refused) => void;
}

export class GrpcExchange {
  readonly #grpc: Grpc;
  readonly #settings: GrpcSettings;
  readonly #host: Host;
  readonly #budget: BodyBudget;
  /** In the order of their beginning. */
  readonly #reading = new Set<Reading>();
  /** The same by what grpc-js hands to the handler. */
  readonly #byMetadata = new WeakMap<GrpcJs.Metadata, Reading>();
  /** Calls that have begun and are not answered to the last byte. */
  #open = 0;
  #whenIdle: (() => void) | undefined;

  constructor(grpc: Grpc, settings: GrpcSettings, host: Host) {
    this.#grpc = grpc;
    this.#settings = settings;
    this.#host = host;
    this.#budget = new BodyBudget({
      bytes: settings.max_recv_msg_size_mib * 1024 ** 2,
      setting: "max_recv_msg_size_mib",
    });
  }

  /** Ends calls whose body comes too slowly. Returns the way to stop. */
  watchSlow(): () => void {
    return this.#host.clock.every(readCheckIntervalMs, () => {
      for (const reading of this.#reading) {
        if (this.#host.clock.monotonic() < reading.since + readTimeoutMs) break;
        reading.refuse(new Refused("unavailable", `the request did not arrive within ${readTimeoutMs} ms`));
      }
    });
  }

  /** What happens between the headers of a call and its body. */
  readonly intercept: GrpcJs.ServerInterceptor = (_method, call) => {
    const { reason } = this.#host.pressure;
    return new this.#grpc.ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: (metadata, pass) => {
            // Who is refused here has sent no more than what the window lets through, and nobody reads it.
            if (reason !== undefined) call.sendStatus(this.#refusal(new Refused("overloaded", reason)));
            else pass(this.#begin(call, metadata));
          },
        });
      },
    });
  };

  /** The handler of a signal. It always answers, and never throws. */
  handlerOf(signal: Signal, accept: Accept): (call: UnaryCall, answer: Answer) => void {
    return (call, answer) => {
      void this.#take(call, signal, accept)
        .then((refused) => (refused === undefined ? this.#confirm(call, answer) : answer(this.#refusal(refused))))
        .catch((error: unknown) => refusalOf(error, this.#host));
    };
  }

  /** Resolves when every call that has begun is answered, or when there is no time left. Connections may be open still. */
  async idle(deadline: AbortSignal): Promise<void> {
    if (this.#open === 0 || deadline.aborted) return;
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
      deadline.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  #begin(call: GrpcJs.ServerInterceptingCallInterface, metadata: GrpcJs.Metadata): GrpcJs.Metadata {
    const held = this.#budget.hold();
    const refuse = (error: unknown): void => {
      this.#end(reading);
      call.sendStatus(this.#refusal(refusalOf(error, this.#host)));
      endBody();
    };
    const reading: Reading = { held, since: this.#host.clock.monotonic(), refuse };
    this.#reading.add(reading);
    this.#open++;
    this.#byMetadata.set(metadata, reading);
    const endBody = watchBody(call, {
      held,
      onTooMuch: refuse,
      // Once the body is handed in, its handler gives back what it holds.
      onClose: () => {
        if (this.#reading.has(reading)) this.#end(reading);
        this.#open--;
        if (this.#open === 0) this.#whenIdle?.();
      },
      statusOf: (error) => this.#refusal(refusalOf(error, this.#host)),
      unknownCoding: (name) => this.#unknownCoding(name),
    });
    return metadata;
  }

  #end(reading: Reading): void {
    this.#reading.delete(reading);
    reading.held.release();
  }

  async #take(call: UnaryCall, signal: Signal, accept: Accept): Promise<Refused | undefined> {
    const reading = this.#byMetadata.get(call.metadata);
    if (reading) this.#reading.delete(reading);
    try {
      await accept({ signal, bytes: call.request, context: this.#contextOf(call), transport: "grpc" });
      return undefined;
    } catch (error) {
      return refusalOf(error, this.#host);
    } finally {
      reading?.held.release();
    }
  }

  #contextOf(call: UnaryCall): Context {
    const headers = this.#settings.include_metadata ? headersOf(call) : noHeaders;
    return { headers, subject: undefined, peer: call.getPeer() };
  }

  /** Full success is an empty message: https://opentelemetry.io/docs/specs/otlp/#full-success. */
  #confirm(call: UnaryCall, answer: Answer): void {
    if (codings.includes("zstd")) call.sendMetadata(this.#acceptedCodings());
    answer(null, nothing);
  }

  #refusal(refused: Refused): CallStatus {
    const status = statusOf(refused);
    this.#host.log.debug("a call was refused", { code: status.code, reason: status.message });
    const details = status.message.slice(0, messageLengthMax).replace(loneSurrogates, "\ufffd");
    if (status.retryAfterMs === undefined) return { code: status.code, details };
    const metadata = new this.#grpc.Metadata();
    const encoded = encodeStatus({ ...status, message: details });
    metadata.set("grpc-status-details-bin", Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length));
    return { code: status.code, details, metadata };
  }

  #unknownCoding(name: string): CallStatus {
    const details = `unsupported grpc-encoding ${JSON.stringify(name)}, supported: [${codings.join(", ")}]`;
    return { code: grpcCodes.unimplemented, details, metadata: this.#acceptedCodings() };
  }

  #acceptedCodings(): GrpcJs.Metadata {
    const metadata = new this.#grpc.Metadata();
    metadata.set("grpc-accept-encoding", codings.join(","));
    return metadata;
  }
}

const nothing = new Uint8Array();
const noHeaders: Context["headers"] = Object.freeze({});

/** Halves of UTF-16 pairs, on which percent-encoding throws. */
const loneSurrogates = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Metadata that came several times is joined as RFC 9110, 5.3 says; binary values are base64. */
function headersOf(call: UnaryCall): Context["headers"] {
  const headers = Object.entries(call.metadata.toJSON()).map(([name, values]): [string, string] => [
    name,
    values.map((value) => (typeof value === "string" ? value : value.toString("base64"))).join(", "),
  ]);
  return Object.fromEntries([["host", call.getHost()], ...headers]);
}
