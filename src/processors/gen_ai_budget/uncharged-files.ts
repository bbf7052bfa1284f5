// Calls that ended outside of what is accepted are charged to nobody. Where there is storage they are kept in files, so
// that a person can see whose they are and what they came to.
import type { Host } from "../../core/host.ts";
import type { Store } from "../../core/storage.ts";
import { type Charge, type FoundCalls, tenantCharactersMax } from "../../ledger/charging.ts";
import { amountsOf, type ClaimTerms, claimsOf } from "../../ledger/claims-of-call.ts";
import { fileOf, type SetAside } from "../../ledger/journal/aside-file.ts";

/** Those among `found` that ended too long ago, or too far ahead. `charges` is parallel to them. */
export function unchargedOf(
  terms: ClaimTerms,
  { calls, costs }: FoundCalls,
  charges: readonly (Charge | undefined)[],
  arrivedMs: number,
): readonly SetAside[] {
  const found: SetAside[] = [];
  for (const [at, charge] of charges.entries()) {
    const call = calls[at];
    if (call === undefined || (charge?.result !== "late" && charge?.result !== "future")) continue;
    const claims = claimsOf(call, amountsOf(call, costs[at]), charge.tenant.slice(0, tenantCharactersMax), terms);
    found.push({ claims, arrivedMs, reason: charge.result, error: errors[charge.result] });
  }
  return found;
}

const errors = {
  late: "it ended longer ago than accept.late",
  future: "it ended further ahead than accept.future",
} as const;

/** The oldest files of a storage give way to new ones: what arrives by the million must not drive out what is rare. */
const callsMaxAnHour = 10_000;
const filesMaxAnHour = 360;
const hourMs = 3_600_000;

export class UnchargedFiles {
  readonly #store: Pick<Store, "setAside">;
  readonly #host: Pick<Host, "clock" | "log" | "meter">;
  #gathered: SetAside[] = [];
  #last = Promise.resolve();
  #sinceMs = Number.NEGATIVE_INFINITY;
  #calls = 0;
  #files = 0;
  #isFullTold = false;

  constructor(store: Pick<Store, "setAside">, host: Pick<Host, "clock" | "log" | "meter">) {
    this.#store = store;
    this.#host = host;
  }

  /** Resolves when they are written, or cannot be, which is logged. What comes during a write shares the next file. */
  keep(calls: readonly SetAside[]): Promise<void> {
    if (calls.length === 0) return Promise.resolve();
    this.#gathered.push(...calls.slice(0, this.#take(calls.length)));
    this.#last = this.#last.then(() => this.#write());
    return this.#last;
  }

  /** How many of so many there is room for. */
  #take(calls: number): number {
    const { clock, log } = this.#host;
    const nowMs = clock.monotonic();
    if (this.#sinceMs + hourMs <= nowMs) {
      this.#sinceMs = nowMs;
      this.#calls = 0;
      this.#files = 0;
      this.#isFullTold = false;
    }
    const room = this.#files < filesMaxAnHour ? callsMaxAnHour - this.#calls : 0;
    const taken = Math.min(calls, room);
    this.#calls += taken;
    if (taken < calls && !this.#isFullTold) {
      this.#isFullTold = true;
      log.warn(
        "so many calls are not charged that until an hour is over further ones are counted, and not kept as files",
      );
    }
    return taken;
  }

  async #write(): Promise<void> {
    const all = this.#gathered;
    this.#gathered = [];
    for (const reason of ["late", "future"] as const) {
      const calls = all.filter((one) => one.reason === reason);
      if (calls.length === 0) continue;
      this.#files += 1;
      await this.#writeFile(reason, calls);
    }
  }

  async #writeFile(reason: "late" | "future", calls: readonly SetAside[]): Promise<void> {
    const { clock, log, meter } = this.#host;
    const nowMs = clock.now();
    try {
      const name = `charges-${reason}-${new Date(nowMs).toISOString()}`;
      await this.#store.setAside(name, fileOf(calls, nowMs), "json");
      meter.add("spantoll_uncharged_set_aside_calls_total", calls.length, { reason });
    } catch (cause) {
      const error = cause instanceof Error ? cause.message : String(cause);
      log.error("calls that are not charged cannot be written as a file", { reason, calls: calls.length, error });
    }
  }
}
