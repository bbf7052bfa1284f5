// The listening side of OTLP over HTTP: one node:http or node:https server, its limits, and its end. What is done with a
// request is in `http-exchange.ts`.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Socket } from "node:net";
import type { Component, Doors } from "../../core/component.ts";
import type { Host } from "../../core/host.ts";
import { grpcCodes, statusJson } from "../../otlp/status.ts";
import { HttpExchange } from "./http-exchange.ts";
import type { HttpSettings } from "./http-settings.ts";
import { codingOf } from "./inflate.ts";
import { keepCertificatesFresh, listen, tlsServerOptions } from "./listener.ts";
import { countRefusal } from "./refusal.ts";
import { UnreadAnswers } from "./unread.ts";

/**
 * Requests of one connection that may wait for their answers. No exporter sends one before the last is answered; a client
 * that does, without end, has hundreds in every read, and all others wait for them. Its connection ends.
 */
const unansweredMax = 100;

export class HttpServer implements Component {
  readonly #settings: HttpSettings;
  readonly #host: Host;
  readonly #exchange: HttpExchange;
  readonly #active = new Set<ServerResponse>();
  #running: { readonly server: Server; readonly cut: () => void } | undefined;
  #whenIdle: (() => void) | undefined;
  /** Requests that wait for their answers, by connection. */
  readonly #unanswered = new WeakMap<Socket, number>();
  readonly #unread = new UnreadAnswers();
  #stopTimers: (() => void)[] = [];

  constructor(settings: HttpSettings, doors: Doors, host: Host) {
    this.#settings = settings;
    this.#host = host;
    this.#exchange = new HttpExchange(settings, doors, host);
  }

  async start(): Promise<void> {
    const server = this.#create();
    server.on("request", (request, response) => this.#serve(request, response, false));
    // Who asks before sending a body is answered by the same checks, and told to go on only after them.
    server.on("checkContinue", (request, response) => this.#serve(request, response, true));
    server.on("clientError", (error: Error & { code?: string }, socket: Socket) => {
      const answered = answerUnreadable(error, socket);
      if (answered) countRefusal(this.#host, "http", answered.startsWith("408") ? "too_slow" : "unreadable");
    });
    server.on(this.#settings.tls ? "secureConnection" : "connection", (socket) => this.#unread.add(socket));
    const { address, cut } = await listen(server, this.#settings, this.#host);
    this.#running = { server, cut };
    this.#stopTimers.push(this.#unread.watch(this.#host, this.#settings.write_timeout));
    this.#host.log.info("listening", { protocol: "http", address });
    const missing = this.#settings.compression_algorithms?.filter((name) => codingOf(name) === undefined) ?? [];
    if (0 < missing.length) {
      this.#host.log.warn("some of compression_algorithms are not taken: this Node.js has none", { missing });
    }
  }

  #create(): Server {
    const { tls } = this.#settings;
    const options = serverOptions(this.#settings);
    if (tls === undefined) return createServer(options);
    const server = createSecureServer({ ...options, ...tlsServerOptions(tls) });
    this.#stopTimers.push(keepCertificatesFresh(server, tls, this.#host));
    return server;
  }

  async stop(deadline: AbortSignal): Promise<void> {
    for (const stop of this.#stopTimers.splice(0)) stop();
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    running.server.close();
    // A connection that is kept open would outlive the answer it waits for.
    for (const response of this.#active) if (!response.headersSent) response.setHeader("connection", "close");
    await this.#untilIdle(deadline);
    running.cut();
  }

  #serve(request: IncomingMessage, response: ServerResponse, asksFirst: boolean): void {
    const { socket } = request;
    const unanswered = this.#unanswered.get(socket) ?? 0;
    if (unansweredMax <= unanswered) {
      if (!socket.destroyed) countRefusal(this.#host, "http", "overloaded");
      socket.destroy();
      return;
    }
    this.#unanswered.set(socket, unanswered + 1);
    this.#active.add(response);
    response.on("close", () => {
      this.#unanswered.set(socket, (this.#unanswered.get(socket) ?? 1) - 1);
      this.#active.delete(response);
      if (this.#active.size === 0) this.#whenIdle?.();
    });
    // Whatever an answer may run into, only this connection ends.
    this.#exchange.serve(request, response, asksFirst).catch((error: unknown) => {
      this.#host.meter.add("spantoll_internal_errors_total", 1, { place: this.#host.id });
      this.#host.log.error("a request could not be answered", { error });
      response.destroy();
    });
  }

  async #untilIdle(deadline: AbortSignal): Promise<void> {
    if (this.#active.size === 0 || deadline.aborted) return;
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
      deadline.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}

function serverOptions(settings: HttpSettings) {
  const { idle_timeout, read_header_timeout, read_timeout } = settings;
  // node:http wants the first limit to be within the second. 0 is no limit.
  const headersTimeout = read_timeout > 0 && read_timeout < read_header_timeout ? read_timeout : read_header_timeout;
  const shortest = Math.min(...[headersTimeout, read_timeout].filter((ms) => ms > 0), 4_000);
  return {
    headersTimeout,
    requestTimeout: read_timeout,
    keepAliveTimeout: idle_timeout,
    keepAlive: true,
    // How often both are looked at: every quarter of the shorter, at most once a second.
    connectionsCheckingInterval: Math.max(25, shortest / 4),
    noDelay: true,
  };
}

const clientErrors: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
};

/**
 * What is no HTTP, or came too slowly, has no response object: the answer is written by hand. Returns its status, or
 * undefined when nobody is there to read it.
 */
function answerUnreadable(error: Error & { code?: string }, socket: Socket): string | undefined {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return undefined;
  }
  const line = clientErrors[error.code ?? ""] ?? "400 Bad Request";
  const body = statusJson({ code: grpcCodes.invalidArgument, message: line });
  const head = `HTTP/1.1 ${line}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
  return line;
}
