// When memory is short: a function of settings and figures alone.
import type { MemoryFigures } from "../../core/host.ts";

const mebibyte = 1024 * 1024;

/** The four limits as users write them; 0 is "not given". */
export interface Limits {
  readonly limit_mib: number;
  readonly spike_limit_mib: number;
  readonly limit_percentage: number;
  readonly spike_limit_percentage: number;
}

/**
 * Why requests must be refused now, or undefined when there is room.
 * As in the Collector, heap and buffers in use count, against the limit less the spike, and `limit_mib` wins.
 * Resident memory counts only against a percentage, and only while it grows: what the allocator keeps after a burst
 * it hands out again, and refusing because of it would never end.
 */
export function shortage(limits: Limits, memory: MemoryFigures, residentBefore: number): string | undefined {
  const { limitBytes, softBytes } = inBytes(limits, memory.limitBytes);
  const usedBytes = memory.heapBytes + memory.externalBytes;
  if (softBytes <= usedBytes) {
    return `heap and buffers take ${mib(usedBytes)}, requests are refused from ${mib(softBytes)}`;
  }
  const growing = residentBefore < memory.rssBytes;
  if (limits.limit_mib === 0 && growing && limitBytes <= memory.rssBytes) {
    return `the process takes ${mib(memory.rssBytes)} and grows, its limit is ${mib(limitBytes)}`;
  }
  return undefined;
}

function inBytes(limits: Limits, machineBytes: number): { readonly limitBytes: number; readonly softBytes: number } {
  const fixed = 0 < limits.limit_mib;
  const unit = fixed ? mebibyte : machineBytes / 100;
  const limitBytes = unit * (fixed ? limits.limit_mib : limits.limit_percentage);
  const spikeBytes = unit * (fixed ? limits.spike_limit_mib : limits.spike_limit_percentage);
  const fitting = 0 < spikeBytes && spikeBytes < limitBytes;
  return { limitBytes, softBytes: limitBytes - (fitting ? spikeBytes : limitBytes / 5) };
}

function mib(bytes: number): string {
  return `${Math.round(bytes / mebibyte)} MiB`;
}
