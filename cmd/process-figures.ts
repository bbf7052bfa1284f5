import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { MemoryFigures } from "../src/core/host.ts";
import { memoryLimit } from "./memory-limit.ts";

/** What the process uses now, and may use: the container's limit (cgroup v1 or v2), else the machine's memory. */
export function memoryFigures(): MemoryFigures {
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    rssBytes: rss,
    anonymousBytes: anonymousBytes(readText("/proc/self/status")) ?? rss,
    heapBytes: heapUsed,
    heapLimitBytes: getHeapStatistics().heap_size_limit,
    // Buffers are counted in it.
    externalBytes: external,
    limitBytes: Math.min(memoryLimit(readText) ?? Number.POSITIVE_INFINITY, totalmem()),
  };
}

/** User and system time, in seconds. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

let collect: (() => void) | undefined;

/** Runs a full collection; everything else waits for it, some 100 ms for each 200 MB that stay. */
export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    // The function is found in contexts that are made after the flag was set.
    collect = runInNewContext("gc") as () => void;
  }
  collect();
}

/** `RssAnon` and `RssShmem` of /proc/self/status, in bytes. Undefined where the kernel does not tell them. */
export function anonymousBytes(status: string | undefined): number | undefined {
  const kibibytes = ["RssAnon", "RssShmem"].map(
    (name) => new RegExp(`^${name}:\\s*(\\d+) kB`, "m").exec(status ?? "")?.[1],
  );
  if (kibibytes.some((text) => text === undefined)) return undefined;
  return kibibytes.reduce((sum, text) => sum + Number(text) * 1024, 0);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
