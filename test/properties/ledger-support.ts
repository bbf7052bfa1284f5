// Every store that the ledger suites run over, and a ledger with its terms and a clock.
import { Redis } from "ioredis";
import { inject } from "vitest";
import { MemoryStorage } from "../../src/core/memory-storage.ts";
import { counterOf } from "../../src/ledger/budget.ts";
import { type ChargingReport, type ChargingTerms, chargeCalls } from "../../src/ledger/charging.ts";
import { EmbeddedLedger } from "../../src/ledger/embedded/embedded-ledger.ts";
import type { CounterState, Ledger } from "../../src/ledger/ledger.ts";
import { RedisLedger } from "../../src/ledger/redis/redis-ledger.ts";
import type { Connection } from "../../src/ledger/redis/scripts.ts";
import { budget, type span } from "../support/calls.ts";

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
