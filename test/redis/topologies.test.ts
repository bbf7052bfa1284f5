// Sentinel and Cluster for real, each with the loss of a primary: what was charged before is known after.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { freshPrefix } from "../properties/ledger-support.ts";
import { span } from "../support/calls.ts";
import { ended, freePort, launch } from "../support/redis.ts";
import { cli, cluster, eventually, keysIn, replicaOf } from "./cluster-support.ts";
import { journalled } from "./journalled.ts";
import { calls, client, opened, server, shuffled, spentByAll, untilCharged } from "./redis-support.ts";

const run = promisify(execFile);
const price = 6_000_000n;
const quickSync = ["--repl-diskless-sync-delay", "0"];

describe("a ledger behind sentinels", () => {
  test("goes on with the replica that was promoted", async () => {
    const primary = await server(...quickSync);
    const replica = await server(...quickSync, "--replicaof", "127.0.0.1", String(primary.port));
    const sentinels = await Promise.all([1, 2, 3].map(() => sentinelOf(primary.port)));
    const looker = await client(`redis://127.0.0.1:${sentinels[0]}`);
    await eventually(async () => {
      const answers = await Promise.all(
        sentinels.map((port) => cli(port, "sentinel", "master", "spantoll").replaceAll("\n", " ")),
      );
      return answers.every((text) => text.includes("num-other-sentinels 2") && text.includes("num-slaves 1"));
    });
    await synced(replica.port);
    const { bench } = await opened(`redis://127.0.0.1:${sentinels[0]}`, {
      mode: "sentinel",
      timeoutMs: 1000,
      nodes: sentinels.slice(1).map((port) => `127.0.0.1:${port}`),
    });
    const spans = calls(60, 2);
    await bench.charge(...spans);
    await replicated(primary.port, replica.port);
    await primary.kill();
    await untilCharged(bench, [...spans, ...calls(10)]);
    expect(await spentByAll(bench)).toBe(70n * price);
    const master = (await looker.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "spantoll")) as string[];
    expect(Number(master[1])).toBe(replica.port);
  }, 120_000);
});

describe("a ledger on a cluster", () => {
  test("gets back from the journal what a replica lacks that takes over", async () => {
    const whole = await cluster(2);
    const { nodes, addresses } = whole;
    const sidecar = await journalled(`redis://${addresses[0]}`, {
      redis: { mode: "cluster", nodes: addresses.slice(1), timeout: "1s" },
    });
    const send = async (requests: number) => {
      for (let request = 0; request < requests; request++) await sidecar.send(...calls(30));
      return BigInt(requests * 30) * price;
    };
    let due = await send(5);
    await sidecar.drained();
    const primary = nodes[0]!;
    const replica = replicaOf(primary, whole);
    await replicated(primary.port, replica.port);
    // The replica hears nothing of what comes next, not even when it wakes.
    replica.freeze();
    await primary.command("CLIENT", "KILL", "TYPE", "replica");
    due += await send(5);
    await sidecar.drained();
    await primary.kill();
    replica.thaw();
    due += await send(5);
    await eventually(async () => cli(replica.port, "role").startsWith("master"));
    await eventually(async () => (await spentByAll(sidecar).catch(() => -1n)) === due);
    await sidecar.drained();
    expect(await spentByAll(sidecar)).toBe(due);
    expect(sidecar.figure("spantoll_ledger_lost_writes_total")).toBeGreaterThan(0);
  }, 120_000);

  test("spreads tenants and calls over three primaries, and goes on while slots move", async () => {
    const { ports, addresses } = await cluster();
    const { bench, store } = await opened(`redis://${addresses[0]}`, { mode: "cluster", nodes: addresses.slice(1) });
    const spans = calls(100, 3);
    await bench.charge(...spans);
    expect(Math.min(...ports.map((port) => Number(cli(port, "dbsize"))))).toBeGreaterThan(0);
    const [from = "", to = ""] = ports.map((port) => cli(port, "cluster", "myid").trim());
    const move = ["--cluster-from", from, "--cluster-to", to, "--cluster-slots", "600", "--cluster-yes"];
    let moving = true;
    const moved = run("redis-cli", ["--cluster", "reshard", addresses[0] ?? "", ...move]).finally(() => {
      moving = false;
    });
    let charged = spans.length / 3;
    while (moving) {
      const more = calls(30, 2);
      await untilCharged(bench, [...more, ...shuffled(spans).slice(0, 60)]);
      await untilCharged(bench, shuffled(more));
      charged += 30;
    }
    await moved;
    await untilCharged(bench, spans);
    expect(await spentByAll(bench)).toBe(BigInt(charged) * price);
    expect((await store.ledger.tenants(undefined, 10)).tenants).toEqual(["t0", "t1", "t2"]);
  }, 120_000);

  test("refuses while some keys of a slot are here and some there, and charges nothing twice", async () => {
    const { ports, addresses } = await cluster();
    const keyPrefix = freshPrefix();
    const { bench } = await opened(`redis://${addresses[0]}`, { mode: "cluster", keyPrefix });
    const before = Array.from({ length: 5 }, () => span({ tenant: "t0" }));
    await bench.charge(...before);
    const slot = cli(ports[0] ?? 0, "cluster", "keyslot", `${keyPrefix}:1:{t0}:q`).trim();
    const [here = 0, there = 0] = [...ports].sort((one, two) => keysIn(two, slot).length - keysIn(one, slot).length);
    const [hereId, thereId] = [here, there].map((port) => cli(port, "cluster", "myid").trim());
    cli(there, "cluster", "setslot", slot, "importing", hereId ?? "");
    cli(here, "cluster", "setslot", slot, "migrating", thereId ?? "");
    // First marks of spans without their counters, then everything but them.
    const keys = keysIn(here, slot).sort((one, two) => Number(two.includes(":d:")) - Number(one.includes(":d:")));
    expect(keys.length).toBeGreaterThan(2);
    for (const key of keys) {
      cli(here, "migrate", "127.0.0.1", String(there), key, "0", "1000");
      const again = bench.charge(
        ...before,
        span({ tenant: "t0", endMs: bench.nowMs, spanId: "late", traceId: "late" }),
      );
      await expect(again).rejects.toMatchObject({ name: "Refused", retryable: true });
    }
    for (const port of ports) cli(port, "cluster", "setslot", slot, "node", thereId ?? "");
    await untilCharged(bench, before);
    await untilCharged(bench, [span({ tenant: "t0", endMs: bench.nowMs, spanId: "late", traceId: "late" })]);
    expect(await bench.spent("t0")).toBe(6n * price);
  }, 120_000);
});

/** Answers the port of a sentinel that watches the primary. */
async function sentinelOf(primaryPort: number): Promise<number> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "spantoll-sentinel-"));
  const file = join(folder, "sentinel.conf");
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `dir ${folder}`,
    `sentinel monitor spantoll 127.0.0.1 ${primaryPort} 2`,
    "sentinel down-after-milliseconds spantoll 1000",
    "sentinel failover-timeout spantoll 2000",
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  const child = await launch("redis-sentinel", [file], port);
  onTestFinished(async () => {
    await ended(child, "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  return port;
}

/** A failover before that loses what the replica does not have yet. */
function synced(port: number): Promise<void> {
  return eventually(async () => cli(port, "info", "replication").includes("master_link_status:up"));
}

function replicated(primaryPort: number, replicaPort: number): Promise<void> {
  const offset = (port: number, name: string) =>
    new RegExp(`${name}:(\\d+)`).exec(cli(port, "info", "replication"))?.[1];
  return eventually(
    async () => Number(offset(replicaPort, "slave_repl_offset")) >= Number(offset(primaryPort, "master_repl_offset")),
  );
}
