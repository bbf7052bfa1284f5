// Components on their way up and down.
import type { Clock, Log } from "../core/host.ts";
import type { Seat } from "../pipeline/seat.ts";
import type { StatusLine } from "./health.ts";

/** Starts in order. Rejects with the first that cannot start; `started` has all that were tried. */
export async function startSeats(
  seats: readonly Seat[],
  started: Seat[],
  lineOf: (seat: Seat) => StatusLine,
): Promise<void> {
  for (const seat of seats) {
    const line = lineOf(seat);
    line.report("starting");
    started.push(seat);
    try {
      await seat.component.start?.();
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      line.report("failed", text);
      throw new Error(`${seat.place}: ${text}`, { cause: error });
    }
    // A component that told something else while it started knows better than we do.
    if (line.status === "starting") line.report("ok");
  }
}

export interface StopRules {
  readonly deadline: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
  lineOf(seat: Seat): StatusLine;
}

/** What a component may take to let go once the time is over. */
const lateMsMax = 1_000;

/** Stops in order, each before the next. What does not let go in time is left behind, and told. */
export async function stopSeats(seats: readonly Seat[], rules: StopRules): Promise<void> {
  for (const seat of seats) {
    await stopSeat(seat, rules);
    rules.lineOf(seat).report("stopped");
  }
}

async function stopSeat({ place, component }: Seat, { deadline, clock, log }: StopRules): Promise<void> {
  const done = new AbortController();
  const stopped = async () => {
    try {
      await component.stop?.(deadline);
    } catch (error) {
      log.error("a component did not stop cleanly", { component: place, error });
    }
    return true;
  };
  const late = aborted(deadline, done.signal)
    .then(() => clock.sleep(lateMsMax, done.signal))
    .then(() => false);
  const inTime = await Promise.race([stopped(), late]);
  done.abort();
  if (!inTime) log.error("a component did not stop in time and is left behind", { component: place });
}

/** Resolves when one of both aborts. */
function aborted(one: AbortSignal, other: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (one.aborted || other.aborted) resolve();
    for (const signal of [one, other]) signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
