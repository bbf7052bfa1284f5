// A connection to one backend, by grpc-js with bytes in and out.
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type * as GrpcJs from "@grpc/grpc-js";
import type { Signal } from "../../core/batch.ts";
import { secureContextOptions } from "../../core/tls.ts";
import { version } from "../../core/version.ts";
import { exportPaths } from "../../otlp/services.ts";
import { FramedCompression } from "./compression.ts";
import { parseEndpoint } from "./endpoint.ts";
import type { GrpcExporterSettings } from "./settings.ts";

/** What an answer may be: https://opentelemetry.io/docs/specs/otlp/#otlpgrpc-response. */
const answerBytesMax = 4 * 1024 ** 2;

/** A backend that is back is noticed this late at most. How often requests are sent again is the queue's business. */
const reconnectMsMax = 5_000;

export interface Answer {
  /** google.rpc.Code; 0 is success. */
  readonly code: number;
  readonly details: string;
  /** Encoded google.rpc.Status, where there is one. */
  readonly status: Uint8Array | undefined;
  readonly body: Uint8Array;
}

interface Open {
  readonly client: GrpcJs.Client;
  readonly metadata: GrpcJs.Metadata;
}

export class GrpcClient {
  readonly #settings: GrpcExporterSettings;
  readonly #compression: FramedCompression;
  #open: Open | undefined;

  constructor(settings: GrpcExporterSettings) {
    this.#settings = settings;
    this.#compression = new FramedCompression(settings.compression);
  }

  /** Reads the certificates. Rejects when one cannot be read. Connects with the first request. */
  async open(): Promise<void> {
    // Loading it takes as long as all the rest of the start, so only who uses it pays.
    const grpc = await import("@grpc/grpc-js");
    const endpoint = parseEndpoint(this.#settings.endpoint ?? "");
    const isSecure = endpoint?.secure ?? !this.#settings.tls.insecure;
    const credentials = isSecure ? secureCredentials(grpc, this.#settings.tls) : grpc.credentials.createInsecure();
    const client = new grpc.Client(endpoint?.target ?? "", credentials, channelOptions(this.#settings));
    this.#compression.install(client.getChannel());
    const metadata = new grpc.Metadata();
    for (const [name, value] of Object.entries(this.#settings.headers)) {
      metadata.set(
        name.toLowerCase(),
        name.toLowerCase().endsWith("-bin") ? Buffer.from(String(value)) : String(value),
      );
    }
    this.#open = { client, metadata };
  }

  close(): void {
    this.#open?.client.close();
    this.#open = undefined;
  }

  /** Sends nothing compressed any more. */
  goPlain(): void {
    this.#compression.refuse();
  }

  /** Sends `bytes`, or their compressed form where there is one. Rejects when `abort` does. */
  export(signal: Signal, bytes: Uint8Array, compressed: Uint8Array | undefined, abort: AbortSignal): Promise<Answer> {
    const open = this.#open;
    if (open === undefined) throw new Error("the exporter is not started");
    const message = bufferOf(bytes);
    if (compressed !== undefined) this.#compression.set(message, compressed);
    return new Promise((resolve, reject) => {
      const done = (error: GrpcJs.ServiceError | null, body?: Buffer): void => {
        abort.removeEventListener("abort", cancel);
        if (abort.aborted) reject(new Error("interrupted", { cause: error }));
        else resolve(answerOf(error, body));
      };
      const call = open.client.makeUnaryRequest(exportPaths[signal], asItIs, asItIs, message, open.metadata, done);
      const cancel = (): void => call.cancel();
      if (abort.aborted) cancel();
      else abort.addEventListener("abort", cancel, { once: true });
    });
  }
}

function answerOf(error: GrpcJs.ServiceError | null, body: Uint8Array = new Uint8Array()): Answer {
  if (error === null) return { code: 0, details: "", status: undefined, body };
  const [status] = error.metadata.get("grpc-status-details-bin");
  return {
    code: error.code,
    details: error.details,
    status: status instanceof Uint8Array ? status : undefined,
    body,
  };
}

function asItIs(bytes: Buffer): Buffer {
  return bytes;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function secureCredentials(grpc: typeof GrpcJs, tls: GrpcExporterSettings["tls"]): GrpcJs.ChannelCredentials {
  const context = createSecureContext(secureContextOptions(tls, readFileSync));
  return grpc.credentials.createFromSecureContext(context, { rejectUnauthorized: !tls.insecure_skip_verify });
}

function channelOptions(settings: GrpcExporterSettings): GrpcJs.ClientOptions {
  const { tls, authority, balancer_name, keepalive } = settings;
  return {
    "grpc.primary_user_agent": `spantoll/${version}`,
    "grpc.max_send_message_length": -1,
    "grpc.max_receive_message_length": answerBytesMax,
    "grpc.max_reconnect_backoff_ms": reconnectMsMax,
    // Retries are the queue's business, and connections are not shared with other exporters, which close theirs.
    "grpc.enable_retries": 0,
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_channelz": 0,
    "grpc.service_config_disable_resolution": 1,
    "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ [balancer_name]: {} }] }),
    ...(tls.server_name_override === undefined ? {} : { "grpc.ssl_target_name_override": tls.server_name_override }),
    ...(authority === undefined ? {} : { "grpc.default_authority": authority }),
    ...(keepalive === undefined ? {} : keepaliveOptions(keepalive)),
  };
}

function keepaliveOptions(keepalive: NonNullable<GrpcExporterSettings["keepalive"]>): GrpcJs.ClientOptions {
  return {
    "grpc.keepalive_time_ms": keepalive.time,
    "grpc.keepalive_timeout_ms": keepalive.timeout,
    "grpc.keepalive_permit_without_calls": keepalive.permit_without_stream ? 1 : 0,
  };
}
