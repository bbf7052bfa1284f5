// Budgets: what is counted over which window, and how much of it there may be.
import { revisionOf } from "./identity.ts";
import { type CounterRef, type CounterState, counterMax } from "./ledger.ts";
import { type Calendar, type Window, windowsOf } from "./windows.ts";

export type Unit = "nano_usd" | "tokens" | "requests";

export interface Limit {
  readonly unit: Unit;
  readonly amount: bigint;
}

export interface BudgetPlan {
  /** Letters, digits, `_`, `.` and `-`; at most 64. */
  readonly name: string;
  readonly window: Calendar;
  readonly timezone: string;
  /** Without a limit a budget only counts. */
  readonly limit: Limit | undefined;
  /** Limits of single tenants, in place of `limit`. */
  readonly limits: ReadonlyMap<string, Limit>;
}

export interface Budget extends BudgetPlan {
  windowAt(atMs: number): Window;
  /** Name of the counter of one window. Another calendar or zone is another counter; another limit is not. */
  counterKey(window: Window): string;
}

/** Where a tenant stands with a budget. */
export interface BudgetLeft {
  readonly budget: string;
  readonly tenant: string;
  readonly window: Window;
  readonly state: CounterState;
  readonly limit: Limit | undefined;
  /** In the unit of the limit, never below 0; undefined without a limit. */
  readonly remaining: bigint | undefined;
}

export function openBudget(plan: BudgetPlan): Budget {
  const prefix = `${plan.name}.${revisionOf(`${plan.window} ${plan.timezone}`)}:t:`;
  // Spans of a batch mostly share one window, and so one text.
  const keys = new WeakMap<Window, string>();
  return {
    ...plan,
    windowAt: windowsOf(plan.window, plan.timezone),
    counterKey(window) {
      const key = keys.get(window) ?? prefix + window.id;
      keys.set(window, key);
      return key;
    },
  };
}

/** `20 USD`, `0.5 USD`, `200000 tokens` or `100 requests`; undefined when it is none. */
export function parseLimit(given: unknown): Limit | undefined {
  if (typeof given !== "string") return undefined;
  const [, whole = "", fraction = "", unit = ""] =
    /^(\d{1,19})(?:\.(\d{1,9}))? (USD|tokens|requests)$/.exec(given) ?? [];
  if (unit === "" || (unit !== "USD" && fraction !== "")) return undefined;
  const amount = unit === "USD" ? BigInt(whole + fraction.padEnd(9, "0")) : BigInt(whole);
  if (counterMax < amount) return undefined;
  return { unit: unit === "USD" ? "nano_usd" : unit === "tokens" ? "tokens" : "requests", amount };
}

/** The counter of one window, kept for spans that come late (`lateMs`) and for whoever asks about closed windows. */
export function counterOf(budget: Budget, window: Window, lateMs: number): CounterRef {
  const keptMs = Math.max(lateMs + dayMs, (keptDays[budget.window] ?? keptDaysOfOthers) * dayMs);
  return { key: budget.counterKey(window), expiresAtMs: window.endMs + keptMs };
}

/** After how long without spend a tenant has none in any current window. */
export function idleMsOf(budgets: readonly Budget[]): number {
  return Math.max(...budgets.map(({ window }) => longestDays[window] * dayMs), dayMs);
}

export function leftOf(budget: Budget, tenant: string, window: Window, state: CounterState): BudgetLeft {
  const limit = budget.limits.get(tenant) ?? budget.limit;
  return { budget: budget.name, tenant, window, state, limit, remaining: limit && remainingOf(limit, state) };
}

/** The one of which the largest part is used; the first of those without a limit when none has one. */
export function tightestOf(lefts: readonly BudgetLeft[]): BudgetLeft | undefined {
  return lefts.reduce<BudgetLeft | undefined>((tightest, left) => {
    if (tightest === undefined || tightest.limit === undefined) return left.limit ? left : (tightest ?? left);
    return left.limit && isTighter(left, tightest) ? left : tightest;
  }, undefined);
}

const dayMs = 86_400_000;
/** Short windows are many; closed ones of a day and longer are kept 400 days. */
const keptDays: Partial<Record<Calendar, number>> = { minute: 3, hour: 35 };
const keptDaysOfOthers = 400;
/** With a day for changes of offset. */
const longestDays: Readonly<Record<Calendar, number>> = {
  minute: 1,
  hour: 1,
  day: 2,
  week: 8,
  month: 32,
  year: 367,
  lifetime: Number.POSITIVE_INFINITY,
};

function remainingOf(limit: Limit, state: CounterState): bigint {
  const remaining = limit.amount - usedOf(limit.unit, state);
  return remaining < 0n ? 0n : remaining;
}

/** What counts against a limit of this unit; what is held counts as spent. */
function usedOf(unit: Unit, state: CounterState): bigint {
  if (unit === "nano_usd") return state.nanoUsd + state.heldNanoUsd;
  return BigInt(unit === "tokens" ? state.inputTokens + state.outputTokens : state.requests);
}

/** Compares used / amount without dividing: a limit of 0 is the tightest of all. */
function isTighter(one: BudgetLeft, two: BudgetLeft): boolean {
  if (one.limit === undefined || two.limit === undefined) return false;
  const [a, b] = [usedOf(one.limit.unit, one.state), usedOf(two.limit.unit, two.state)];
  return b * one.limit.amount < a * two.limit.amount || (one.limit.amount === 0n && two.limit.amount !== 0n);
}
