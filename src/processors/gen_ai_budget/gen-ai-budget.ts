// Charges every billed call exactly once to the budgets of its tenant, before the sender is acknowledged.
import type { Batch } from "../../core/batch.ts";
import { type Processor, processor } from "../../core/component.ts";
import type { Host } from "../../core/host.ts";
import { MemoryStorage } from "../../core/memory-storage.ts";
import { Note } from "../../core/note.ts";
import { Refused } from "../../core/refused.ts";
import { safeguards } from "../../core/safeguards.ts";
import { storeOf } from "../../core/storage.ts";
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
  create: (settings, host) => new BudgetProcessor(chargingTerms(settings), settings.storage, host),
});

/** Measured: 570 bytes a span within the identity window, 36 after it. Two days at 20 spans a second take 165 MB. */
const ledgerBytesMax = 256 * 1024 * 1024;

/** One ledger for all pipelines of a service that name the same storage: a span that takes two of them is charged once. */
const embeddedLedgers = new Note<Map<string | undefined, SharedLedger>>("embedded ledgers");

interface SharedLedger {
  readonly ledger: EmbeddedLedger;
  announced: boolean;
}

/** In memory, or in the store under an id; that one must be open. */
function embeddedLedger({ common, log }: Host, storage: string | undefined): SharedLedger {
  const all = embeddedLedgers.get(common) ?? new Map<string | undefined, SharedLedger>();
  embeddedLedgers.set(common, all);
  const known = all.get(storage);
  if (known !== undefined) return known;
  const ledger = new EmbeddedLedger({
    storage:
      storage === undefined ? new MemoryStorage(ledgerBytesMax) : storeOf(common, storage).area("ledger", "charges"),
    onForgotten: (horizonMs) =>
      log.warn(`the ledger in ${storage ?? "memory"} is full; older spans that still arrive are set aside as late`, {
        ended_before: new Date(horizonMs).toISOString(),
      }),
  });
  const shared = { ledger, announced: storage !== undefined };
  all.set(storage, shared);
  return shared;
}

class BudgetProcessor implements Processor {
  readonly #terms: ChargingTerms;
  readonly #storage: string | undefined;
  readonly #host: Host;
  readonly #figures: Figures;
  /** Undefined before the start. */
  #shared: SharedLedger | undefined;
  #reader: LedgerReader | undefined;
  #toldHomeless = false;

  constructor(terms: ChargingTerms, storage: string | undefined, host: Host) {
    this.#terms = terms;
    this.#storage = storage;
    this.#host = host;
    this.#figures = new Figures(host, terms);
    if (storage === undefined) this.#shared = embeddedLedger(host, undefined);
  }

  async start(): Promise<void> {
    this.#shared ??= embeddedLedger(this.#host, this.#storage);
    this.#figures.start();
    const { common, clock } = this.#host;
    this.#reader = ledgerReader(this.#shared.ledger, this.#terms.budgets, () => clock.now());
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
    const ledger = this.#shared?.ledger;
    if (ledger === undefined) throw new Refused("unavailable", "the ledger is not open yet");
    const outcome: (Charge | undefined)[] = [];
    charges.set(batch.notes, outcome);
    batch.pending.push(this.#charge(ledger, { calls: found, costs: costs.get(batch.notes) ?? [] }, outcome));
    safeguards.set(batch.notes, [...(safeguards.get(batch.notes) ?? []), () => ledger.durable()]);
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
