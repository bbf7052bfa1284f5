// Calls that are told under other ids: nobody pays for them, whatever came before, comes after or comes again.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { span } from "../support/calls.ts";
import { Bench, stores } from "./ledger-support.ts";

const acme = { traceId: "0".repeat(31).concat("1"), spanId: "0".repeat(15).concat("1"), tenant: "acme" };

/** One span, before it was known that others tell its call and after. */
const rollup = (ids: readonly string[]) => ({ ...acme, responseIds: ids });
const barred = (ids: readonly string[]) => span({ ...rollup(ids), role: "shadow", reason: "rollup", isBarred: true });

describe.each(stores)("the ledger in $name", ({ open }) => {
  test.each<{ name: string; ids: readonly string[] }>([
    { name: "without an id", ids: [] },
    { name: "with an id", ids: ["chatcmpl-1"] },
    { name: "with two ids", ids: ["chatcmpl-1", "resp_1"] },
  ])("takes back a barred call $name, and charges no resend of it", async ({ ids }) => {
    const bench = new Bench(await open());
    await bench.charge(span(rollup(ids)));
    expect(await bench.spent()).toBe(6_000_000n);
    const report = await bench.charge(barred(ids));
    expect(report.charges).toEqual([undefined]);
    expect([await bench.spent(), report.reversed.length]).toEqual([0n, 1]);
    expect(await bench.results(span(rollup(ids)))).toEqual(["shadowed"]);
    expect(await bench.results(span({ ...rollup(ids), tenant: "other" }))).toEqual(["shadowed"]);
    expect(await bench.spent("other")).toBe(0n);
  });

  test("charges nobody under the ids of a barred call that came first", async () => {
    const bench = new Bench(await open());
    await bench.charge(barred(["chatcmpl-1"]));
    expect(await bench.results(span({ responseIds: ["chatcmpl-1"], rank: 96 }))).toEqual(["shadowed"]);
    expect((await bench.ledger.tenants(undefined, 10)).tenants).not.toContain("@other");
  });

  test("charges another call that got the same id an hour later", async () => {
    const bench = new Bench(await open());
    await bench.charge(barred(["chatcmpl-1"]));
    const endMs = bench.nowMs + 1_800_000;
    bench.nowMs = endMs;
    expect(await bench.results(span({ responseIds: ["chatcmpl-1"], endMs }))).toEqual(["charged"]);
  });

  test("ends with the children's bill in any order of a parent, its bar, its children and resends", async () => {
    const child = (at: number) =>
      span({ ...acme, spanId: `${at}`.padStart(16, "0"), responseIds: [`chatcmpl-${at}`], input: 500, output: 100 });
    const told = [span(rollup(["run-1"])), barred(["run-1"]), child(2), child(3)];
    const orders = fc.sample(fc.shuffledSubarray([...told, ...told], { minLength: 8 }), { numRuns: 20, seed: 7 });
    for (const order of orders) {
      const bench = new Bench(await open());
      for (const one of order) await bench.charge(one);
      expect(await bench.spent()).toBe(6_000_000n);
      expect((await bench.counter()).requests).toBe(2);
    }
  });
});
