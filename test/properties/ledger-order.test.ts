// The bill does not depend on order: whatever batches, repetitions, processes, crashes and lost replies, the ledger is
// a function of the set of spans. The function is written here a second time, as a property of pairs.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nameFingerprint, spanFingerprint } from "../../src/ledger/identity.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { priced, span } from "../support/calls.ts";
import { Bench, stores } from "./ledger-support.ts";

interface Told {
  readonly spanId: number;
  readonly ids: readonly string[];
  readonly rank: number;
  readonly tenant: string;
  readonly startMs: number;
  readonly lengthMs: number;
  readonly model: string | undefined;
  readonly input: number;
  readonly output: number;
  readonly nanoUsd: number;
  /** What the output costs of it. */
  readonly outputNanoUsd: number;
  readonly scope: string;
  readonly isChoice: boolean;
}

const tenants = ["a", "b", "c", "@unknown"];
const originMs = Date.parse("2025-11-20T14:59:50Z");

const told: fc.Arbitrary<Told> = fc.record({
  spanId: fc.nat(1e6),
  ids: fc.uniqueArray(fc.constantFrom("x", "y", "z"), { maxLength: 2 }),
  rank: fc.integer({ min: 1, max: 4 }).map((rank) => rank * 2),
  tenant: fc.constantFrom("a", "b", "c"),
  startMs: fc.nat(20).map((seconds) => originMs + seconds * 1000),
  lengthMs: fc.nat(6).map((seconds) => seconds * 1000),
  model: fc.constantFrom("m1", "m1-2025-01-01", "m2", undefined),
  input: fc.constantFrom(100, 200),
  output: fc.constantFrom(10, 20),
  nanoUsd: fc.integer({ min: 100_000, max: 900_000 }),
  outputNanoUsd: fc.integer({ min: 1, max: 1000 }),
  scope: fc.constantFrom("s1", "s1", "s2"),
  isChoice: fc.boolean(),
});

/** Spans, some of them told again under a tenant that is known less well. */
const tellings = fc
  .uniqueArray(told, { minLength: 1, maxLength: 8, selector: ({ spanId }) => spanId })
  .chain((spans) =>
    fc
      .array(fc.record({ at: fc.nat(spans.length - 1), lost: fc.boolean() }), { maxLength: 8 })
      .map((again) => [...spans, ...again.map(({ at, lost }) => (lost ? lostTenant(spans[at]!) : spans[at]!))]),
  );

function lostTenant(of: Told): Told {
  return { ...of, tenant: "@unknown", rank: of.rank - 1 };
}

/** `schedule`: for each of three processes, batches of tellings. `faults`: what befalls the primitives, in turn. */
const world = tellings.chain((all) =>
  fc.record({
    all: fc.constant(all),
    schedule: fc.shuffledSubarray(all, { minLength: all.length }).chain((order) =>
      fc
        .array(fc.record({ process: fc.nat(2), size: fc.integer({ min: 1, max: 5 }) }), {
          minLength: 16,
          maxLength: 16,
        })
        .map((cuts) => {
          const rest = [...order];
          return cuts.map(({ process, size }) => ({ process, batch: rest.splice(0, size) }));
        }),
    ),
    faults: fc.array(fc.constantFrom("none", "none", "before", "after", "wait"), { maxLength: 40 }),
  }),
);

describe.each(stores)("ledger $name", (store) => {
  test("is a function of the set of spans", async () => {
    await fc.assert(
      fc.asyncProperty(world, async ({ all, schedule, faults }) => {
        const ledger = await store.open();
        const benches = [0, 1, 2].map(() => new Bench(faulty(ledger, faults)));
        await Promise.all(
          benches.map(async (bench, process) => {
            for (const step of schedule) if (step.process === process) await untilCharged(bench, step.batch);
          }),
        );
        const spent = new Map<string, bigint>();
        for (const tenant of tenants) spent.set(tenant, await new Bench(ledger).spent(tenant));
        expect(spent).toEqual(expected(all));
      }),
      { numRuns: 800 },
    );
  });

  test("counts every unit as it counts money", async () => {
    await fc.assert(
      fc.asyncProperty(tellings, async (all) => {
        const bench = new Bench(await store.open());
        for (const one of all) await bench.charge(spanOf(one));
        const sums = { input: 0, output: 0, requests: 0 };
        for (const tenant of tenants) {
          const state = await bench.counter(tenant);
          sums.input += state.inputTokens;
          sums.output += state.outputTokens;
          sums.requests += state.requests;
        }
        const { whole, outputs } = payers(all);
        expect(sums).toEqual({
          input: whole.reduce((sum, { input }) => sum + input, 0),
          output: [...whole, ...outputs].reduce((sum, { output }) => sum + output, 0),
          requests: whole.length,
        });
      }),
      { numRuns: 300 },
    );
  });
});

/** What is journalled is charged until it is charged. */
async function untilCharged(bench: Bench, batch: readonly Told[]): Promise<void> {
  for (;;) {
    try {
      await bench.charge(...batch.map(spanOf));
      return;
    } catch (error) {
      if (!(error instanceof Lost)) throw error;
    }
  }
}

class Lost extends Error {}

/** Calls that never arrive, replies that get lost, and others that come between. */
function faulty(ledger: Ledger, faults: string[]): Ledger {
  const pending = [...faults];
  const through = async <T>(call: () => Promise<T>): Promise<T> => {
    const fault = pending.shift() ?? "none";
    if (fault === "before") throw new Lost();
    for (let turns = fault === "wait" ? 7 : 0; 0 < turns; turns--) await Promise.resolve();
    const result = await call();
    if (fault === "after") throw new Lost();
    return result;
  };
  return {
    claim: (claims, terms) => through(() => ledger.claim(claims, terms)),
    cancel: (postings, terms) => through(() => ledger.cancel(postings, terms)),
    charge: (postings, terms) => through(() => ledger.charge(postings, terms)),
    hold: (request) => through(() => ledger.hold(request)),
    read: (tenant, counters, nowMs) => ledger.read(tenant, counters, nowMs),
    admit: (names, room) => ledger.admit(names, room),
    tenants: (after, limit) => ledger.tenants(after, limit),
  };
}

function spanOf(one: Told): ReturnType<typeof span> {
  return span({
    traceId: "0".repeat(32),
    spanId: String(one.spanId),
    tenant: one.tenant,
    rank: one.rank,
    startMs: one.startMs,
    endMs: one.startMs + one.lengthMs,
    responseIds: one.ids,
    requestModel: undefined,
    responseModel: one.model,
    input: one.input,
    output: one.output,
    scope: one.scope,
    isChoice: one.isChoice,
    cost: { ...priced(BigInt(one.nanoUsd)), outputNanoUsd: BigInt(one.outputNanoUsd) },
  });
}

function expected(all: readonly Told[]): Map<string, bigint> {
  const spent = new Map(tenants.map((tenant) => [tenant, 0n]));
  const add = (tenant: string, nanoUsd: number) => spent.set(tenant, (spent.get(tenant) ?? 0n) + BigInt(nanoUsd));
  const { whole, outputs } = payers(all);
  for (const { tenant, nanoUsd } of whole) add(tenant, nanoUsd);
  for (const { tenant, outputNanoUsd } of outputs) add(tenant, outputNanoUsd);
  return spent;
}

/** Who pays all of it, because nobody of the call stands above, and who its output, because only other choices do. */
function payers(all: readonly Told[]): { readonly whole: readonly Told[]; readonly outputs: readonly Told[] } {
  const distinct = [...new Map(all.map((one) => [`${one.spanId} ${one.tenant}`, one])).values()];
  const whole: Told[] = [];
  const outputs: Told[] = [];
  for (const one of distinct) {
    const above = distinct.filter((two) => two !== one && outranks(two, one)).map((two) => relation(one, two));
    if (above.includes("same")) continue;
    (above.includes("choices") ? outputs : whole).push(one);
  }
  return { whole, outputs };
}

function relation(one: Told, two: Told): "same" | "choices" | "apart" {
  if (one.spanId === two.spanId) return "same";
  if (!one.ids.some((id) => two.ids.includes(id))) return "apart";
  const gapMs = Math.max(one.startMs, two.startMs) - Math.min(one.startMs + one.lengthMs, two.startMs + two.lengthMs);
  const models = new Set([one.model, two.model].filter(Boolean).map((model) => model?.slice(0, 2)));
  if (5000 < gapMs || one.input !== two.input) return "apart";
  // Two models: a proxy's client may know the second by an alias, where it counts the same input.
  if (1 < models.size) return one.scope !== two.scope ? "same" : "apart";
  if (one.scope !== two.scope) return "same";
  return one.output !== two.output || (one.isChoice && two.isChoice) ? "choices" : "same";
}

function outranks(one: Told, two: Told): boolean {
  if (one.rank !== two.rank) return two.rank < one.rank;
  const [a, b] = [one, two].map(({ spanId }) => spanFingerprint("0".repeat(32), String(spanId)));
  return a === b ? nameFingerprint(two.tenant) < nameFingerprint(one.tenant) : a! < b!;
}
