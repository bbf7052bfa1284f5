// Charges every billed call exactly once to the budgets of its tenant, before the sender is acknowledged.
import type { Batch } from "../../core/batch.ts";
import { type Processor, processor } from "../../core/component.ts";
import type { Host } from "../../core/host.ts";
import { MemoryStorage } from "../../core/memory-storage.ts";
import { Note } from "../../core/note.ts";
import { type Call, calls } from "../../genai/call.ts";
import { trails } from "../../genai/trail.ts";
import { chargePlans, planCharges } from "../../ledger/charge-plan.ts";
import { type Charge, type ChargingTerms, chargeCalls, charges } from "../../ledger/charging.ts";
import { EmbeddedLedger } from "../../ledger/embedded/embedded-ledger.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { type LedgerReader, ledgerReader, ledgerReaders } from "../../ledger/ledger-reader.ts";
import { type Cost, costs } from "../../pricing/cost.ts";
import { budgetObjections, budgetSettings, chargingTerms } from "./budget-settings.ts";
import { Figures } from "./figures.ts";

export const genAiBudget = processor({
  type: "gen_ai_budget",
  summary: "Charges every billed call exactly once to its tenant, and knows what is left of budgets.",
  signals: ["traces"],
  needs: ["gen_ai_cost"],
  settings: budgetSettings,
  check: budgetObjections,
  create: (settings, host) => new BudgetProcessor(chargingTerms(settings), host),
});

/** Measured: 570 bytes a span within the identity window, 36 after it. Two days at 20 spans a second take 165 MB. */
const ledgerBytesMax = 256 * 1024 * 1024;

/** One ledger for all pipelines of a service: a span that takes two of them is still charged once. */
const embeddedLedgers = new Note<SharedLedger>("embedded ledger");

interface SharedLedger {
  readonly ledger: Ledger;
  announced: boolean;
}

function embeddedLedger({ common, log }: Host): SharedLedger {
  const known = embeddedLedgers.get(common);
  if (known !== undefined) return known;
  const ledger = new EmbeddedLedger({
    storage: new MemoryStorage(ledgerBytesMax),
    onForgotten: (horizonMs) =>
      log.warn("the ledger in memory is full; older spans that still arrive are set aside as late", {
        ended_before: new Date(horizonMs).toISOString(),
      }),
  });
  const shared = { ledger, announced: false };
  embeddedLedgers.set(common, shared);
  return shared;
}

class BudgetProcessor implements Processor {
  readonly #terms: ChargingTerms;
  readonly #host: Host;
  readonly #shared: SharedLedger;
  readonly #figures: Figures;
  readonly #reader: LedgerReader;
  #toldHomeless = false;

  constructor(terms: ChargingTerms, host: Host) {
    this.#terms = terms;
    this.#host = host;
    this.#shared = embeddedLedger(host);
    this.#figures = new Figures(host, terms);
    this.#reader = ledgerReader(this.#shared.ledger, terms.budgets, () => host.clock.now());
  }

  async start(): Promise<void> {
    this.#figures.start();
    const { common } = this.#host;
    ledgerReaders.set(common, [...(ledgerReaders.get(common) ?? []), this.#reader]);
    if (this.#shared.announced) return;
    this.#shared.announced = true;
    this.#host.log.warn("spend is kept in memory: it starts at zero with every start of this process");
  }

  async stop(): Promise<void> {
    this.#figures.stop();
    const { common } = this.#host;
    ledgerReaders.set(
      common,
      (ledgerReaders.get(common) ?? []).filter((reader) => reader !== this.#reader),
    );
  }

  process(batch: Batch): Batch {
    const found = calls.get(batch.notes);
    if (!found?.some(({ role }) => role === "bill")) return batch;
    if (trails.get(batch.notes)) {
      // Somebody asks what would happen: nothing is charged.
      chargePlans.set(batch.notes, planCharges(this.#terms.budgets, found, costs.get(batch.notes) ?? []));
      return batch;
    }
    const outcome: (Charge | undefined)[] = [];
    charges.set(batch.notes, outcome);
    batch.pending.push(this.#charge(found, costs.get(batch.notes) ?? [], outcome));
    return batch;
  }

  async #charge(
    found: readonly Call[],
    priced: readonly (Cost | undefined)[],
    outcome: (Charge | undefined)[],
  ): Promise<void> {
    const nowMs = this.#host.clock.now();
    const report = await chargeCalls(this.#shared.ledger, this.#terms, { calls: found, costs: priced }, nowMs);
    for (const charge of report.charges) outcome.push(charge);
    this.#figures.count(report);
    if (report.homeless === 0 || this.#toldHomeless) return;
    this.#toldHomeless = true;
    this.#host.log.warn('there are more tenants than max_tenants; spend of further ones is kept under "@other"', {
      max_tenants: this.#terms.tenantsMax,
    });
  }
}
