// Who asks the ledgers of a service: the budget API, and metrics.
import { Note } from "../core/note.ts";
import { type Budget, type BudgetLeft, leftOf } from "./budget.ts";
import type { Ledger, TenantPage } from "./ledger.ts";
import { zeroState } from "./ledger.ts";

export interface Statement {
  readonly tenant: string;
  readonly known: boolean;
  readonly budgets: readonly BudgetLeft[];
}

export interface LedgerReader {
  /** Every budget of a tenant, in the windows of the instant `atMs`. */
  statement(tenant: string, atMs: number): Promise<Statement>;
  /** Tenants with spend in the windows of `atMs`, in the order of the ledger, from behind `after` on. */
  tenants(after: string | undefined, limit: number, atMs: number): Promise<TenantPage>;
}

/** On `host.common`: the readers of all ledgers of the service, while it runs. */
export const ledgerReaders = new Note<LedgerReader[]>("ledgerReaders");

/** Reads a ledger by the budgets of one configuration. `now` is the clock: holds that are over do not count. */
export function ledgerReader(ledger: Ledger, budgets: readonly Budget[], now: () => number): LedgerReader {
  const countersAt = (atMs: number) => budgets.map((budget) => budget.counterKey(budget.windowAt(atMs)));
  return {
    async statement(tenant, atMs) {
      const { known, states } = await ledger.read(tenant, countersAt(atMs), now());
      const lefts = budgets.map((budget, at) => leftOf(budget, tenant, budget.windowAt(atMs), states[at] ?? zeroState));
      return { tenant, known, budgets: lefts };
    },
    async tenants(after, limit, atMs) {
      const counters = countersAt(atMs);
      const found: string[] = [];
      let page: TenantPage = { tenants: [], next: after };
      do {
        page = await ledger.tenants(page.next, Math.min(directoryPage, limit + 1));
        // All at once: with a server behind the ledger a page takes one round trip.
        const standings = await Promise.all(page.tenants.map((tenant) => ledger.read(tenant, counters, now())));
        for (const [at, tenant] of page.tenants.entries()) {
          if (!standings[at]?.states.some(({ requests }) => 0 < requests)) continue;
          if (found.length === limit) return { tenants: found, next: found.at(-1) };
          found.push(tenant);
        }
      } while (page.next !== undefined);
      return { tenants: found, next: undefined };
    },
  };
}

const directoryPage = 256;
