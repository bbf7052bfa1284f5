import type { Host } from "./host.ts";

const intervalMs = 10_000;

/** A warning at most every ten seconds: what was kept back in between is counted in the field `repeats`. */
export function quietWarning(host: Host, message: string): (fields: Readonly<Record<string, unknown>>) => void {
  let notBefore = Number.NEGATIVE_INFINITY;
  let repeats = 0;
  return (fields) => {
    const now = host.clock.monotonic();
    if (now < notBefore) {
      repeats++;
      return;
    }
    host.log.warn(message, repeats > 0 ? { ...fields, repeats } : fields);
    notBefore = now + intervalMs;
    repeats = 0;
  };
}
