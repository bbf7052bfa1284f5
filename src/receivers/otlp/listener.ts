// Where a door listens: an address or a socket file, with or without TLS. Both protocols do it alike.
import { readFileSync } from "node:fs";
import { lstat, unlink } from "node:fs/promises";
import { connect, type Server, type Socket } from "node:net";
import type { Server as SecureServer, TlsOptions } from "node:tls";
import { z } from "zod";
import type { Objection } from "../../core/component.ts";
import type { Host, ListenPlace } from "../../core/host.ts";
import { quietWarning } from "../../core/quiet-log.ts";
import { parseAddress } from "../../core/settings.ts";
import { type ServerTls, secureContextOptions, serverTls } from "../../core/tls.ts";

/** How long a client may take for the TLS handshake, and for that of HTTP/2. */
export const handshakeTimeoutMs = 10_000;

/** The settings of every door; `endpoint` is its default address. */
export function listenerFields(endpoint: string) {
  return {
    endpoint: z.string().min(1).default(endpoint).meta({
      description:
        "Where to listen: host:port, or the path of a socket file with `transport: unix`. Port 0 takes a free port.",
    }),
    transport: z
      .enum(["tcp", "unix"])
      .default("tcp")
      .meta({ description: "Kind of socket. A socket file that nobody listens on any more is replaced." }),
    tls: serverTls.optional(),
    max_connections: z
      .int()
      .min(1)
      .default(10_000)
      .meta({ description: "Connections at the same time; more are closed at once." }),
  };
}

export interface ListenerSettings {
  readonly endpoint: string;
  readonly transport: "tcp" | "unix";
  readonly tls?: ServerTls | undefined;
  readonly max_connections: number;
}

export function* endpointObjections({ endpoint, transport }: ListenerSettings): Iterable<Objection> {
  if (transport === "tcp" && parseAddress(endpoint) === undefined) {
    const text = `must be host:port with a port of 0 to 65535, not ${JSON.stringify(endpoint)}`;
    yield { path: ["endpoint"], text };
  }
}

/** Reads the certificates. Throws when one cannot be read. */
export function tlsServerOptions(tls: ServerTls): TlsOptions {
  return {
    ...secureContextOptions(tls, readFileSync),
    handshakeTimeout: handshakeTimeoutMs,
    requestCert: tls.client_ca_file !== undefined,
    rejectUnauthorized: tls.client_ca_file !== undefined,
  };
}

export interface Listening {
  /** What clients use, with the real port. */
  readonly address: string;
  /** Ends all connections at once. */
  cut(): void;
}

/** Takes the connections of an address until `server` closes. Rejects when the address cannot be had. */
export async function listen(server: Server, settings: ListenerSettings, host: Host): Promise<Listening> {
  const { endpoint, transport, max_connections } = settings;
  server.maxConnections = max_connections;
  const warnDropped = quietWarning(host, "connections closed, there are too many; see max_connections");
  server.on("drop", () => warnDropped({ max_connections }));
  server.on("error", (error) => host.log.warn("the listener met an error", { error: error.message }));
  // Node.js tells of a handshake that takes too long, and leaves the connection to whoever listens to that.
  server.on("tlsClientError", (_error: Error, socket: Socket) => void socket.destroy());
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  try {
    const place =
      transport === "unix" ? { path: endpoint } : (parseAddress(endpoint) ?? { host: "localhost", port: 0 });
    const address = addressOf(await take(server, place, host), settings.tls !== undefined);
    return { address, cut: () => open.forEach((socket) => void socket.destroy()) };
  } catch (cause) {
    throw new Error(`cannot listen on ${endpoint}: ${textOf(cause)}`, { cause });
  }
}

async function take(server: Server, place: ListenPlace, host: Host): Promise<ListenPlace> {
  try {
    return await host.listen(server, place);
  } catch (cause) {
    if (!("path" in place) || !(await madeWay(place.path))) throw cause;
    return await host.listen(server, place);
  }
}

function addressOf(place: ListenPlace, isSecure: boolean): string {
  if ("path" in place) return `unix:${place.path}`;
  const name = place.host.includes(":") ? `[${place.host}]` : place.host;
  return `${isSecure ? "https" : "http"}://${name}:${place.port}`;
}

/** Removes the socket file of a process that ended without doing so itself. Nothing else is ever removed. */
async function madeWay(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isSocket() || (await answers(path))) return false;
  await unlink(path);
  return true;
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

/** Reads certificates again from time to time; connections that are open keep theirs. Returns the way to stop. */
export function keepCertificatesFresh(server: SecureServer, tls: ServerTls, host: Host): () => void {
  if (tls.reload_interval === 0) return () => undefined;
  const warn = quietWarning(host, "certificates could not be read again, the old ones stay");
  return host.clock.every(tls.reload_interval, () => {
    try {
      server.setSecureContext(tlsServerOptions(tls));
    } catch (error) {
      warn({ error: String(error) });
    }
  });
}
