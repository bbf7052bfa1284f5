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

/** How a delivery ends. `rejected`: a backend refuses it for good. `kept`: the time is over, and the queue outlives it. */
export type Outcome =
  | { readonly kind: "delivered" }
  | { readonly kind: "rejected"; readonly code: "malformed" | "too_large"; readonly reason: string }
  | { readonly kind: "given_up"; readonly refused: Refused }
  | { readonly kind: "kept"; readonly reason: string };

/** Keeps what no backend takes as a file; resolves with its path. */
export type SetAside = (encoded: Encoded) => Promise<string>;

export class Delivery {
  readonly #retry: RetrySettings;
  readonly #push: Push;
  readonly #host: Host;
  readonly #exporter: string;
  readonly #warnAttempt: ReturnType<typeof quietWarning>;
  readonly #warnDropped: ReturnType<typeof quietWarning>;
  readonly #warnSetAside: ReturnType<typeof quietWarning>;
  readonly #warnPartial: ReturnType<typeof quietWarning>;
  #degraded = false;

  constructor(retry: RetrySettings, push: Push, host: Host) {
    this.#retry = retry;
    this.#push = push;
    this.#host = host;
    this.#exporter = exporterLabel(host);
    this.#warnAttempt = quietWarning(host, "exporting failed, will be tried again");
    this.#warnDropped = quietWarning(host, "exporting failed, data dropped");
    this.#warnSetAside = quietWarning(host, "the backend refused data for good, it is kept as a file");
    this.#warnPartial = quietWarning(host, "the backend took only a part, the rest is dropped");
  }

  /**
   * Never rejects. Ends with "kept" when the time is over, and, when stopping, after an attempt that failed where
   * somebody else `canGoOn`.
   */
  async deliver(encoded: Encoded, stopping: Stopping, canGoOn: () => boolean): Promise<Outcome> {
    const { length } = encoded.bytes;
    if (requestBytesMax < length) {
      const reason = `one item of ${length} bytes is larger than a request may be, ${requestBytesMax}`;
      return { kind: "rejected", code: "too_large", reason };
    }
    const backoff = new Backoff(this.#retry, () => this.#host.random());
    const start = this.#host.clock.monotonic();
    let reason = "no answer yet";
    while (!stopping.over.aborted) {
      const result = await this.#attempt(encoded, stopping.over);
      if (result.kind === "delivered") return this.#delivered(encoded, result);
      if (result.kind === "permanent") return { kind: "rejected", code: "malformed", reason: result.reason };
      // An attempt that was interrupted knows less than the one before it.
      if (stopping.over.aborted) break;
      reason = result.reason;
      const delayMs = backoff.next(this.#host.clock.monotonic() - start, result.retryAfterMs);
      if (delayMs === undefined) return { kind: "given_up", refused: this.#drop(encoded, "unavailable", reason) };
      this.#degrade(reason);
      if (stopping.draining.aborted && canGoOn()) break;
      this.#warnAttempt({
        signal: encoded.signal,
        items: encoded.items,
        error: reason,
        retry_in_ms: Math.round(delayMs),
      });
      await this.#host.clock.sleep(delayMs, stopping.draining.aborted ? stopping.over : stopping.draining);
    }
    return { kind: "kept", reason };
  }

  /** Ends what a backend refuses for good: kept as a file where that can be, else dropped; counted and told. */
  async giveUp(
    encoded: Encoded,
    { code, reason }: Extract<Outcome, { kind: "rejected" }>,
    setAside: SetAside | undefined,
  ): Promise<Refused> {
    if (setAside === undefined) return this.#drop(encoded, code, reason);
    try {
      const file = await setAside(encoded);
      this.countFailed(encoded, encoded.items);
      const labels = { exporter: this.#exporter, data_type: encoded.signal };
      this.#host.meter.add("spantoll_exporter_set_aside_items_total", encoded.items, labels);
      this.#degrade(reason);
      this.#warnSetAside({ signal: encoded.signal, items: encoded.items, error: reason, file });
      return new Refused(code, reason);
    } catch (cause) {
      this.#host.log.error("what a backend refused cannot be set aside", { error: cause });
      return this.#drop(encoded, code, reason);
    }
  }

  /** Counts and tells of data that is lost. */
  #drop(encoded: Encoded, code: "malformed" | "too_large" | "unavailable", reason: string): Refused {
    this.countFailed(encoded, encoded.items);
    this.#degrade(reason);
    this.#warnDropped({ signal: encoded.signal, dropped_items: encoded.items, error: reason });
    return new Refused(code, reason);
  }

  countFailed(encoded: Pick<Encoded, "signal">, items: number): void {
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

  #delivered(encoded: Encoded, { rejected, message }: { rejected: number; message: string }): Outcome {
    const lost = Math.min(rejected, encoded.items);
    this.#host.meter.add(`otelcol_exporter_sent_${itemWord[encoded.signal]}`, encoded.items - lost, {
      exporter: this.#exporter,
    });
    if (lost > 0) this.countFailed(encoded, lost);
    if (lost > 0 || message !== "") {
      this.#warnPartial({ signal: encoded.signal, [`dropped_${itemWord[encoded.signal]}`]: lost, message });
    }
    if (this.#degraded) {
      this.#degraded = false;
      this.#host.report("ok");
      this.#host.log.info("exporting works again");
    }
    return { kind: "delivered" };
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
