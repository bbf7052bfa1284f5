// Charges every billed call exactly once to the budgets of its tenant, before the sender is acknowledged.
import type { Batch } from "../../core/batch.ts";
import { type Processor, processor } from "../../core/component.ts";
import type { Host } from "../../core/host.ts";
import { Refused } from "../../core/refused.ts";
import { safeguards } from "../../core/safeguards.ts";
import { type Call, calls, revisions } from "../../genai/call.ts";
import { trails } from "../../genai/trail.ts";
import { chargePlans, planCharges } from "../../ledger/charge-plan.ts";
import { type Charge, type ChargingTerms, chargeCalls, charges } from "../../ledger/charging.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { type LedgerReader, ledgerReader, ledgerReaders } from "../../ledger/ledger-reader.ts";
import { type Cost, costs, revisedCosts } from "../../pricing/cost.ts";
import { type BudgetSettings, budgetObjections, budgetSettings, chargingTerms } from "./budget-settings.ts";
import { Figures } from "./figures.ts";
import { type SharedLedger, sharedLedger } from "./shared-ledger.ts";

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
    this.#shared ??= sharedLedger(this.#settings, this.#host);
    this.#figures.start();
    const { common, clock } = this.#host;
    this.#reader = ledgerReader(this.#shared.ledger, this.#terms.budgets, () => clock.now());
    ledgerReaders.set(common, [...(ledgerReaders.get(common) ?? []), this.#reader]);
    this.#started = true;
    await this.#shared.start();
  }

  async stop(): Promise<void> {
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
    const outcome: (Charge | undefined)[] = [];
    charges.set(batch.notes, outcome);
    // Calls of earlier requests stand behind those of the batch, so that both lists keep their positions.
    const prices = costs.get(batch.notes) ?? found.map(() => undefined);
    const priced = { calls: [...found, ...revised], costs: [...prices, ...(revisedCosts.get(batch.notes) ?? [])] };
    batch.pending.push(this.#charge(shared.ledger, priced, outcome));
    safeguards.set(batch.notes, [...(safeguards.get(batch.notes) ?? []), () => shared.durable()]);
    return batch;
  }

  async #charge(
    ledger: Ledger,
    found: { readonly calls: readonly Call[]; readonly costs: readonly (Cost | undefined)[] },
    outcome: (Charge | undefined)[],
  ): Promise<void> {
    const report = await chargeCalls(ledger, this.#terms, found, this.#host.clock.now());
    for (const charge of report.charges) outcome.push(charge);
    this.#figures.count(report);
    if (report.homeless === 0 || this.#toldHomeless) return;
    this.#toldHomeless = true;
    this.#host.log.warn('there are more tenants than max_tenants; spend of further ones is kept under "@other"', {
      max_tenants: this.#terms.tenantsMax,
    });
  }
}
