// Charges every billed call exactly once to the budgets of its tenant, before the sender is acknowledged.
import type { Batch } from "../../core/batch.ts";
import { type Processor, processor } from "../../core/component.ts";
import type { Host } from "../../core/host.ts";
import { Refused } from "../../core/refused.ts";
import { safeguards } from "../../core/safeguards.ts";
import { calls, revisions } from "../../genai/call.ts";
import { trails } from "../../genai/trail.ts";
import { chargePlans, planCharges } from "../../ledger/charge-plan.ts";
import {
  type Charge,
  type ChargingReport,
  type ChargingTerms,
  chargeCalls,
  chargeClaims,
  charges,
  dueCharges,
  type FoundCalls,
  nothingCharged,
} from "../../ledger/charging.ts";
import type { JournalTerms } from "../../ledger/journal/journal.ts";
import type { JournalKeeper, JournalUser } from "../../ledger/journal/journal-keeper.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { type LedgerReader, ledgerReader, ledgerReaders } from "../../ledger/ledger-reader.ts";
import { costs, revisedCosts } from "../../pricing/cost.ts";
import { type BudgetSettings, budgetObjections, budgetSettings, chargingTerms } from "./budget-settings.ts";
import { Figures } from "./figures.ts";
import { type SharedLedger, sharedLedger } from "./shared-ledger.ts";
import { unchargedOf } from "./uncharged-files.ts";

export const genAiBudget = processor({
  type: "gen_ai_budget",
  summary: "Charges every billed call exactly once to its tenant, and knows what is left of budgets.",
  signals: ["traces"],
  needs: ["gen_ai_cost"],
  alike: "a call is charged once, to all budgets of the service",
  settings: budgetSettings,
  check: budgetObjections,
  create: (settings, host) => new BudgetProcessor(settings, host),
});

class BudgetProcessor implements Processor {
  readonly #terms: ChargingTerms;
  readonly #settings: BudgetSettings;
  readonly #host: Host;
  readonly #figures: Figures;
  /** Undefined before the start. */
  #shared: SharedLedger | undefined;
  #reader: LedgerReader | undefined;
  #journalUser: JournalUser | undefined;
  #toldHomeless = false;
  #started = false;

  constructor(settings: BudgetSettings, host: Host) {
    this.#settings = settings;
    this.#terms = chargingTerms(settings);
    this.#host = host;
    this.#figures = new Figures(host, this.#terms);
    if (settings.storage === undefined) this.#shared = sharedLedger(settings, host);
  }

  async start(): Promise<void> {
    const shared = this.#shared ?? sharedLedger(this.#settings, this.#host);
    this.#shared = shared;
    this.#figures.start();
    const { common, clock } = this.#host;
    this.#reader = ledgerReader(shared.ledger, this.#terms.budgets, () => clock.now());
    ledgerReaders.set(common, [...(ledgerReaders.get(common) ?? []), this.#reader]);
    this.#started = true;
    await shared.start();
    if (shared.journal === undefined) return;
    this.#journalUser = this.#asJournalUser(shared.ledger, shared.journal.terms);
    shared.journal.keeper.attach(this.#journalUser);
  }

  async stop(deadline: AbortSignal): Promise<void> {
    if (this.#journalUser) await this.#shared?.journal?.keeper.detach(this.#journalUser, deadline);
    this.#journalUser = undefined;
    if (this.#started) await this.#shared?.stop();
    this.#started = false;
    this.#figures.stop();
    const { common } = this.#host;
    ledgerReaders.set(
      common,
      (ledgerReaders.get(common) ?? []).filter((reader) => reader !== this.#reader),
    );
  }

  process(batch: Batch): Batch {
    const found = calls.get(batch.notes);
    const revised = revisions.get(batch.notes) ?? [];
    if (!found || ![...found, ...revised].some(({ role, isBarred }) => role === "bill" || isBarred)) return batch;
    if (trails.get(batch.notes)) {
      // Somebody asks what would happen: nothing is charged.
      chargePlans.set(batch.notes, planCharges(this.#terms.budgets, found, costs.get(batch.notes) ?? []));
      return batch;
    }
    const shared = this.#shared;
    if (shared === undefined) throw new Refused("unavailable", "the ledger is not open yet");
    // Calls of earlier requests stand behind those of the batch, so that both lists keep their positions.
    const prices = costs.get(batch.notes) ?? found.map(() => undefined);
    const priced = { calls: [...found, ...revised], costs: [...prices, ...(revisedCosts.get(batch.notes) ?? [])] };
    if (shared.journal) this.#journal(shared, shared.journal.keeper, { batch, found: priced });
    else this.#chargeNow(shared, batch, priced);
    return batch;
  }

  /** They were charged when they came. */
  stampAgain(batch: Batch): Batch {
    return batch;
  }

  /** The sender waits until the ledger has it. */
  #chargeNow(shared: SharedLedger, batch: Batch, found: FoundCalls): void {
    const outcome: (Charge | undefined)[] = [];
    charges.set(batch.notes, outcome);
    const arrivedMs = this.#host.clock.now();
    const charged = chargeCalls(shared.ledger, this.#terms, found, arrivedMs).then((report) => {
      for (const charge of report.charges) outcome.push(charge);
      const uncharged = unchargedOf(this.#terms, found, report.charges, arrivedMs);
      this.#figures.addUncharged(uncharged);
      this.#count(report);
      return shared.uncharged?.keep(uncharged);
    });
    batch.pending.push(charged);
    safeguard(batch, shared.durable);
  }

  /** The sender waits until it is journalled, together with its request: the ledger gets it from there. */
  #journal(
    { uncharged: files }: SharedLedger,
    keeper: JournalKeeper,
    { batch, found }: { readonly batch: Batch; readonly found: FoundCalls },
  ): void {
    const arrivedMs = this.#host.clock.now();
    const due = dueCharges(this.#terms, found, arrivedMs);
    charges.set(batch.notes, due.charges);
    try {
      keeper.journal.checkRoom(due.claims.length);
    } catch (refused) {
      this.#host.meter.add("spantoll_journal_refused_calls_total", due.claims.length);
      throw refused;
    }
    safeguard(batch, async () => {
      if (0 < due.claims.length) await keeper.take(due.claims, arrivedMs);
      const uncharged = unchargedOf(this.#terms, found, due.charges, arrivedMs);
      await files?.keep(uncharged);
      this.#figures.addUncharged(uncharged);
      this.#figures.count({ ...nothingCharged, charges: due.charges });
    });
  }

  #asJournalUser(ledger: Ledger, journal: JournalTerms): JournalUser {
    return {
      journal,
      terms: this.#terms,
      charge: async (claims, nowMs, isRepeat) => {
        const report = await chargeClaims(ledger, this.#terms, claims, nowMs);
        if (isRepeat) this.#figures.countRepeat(report);
        else this.#count(report);
        return report.settled;
      },
    };
  }

  #count(report: ChargingReport): void {
    this.#figures.count(report);
    if (report.homeless === 0 || this.#toldHomeless) return;
    this.#toldHomeless = true;
    this.#host.log.warn('there are more tenants than max_tenants; spend of further ones is kept under "@other"', {
      max_tenants: this.#terms.tenantsMax,
    });
  }
}

function safeguard({ notes }: Batch, until: () => Promise<void>): void {
  safeguards.set(notes, [...(safeguards.get(notes) ?? []), until]);
}
