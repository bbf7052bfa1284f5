// Connections to Redis, single, by Sentinel or a Cluster, with what money needs: nothing is evicted, commands that got no
// reply are sent again, and nobody waits for longer than a deadline. ioredis is loaded only where this is called.
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { Cluster, Redis } from "ioredis";
import type { Files, Objection } from "../../core/component.ts";
import { type ClientTls, secureContextOptions, tlsObjections } from "../../core/tls.ts";
import type { Argument, Connection } from "./scripts.ts";

export interface RedisSettings {
  /** `redis://` or `rediss://`, with a database as its path. */
  readonly url: string;
  readonly mode: "single" | "sentinel" | "cluster";
  /** `host:port` of further sentinels, or of further nodes of the cluster. */
  readonly nodes: readonly string[];
  readonly masterName: string;
  readonly username: string | undefined;
  readonly passwordFile: string | undefined;
  readonly tls: ClientTls | undefined;
  /** How long a command may take, waiting for a connection included. */
  readonly timeoutMs: number;
}

export interface RedisEvents {
  /** A connection is there: what it is connected to may be another Redis than before. */
  onReady(): void;
  onError(error: Error): void;
}

export interface RedisConnection extends Connection {
  /** `INFO` of one section, of every primary. */
  info(section: "memory" | "server"): Promise<readonly string[]>;
  close(): void;
}

/** Begins to connect, and goes on trying; commands wait for it. Throws when a file cannot be read. */
export async function connectRedis(
  settings: RedisSettings,
  { onReady, onError }: RedisEvents,
): Promise<RedisConnection> {
  const { Cluster, Redis } = await import("ioredis");
  const url = new URL(settings.url);
  const common = optionsOf(settings, url);
  const nodes = [
    nodeOf(url.host, settings.mode === "sentinel" ? 26_379 : 6379),
    ...settings.nodes.map((node) => nodeOf(node, 6379)),
  ];
  const client =
    settings.mode === "cluster"
      ? new Cluster(nodes, {
          redisOptions: common,
          enableAutoPipelining: false,
          slotsRefreshTimeout: settings.timeoutMs,
          clusterRetryStrategy: retryDelayMs,
          scaleReads: "master",
        })
      : settings.mode === "sentinel"
        ? new Redis({
            ...common,
            sentinels: nodes,
            name: settings.masterName,
            role: "master",
            failoverDetector: true,
            sentinelRetryStrategy: retryDelayMs,
            ...(common.tls ? { sentinelTLS: common.tls, enableTLSForSentinelMode: true } : {}),
          })
        : new Redis({ ...common, ...nodes[0] });
  const ready = readiness(client);
  client.on("ready", onReady);
  client.on("error", onError);
  return {
    callBuffer: (command: string, args: Argument[]) =>
      withinMs(
        ready().then(() => {
          writeTogether(client);
          return client.callBuffer(command, args);
        }),
        settings.timeoutMs,
      ),
    info: (section) =>
      withinMs(
        ready().then(() => Promise.all(primariesOf(client).map((node) => node.info(section)))),
        settings.timeoutMs,
      ),
    close: () => client.disconnect(),
  };
}

/** What is wrong with the settings; paths are within the section. */
export function* redisObjections(settings: RedisSettings, files: Files): Iterable<Objection> {
  const { mode, nodes, passwordFile, tls, url } = settings;
  if (mode === "single" && 0 < nodes.length) yield { path: ["nodes"], text: "needs mode: sentinel or mode: cluster" };
  if (mode === "cluster" && /^\/\d/.test(new URL(url).pathname))
    yield { path: ["url"], text: "must not name a database: a cluster has one" };
  if (tls !== undefined && !url.startsWith("rediss:"))
    yield { path: ["tls"], text: "needs a url that starts with rediss:" };
  if (passwordFile !== undefined) {
    try {
      files.read(passwordFile);
    } catch (cause) {
      yield {
        path: ["password_file"],
        text: `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      };
    }
  }
  if (tls === undefined) return;
  for (const { path, text } of tlsObjections(tls, files, createSecureContext)) yield { path: ["tls", ...path], text };
}

/** Why the policy of a Redis may lose money; undefined when it does not. `memory` is `INFO memory`. */
export function evictionTrouble(memory: string): string | undefined {
  const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1];
  if (policy === undefined || policy === "noeviction") return undefined;
  return `its maxmemory-policy is ${policy}, which drops counters when memory is short; set maxmemory-policy noeviction`;
}

type Client = Redis | Cluster;

function optionsOf({ username, passwordFile, tls, timeoutMs }: RedisSettings, url: URL) {
  const user = username ?? decodeURIComponent(url.username);
  const password =
    passwordFile === undefined ? decodeURIComponent(url.password) : readFileSync(passwordFile, "utf8").trim();
  const secure = {
    ...(tls === undefined ? {} : secureContextOptions(tls, (path) => readFileSync(path))),
    rejectUnauthorized: tls?.insecure_skip_verify !== true,
    ...(tls?.server_name_override === undefined ? {} : { servername: tls.server_name_override }),
  };
  return {
    ...(user === "" ? {} : { username: user }),
    ...(password === "" ? {} : { password }),
    ...(url.protocol === "rediss:" ? { tls: secure } : {}),
    db: Number(/^\/(\d+)/.exec(url.pathname)?.[1] ?? 0),
    connectTimeout: timeoutMs,
    // A server that holds its breath keeps its connections: what it owes is asked for on a new one.
    socketTimeout: 2 * timeoutMs,
    maxRetriesPerRequest: null,
    enableAutoPipelining: false,
    disableClientInfo: true,
    retryStrategy: retryDelayMs,
    // A primary that became a replica: connect anew, and send the command again.
    reconnectOnError: (error: Error) => (error.message.startsWith("READONLY") ? (2 as const) : false),
  };
}

function nodeOf(text: string, portByDefault: number): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(`redis://${text}`);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? portByDefault : Number(port) };
}

function primariesOf(client: Client): readonly Redis[] {
  return "nodes" in client ? client.nodes("master") : [client];
}

/** What is asked in one turn goes out in one write, for which Redis wakes up once. bench ledger: 1.1x of its CPU. */
function writeTogether(client: Client): void {
  for (const { stream } of primariesOf(client)) {
    if (stream === undefined || 0 < stream.writableCorked) continue;
    stream.cork();
    setImmediate(() => stream.uncork());
  }
}

/** Commands do not queue for a connection: senders repeat theirs, and each would stay in memory. */
function readiness(client: Client): () => Promise<void> {
  let ready: Promise<void> | undefined;
  return async () => {
    if (client.status === "ready") return;
    ready ??= new Promise<void>((resolve) => client.once("ready", resolve)).finally(() => {
      ready = undefined;
    });
    await ready;
  };
}

function retryDelayMs(times: number): number {
  return Math.min(50 * times, 1000);
}

/** The command itself may still be done later: it is idempotent. */
function withinMs<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
