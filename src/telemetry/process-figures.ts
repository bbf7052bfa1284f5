// What the process tells about itself, under the Collector's names.
import type { Clock, MemoryFigures, Meter } from "../core/host.ts";

export interface WatchedProcess {
  readonly clock: Pick<Clock, "monotonic">;
  memory(): MemoryFigures;
  /** Processor time so far. */
  cpuSeconds(): number;
}

/** Keeps uptime, processor time and memory up to date in `meter`. Returns the way to stop. */
export function watchProcess(meter: Meter, { clock, memory, cpuSeconds }: WatchedProcess): () => void {
  let toldMs = clock.monotonic();
  let toldCpuSeconds = 0;
  return meter.watch(() => {
    const { rssBytes, heapBytes, externalBytes } = memory();
    const nowMs = clock.monotonic();
    meter.add("otelcol_process_uptime", (nowMs - toldMs) / 1_000);
    toldMs = nowMs;
    const usedSeconds = cpuSeconds();
    meter.add("otelcol_process_cpu_seconds", usedSeconds - toldCpuSeconds);
    toldCpuSeconds = usedSeconds;
    meter.set("otelcol_process_memory_rss", rssBytes);
    meter.set("otelcol_process_runtime_heap_alloc_bytes", heapBytes);
    meter.set("otelcol_process_runtime_total_sys_memory_bytes", heapBytes + externalBytes);
  });
}
