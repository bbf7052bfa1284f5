// One call over gRPC: checked before its body is read, read, handed in, answered.
// https://opentelemetry.io/docs/specs/otlp/#otlpgrpc
import type * as GrpcJs from "@grpc/grpc-js";
import type { Context, Signal } from "../../core/batch.ts";
import type { Accept } from "../../core/component.ts";
import type { Host } from "../../core/host.ts";
import { Refused } from "../../core/refused.ts";
import { encodeStatus, grpcCodes, statusOf } from "../../otlp/status.ts";
import { BodyBudget, type Held } from "./bodies.ts";
import { type CallStatus, endCall, sessionOf, watchBody } from "./grpc-body.ts";
import type { GrpcSettings } from "./grpc-settings.ts";
import { codings } from "./inflate.ts";
import { countRefusal, type RefusalReason, refusalOf } from "./refusal.ts";

type Grpc = typeof GrpcJs;
/** What grpc-js keeps of a request until its call is over; the bytes are taken out once they are handed in. */
export interface Message {
  bytes: Uint8Array;
}
type UnaryCall = GrpcJs.ServerUnaryCall<Message, Uint8Array>;
type Answer = GrpcJs.sendUnaryData<Uint8Array>;

/** How long a client may take for its request. */
const readTimeoutMs = 60_000;
/** How long it may leave its answer unread, by a window without room. */
const writeTimeoutMs = 30_000;
const checkIntervalMs = 1_000;

/** Calls that are open at the same time, over all connections; each takes about 12 KiB. */
const openCallsMax = 5_000;
/** So many of each connection are let in nevertheless. */
const openCallsSafe = 2;

/** The message travels percent-encoded in a header, and clients take 8 KiB of headers. */
const messageLengthMax = 512;

/** A call from its headers to its end. */
interface Call {
  readonly held: Held;
  /** When its headers came, and then when it was answered; monotonic milliseconds. */
  since: number;
  /** The reason for which it was refused has been counted. */
  isCounted: boolean;
  readonly refuse: (refused: Refused, reason?: RefusalReason) => void;
  readonly end: () => void;
}

export class GrpcExchange {
  readonly #grpc: Grpc;
  readonly #settings: GrpcSettings;
  readonly #host: Host;
  readonly #budget: BodyBudget;
  /** Calls whose body is being read, in the order of their beginning. */
  readonly #reading = new Set<Call>();
  /** Calls that are answered and not over, in the order of their answers. */
  readonly #answered = new Set<Call>();
  /** Calls by what grpc-js hands to the handler. */
  readonly #byMetadata = new WeakMap<GrpcJs.Metadata, Call>();
  /** Calls that have begun and are not answered to the last byte. */
  #open = 0;
  readonly #openOf = new WeakMap<object, number>();
  #whenIdle: (() => void) | undefined;

  constructor(grpc: Grpc, settings: GrpcSettings, host: Host) {
    this.#grpc = grpc;
    this.#settings = settings;
    this.#host = host;
    const limit = { bytes: settings.max_recv_msg_size_mib * 1024 ** 2, setting: "max_recv_msg_size_mib" };
    this.#budget = new BodyBudget(limit, host);
  }

  /** Ends calls whose body comes too slowly, or whose answer is not read. Returns the way to stop. */
  watchSlow(): () => void {
    return this.#host.clock.every(checkIntervalMs, () => {
      const now = this.#host.clock.monotonic();
      for (const call of this.#reading) {
        if (now < call.since + readTimeoutMs) break;
        call.refuse(new Refused("unavailable", `the request did not arrive within ${readTimeoutMs} ms`), "too_slow");
      }
      for (const call of this.#answered) {
        if (now < call.since + writeTimeoutMs) break;
        this.#giveUp(call);
      }
    });
  }

  /** What happens between the headers of a call and its body. */
  readonly intercept: GrpcJs.ServerInterceptor = (_method, call) =>
    new this.#grpc.ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: (metadata, pass) => {
            const reason = this.#host.pressure.reason ?? this.#tooMany(sessionOf(call));
            if (reason === undefined) return pass(this.#begin(call, metadata));
            // Who is refused here has sent no more than what the window lets through, and nobody reads it.
            call.sendStatus(this.#refusal(new Refused("overloaded", reason)));
            countRefusal(this.#host, "grpc", "overloaded");
            endCall(call);
          },
        });
      },
    });

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

  #begin(raw: GrpcJs.ServerInterceptingCallInterface, metadata: GrpcJs.Metadata): GrpcJs.Metadata {
    const call: Call = {
      held: this.#budget.hold((refused) => call.refuse(refused)),
      since: this.#host.clock.monotonic(),
      isCounted: false,
      refuse: (refused, reason = refused.code) => {
        this.#count(call, reason);
        this.#end(call);
        raw.sendStatus(this.#refusal(refused));
        endCall(raw);
      },
      end: () => endCall(raw),
    };
    const session = sessionOf(raw);
    this.#reading.add(call);
    this.#opened(session, 1);
    this.#byMetadata.set(metadata, call);
    watchBody(raw, {
      held: call.held,
      onTooMuch: (error) => call.refuse(refusalOf(error, this.#host)),
      // Once the body is handed in, its handler gives back what it holds.
      onClose: () => {
        if (this.#reading.has(call)) this.#end(call);
        this.#answered.delete(call);
        this.#opened(session, -1);
      },
      onStatus: (code) => {
        const reason = reasonsOfLibrary[code];
        if (reason !== undefined) this.#count(call, reason);
      },
      statusOf: (error) => {
        const refused = refusalOf(error, this.#host);
        this.#count(call, refused.code);
        return this.#refusal(refused);
      },
      unknownCoding: (name) => {
        this.#count(call, "wrong_coding");
        return this.#unknownCoding(name);
      },
    });
    return metadata;
  }

  /** Why there is no room for one more call of this connection, if so: those with many calls open make room for the others. */
  #tooMany(session: object): string | undefined {
    if (this.#open < openCallsMax || (this.#openOf.get(session) ?? 0) < openCallsSafe) return undefined;
    return `${this.#open} calls are open`;
  }

  #opened(session: object, by: 1 | -1): void {
    this.#open += by;
    this.#openOf.set(session, (this.#openOf.get(session) ?? 0) + by);
    if (this.#open === 0) this.#whenIdle?.();
  }

  #giveUp(call: Call): void {
    this.#answered.delete(call);
    call.end();
  }

  #count(call: Call, reason: RefusalReason): void {
    if (!call.isCounted) countRefusal(this.#host, "grpc", reason);
    call.isCounted = true;
  }

  #end(call: Call): void {
    this.#reading.delete(call);
    call.held.release();
  }

  async #take(call: UnaryCall, signal: Signal, accept: Accept): Promise<Refused | undefined> {
    const known = this.#byMetadata.get(call.metadata);
    // Who has been told already that it was not taken sends it again.
    if (known && !this.#reading.delete(known)) return new Refused("overloaded", "refused before it was read");
    known?.held.arrived();
    try {
      const { bytes } = call.request;
      await accept({ signal, bytes, context: this.#contextOf(call), transport: "grpc" });
      return undefined;
    } catch (error) {
      const refused = refusalOf(error, this.#host);
      if (known) this.#count(known, refused.code);
      return refused;
    } finally {
      call.request.bytes = nothing;
      if (known) this.#answer(known);
    }
  }

  #answer(call: Call): void {
    call.held.release();
    call.since = this.#host.clock.monotonic();
    this.#answered.add(call);
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

/** Statuses that grpc-js thinks of itself: a message by its length, and what is not one message. */
const reasonsOfLibrary: Readonly<Record<number, RefusalReason>> = {
  [grpcCodes.resourceExhausted]: "too_large",
  [grpcCodes.unimplemented]: "unreadable",
  [grpcCodes.internal]: "unreadable",
};

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
