// Clusters of real servers.
import { execFileSync } from "node:child_process";
import { expect } from "vitest";
import { freePort, type RedisServer } from "../support/redis.ts";
import { server } from "./redis-support.ts";

export interface Cluster {
  /** Three primaries, then their replicas. */
  readonly nodes: readonly RedisServer[];
  /** Of the primaries. */
  readonly ports: readonly number[];
  readonly addresses: readonly string[];
}

/** With so many copies of each slot, of which none or one is a replica's. */
export async function cluster(copies: 1 | 2 = 1): Promise<Cluster> {
  const nodes = await Promise.all(Array.from({ length: 3 * copies }, () => clusterNode()));
  const ports = nodes.slice(0, 3).map(({ port }) => port);
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  const all = nodes.map(({ port }) => `127.0.0.1:${port}`);
  const replicas = ["--cluster-replicas", String(copies - 1), "--cluster-yes"];
  execFileSync("redis-cli", ["--cluster", "create", ...all, ...replicas], { stdio: "ignore" });
  await eventually(async () => nodes.every(({ port }) => cli(port, "cluster", "info").includes("cluster_state:ok")));
  const isLinked = (port: number) => cli(port, "info", "replication").includes("master_link_status:up");
  await eventually(async () => nodes.slice(3).every(({ port }) => isLinked(port)));
  return { nodes, ports, addresses };
}

/** The node that copies the slots of a primary. */
export function replicaOf(primary: RedisServer, { nodes }: Cluster): RedisServer {
  const replica = nodes.find(({ port }) => cli(port, "info", "replication").includes(`master_port:${primary.port}`));
  if (replica === undefined) throw new Error(`nobody copies ${primary.port}`);
  return replica;
}

export function keysIn(port: number, slot: string): string[] {
  return cli(port, "cluster", "getkeysinslot", slot, "100")
    .split("\n")
    .filter((key) => key !== "");
}

async function clusterNode(): Promise<RedisServer> {
  const bus = await freePort();
  const election = ["--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0"];
  return server(
    "--cluster-enabled",
    "yes",
    "--cluster-port",
    String(bus),
    "--cluster-node-timeout",
    "2000",
    ...election,
  );
}

export function cli(port: number, ...args: readonly string[]): string {
  return execFileSync("redis-cli", ["-p", String(port), ...args], { encoding: "utf8" });
}

/** Asks other processes, again and again: they tell nobody when they are ready. */
export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 30_000; !(await holds()); ) {
    if (end < performance.now()) expect.fail(`never came true: ${holds}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
