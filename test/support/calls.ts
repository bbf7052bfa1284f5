// Calls with the prices of the scenarios, and budgets.
import type { Call } from "../../src/genai/call.ts";
import { type Budget, type BudgetPlan, openBudget, parseLimit } from "../../src/ledger/budget.ts";
import type { Cost, PricedCost } from "../../src/pricing/cost.ts";

let serial = 0;

/** Nano-USD per token, input and output; m3 in tenths. */
const prices: Readonly<Record<string, readonly [number, number]>> = { m1: [3000, 15000], m2: [75, 300] };

export interface Span extends Partial<Omit<Call, "subject" | "usage">> {
  readonly tenant?: string;
  readonly input?: number;
  readonly output?: number;
  /** In place of the price list. */
  readonly cost?: Cost;
}

/** Span A of the scenarios, 6,000,000 nano-USD, unless said otherwise; every one is another span. */
export function span(given: Span = {}): { call: Call; cost: Cost | undefined } {
  serial += 1;
  const { tenant = "acme", input = 1000, output = 200, cost, ...rest } = given;
  const endMs = given.endMs ?? Date.parse("2025-11-20T15:00:00Z");
  const call: Call = {
    span: 0,
    traceId: serial.toString(16).padStart(32, "0"),
    spanId: serial.toString(16).padStart(16, "0"),
    parentSpanId: "",
    startMs: endMs - 1000,
    endMs,
    service: "checkout",
    scope: "",
    dialect: "current",
    layer: "app",
    operation: "chat",
    shape: "call",
    provider: "openai",
    requestModel: "m1",
    responseModel: "m1",
    providerModel: undefined,
    responseIds: [],
    usage: { input, output },
    reportedUsd: undefined,
    gatewayCacheHit: false,
    failed: false,
    serviceTier: undefined,
    region: undefined,
    flags: [],
    role: "bill",
    reason: "leaf",
    subject: { tenant, tenantFrom: "default", team: "red", user: "u1", key: "k1" },
    rank: 1,
    ...rest,
  };
  return { call, cost: cost ?? costOf(call) };
}

export function priced(nanoUsd: bigint): PricedCost {
  return { status: "priced", nanoUsd, model: "m1", match: "exact", layer: "bundled", version: "1", flags: [] };
}

export const unpriced: Cost = { status: "unpriced", reason: "unknown_model", flags: [] };

function costOf({ responseModel, usage }: Call): Cost {
  const price = prices[responseModel ?? ""];
  if (price === undefined) return unpriced;
  return priced(BigInt(price[0] * (usage?.input ?? 0) + price[1] * (usage?.output ?? 0)));
}

export function budget(given: Partial<Omit<BudgetPlan, "limit">> & { limit?: string } = {}): Budget {
  const { limit, ...plan } = given;
  return openBudget({
    name: "monthly",
    window: "month",
    timezone: "UTC",
    limits: new Map(),
    ...plan,
    limit: limit === undefined ? undefined : parseLimit(limit),
  });
}
