// One request on its way to a backend: attempts, waits, and in the end taken or given up. Counts and tells which.
import type { Encoded } from "../core/batch.ts";
import type { Host } from "../core/host.ts";
import { itemWord } from "../core/metrics.ts";
import { quietWarning } from "../core/quiet-log.ts";
import { Refused } from "../core/refused.ts";
import { Backoff } from "./retry.ts";
import { type RetrySettings, requestBytesMax } from "./settings.ts";

/** What became of one attempt. A partial success is never sent again. */
export type PushResult =
  | { readonly kind: "delivered"; readonly rejected: number; readonly message: string }
  | { readonly kind: "retryable"; readonly reason: string; readonly retryAfterMs?: number }
  | { readonly kind: "permanent"; readonly reason: string };

/** Makes one attempt. Resolves soon after `abort`; rejects only for our own bugs. */
export type Push = (encoded: Encoded, abort: AbortSignal) => Promise<PushResult>;

export interface Stopping {
  /** Aborts when waits between attempts are to be cut short. */
  readonly draining: AbortSignal;
  /** Aborts when there is no time left. */
  readonly over: AbortSignal;
}

export class Delivery {
  readonly #retry: RetrySettings;
  readonly #push: Push;
  readonly #host: Host;
  readonly #exporter: string;
  readonly #warnAttempt: ReturnType<typeof quietWarning>;
  readonly #warnDropped: ReturnType<typeof quietWarning>;
  readonly #warnPartial: ReturnType<typeof quietWarning>;
  #degraded = false;

  constructor(retry: RetrySettings, push: Push, host: Host) {
    this.#retry = retry;
    this.#push = push;
    this.#host = host;
    this.#exporter = exporterLabel(host);
    this.#warnAttempt = quietWarning(host, "exporting failed, will be tried again");
    this.#warnDropped = quietWarning(host, "exporting failed, data dropped");
    this.#warnPartial = quietWarning(host, "the backend took only a part, the rest is dropped");
  }

  /** Resolves with nothing when a backend has it, with the reason when it was given up. Never rejects. */
  async deliver(encoded: Encoded, stopping: Stopping): Promise<Refused | undefined> {
    const { length } = encoded.bytes;
    if (requestBytesMax < length) {
      return this.#drop(
        encoded,
        "too_large",
        `one item of ${length} bytes is larger than a request may be, ${requestBytesMax}`,
      );
    }
    const backoff = new Backoff(this.#retry, () => this.#host.random());
    const start = this.#host.clock.monotonic();
    let reason = "no answer yet";
    while (!stopping.over.aborted) {
      const result = await this.#attempt(encoded, stopping.over);
      if (result.kind === "delivered") return this.#delivered(encoded, result);
      if (result.kind === "permanent") return this.#drop(encoded, "malformed", result.reason);
      // An attempt that was interrupted knows less than the one before it.
      if (stopping.over.aborted) break;
      reason = result.reason;
      const delayMs = backoff.next(this.#host.clock.monotonic() - start, result.retryAfterMs);
      if (delayMs === undefined) return this.#drop(encoded, "unavailable", reason);
      this.#degrade(reason);
      this.#warnAttempt({
        signal: encoded.signal,
        items: encoded.items,
        error: reason,
        retry_in_ms: Math.round(delayMs),
      });
      await this.#host.clock.sleep(delayMs, stopping.draining.aborted ? stopping.over : stopping.draining);
    }
    return this.#drop(encoded, "unavailable", `stopped: ${reason}`);
  }

  /** Counts and tells of data that is lost. */
  #drop(encoded: Encoded, code: "malformed" | "too_large" | "unavailable", reason: string): Refused {
    this.countFailed(encoded, encoded.items);
    this.#degrade(reason);
    this.#warnDropped({ signal: encoded.signal, dropped_items: encoded.items, error: reason });
    return new Refused(code, reason);
  }

  countFailed(encoded: Encoded, items: number): void {
    this.#host.meter.add(`otelcol_exporter_send_failed_${itemWord[encoded.signal]}`, items, {
      exporter: this.#exporter,
    });
  }

  async #attempt(encoded: Encoded, over: AbortSignal): Promise<PushResult> {
    try {
      return await this.#push(encoded, over);
    } catch (cause) {
      this.#host.meter.add("spantoll_internal_errors_total", 1, { place: this.#exporter });
      this.#host.log.error("an attempt to export threw", { error: String(cause) });
      return { kind: "retryable", reason: "internal error" };
    }
  }

  #delivered(encoded: Encoded, { rejected, message }: { rejected: number; message: string }): undefined {
    const lost = Math.min(rejected, encoded.items);
    this.#host.meter.add(`otelcol_exporter_sent_${itemWord[encoded.signal]}`, encoded.items - lost, {
      exporter: this.#exporter,
    });
    if (lost > 0) this.countFailed(encoded, lost);
    if (lost > 0 || message !== "") {
      this.#warnPartial({ signal: encoded.signal, [`dropped_${itemWord[encoded.signal]}`]: lost, message });
    }
    if (!this.#degraded) return;
    this.#degraded = false;
    this.#host.report("ok");
    this.#host.log.info("exporting works again");
  }

  #degrade(reason: string): void {
    this.#degraded = true;
    this.#host.report("degraded", reason);
  }
}

/** The component's id without its kind, as the Collector labels its counters: `otlp_http/tempo`. */
export function exporterLabel(host: Host): string {
  return host.id.slice(host.id.indexOf(".") + 1);
}
