// A group of processes with a limit on memory, as a container has: cgroup v1 or v2, whichever is there. Needs root.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";

export interface MemoryGroup {
  /** Starts what follows it inside of the group. */
  readonly through: readonly string[];
  /** The most that the kernel counted, with the pages of files, in bytes. */
  peakBytes(): number;
  /** Processes that the kernel has killed because of the limit. */
  kills(): number;
  /** Once no process is in it. */
  remove(): void;
}

interface Files {
  readonly folder: string;
  readonly limit: string;
  readonly peak: string;
  readonly events: string;
}

/** Throws where this process may not make one. */
export function memoryGroup(limitBytes: number): MemoryGroup {
  const { folder, limit, peak, events } = filesOf(`spantoll-${process.pid}-${Date.now()}`);
  mkdirSync(folder);
  writeFileSync(`${folder}/${limit}`, String(limitBytes));
  const text = (name: string): string => readFileSync(`${folder}/${name}`, "utf8");
  return {
    through: ["sh", "-c", `echo $$ > ${folder}/cgroup.procs && exec "$@"`, "sh"],
    peakBytes: () => Number(text(peak)),
    kills: () => Number(/^oom_kill (\d+)$/m.exec(text(events))?.[1]),
    remove: () => rmdirSync(folder),
  };
}

/** https://docs.kernel.org/admin-guide/cgroup-v2.html and .../cgroup-v1/memory.html */
function filesOf(name: string): Files {
  const v1 = "/sys/fs/cgroup/memory";
  if (existsSync(`${v1}/memory.limit_in_bytes`)) {
    const files = { limit: "memory.limit_in_bytes", peak: "memory.max_usage_in_bytes", events: "memory.oom_control" };
    return { folder: `${v1}/${name}`, ...files };
  }
  const v2 = "/sys/fs/cgroup";
  writeFileSync(`${v2}/cgroup.subtree_control`, "+memory");
  return { folder: `${v2}/${name}`, limit: "memory.max", peak: "memory.peak", events: "memory.events" };
}
