/** The five ways to hand a request back to its sender. `otlp/status.ts` maps them to gRPC and HTTP. */
export type RefusedCode = "malformed" | "too_large" | "unauthenticated" | "overloaded" | "unavailable";

export interface RefusedOptions {
  /** How long the sender is asked to wait, for the two retryable codes. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/**
 * An operating condition, not a bug: the request was not taken, and the sender is told whether to send it again.
 * Everything else that is thrown on the data path is our bug, and is answered as `unavailable`.
 */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly code: RefusedCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: RefusedCode, message: string, options: RefusedOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Whether the same request may succeed later. */
  get retryable(): boolean {
    return this.code === "overloaded" || this.code === "unavailable";
  }
}
