// How long to wait before a request is sent again: exponential backoff with jitter, never earlier than the backend asks.
// https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes
import type { RetrySettings } from "./settings.ts";

/** A backend that asks for more is asked again after this time all the same. */
const serverDelayMsMax = 3_600_000;

export class Backoff {
  readonly #settings: RetrySettings;
  readonly #random: () => number;
  #intervalMs: number;

  constructor(settings: RetrySettings, random: () => number) {
    this.#settings = settings;
    this.#random = random;
    this.#intervalMs = settings.initial_interval;
  }

  /** The next wait in milliseconds, or undefined when the request is to be given up instead. */
  next(elapsedMs: number, serverDelayMs = 0): number | undefined {
    const { enabled, max_elapsed_time, max_interval, multiplier, randomization_factor } = this.#settings;
    if (!enabled) return undefined;
    const jitter = 1 + randomization_factor * (2 * this.#random() - 1);
    const delayMs = Math.max(this.#intervalMs * jitter, Math.min(serverDelayMs, serverDelayMsMax));
    this.#intervalMs = Math.min(this.#intervalMs * multiplier, max_interval);
    return 0 < max_elapsed_time && max_elapsed_time < elapsedMs + delayMs ? undefined : delayMs;
  }
}

/**
 * Milliseconds that a `Retry-After` header asks for, in seconds or as a date (RFC 9110, 10.2.3); undefined when it is
 * neither. `nowMs` is milliseconds since 1970.
 */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // Dates start with the name of a day. Date.parse alone would read "2 apples" as a day of 2001.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
