// The listening side of OTLP over HTTP: one node:http server, its limits, and its end. What is done with a request is
// in `http-exchange.ts`.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Component, Doors } from "../../core/component.ts";
import type { Host } from "../../core/host.ts";
import { quietWarning } from "../../core/quiet-log.ts";
import { parseAddress } from "../../core/settings.ts";
import { grpcCodes, statusJson } from "../../otlp/status.ts";
import { HttpExchange } from "./http-exchange.ts";
import type { HttpSettings } from "./http-settings.ts";

export class HttpServer implements Component {
  readonly #settings: HttpSettings;
  readonly #host: Host;
  readonly #exchange: HttpExchange;
  readonly #active = new Set<ServerResponse>();
  #server: Server | undefined;
  #whenIdle: (() => void) | undefined;

  constructor(settings: HttpSettings, doors: Doors, host: Host) {
    this.#settings = settings;
    this.#host = host;
    this.#exchange = new HttpExchange(settings, doors, host);
  }

  async start(): Promise<void> {
    const server = createServer(serverOptions(this.#settings));
    server.maxConnections = this.#settings.max_connections;
    server.on("request", (request, response) => this.#serve(request, response, false));
    // Who asks before sending a body is answered by the same checks, and told to go on only after them.
    server.on("checkContinue", (request, response) => this.#serve(request, response, true));
    server.on("clientError", answerUnreadable);
    const warnDropped = quietWarning(this.#host, "connections closed, there are too many; see max_connections");
    server.on("drop", () => warnDropped({ max_connections: this.#settings.max_connections }));
    const address = await listen(server, this.#settings.endpoint);
    server.on("error", (error) => this.#host.log.warn("the listener met an error", { error: error.message }));
    this.#server = server;
    this.#host.log.info("listening", { protocol: "http", address });
  }

  async stop(deadline: AbortSignal): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    // A connection that is kept open would outlive the answer it waits for.
    for (const response of this.#active) if (!response.headersSent) response.setHeader("connection", "close");
    await this.#untilIdle(deadline);
    server.closeAllConnections();
    await closed;
  }

  #serve(request: IncomingMessage, response: ServerResponse, asksFirst: boolean): void {
    this.#active.add(response);
    response.on("close", () => {
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

/** Listens and returns the address that clients use, with the real port. */
async function listen(server: Server, endpoint: string): Promise<string> {
  const { host, port } = parseAddress(endpoint) ?? { host: "localhost", port: 0 };
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(new Error(`cannot listen on ${endpoint}: ${cause.message}`, { cause })));
    // As the Collector does: a name that has both kinds of address listens on IPv4.
    server.listen(port, host === "localhost" ? "127.0.0.1" : host, resolve);
  });
  server.removeAllListeners("error");
  return `http://${host.includes(":") ? `[${host}]` : host}:${portOf(server.address())}`;
}

function portOf(address: AddressInfo | string | null): number {
  return address !== null && typeof address === "object" ? address.port : 0;
}

const clientErrors: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
};

/** What is no HTTP, or came too slowly, has no response object: the answer is written by hand. */
function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const line = clientErrors[error.code ?? ""] ?? "400 Bad Request";
  const body = statusJson({ code: grpcCodes.invalidArgument, message: line });
  const head = `HTTP/1.1 ${line}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
}
