// Sockets that listen, in a table by address. A server does not own its socket: connections are handed to whoever took
// the address last, so that a reload can put another server behind it without a moment in which nobody listens.
import { createServer, type Server, type Socket } from "node:net";
import type { ListenPlace } from "../core/host.ts";

/** Who asks for an address. One that is leaving gives it up to the next who asks. */
export interface Tenant {
  readonly leaving: boolean;
}

export class Listeners {
  readonly #bound = new Map<string, Bound>();

  /**
   * Hands connections that arrive at `place` to `server`, with its limit of connections, and returns the real place.
   * The server gives the place up when it closes: to who had it before, if that one is still there, else for good.
   * Rejects with the errors of `net.Server`, and with EADDRINUSE where another tenant stays.
   */
  async listen(server: Server, place: ListenPlace, tenant: Tenant): Promise<ListenPlace> {
    const key = keyOf(place);
    const known = key === undefined ? undefined : this.#bound.get(key);
    if (known?.tenants.some(({ leaving }) => !leaving)) throw addressInUse(place);
    const bound = known ?? (await bind(place));
    if (key !== undefined && known === undefined) this.#bound.set(key, bound);
    bound.enter(server, tenant);
    server.once("close", () => {
      bound.leave(server);
      if (bound.tenants.length === 0 && key !== undefined && this.#bound.get(key) === bound) this.#bound.delete(key);
    });
    // Servers of node:http begin to watch their timeouts when they hear this; net.Server says it otherwise.
    server.emit("listening");
    return bound.place;
  }

  /** How many sockets listen. */
  get size(): number {
    return this.#bound.size;
  }
}

interface Claim {
  readonly server: Server;
  readonly tenant: Tenant;
}

/** A socket that listens, and the servers that want its connections: the last one gets them. */
class Bound {
  readonly place: ListenPlace;
  readonly #socket: Server;
  readonly #claims: Claim[] = [];

  constructor(socket: Server, place: ListenPlace) {
    this.#socket = socket;
    this.place = place;
    socket.on("connection", (connection: Socket) => this.#top()?.emit("connection", prepared(connection, this.#top())));
    socket.on("drop", (dropped) => this.#top()?.emit("drop", dropped));
    socket.on("error", (error) => this.#top()?.emit("error", error));
  }

  get tenants(): readonly Tenant[] {
    return this.#claims.map(({ tenant }) => tenant);
  }

  enter(server: Server, tenant: Tenant): void {
    this.#claims.push({ server, tenant });
    this.#takeLimit();
  }

  leave(server: Server): void {
    const at = this.#claims.findIndex((claim) => claim.server === server);
    if (0 <= at) this.#claims.splice(at, 1);
    if (this.#claims.length === 0) this.#socket.close();
    else this.#takeLimit();
  }

  #top(): Server | undefined {
    return this.#claims.at(-1)?.server;
  }

  #takeLimit(): void {
    const limit = this.#top()?.maxConnections;
    if (limit !== undefined) this.#socket.maxConnections = limit;
  }
}

/** Whether a connection may be half closed is its server's to say; the socket that listens allows it to all. */
function prepared(connection: Socket, server: Server | undefined): Socket {
  connection.allowHalfOpen = server !== undefined && "allowHalfOpen" in server && server.allowHalfOpen === true;
  return connection;
}

function bind(place: ListenPlace): Promise<Bound> {
  const socket = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    const listening = () => {
      socket.off("error", reject);
      resolve(new Bound(socket, placeOf(socket, place)));
    };
    if ("path" in place) socket.listen(place.path, listening);
    else socket.listen(place.port, ipv4First(place.host), listening);
  });
}

/** As Go does: "localhost" is IPv4 here, whatever the order of the hosts file is. */
function ipv4First(host: string): string {
  return host === "localhost" ? "127.0.0.1" : host;
}

function placeOf(socket: Server, asked: ListenPlace): ListenPlace {
  const real = socket.address();
  if ("path" in asked || typeof real !== "object" || real === null) return asked;
  return { host: asked.host, port: real.port };
}

/** Undefined for port 0, which is another port every time. */
function keyOf(place: ListenPlace): string | undefined {
  if ("path" in place) return `unix:${place.path}`;
  return place.port === 0 ? undefined : `${ipv4First(place.host)}:${place.port}`;
}

function addressInUse(place: ListenPlace): Error {
  const name = "path" in place ? place.path : `${place.host}:${place.port}`;
  const error = new Error(`address already in use ${name}, by another part of this configuration`);
  return Object.assign(error, { code: "EADDRINUSE" });
}
