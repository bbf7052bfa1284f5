// The listening side of OTLP over gRPC. The sockets are ours, so that TLS, limits and socket files are those of the HTTP
// door; grpc-js speaks HTTP/2 on them. What is done with a call is in `grpc-exchange.ts`.
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createSecureServer } from "node:tls";
import type * as GrpcJs from "@grpc/grpc-js";
import { type Signal, signals } from "../../core/batch.ts";
import type { Component, Doors } from "../../core/component.ts";
import type { Host } from "../../core/host.ts";
import { exportPaths } from "../../otlp/services.ts";
import { GrpcExchange, type Message } from "./grpc-exchange.ts";
import { GrpcSessions } from "./grpc-sessions.ts";
import type { GrpcSettings } from "./grpc-settings.ts";
import { keepCertificatesFresh, listen, tlsServerOptions } from "./listener.ts";

interface Running {
  readonly server: GrpcJs.Server;
  readonly front: Server;
  readonly exchange: GrpcExchange;
  readonly cut: () => void;
}

export class GrpcServer implements Component {
  readonly #settings: GrpcSettings;
  readonly #doors: Doors;
  readonly #host: Host;
  #running: Running | undefined;
  #stopTimers: (() => void)[] = [];

  constructor(settings: GrpcSettings, doors: Doors, host: Host) {
    this.#settings = settings;
    this.#doors = doors;
    this.#host = host;
  }

  async start(): Promise<void> {
    // Loading it takes as long as all the rest of the start, so only who uses it pays.
    const grpc = await import("@grpc/grpc-js");
    const exchange = new GrpcExchange(grpc, this.#settings, this.#host);
    const server = new grpc.Server({ ...channelOptions(this.#settings), interceptors: [exchange.intercept] });
    for (const signal of signals) {
      const accept = this.#doors.get(signal);
      if (accept) server.addService(serviceOf(signal), { Export: exchange.handlerOf(signal, accept) });
    }
    const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
    const sessions = new GrpcSessions(server, this.#host);
    const front = this.#createFront((socket) => injector.injectConnection(socket));
    try {
      const { address, cut } = await listen(front, this.#settings, this.#host);
      this.#running = { server, front, exchange, cut };
      this.#host.log.info("listening", { protocol: "grpc", address });
    } catch (error) {
      server.forceShutdown();
      throw error;
    }
    this.#stopTimers.push(exchange.watchSlow(), sessions.watch());
  }

  async stop(deadline: AbortSignal): Promise<void> {
    for (const stop of this.#stopTimers.splice(0)) stop();
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    running.front.close();
    // Tells every client to go, and lets calls finish.
    running.server.tryShutdown(() => undefined);
    await running.exchange.idle(deadline);
    running.server.forceShutdown();
    running.cut();
  }

  #createFront(serve: (socket: Socket) => void): Server {
    const { tls } = this.#settings;
    if (tls === undefined) return createServer(serve);
    const front = createSecureServer({ ...tlsServerOptions(tls), ALPNProtocols: ["h2"] }, (socket) => {
      socket.on("error", () => socket.destroy());
      serve(socket);
    });
    this.#stopTimers.push(keepCertificatesFresh(front, tls, this.#host));
    return front;
  }
}

/** Requests and answers stay bytes: grpc-js neither reads nor copies them. */
function serviceOf(signal: Signal): GrpcJs.ServiceDefinition {
  const asItIs = (bytes: Buffer): Buffer => bytes;
  const toMessage = (bytes: Buffer): Message => ({ bytes });
  const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const both = { requestStream: false, responseStream: false, requestSerialize: toBuffer, responseSerialize: toBuffer };
  return {
    Export: { path: exportPaths[signal], ...both, requestDeserialize: toMessage, responseDeserialize: asItIs },
  };
}

/** Timers of Node.js end here; longer is for ever. */
const timerMsMax = 2 ** 31 - 1;

function channelOptions({
  max_recv_msg_size_mib,
  max_concurrent_streams,
  keepalive,
}: GrpcSettings): GrpcJs.ServerOptions {
  const { max_connection_idle, max_connection_age, max_connection_age_grace, time, timeout } =
    keepalive.server_parameters;
  const orForever = (ms: number): number => (ms === 0 ? timerMsMax : Math.min(ms, timerMsMax));
  return {
    "grpc.max_receive_message_length": max_recv_msg_size_mib * 1024 ** 2,
    "grpc.max_concurrent_streams": max_concurrent_streams,
    "grpc.max_connection_idle_ms": orForever(max_connection_idle),
    "grpc.max_connection_age_ms": orForever(max_connection_age),
    "grpc.max_connection_age_grace_ms": orForever(max_connection_age_grace),
    "grpc.keepalive_time_ms": orForever(time),
    "grpc.keepalive_timeout_ms": orForever(timeout),
    "grpc.enable_channelz": 0,
  };
}
