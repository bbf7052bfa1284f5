// One attempt has its time: a backend that does not answer must not keep a consumer for ever.
import type { Clock } from "../core/host.ts";
import type { PushResult } from "./delivery.ts";

export interface AttemptLimits {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Aborts when the exporter has no time left. */
  readonly over: AbortSignal;
}

/** Runs `work` until it is done, the time is up or `over` aborts. What it throws means that nothing was delivered. */
export async function attempt(
  { clock, timeoutMs, over }: AttemptLimits,
  work: (abort: AbortSignal) => Promise<PushResult>,
): Promise<PushResult> {
  const attempted = new AbortController();
  const answered = new AbortController();
  const giveUp = (): void => attempted.abort();
  if (over.aborted) giveUp();
  over.addEventListener("abort", giveUp, { once: true });
  void clock.sleep(timeoutMs, answered.signal).then(() => answered.signal.aborted || giveUp());
  try {
    return await work(attempted.signal);
  } catch (cause) {
    if (over.aborted) return { kind: "retryable", reason: "interrupted" };
    const isLate = attempted.signal.aborted;
    return { kind: "retryable", reason: isLate ? `no answer within ${timeoutMs} ms` : textOf(cause) };
  } finally {
    answered.abort();
    over.removeEventListener("abort", giveUp);
  }
}

/** Node.js leaves the message empty when it tried several addresses of a name. */
function textOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || ("code" in cause ? String(cause.code) : cause.name);
}
