// Writes that a Redis forgot, in any of its slots apart from the others: whatever was lost, and whoever was cut off
// meanwhile, what it remembers is not charged again, and what it forgot is.
import fc from "fast-check";
import { Redis } from "ioredis";
import { expect, inject, onTestFinished, test } from "vitest";
import type { Storage } from "../../src/core/storage.ts";
import { counterOf } from "../../src/ledger/budget.ts";
import { RedisLedger } from "../../src/ledger/redis/redis-ledger.ts";
import { freshPrefix } from "../properties/ledger-support.ts";
import { priced, span } from "../support/calls.ts";
import { chargingTerms, Sidecar } from "./sidecar.ts";

interface Told {
  readonly call: number;
  readonly rank: number;
  readonly tenant: string;
  readonly nanoUsd: number;
}

type Step =
  | { readonly kind: "take"; readonly process: number; readonly spans: readonly Told[]; readonly laterMs: number }
  | { readonly kind: "remember" }
  /** Of the slots whose number has a bit here. */
  | { readonly kind: "forget"; readonly slots: number; readonly noticed: number; readonly settled: boolean }
  | { readonly kind: "cut"; readonly process: number; readonly kept: "written" | "committed" };

const tenants = ["a", "b", "c", "@unknown"];
/** Near the end of an hour: claims and what is known of them stand in hours. */
const originMs = Date.parse("2025-11-20T14:55:00Z");

const told: fc.Arbitrary<Told> = fc.record({
  call: fc.nat(4),
  rank: fc.integer({ min: 1, max: 3 }),
  tenant: fc.constantFrom("a", "b", "c"),
  nanoUsd: fc.integer({ min: 1, max: 1000 }),
});

/** Spans of some calls; some are told again under a tenant that is known less well. */
const tellings = fc
  .uniqueArray(told, { minLength: 1, maxLength: 10, selector: ({ call, rank }) => `${call} ${rank}` })
  .chain((spans) =>
    fc
      .array(fc.record({ at: fc.nat(spans.length - 1), lost: fc.boolean() }), { maxLength: 8 })
      .map((again) => [
        ...spans,
        ...again.map(({ at, lost }) => (lost ? { ...spans[at]!, tenant: "@unknown" } : spans[at]!)),
      ]),
  );

const world = tellings.chain((all) =>
  fc
    .tuple(
      fc.shuffledSubarray(all, { minLength: all.length }),
      fc.array(fc.record({ process: fc.nat(2), size: fc.integer({ min: 1, max: 4 }), laterMs: fc.nat(240_000) }), {
        minLength: all.length,
        maxLength: all.length,
      }),
      fc.array(
        fc.record({
          at: fc.nat(12),
          step: fc.oneof(
            fc.constant<Step>({ kind: "remember" }),
            fc.record({
              kind: fc.constant("forget" as const),
              slots: fc.nat(0xffff),
              noticed: fc.nat(7),
              settled: fc.boolean(),
            }),
            fc.record({
              kind: fc.constant("cut" as const),
              process: fc.nat(2),
              kept: fc.constantFrom("written" as const, "committed" as const),
            }),
          ),
        }),
        { maxLength: 8 },
      ),
    )
    .map(([order, cuts, between]) => {
      const rest = [...order];
      const steps: Step[] = cuts.map(({ process, size, laterMs }) => ({
        kind: "take",
        process,
        laterMs,
        spans: rest.splice(0, size),
      }));
      for (const { at, step } of between) steps.splice(Math.min(at, steps.length), 0, step);
      return { all, steps };
    }),
);

test("is a function of the set of spans", async () => {
  const redis = new Redis(inject("redisUrl"), { disableClientInfo: true });
  onTestFinished(() => redis.disconnect());
  await fc.assert(
    fc.asyncProperty(world, async ({ all, steps }) => {
      const keyPrefix = freshPrefix();
      let nowMs = originMs;
      const open = (storage?: Storage) =>
        new Sidecar({ connection: redis, keyPrefix, now: () => nowMs, ...(storage ? { storage } : {}) });
      const sidecars = [open(), open(), open()];
      const memory = new SlotMemory(redis, keyPrefix);
      const settle = () => Promise.all(sidecars.map((sidecar) => sidecar.drained()));
      for (const step of steps) {
        if (step.kind === "take") {
          nowMs += step.laterMs;
          await sidecars[step.process]?.take(...step.spans.map(spanOf));
          if (nowMs % 3 === 0) await settle();
        } else if (step.kind === "remember") {
          await settle();
          await memory.remember();
        } else if (step.kind === "forget") {
          if (step.settled) await settle();
          await memory.forget(step.slots);
          // Who does not look at once finds out later, or starts anew before.
          for (const [at, sidecar] of sidecars.entries())
            if ((step.noticed >> at) & 1) await sidecar.ledger.recall(true);
        } else {
          const left = sidecars[step.process]?.cut(step.kept);
          sidecars[step.process] = open(left);
        }
      }
      await settle();
      for (const sidecar of sidecars) await sidecar.ledger.recall(true);
      await settle();
      const spent = new Map<string, bigint>();
      for (const tenant of tenants) spent.set(tenant, await spentBy(redis, keyPrefix, tenant));
      for (const sidecar of sidecars) {
        expect(sidecar.files).toEqual([]);
        sidecar.cut("written");
      }
      expect(spent).toEqual(expected(all));
    }),
    { numRuns: Number(process.env["LOST_WRITES_RUNS"] ?? 150) },
  );
}, 600_000);

/** What all keys of a slot were at one time. Redis loses what came last, in each of its nodes by itself. */
class SlotMemory {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #slots = new Map<string, Map<string, Buffer>>();

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  async remember(): Promise<void> {
    this.#slots.clear();
    for (const [slot, keys] of await this.#keysBySlot()) {
      const dumps = await Promise.all(keys.map((key) => this.#redis.dumpBuffer(key)));
      this.#slots.set(slot, new Map(keys.map((key, at) => [key, dumps[at]!])));
    }
  }

  /** All at once, whatever is written meanwhile. */
  async forget(slots: number): Promise<void> {
    const args: (string | Buffer)[] = [this.#prefix];
    const all = new Set([...this.#slots.keys(), ...(await this.#keysBySlot()).keys()]);
    const forgotten = [...all].filter((slot) => ((slots >> (hashOf(slot) % 16)) & 1) === 1);
    args.push(String(forgotten.length), ...forgotten);
    for (const slot of forgotten) for (const [key, dump] of this.#slots.get(slot) ?? []) args.push(key, dump);
    await this.#redis.eval(putBack, 0, ...args);
  }

  async #keysBySlot(): Promise<Map<string, string[]>> {
    const slots = new Map<string, string[]>();
    for (const key of await this.#redis.keys(`${this.#prefix}:*`)) {
      const slot = /\{(.*?)\}/.exec(key)?.[1] ?? "";
      slots.set(slot, [...(slots.get(slot) ?? []), key]);
    }
    return slots;
  }
}

/** ARGV: prefix, how many slots, their tags, then keys and what they were. */
const putBack = `
local first = 3 + tonumber(ARGV[2])
for at = 3, first - 1 do
  for _, key in ipairs(redis.call('KEYS', ARGV[1] .. ':1:*')) do
    if string.find(key, '{' .. ARGV[at] .. '}', 1, true) then redis.call('DEL', key) end
  end
end
for at = first, #ARGV, 2 do redis.call('RESTORE', ARGV[at], 3600000, ARGV[at + 1]) end`;

function hashOf(text: string): number {
  return [...text].reduce((hash, character) => (hash * 31 + character.charCodeAt(0)) % 65_521, 7);
}

function spanOf({ call, rank, tenant, nanoUsd }: Told): ReturnType<typeof span> {
  return span({
    traceId: "0".repeat(32),
    spanId: `${call}-${rank}`,
    // The same span, told with less.
    rank: tenant === "@unknown" ? rank * 2 - 1 : rank * 2,
    tenant,
    endMs: originMs - 60_000 - call,
    responseIds: [`call-${call}`],
    cost: priced(BigInt(nanoUsd)),
  });
}

function expected(all: readonly Told[]): Map<string, bigint> {
  const spent = new Map(tenants.map((tenant) => [tenant, 0n]));
  const height = ({ rank, tenant }: Told) => rank * 2 - (tenant === "@unknown" ? 1 : 0);
  for (const one of new Map(all.map((telling) => [`${telling.call} ${height(telling)}`, telling])).values()) {
    if (all.some((other) => other.call === one.call && height(one) < height(other))) continue;
    spent.set(one.tenant, (spent.get(one.tenant) ?? 0n) + BigInt(one.nanoUsd));
  }
  return spent;
}

async function spentBy(redis: Redis, keyPrefix: string, tenant: string): Promise<bigint> {
  const [budget] = chargingTerms.budgets;
  const ledger = new RedisLedger({ connection: redis, keyPrefix, process: "reader" });
  const { states } = await ledger.read(tenant, [counterOf(budget!, budget!.windowAt(originMs), 0).key], originMs);
  return states[0]!.nanoUsd;
}
