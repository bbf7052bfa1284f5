// Calls with the prices of the scenarios, and every store that the ledger suites run over.
import { Redis } from "ioredis";
import { inject } from "vitest";
import { MemoryStorage } from "../../src/core/memory-storage.ts";
import type { Call } from "../../src/genai/call.ts";
import { type Budget, type BudgetPlan, counterOf, openBudget, parseLimit } from "../../src/ledger/budget.ts";
import { type ChargingReport, type ChargingTerms, chargeCalls } from "../../src/ledger/charging.ts";
import { EmbeddedLedger } from "../../src/ledger/embedded/embedded-ledger.ts";
import type { CounterState, Ledger } from "../../src/ledger/ledger.ts";
import { RedisLedger } from "../../src/ledger/redis/redis-ledger.ts";
import type { Connection } from "../../src/ledger/redis/scripts.ts";
import type { Cost } from "../../src/pricing/cost.ts";

let serial = 0;

export interface Store {
  readonly name: string;
  open(): Promise<Ledger>;
}

export const stores: readonly Store[] = [
  {
    name: "embedded, in memory",
    open: async () => new EmbeddedLedger({ storage: new MemoryStorage(256 * 1024 * 1024) }),
  },
  { name: "redis", open: async () => redisLedger(sharedConnection()) },
];

/** A ledger of its own in a Redis: nobody else has its prefix. */
export function redisLedger(connection: Connection, keyPrefix = freshPrefix()): RedisLedger {
  return new RedisLedger({ connection, keyPrefix, process: `p${serial++}` });
}

export function freshPrefix(): string {
  return `test-${process.pid}-${Date.now().toString(36)}-${serial++}`;
}

let shared: Redis | undefined;

function sharedConnection(): Redis {
  shared ??= new Redis(inject("redisUrl"), { disableClientInfo: true });
  return shared;
}

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

export function priced(nanoUsd: bigint): Cost {
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

/** A ledger with its terms and a clock that the test moves. */
export class Bench {
  nowMs = Date.parse("2025-11-20T15:00:10Z");
  readonly ledger: Ledger;
  readonly terms: ChargingTerms;

  constructor(ledger: Ledger, terms: Partial<ChargingTerms> = {}) {
    this.ledger = ledger;
    this.terms = {
      budgets: [budget()],
      acceptLateMs: 48 * 3_600_000,
      acceptFutureMs: 5 * 60_000,
      identityWindowMs: 3_600_000,
      tenantsMax: 10_000,
      tenants: new Set(),
      ...terms,
    };
  }

  async charge(...spans: readonly ReturnType<typeof span>[]): Promise<ChargingReport> {
    const calls = spans.map(({ call }) => call);
    return chargeCalls(this.ledger, this.terms, { calls, costs: spans.map(({ cost }) => cost) }, this.nowMs);
  }

  async results(...spans: readonly ReturnType<typeof span>[]): Promise<(string | undefined)[]> {
    return (await this.charge(...spans)).charges.map((charge) => charge?.result);
  }

  /** The counter of the first budget in the window of `atMs`. */
  async counter(tenant = "acme", atMs = this.nowMs): Promise<CounterState> {
    const [first] = this.terms.budgets;
    const { states } = await this.ledger.read(tenant, [counterOf(first!, first!.windowAt(atMs), 0).key], this.nowMs);
    return states[0]!;
  }

  async spent(tenant = "acme", atMs = this.nowMs): Promise<bigint> {
    return (await this.counter(tenant, atMs)).nanoUsd;
  }
}
