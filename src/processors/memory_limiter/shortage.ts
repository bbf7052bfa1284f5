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

export interface Shortage {
  /** Soft is above the limit less the spike, hard is above the limit itself. */
  readonly degree: "soft" | "hard";
  readonly reason: string;
}

/** What was the case at the look before this one. */
export interface Before {
  readonly anonymousBytes: number;
  readonly isShort: boolean;
}

/** Requests are taken again below this part of the line from which they are refused, so that the doors do not flutter. */
const relief = 0.95;

/** Beyond this part of the engine's own limit little is left between collections, and at the limit it ends the process. */
const heapShare = 0.85;

/**
 * Why requests must be refused now, or undefined when there is room.
 * As in the Collector, heap and buffers in use count, against the limit less the spike, and `limit_mib` wins.
 * What the kernel cannot take back counts only against a percentage, and only while it grows: what the allocator keeps
 * after a burst it hands out again, and refusing because of it would never end.
 */
export function shortage(limits: Limits, memory: MemoryFigures, before: Before): Shortage | undefined {
  const { limitBytes, softBytes } = inBytes(limits, memory.limitBytes);
  const usedBytes = memory.heapBytes + memory.externalBytes;
  const part = before.isShort ? relief : 1;
  const growing = before.anonymousBytes < memory.anonymousBytes;
  if (limits.limit_mib === 0 && growing && limitBytes <= memory.anonymousBytes) {
    const reason = `the process takes ${mib(memory.anonymousBytes)} and grows, its limit is ${mib(limitBytes)}`;
    return { degree: "hard", reason };
  }
  if (softBytes * part <= usedBytes) {
    const reason = `heap and buffers take ${mib(usedBytes)}, requests are refused from ${mib(softBytes)}`;
    return { degree: limitBytes <= usedBytes ? "hard" : "soft", reason };
  }
  const heapSoftBytes = memory.heapLimitBytes * heapShare;
  if (heapSoftBytes * part <= memory.heapBytes) {
    const reason = `the heap takes ${mib(memory.heapBytes)} of ${mib(memory.heapLimitBytes)} that Node.js gives it, requests are refused from ${mib(heapSoftBytes)}`;
    return { degree: "hard", reason };
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
