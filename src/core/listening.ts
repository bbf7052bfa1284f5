// How every HTTP server here begins and ends. Only types of node come in: the server itself is its owner's.
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Host } from "./host.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Listens, and tells where: port 0 has become a real one. Rejects when the address cannot be had. */
export async function listen(server: Server, address: Address, host: Pick<Host, "listen">): Promise<Address> {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  try {
    const place = await host.listen(server, address);
    connections.set(server, open);
    return "port" in place ? place : address;
  } catch (cause) {
    throw new Error(`listen ${addressText(address)}: ${hintFor(cause)}`, { cause });
  }
}

/** The open connections of servers that listen. */
const connections = new WeakMap<Server, ReadonlySet<Socket>>();

/** Takes no new connections, lets requests finish until `deadline` aborts, then cuts what is left. Safe on an unbound server. */
export async function unlisten(server: Server, deadline: AbortSignal): Promise<void> {
  const open = connections.get(server);
  if (open === undefined) return;
  connections.delete(server);
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  server.close();
  server.closeIdleConnections();
  if (deadline.aborted) cut();
  deadline.addEventListener("abort", cut, { once: true });
  await Promise.all([...open].map((socket) => new Promise((resolve) => socket.once("close", resolve))));
  deadline.removeEventListener("abort", cut);
}

/** `localhost:4318`, `[::1]:4318`. */
export function addressText({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function hintFor(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "EADDRINUSE") return "another program listens there; stop it or choose another port";
  if (code === "EACCES") return "not permitted; choose a port above 1023";
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") return "this machine has no such address; choose another host";
  return cause instanceof Error ? cause.message : String(cause);
}
