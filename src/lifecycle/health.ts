// How every component is, and whether the whole takes requests.
import type { Clock, ComponentStatus, Health, StatusReport } from "../core/host.ts";

/** One component's line in the report. It shows while it is enrolled. */
export interface StatusLine {
  readonly status: ComponentStatus | undefined;
  report(status: ComponentStatus, error?: string): void;
}

export class ServiceHealth implements Health {
  ready = false;
  readonly #clock: Clock;
  readonly #lines = new Map<string, Line>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  all(): readonly StatusReport[] {
    return [...this.#lines.values()].flatMap((line) => line.told ?? []);
  }

  /** A line for the component at `place`, which nobody sees yet. */
  line(place: string): StatusLine {
    return new Line(place, this.#clock);
  }

  /** Shows exactly these lines, in this order. A line that was put away may go on reporting; nobody sees it. */
  enrol(lines: readonly StatusLine[]): void {
    this.#lines.clear();
    for (const line of lines) if (line instanceof Line) this.#lines.set(line.place, line);
  }
}

class Line implements StatusLine {
  readonly place: string;
  told: StatusReport | undefined;
  readonly #clock: Clock;

  constructor(place: string, clock: Clock) {
    this.place = place;
    this.#clock = clock;
  }

  get status(): ComponentStatus | undefined {
    return this.told?.status;
  }

  report(status: ComponentStatus, error?: string): void {
    const before = this.told;
    if (before?.status === status && before.error === error) return;
    const now = this.#clock.now();
    const since = before?.status === status ? before.since : now;
    const lastError = error === undefined ? before?.lastError : { text: error, at: now };
    this.told = { id: this.place, status, since, error, lastError };
  }
}
