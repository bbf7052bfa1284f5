import type { Host } from "../../core/host.ts";
import { Refused } from "../../core/refused.ts";

/** What a sender is told of `error`: what is no `Refused` is our bug, counted, told, and answered as retryable. */
export function refusalOf(error: unknown, host: Host): Refused {
  if (error instanceof Refused) return error;
  host.meter.add("spantoll_internal_errors_total", 1, { place: host.id });
  host.log.error("a request could not be answered because of a fault in this program; please report it", { error });
  return new Refused("unavailable", "internal error", { cause: error });
}
