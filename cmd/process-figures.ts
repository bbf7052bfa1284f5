import { totalmem } from "node:os";
import type { MemoryFigures } from "../src/core/host.ts";

/** What the process uses now. The limit is the container's (cgroup v1 or v2), else the machine's memory. */
export function memoryFigures(): MemoryFigures {
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rssBytes: rss, heapBytes: heapUsed, externalBytes: external, limitBytes: limitBytes() };
}

function limitBytes(): number {
  // Without a limit this is undefined, 0, or a number close to 2^63, whatever the kernel writes for none.
  const constrained = process.constrainedMemory() ?? 0;
  const machine = totalmem();
  return 0 < constrained && constrained < machine ? constrained : machine;
}
