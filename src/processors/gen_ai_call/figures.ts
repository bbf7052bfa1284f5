// How many spans got which role, told to the meter once a request: a look at the meter costs more than a decision.
import type { Host } from "../../core/host.ts";
import type { Call } from "../../genai/call.ts";
import type { ReadingFlag } from "../../genai/flags.ts";

/** Flag of calls whose trace was sampled. */
export const sampledTrace = "sampled_trace" satisfies ReadingFlag;

interface Tally {
  readonly role: string;
  readonly reason: string;
  readonly dialect: string;
  count: number;
}

export class CallFigures {
  readonly #host: Host;
  #sampled = 0;
  #toldSampled = false;
  /** Of the request at hand. A dialect has two or three. */
  readonly #tallies: Tally[] = [];

  constructor(host: Host) {
    this.#host = host;
  }

  count({ role, reason, dialect, flags }: Call): void {
    if (role === "bill" && flags.includes(sampledTrace)) this.#sampled++;
    for (const tally of this.#tallies) {
      if (tally.reason !== reason || tally.dialect !== dialect || tally.role !== role) continue;
      tally.count++;
      return;
    }
    this.#tallies.push({ role, reason, dialect, count: 1 });
  }

  tell(): void {
    for (const { role, reason, dialect, count } of this.#tallies) {
      this.#host.meter.add("spantoll_calls_total", count, { role, reason, dialect });
    }
    this.#tallies.length = 0;
    if (0 < this.#sampled) this.#tellSampled();
  }

  #tellSampled(): void {
    this.#host.meter.add("spantoll_sampled_calls_total", this.#sampled);
    this.#sampled = 0;
    if (this.#toldSampled) return;
    this.#toldSampled = true;
    this.#host.log.warn(
      "traces are sampled before they come here, so that spend and budgets are too low; send all of them",
    );
  }
}
