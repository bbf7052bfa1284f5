// What a batch would be charged, without charging it: for `explain`, which rehearses a pipeline.
import { Note } from "../core/note.ts";
import type { Call } from "../genai/call.ts";
import type { Cost } from "../pricing/cost.ts";
import type { Budget } from "./budget.ts";
import { endOf } from "./claims-of-call.ts";
import type { Window } from "./windows.ts";

export interface PlannedCharge {
  readonly budget: string;
  readonly tenant: string;
  readonly window: Window;
  /** 0 for a call without a price, which is counted all the same. */
  readonly nanoUsd: bigint;
}

/** Left by `gen_ai_budget` in place of charges: parallel to the `calls` note, empty where the call is not billed. */
export const chargePlans = new Note<readonly (readonly PlannedCharge[])[]>("charge plans");

/** One charge for each budget; whether the call came in time for it is not asked. */
export function planCharges(
  budgets: readonly Budget[],
  calls: readonly Call[],
  costs: readonly (Cost | undefined)[],
): readonly (readonly PlannedCharge[])[] {
  return calls.map((call, at) => {
    const { role, subject } = call;
    if (role !== "bill") return [];
    const cost = costs[at];
    const nanoUsd = cost === undefined || cost.status === "unpriced" ? 0n : cost.nanoUsd;
    return budgets.map(({ name, windowAt }) => ({
      budget: name,
      tenant: subject.tenant,
      window: windowAt(endOf(call)),
      nanoUsd,
    }));
  });
}
