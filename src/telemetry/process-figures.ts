// What the process tells about itself, under the Collector's names.
import type { Clock, MemoryFigures, Meter } from "../core/host.ts";

/** Keeps uptime and memory up to date in `meter`. Returns the way to stop. */
export function watchProcess(meter: Meter, clock: Clock, memory: () => MemoryFigures): () => void {
  let toldMs = clock.monotonic();
  return meter.watch(() => {
    const { rssBytes, heapBytes, externalBytes } = memory();
    const nowMs = clock.monotonic();
    meter.add("otelcol_process_uptime", (nowMs - toldMs) / 1_000);
    toldMs = nowMs;
    meter.set("otelcol_process_memory_rss", rssBytes);
    meter.set("otelcol_process_runtime_heap_alloc_bytes", heapBytes);
    meter.set("otelcol_process_runtime_total_sys_memory_bytes", heapBytes + externalBytes);
  });
}
