// How every HTTP server here begins and ends. Only types of node come in: the server itself is its owner's.
import type { Server } from "node:http";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Binds, and tells where: port 0 has become a real one. Rejects when the address cannot be had. */
export function listen(server: Server, address: Address): Promise<Address> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(new Error(`listen ${addressText(address)}: ${hintFor(cause)}`, { cause }));
    });
    // As Go does: "localhost" is IPv4 here, whatever the order of the hosts file is.
    const host = address.host === "localhost" ? "127.0.0.1" : address.host;
    server.listen({ host, port: address.port }, () => {
      const bound = server.address();
      resolve({ host: address.host, port: typeof bound === "object" && bound ? bound.port : address.port });
    });
  });
}

/** Takes no new connections, lets requests finish until `deadline` aborts, then cuts what is left. Safe on an unbound server. */
export async function unlisten(server: Server, deadline: AbortSignal): Promise<void> {
  if (!server.listening) return;
  const cut = () => server.closeAllConnections();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  if (deadline.aborted) cut();
  deadline.addEventListener("abort", cut, { once: true });
  server.closeIdleConnections();
  await closed;
  deadline.removeEventListener("abort", cut);
}

/** `localhost:4318`, `[::1]:4318`. */
export function addressText({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function hintFor({ code, message }: NodeJS.ErrnoException): string {
  if (code === "EADDRINUSE") return "another program listens there; stop it or choose another port";
  if (code === "EACCES") return "not permitted; choose a port above 1023";
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") return "this machine has no such address; choose another host";
  return message;
}
