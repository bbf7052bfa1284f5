// Sees to it that the ledger gets what is in the journal: in order, until it has it, whatever befalls either of them.
// What the ledger refuses for its own sake is set aside, so that nothing waits behind it.
import type { Host } from "../../core/host.ts";
import { Refused } from "../../core/refused.ts";
import { type ChargingTerms, type Claims, knownUntilMs } from "../charging.ts";
import { Unchargeable } from "../unchargeable.ts";
import { fileOf, type SetAside, type SetAsideReason } from "./aside-file.ts";
import type { JournalEntry } from "./entry-record.ts";
import type { Journal, JournalTerms, Slice } from "./journal.ts";

/** Who charges, by the configuration of now. */
export interface JournalUser {
  readonly journal: JournalTerms;
  readonly terms: ChargingTerms;
  /**
   * Charges as of `nowMs`. Answers the positions of those of which the ledger no longer knows who pays.
   * `isRepeat`: the ledger has had them before, and may have lost them.
   */
  charge(claims: readonly Claims[], nowMs: number, isRepeat: boolean): Promise<readonly number[]>;
}

export interface KeeperOptions {
  readonly journal: Journal;
  readonly host: Pick<Host, "clock" | "log" | "meter">;
  /** Keeps bytes as a file that people find. */
  keepFile(name: string, bytes: Uint8Array, extension: string): Promise<string>;
}

export class JournalKeeper {
  readonly journal: Journal;
  readonly #options: KeeperOptions;
  /** The last one charges: while a configuration is replaced there are two. */
  readonly #users: JournalUser[] = [];
  #run: Run | undefined;
  #resting = new AbortController();
  /** Whether the last attempt failed: what is tried again may have been done in part. */
  #hasFailed = false;
  /** Since when nothing could be charged, on the monotonic clock, and whether that was said. */
  #failing: { readonly sinceMs: number; isSaid: boolean } | undefined;
  #asideDueMs: number;
  #unwatch = () => {};

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.journal = options.journal;
    this.#asideDueMs = options.host.clock.monotonic();
  }

  attach(user: JournalUser): void {
    this.#users.push(user);
    this.journal.configure(user.journal);
    if (this.#run !== undefined) return;
    this.#unwatch = this.#options.host.meter.watch(() => this.#tell());
    const stop = new AbortController();
    this.#run = { stop, ended: this.#keepCharging(stop.signal) };
  }

  /** The last one to leave waits until the ledger has everything, does not answer, or time is up; the rest is on disk. */
  async detach(user: JournalUser, deadline: AbortSignal): Promise<void> {
    if (1 < this.#users.length) {
      this.#users.splice(this.#users.indexOf(user), 1);
      const last = this.#users.at(-1);
      if (last !== undefined) this.journal.configure(last.journal);
      return;
    }
    const run = this.#run;
    this.#run = undefined;
    run?.stop.abort();
    this.#wake();
    const isOver = new Promise<void>((done) => deadline.addEventListener("abort", () => done(), { once: true }));
    await (deadline.aborted ? undefined : Promise.race([run?.ended, isOver]));
    this.#users.length = 0;
    this.#unwatch();
  }

  /** Journals what a request is to be charged. Throws `Refused`; resolves when it is safe. */
  async take(claims: readonly Claims[], arrivedMs: number): Promise<void> {
    const written = this.journal.append({ arrivedMs, again: false, claims });
    this.#wake();
    await written;
  }

  /** The ledger may have lost writes. */
  repeat(): void {
    this.journal.repeat();
    this.#wake();
  }

  async #keepCharging(stop: AbortSignal): Promise<void> {
    const { clock } = this.#options.host;
    for (let delayMs = delayMsMin; ; ) {
      const user = this.#users.at(-1);
      const isDone = stop.aborted && (this.journal.waiting === 0 || this.#hasFailed);
      if (user === undefined || isDone) return;
      try {
        this.#tidy();
        const slice = this.journal.next();
        this.#resting = new AbortController();
        if (slice === undefined) await clock.sleep(restMs, this.#resting.signal);
        else await this.#charge(slice, user);
        if (slice !== undefined) this.#noteSuccess();
        delayMs = delayMsMin;
      } catch (error) {
        this.#noteFailure(error);
        await clock.sleep(delayMs, stop);
        delayMs = Math.min(2 * delayMs, delayMsMax);
      }
    }
  }

  #noteSuccess(): void {
    this.#hasFailed = false;
    if (this.#failing?.isSaid) this.#options.host.log.info("charges are taken from the journal again");
    this.#failing = undefined;
  }

  /** A ledger that is away says so of itself, and what passes soon is not worth a line. */
  #noteFailure(error: unknown): void {
    const { clock, log } = this.#options.host;
    this.#hasFailed = true;
    if (!(error instanceof Refused)) this.#countBug(error);
    this.#failing ??= { sinceMs: clock.monotonic(), isSaid: false };
    if (this.#failing.isSaid || clock.monotonic() - this.#failing.sinceMs < failingMsMax) return;
    this.#failing.isSaid = true;
    log.warn("charges wait, the ledger does not take them", { requests: this.journal.waiting, error: textOf(error) });
  }

  #wake(): void {
    this.#resting.abort();
  }

  #tidy(): void {
    const { clock } = this.#options.host;
    this.journal.prune(clock.now());
    if (clock.monotonic() < this.#asideDueMs) return;
    this.#asideDueMs = clock.monotonic() + asideRetryMs;
    this.journal.retryAside();
  }

  async #charge(slice: Slice, user: JournalUser): Promise<void> {
    const found = new Findings();
    for (const { bytes, reason } of slice.damaged) found.damaged.push({ bytes, error: reason });
    const calls = this.#chargeable(slice, user, found);
    if (0 < calls.length) await this.#attempt(calls, { slice, user, found });
    const dropped = this.journal.settle(slice, asideEntries(found.refused));
    if (0 < dropped) this.#options.host.log.error("there is no room to try what was set aside again", { dropped });
    await this.#keepFiles(found);
  }

  /** Sorted by tenant: what one of them stands in the way of stays together. */
  #chargeable({ entries, isRepeat }: Slice, { terms }: JournalUser, found: Findings): readonly Kept[] {
    const nowMs = this.#options.host.clock.now();
    const calls: Kept[] = [];
    for (const { claims, arrivedMs, again } of entries)
      for (const own of claims) {
        const kept = { claims: own, arrivedMs, again };
        if (nowMs <= knownUntilMs(terms, own)) calls.push(kept);
        else if (!isRepeat) found.aside.push({ ...kept, reason: "too_old", error: "the ledger forgot such spans" });
      }
    return calls.toSorted((one, two) => (tenantOf(one) < tenantOf(two) ? -1 : tenantOf(two) < tenantOf(one) ? 1 : 0));
  }

  async #attempt(calls: readonly Kept[], attempt: Attempt): Promise<void> {
    const { slice, user, found } = attempt;
    try {
      const settled = await user.charge(
        calls.map(({ claims }) => claims),
        slice.asOfMs,
        slice.isRepeat,
      );
      for (const at of settled) this.#noteUndecided(calls[at], attempt);
    } catch (error) {
      if (error instanceof Refused && !(error.cause instanceof Unchargeable)) throw error;
      const [first, ...others] = calls;
      if (first !== undefined && others.length === 0) {
        found.refused.push({ ...first, reason: "refused", error: textOf(error) });
        return;
      }
      const half = calls.length >> 1;
      await this.#attempt(calls.slice(0, half), attempt);
      await this.#attempt(calls.slice(half), attempt);
    }
  }

  /**
   * A claim that was made, and of which the answer was lost, is found again for as long as the identity window. After it
   * nobody can tell whether the call was settled by this claim, which then was not charged, or by another.
   */
  #noteUndecided(call: Kept | undefined, { slice, user, found }: Attempt): void {
    if (call === undefined || slice.isRepeat || !(slice.isInherited || this.#hasFailed)) return;
    if (this.#options.host.clock.now() < call.arrivedMs + user.terms.identityWindowMs) return;
    found.aside.push({ ...call, reason: "undecided", error: "its call was settled while the ledger did not answer" });
  }

  async #keepFiles(found: Findings): Promise<void> {
    const { clock } = this.#options.host;
    const fresh = found.refused.filter(({ again }) => !again);
    for (const reason of ["refused", "too_old", "undecided"] as const) {
      const calls = [...fresh, ...found.aside].filter((one) => one.reason === reason);
      if (calls.length === 0) continue;
      const bytes = fileOf(calls, clock.now());
      await this.#keepFile({ reason, bytes, calls: calls.length, error: calls[0]?.error ?? "", extension: "json" });
    }
    for (const { bytes, error } of found.damaged)
      await this.#keepFile({ reason: "damaged", bytes, calls: 1, error, extension: "bin" });
  }

  async #keepFile({ reason, bytes, calls, error, extension }: AsideFile): Promise<void> {
    const { clock, log, meter } = this.#options.host;
    meter.add("spantoll_journal_set_aside_calls_total", calls, { reason });
    try {
      const at = new Date(clock.now()).toISOString();
      const path = await this.#options.keepFile(`charges-${reason}-${at}`, bytes, extension);
      log.error("charges were set aside: the ledger did not take them", { reason, calls, error, path });
    } catch (cause) {
      log.error("charges were set aside, and cannot be written as a file", { reason, calls, error, cause });
    }
  }

  #countBug(error: unknown): void {
    const { log, meter } = this.#options.host;
    meter.add("spantoll_internal_errors_total", 1, { place: "charge journal" });
    log.error("the charge journal met a fault in this program; please report it", { error });
  }

  #tell(): void {
    const { meter, clock } = this.#options.host;
    const { bytes, bytesMax, waiting, repeating, aside, oldestMs } = this.journal;
    meter.set("spantoll_journal_bytes", bytes);
    meter.set("spantoll_journal_capacity_bytes", bytesMax);
    meter.set("spantoll_journal_waiting_requests", waiting);
    meter.set("spantoll_journal_repeating_requests", repeating);
    meter.set("spantoll_journal_aside", aside);
    meter.set("spantoll_journal_oldest_seconds", oldestMs === undefined ? 0 : (clock.now() - oldestMs) / 1000);
  }
}

interface Run {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** A call of an entry. */
interface Kept {
  readonly claims: Claims;
  readonly arrivedMs: number;
  readonly again: boolean;
}

interface Attempt {
  readonly slice: Slice;
  readonly user: JournalUser;
  readonly found: Findings;
}

/** What a slice turned out to hold beside what was charged. */
class Findings {
  readonly refused: (SetAside & Kept)[] = [];
  readonly aside: (SetAside & Kept)[] = [];
  readonly damaged: { readonly bytes: Uint8Array; readonly error: string }[] = [];
}

interface AsideFile {
  readonly reason: SetAsideReason;
  readonly bytes: Uint8Array;
  readonly calls: number;
  readonly error: string;
  readonly extension: string;
}

const failingMsMax = 10_000;
/** How long nothing happens until what is due by time is looked for. */
const restMs = 1000;
const delayMsMin = 50;
const delayMsMax = 2000;
/** What stands in the way of a charge is removed by people. */
const asideRetryMs = 10 * 60_000;

function asideEntries(refused: readonly Kept[]): readonly JournalEntry[] {
  const byArrival = new Map<number, Claims[]>();
  for (const { arrivedMs, claims } of refused) {
    const together = byArrival.get(arrivedMs);
    if (together === undefined) byArrival.set(arrivedMs, [claims]);
    else together.push(claims);
  }
  return [...byArrival].map(([arrivedMs, claims]) => ({ arrivedMs, again: true, claims }));
}

function tenantOf({ claims }: Kept): string {
  return claims[0]?.posting.tenant ?? "";
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
