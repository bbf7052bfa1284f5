// CPU time of this process, all threads and the collector of garbage included.

const warmUpMs = 700;
const sampleMs = 300;
const samples = 5;

/** CPU nanoseconds of one call of `work`, in the least disturbed of five samples: the machine may be shared. */
export function cpuNsPerCall(work: () => void): number {
  let calls = 0;
  const warm = performance.now();
  while (performance.now() - warm < warmUpMs) {
    work();
    calls++;
  }
  const callsPerSample = Math.max(1, Math.ceil((calls * sampleMs) / warmUpMs));
  return Math.min(...Array.from({ length: samples }, () => sample(work, callsPerSample)));
}

function sample(work: () => void, calls: number): number {
  const before = process.cpuUsage();
  for (let call = 0; call < calls; call++) work();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / calls;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** JavaScript heap in bytes that one call of `work` leaves behind. Needs `--expose-gc` and a young generation that holds all calls. */
export function heapBytesPerCall(work: () => void, calls: number): number {
  for (let call = 0; call < 200; call++) work();
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let call = 0; call < calls; call++) work();
  return Math.max(0, process.memoryUsage().heapUsed - before) / calls;
}
