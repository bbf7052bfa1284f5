// How many spans got which role, told to the meter once a request: a look at the meter costs more than a decision.
import type { Host } from "../../core/host.ts";
import type { Call } from "../../genai/call.ts";

interface Tally {
  readonly role: string;
  readonly reason: string;
  readonly dialect: string;
  count: number;
}

export class CallFigures {
  readonly #host: Host;
  /** Of the request at hand. A dialect has two or three. */
  readonly #tallies: Tally[] = [];

  constructor(host: Host) {
    this.#host = host;
  }

  count({ role, reason, dialect }: Call): void {
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
  }
}
