// What the program reports about money: charges by result, amounts, and where budgets stand.
import type { Host } from "../../core/host.ts";
import type { BudgetLeft } from "../../ledger/budget.ts";
import { leftOf } from "../../ledger/budget.ts";
import type { ChargingReport, ChargingTerms } from "../../ledger/charging.ts";
import type { SetAside } from "../../ledger/journal/aside-file.ts";
import { type Posting, zeroState } from "../../ledger/ledger.ts";

export class Figures {
  readonly #host: Host;
  readonly #terms: ChargingTerms;
  /** The newest window of every tenant and budget that this process charged. */
  readonly #standings = new Map<string, BudgetLeft>();
  readonly #standingsMax: number;
  #unwatch = () => {};
  /** Since it was last told. */
  #uncharged: Uncharged = { ...noneUncharged };
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(host: Host, terms: ChargingTerms) {
    this.#host = host;
    this.#terms = terms;
    // Admitted tenants, those that the configuration names, and `@other`.
    this.#standingsMax = (terms.tenantsMax + terms.tenants.size + 1) * terms.budgets.length;
  }

  start(): void {
    this.#unwatch = this.#host.meter.watch(() => this.#tellStandings());
  }

  stop(): void {
    this.#unwatch();
  }

  /** What a ledger had before and is asked again was counted then. */
  countRepeat({ charges, lefts }: ChargingReport): void {
    for (const [result, calls] of resultsOf(charges))
      this.#host.meter.add("spantoll_journal_repeated_calls_total", calls, { result });
    for (const left of lefts) this.#keep(left);
  }

  count({ charges, charged, reversed, lefts }: ChargingReport): void {
    const { meter } = this.#host;
    for (const [result, calls] of resultsOf(charges)) {
      meter.add("spantoll_charges_total", calls, { result });
      if (result === "late" || result === "future" || result === "refused") this.#uncharged[result] += calls;
    }
    this.#tellUncharged();
    this.#countUsd("spantoll_charged_usd_total", charged);
    this.#countUsd("spantoll_reversed_usd_total", reversed);
    for (const left of lefts) this.#keep(left);
  }

  /** What calls come to that end outside of what is accepted; told with the next report. */
  addUncharged(calls: readonly SetAside[]): void {
    for (const { claims } of calls) {
      const amounts = claims[0]?.posting.amounts;
      this.#uncharged.nanoUsd += amounts?.nanoUsd ?? 0n;
      this.#uncharged.inputTokens += amounts?.inputTokens ?? 0;
      this.#uncharged.outputTokens += amounts?.outputTokens ?? 0;
    }
  }

  /** At most once a minute. Their spans go on to the backends, with what they used and cost. */
  #tellUncharged(): void {
    const { late, future, refused, nanoUsd, inputTokens, outputTokens } = this.#uncharged;
    const nowMs = this.#host.clock.monotonic();
    if (late + future + refused === 0 || nowMs < this.#toldMs + tellEveryMs) return;
    this.#toldMs = nowMs;
    this.#uncharged = { ...noneUncharged };
    this.#host.log.warn(
      "calls were not charged: they ended longer ago than accept.late, further ahead than accept.future, or have impossible figures",
      { late, future, refused, nano_usd: String(nanoUsd), input_tokens: inputTokens, output_tokens: outputTokens },
    );
  }

  #countUsd(name: "spantoll_charged_usd_total" | "spantoll_reversed_usd_total", postings: readonly Posting[]): void {
    for (const { tenant, provider, model, amounts } of postings)
      this.#host.meter.add(name, usdOf(amounts.nanoUsd), { tenant, provider, model });
  }

  #keep(left: BudgetLeft): void {
    const key = `${left.budget} ${left.tenant}`;
    const known = this.#standings.get(key);
    if (known !== undefined && left.window.startMs < known.window.startMs) return;
    if (known === undefined && this.#standingsMax <= this.#standings.size) return;
    this.#standings.set(key, left);
  }

  #tellStandings(): void {
    const { meter, clock } = this.#host;
    for (const budget of this.#terms.budgets) {
      const window = budget.windowAt(clock.now());
      for (const left of this.#standings.values()) {
        if (left.budget !== budget.name) continue;
        const { tenant } = left;
        const { state, limit, remaining } =
          left.window.startMs < window.startMs ? leftOf(budget, tenant, window, zeroState) : left;
        const labels = { tenant, budget: budget.name };
        meter.set("spantoll_budget_spent_usd", usdOf(state.nanoUsd), labels);
        if (limit?.unit !== "nano_usd" || remaining === undefined) continue;
        meter.set("spantoll_budget_limit_usd", usdOf(limit.amount), labels);
        meter.set("spantoll_budget_remaining_usd", usdOf(remaining), labels);
      }
    }
  }
}

interface Uncharged {
  late: number;
  future: number;
  refused: number;
  /** Of those that were late or in the future: the figures of others are impossible. */
  nanoUsd: bigint;
  inputTokens: number;
  outputTokens: number;
}

const noneUncharged: Uncharged = { late: 0, future: 0, refused: 0, nanoUsd: 0n, inputTokens: 0, outputTokens: 0 };
const tellEveryMs = 60_000;

function resultsOf(charges: ChargingReport["charges"]): ReadonlyMap<string, number> {
  const results = new Map<string, number>();
  for (const charge of charges) if (charge) results.set(charge.result, (results.get(charge.result) ?? 0) + 1);
  return results;
}

/** For metrics only: a double holds 15 digits of it. */
function usdOf(nanoUsd: bigint): number {
  return Number(nanoUsd) / 1e9;
}
