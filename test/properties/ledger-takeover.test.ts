// A claim and the cancels that follow from it are two steps, and hours may lie between them. A call is charged to one of
// its spans at most, whoever stops between the two, whenever it goes on, and whoever speaks of the call meanwhile.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { priced, span } from "../support/calls.ts";
import { Bench, type Store, stores } from "./ledger-support.ts";

const minuteMs = 60_000;
const originMs = Date.parse("2025-11-20T15:00:10Z");
const startMs = originMs - 10_000;

describe.each(stores)("ledger $name: takeovers", (store) => {
  test("whoever is outranked stays known until the one above has taken it back", async () => {
    const world = await openWorld(store);
    await world.charge(appSpan, 0);
    await world.stopAfterClaim(proxySpan, 59);
    // The window of the first is over; this one changes what is kept of the call.
    await world.charge(serverSpan, 61);
    await world.charge(proxySpan, 70);
    expect(await world.spent()).toEqual({ app: 0n, proxy: 2n, server: 0n });
  });

  test("whoever stands above all of a call pays alone, though the window of the first is over", async () => {
    const world = await openWorld(store);
    await world.charge(appSpan, 0);
    await world.charge(serverSpan, 59);
    await world.charge(proxySpan, 90);
    expect(await world.spent()).toEqual({ app: 0n, proxy: 2n, server: 0n });
  });

  test("a call whose windows are all over is settled, for spans that reach into another one, too", async () => {
    const world = await openWorld(store);
    const another = { ...serverSpan, startMs: startMs + 20_000, endMs: startMs + 22_000 };
    await world.charge(appSpan, 0);
    await world.charge(another, 50);
    await world.charge({ ...proxySpan, endMs: startMs + 22_000 }, 70);
    expect(await world.spent()).toEqual({ app: 1n, proxy: 0n, server: 4n });
  });

  test("whoever outlasts what is known of a call is known as long as it", async () => {
    const world = await openWorld(store);
    const secondsLater = (seconds: number) => ({ startMs: startMs + seconds * 1000, endMs: startMs + seconds * 1000 });
    await world.charge(serverSpan, 0);
    await world.charge({ ...appSpan, endMs: startMs + 20_000 }, 1);
    await world.charge({ ...proxySpan, ...secondsLater(15) }, 70);
    expect(await world.spent()).toEqual({ app: 1n, proxy: 0n, server: 0n });
  });

  test("a call has at most one payer, and exactly one where nobody stops", async () => {
    await fc.assert(
      fc.asyncProperty(schedules, async ({ steps, stops }) => {
        const world = await openWorld(store);
        let minute = 0;
        for (const [at, { pause, who, resumes }] of steps.entries()) {
          minute += pause;
          const claimedAt = resumes === undefined ? minute : minute - Math.min(resumes, minute);
          if (stops.includes(at)) await world.stopAfterClaim(spans[who] ?? appSpan, claimedAt);
          else await world.charge(spans[who] ?? appSpan, claimedAt);
        }
        const payers = await world.payers();
        expect(payers).toBeLessThanOrEqual(1);
        if (stops.length === 0) expect(payers).toBe(1);
      }),
      { numRuns: 400 },
    );
  });

  test("no two that overlap pay both, though others reach from one to the other", async () => {
    await fc.assert(
      fc.asyncProperty(chains, async ({ chain, steps }) => {
        const world = await openWorld(store);
        const given = chain.map(chained);
        let minute = 0;
        for (const { pause, who, stops } of steps) {
          minute += pause;
          const one = given[who] ?? appSpan;
          await (stops ? world.stopAfterClaim(one, minute) : world.charge(one, minute));
        }
        const paying: Given[] = [];
        for (const one of given) if (0n < (await world.spentBy(one.tenant))) paying.push(one);
        const pairs = paying.flatMap((one) => paying.filter((two) => two !== one && overlap(one, two)));
        expect(pairs).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

/** Minutes between steps; `resumes`: what a journal charges as of so many minutes ago. `stops`: steps that only claim. */
const schedules = fc.record({
  steps: fc.array(
    fc.record({
      pause: fc.nat(70),
      who: fc.nat(4),
      resumes: fc.option(fc.nat(50), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 10 },
  ),
  stops: fc.uniqueArray(fc.nat(9), { maxLength: 3 }),
});

/** Five spans of one id, some of which overlap, in seconds. */
const chains = fc.record({
  chain: fc.array(fc.record({ start: fc.nat(30), length: fc.nat(20), rank: fc.nat(5) }), {
    minLength: 5,
    maxLength: 5,
  }),
  steps: fc.array(fc.record({ pause: fc.nat(70), who: fc.nat(4), stops: fc.constantFrom(false, false, false, true) }), {
    minLength: 1,
    maxLength: 10,
  }),
});

/** Around the full hour. */
function chained({ start, length, rank }: { start: number; length: number; rank: number }, at: number): Given {
  const beganMs = originMs - 30_000 + start * 1000;
  const times = { startMs: beganMs, endMs: beganMs + length * 1000 };
  return { ...serverSpan, ...times, rank, tenant: `t${at}`, scope: `s${at}`, spanId: String(at).repeat(16) };
}

function overlap(one: Given, two: Given): boolean {
  return one.startMs <= two.endMs + 5000 && two.startMs <= one.endMs + 5000;
}

type Given = Parameters<typeof span>[0] & { readonly tenant: string; readonly startMs: number; readonly endMs: number };

/** One call, as five see it. */
const seen = { responseIds: ["resp-1"], startMs, endMs: startMs + 2000, input: 100, output: 10 };
const appSpan: Given = { ...seen, tenant: "app", rank: 2, spanId: "a".repeat(16), scope: "app", cost: priced(1n) };
const proxySpan: Given = {
  ...seen,
  tenant: "proxy",
  rank: 6,
  spanId: "b".repeat(16),
  scope: "proxy",
  cost: priced(2n),
};
const serverSpan: Given = {
  ...seen,
  tenant: "server",
  rank: 1,
  spanId: "c".repeat(16),
  scope: "vllm",
  cost: priced(4n),
};
const sdkSpan: Given = { ...seen, tenant: "app", rank: 3, spanId: "d".repeat(16), scope: "sdk", cost: priced(8n) };
const meshSpan: Given = {
  ...seen,
  tenant: "server",
  rank: 4,
  spanId: "e".repeat(16),
  scope: "mesh",
  cost: priced(16n),
};
const spans = [appSpan, proxySpan, serverSpan, sdkSpan, meshSpan];

async function openWorld(store: Store) {
  const ledger = await store.open();
  const tenants = ["app", "proxy", "server"] as const;
  const at = async (bench: Bench, given: Given, minute: number) => {
    bench.nowMs = originMs + minute * minuteMs;
    await bench.charge(span({ traceId: "1".repeat(32), ...given }));
  };
  return {
    charge: (given: Given, minute: number) => at(new Bench(ledger), given, minute),
    async stopAfterClaim(given: Given, minute: number) {
      await expect(at(new Bench(stoppingAfterClaim(ledger)), given, minute)).rejects.toThrow(Stopped);
    },
    async spent() {
      const sums = await Promise.all(tenants.map((tenant) => new Bench(ledger).spent(tenant)));
      return { app: sums[0], proxy: sums[1], server: sums[2] };
    },
    spentBy: (tenant: string) => new Bench(ledger).spent(tenant),
    async payers() {
      const states = await Promise.all(tenants.map((tenant) => new Bench(ledger).counter(tenant)));
      return states.reduce((sum, { requests }) => sum + requests, 0);
    },
  };
}

class Stopped extends Error {}

/** The process ends between the first step and the second. */
function stoppingAfterClaim(ledger: Ledger): Ledger {
  const stop = () => Promise.reject(new Stopped());
  return {
    claim: async (claims, terms) => {
      await ledger.claim(claims, terms);
      throw new Stopped();
    },
    cancel: stop,
    charge: stop,
    hold: (request) => ledger.hold(request),
    read: (tenant, counters, nowMs) => ledger.read(tenant, counters, nowMs),
    admit: (names, room) => ledger.admit(names, room),
    tenants: (after, limit) => ledger.tenants(after, limit),
  };
}
