// Requests that a door does not take: what their senders are told, and how they are counted.
import type { Host } from "../../core/host.ts";
import { Refused, type RefusedCode } from "../../core/refused.ts";

/** Why a request was not taken: the five codes, and what is seen before there is anything to refuse. */
export type RefusalReason =
  | RefusedCode
  | "not_found"
  | "wrong_method"
  | "wrong_media_type"
  | "wrong_coding"
  | "unreadable"
  | "too_slow";

/** Counts a request that is refused, read or not. How many items it had is known only where a pipeline refused it. */
export function countRefusal(host: Host, transport: "http" | "grpc", reason: RefusalReason): void {
  const receiver = host.id.replace(/^receivers\./, "");
  host.meter.add("spantoll_receiver_refused_requests_total", 1, { receiver, transport, reason });
}

/** What a sender is told of `error`: what is no `Refused` is our bug, counted, told, and answered as retryable. */
export function refusalOf(error: unknown, host: Host): Refused {
  if (error instanceof Refused) return error;
  host.meter.add("spantoll_internal_errors_total", 1, { place: host.id });
  host.log.error("a request could not be answered because of a fault in this program; please report it", { error });
  return new Refused("unavailable", "internal error", { cause: error });
}
