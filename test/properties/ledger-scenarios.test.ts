// The scenarios of charging, identity and windows with their figures; every store gives the same.
import { describe, expect, test } from "vitest";
import { callFingerprint } from "../../src/ledger/identity.ts";
import { ledgerReader } from "../../src/ledger/ledger-reader.ts";
import { budget, priced, type Span, span, unpriced } from "../support/calls.ts";
import { Bench, stores } from "./ledger-support.ts";

const at = (text: string) => Date.parse(text);
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

describe.each(stores)("ledger $name: arithmetic", (store) => {
  test("S01: one span fills its window, and tells what is left", async () => {
    const bench = new Bench(await store.open(), { budgets: [budget({ limit: "500 USD" })] });
    const { charges } = await bench.charge(span());
    expect(await bench.counter()).toEqual({
      nanoUsd: 6_000_000n,
      inputTokens: 1000,
      outputTokens: 200,
      requests: 1,
      unpriced: 0,
      heldNanoUsd: 0n,
    });
    expect(charges[0]).toMatchObject({ result: "charged", tenant: "acme", nanoUsd: 6_000_000n });
    expect(charges[0]?.left).toMatchObject({
      budget: "monthly",
      remaining: 499_994_000_000n,
      window: { id: "m202511" },
    });
  });

  test("S02: 10,000 spans in batches add up exactly", async () => {
    const bench = new Bench(await store.open());
    for (let done = 0; done < 10_000; done += 500) await bench.charge(...Array.from({ length: 500 }, () => span()));
    expect(await bench.counter()).toMatchObject({ nanoUsd: 60_000_000_000n, requests: 10_000 });
  });

  test("S04: nothing above 2^53 goes through a double", async () => {
    const bench = new Bench(await store.open());
    await bench.charge(span({ cost: priced(9_007_199_254_740_993n) }), span({ cost: priced(0n) }));
    await bench.charge(span({ cost: priced(1n) }));
    expect(await bench.spent()).toBe(9_007_199_254_740_994n);
  });

  test("a counter that would pass 63 bits takes nothing", async () => {
    const bench = new Bench(await store.open());
    await bench.charge(span({ cost: priced(2n ** 63n - 2n) }));
    expect(await bench.results(span({ cost: priced(2n) }), span({ cost: priced(1n) }))).toEqual(["refused", "charged"]);
    expect(await bench.spent()).toBe(2n ** 63n - 1n);
  });

  test.each([
    { name: "an unknown price", given: { cost: unpriced, input: 100, output: 50 } },
    { name: "no cost at all", given: { responseModel: "mx", input: 100, output: 50 } },
  ])("S05: $name counts tokens, requests and itself", async ({ given }) => {
    const bench = new Bench(await store.open());
    expect(await bench.results(span(given))).toEqual(["charged"]);
    expect(await bench.counter()).toMatchObject({
      nanoUsd: 0n,
      inputTokens: 100,
      outputTokens: 50,
      requests: 1,
      unpriced: 1,
    });
  });

  test.each<{ name: string; given: Span }>([
    { name: "a negative cost", given: { cost: priced(-5n) } },
    { name: "a cost beyond 63 bits", given: { cost: priced(2n ** 63n) } },
    { name: "negative tokens", given: { input: -1 } },
    { name: "tokens that are no number", given: { output: Number.NaN, cost: priced(1n) } },
    { name: "tokens beyond 2^53", given: { input: 2 ** 60 } },
    { name: "an end that is no time", given: { endMs: Number.NaN } },
  ])("S07: $name is refused and changes nothing", async ({ given }) => {
    const bench = new Bench(await store.open());
    expect(await bench.results(span(given))).toEqual(["refused"]);
    expect(await bench.counter()).toMatchObject({ nanoUsd: 0n, requests: 0 });
  });

  test("only what is billed is charged", async () => {
    const bench = new Bench(await store.open());
    const results = await bench.results(span({ role: "shadow" }), span(), span({ role: "ignore" }));
    expect(results).toEqual([undefined, "charged", undefined]);
    expect(await bench.spent()).toBe(6_000_000n);
  });
});

describe.each(stores)("ledger $name: exactly once", (store) => {
  test("S09: the same request three times is charged once", async () => {
    const bench = new Bench(await store.open());
    const request = Array.from({ length: 50 }, () => span());
    expect(new Set(await bench.results(...request))).toEqual(new Set(["charged"]));
    expect(new Set(await bench.results(...request))).toEqual(new Set(["replayed"]));
    expect(new Set(await bench.results(...request))).toEqual(new Set(["replayed"]));
    expect(await bench.counter()).toMatchObject({ nanoUsd: 300_000_000n, requests: 50 });
  });

  test.each([
    { name: "in two batches", batches: 2 },
    { name: "in one batch", batches: 1 },
  ])("S12: two spans of one response id $name are one charge", async ({ batches }) => {
    const bench = new Bench(await store.open());
    const one = span({ responseIds: ["chatcmpl-1"] });
    const two = span({ responseIds: ["chatcmpl-1"], endMs: one.call.endMs + 40 });
    if (batches === 1) await bench.charge(one, two);
    else {
      await bench.charge(one);
      await bench.charge(two);
    }
    expect(await bench.counter()).toMatchObject({ nanoUsd: 6_000_000n, requests: 1 });
  });

  test("S13: three layers across the hour are one charge, and the highest rank pays", async () => {
    const layers = [
      { tenant: "app", rank: 1, endMs: at("2025-11-20T14:59:59.900Z") },
      { tenant: "proxy", rank: 2, endMs: at("2025-11-20T15:00:00.100Z") },
      { tenant: "server", rank: 0, endMs: at("2025-11-20T15:00:00.200Z") },
    ].map((layer) => span({ ...layer, responseIds: ["chatcmpl-1"] }));
    for (const order of permutations(layers)) {
      const bench = new Bench(await store.open());
      for (const layer of order) await bench.charge(layer);
      expect(await Promise.all(["app", "proxy", "server"].map((tenant) => bench.spent(tenant)))).toEqual([
        0n,
        6_000_000n,
        0n,
      ]);
    }
  });

  test("a takeover says what it took back", async () => {
    const bench = new Bench(await store.open());
    await bench.charge(span({ tenant: "app", rank: 1, responseIds: ["r"] }));
    const report = await bench.charge(span({ tenant: "proxy", rank: 2, responseIds: ["r"] }));
    expect(report.reversed).toMatchObject([{ tenant: "app", amounts: { nanoUsd: 6_000_000n }, model: "m1" }]);
    expect(report.charged).toMatchObject([{ tenant: "proxy" }]);
    expect(await bench.counter("app")).toMatchObject({ nanoUsd: 0n, requests: 0, inputTokens: 0 });
  });

  test("a resend that knows another tenant pays once, under the tenant that is known better", async () => {
    const bench = new Bench(await store.open());
    const known = span({ rank: 5 });
    const lost = { ...known, call: { ...known.call, rank: 4, subject: { ...known.call.subject, tenant: "@unknown" } } };
    await bench.charge(lost);
    await bench.charge(known);
    await bench.charge(lost);
    expect(await bench.spent("@unknown")).toBe(0n);
    expect(await bench.spent("acme")).toBe(6_000_000n);
  });

  test("names that overlap are one call", async () => {
    const bench = new Bench(await store.open());
    await bench.charge(span({ tenant: "app", rank: 1, responseIds: ["upstream-1", "proxy-1"] }));
    await bench.charge(span({ tenant: "proxy", rank: 2, responseIds: ["proxy-1"] }));
    await bench.charge(span({ tenant: "server", rank: 0, responseIds: ["upstream-1"] }));
    expect(await Promise.all(["app", "proxy", "server"].map((tenant) => bench.spent(tenant)))).toEqual([
      0n,
      6_000_000n,
      0n,
    ]);
  });

  test.each<{ name: string; second: Span; charges: bigint }>([
    { name: "a repeated id at another time", second: { endMs: at("2025-11-20T14:50:00Z") }, charges: 2n },
    { name: "a repeated id with other counts", second: { input: 999, output: 210 }, charges: 2n },
    { name: "a repeated id with other input", second: { input: 300, scope: "other" }, charges: 2n },
    { name: "a repeated id with another model", second: { requestModel: "m9", responseModel: "m9" }, charges: 2n },
    { name: "an alias of the model", second: { responseModel: "our-best" }, charges: 1n },
    { name: "a count that one layer estimates", second: { output: 7, scope: "estimates" }, charges: 1n },
    { name: "clocks 4 s apart", second: { endMs: at("2025-11-20T15:00:05Z") }, charges: 1n },
  ])("$name: $charges charged", async ({ second, charges }) => {
    const bench = new Bench(await store.open());
    const cost = priced(6_000_000n);
    await bench.charge(
      span({ responseIds: ["chatcmpl-7"], cost }),
      span({ responseIds: ["chatcmpl-7"], cost, ...second }),
    );
    expect((await bench.spent()) / 6_000_000n).toBe(charges);
  });

  test("an id that everybody uses at once tells no calls apart, and every span pays once", async () => {
    const bench = new Bench(await store.open());
    const crowd = Array.from({ length: 100 }, (_, at) =>
      span({ responseIds: ["0"], input: at, output: at * 3 + 1, cost: priced(1n) }),
    );
    await bench.charge(...crowd);
    await bench.charge(...crowd);
    expect(await bench.counter()).toMatchObject({ nanoUsd: 100n, requests: 100 });
  });

  test("an id that is used again and again, one call after the other, names a call each time", async () => {
    const bench = new Bench(await store.open());
    const turns = Array.from({ length: 80 }, (_, turn) =>
      span({ responseIds: ["chatcmpl-7"], endMs: bench.nowMs - turn * 20_000, cost: priced(1n) }),
    );
    for (const turn of turns.toReversed()) await bench.charge(turn);
    expect(await bench.counter()).toMatchObject({ nanoUsd: 80n, requests: 80 });
    await bench.charge(...turns);
    expect(await bench.counter()).toMatchObject({ nanoUsd: 80n, requests: 80 });
  });

  test("a span that is sent under ever other tenants pays once", async () => {
    const bench = new Bench(await store.open());
    const { call, cost } = span();
    const tenants = Array.from({ length: 60 }, (_, at) => `t${at}`);
    for (const tenant of tenants) await bench.charge({ call: { ...call, subject: { ...call.subject, tenant } }, cost });
    const spent = await Promise.all(tenants.map((tenant) => bench.spent(tenant)));
    expect(spent.reduce((sum, one) => sum + one)).toBe(6_000_000n);
  });

  test("a call as long as the day is known to its resend", async () => {
    const bench = new Bench(await store.open());
    const long = span({ startMs: bench.nowMs - 30 * hourMs, endMs: bench.nowMs, responseIds: ["r"] });
    await bench.charge(long);
    bench.nowMs += 2 * hourMs;
    expect(await bench.results(long)).toEqual(["shadowed"]);
  });

  test("S16: equal span ids in two traces are two spans", async () => {
    const bench = new Bench(await store.open());
    await bench.charge(span({ spanId: "b7ad6b7169203331" }), span({ spanId: "b7ad6b7169203331" }));
    expect(await bench.spent()).toBe(12_000_000n);
  });

  test("S17: what is sent again is known as long as it is accepted, and late afterwards", async () => {
    const bench = new Bench(await store.open());
    const old = span({ endMs: bench.nowMs - 48 * hourMs + minuteMs });
    expect(await bench.results(old, old)).toEqual(["charged", "replayed"]);
    bench.nowMs += 2 * minuteMs;
    expect(await bench.results(old)).toEqual(["late"]);
    expect(await bench.spent("acme", old.call.endMs)).toBe(6_000_000n);
  });

  test.each([
    { ahead: 4 * minuteMs, result: "charged" },
    { ahead: 20 * minuteMs, result: "future" },
    { ahead: 27 * hourMs, result: "future" },
    { ahead: 75 * 365 * 24 * hourMs, result: "future" },
  ])("S18: a span that ends $ahead ms ahead is $result", async ({ ahead, result }) => {
    const bench = new Bench(await store.open());
    const early = span({ endMs: bench.nowMs + ahead });
    expect(await bench.results(early)).toEqual([result]);
    expect(await bench.spent("acme", early.call.endMs)).toBe(result === "charged" ? 6_000_000n : 0n);
  });

  test("a span without an end is charged by its start", async () => {
    const bench = new Bench(await store.open());
    expect(await bench.results(span({ startMs: bench.nowMs - 5, endMs: 0 }))).toEqual(["charged"]);
    expect(await bench.spent()).toBe(6_000_000n);
  });

  test("after the identity window nobody takes over, and a resend still pays nothing", async () => {
    const bench = new Bench(await store.open());
    const app = span({ tenant: "app", rank: 1, responseIds: ["r"] });
    const proxy = span({ tenant: "proxy", rank: 2, responseIds: ["r"] });
    const elsewhere = { ...app, call: { ...app.call, subject: { ...app.call.subject, tenant: "elsewhere" }, rank: 9 } };
    await bench.charge(app);
    for (const wait of [61 * minuteMs, 30 * hourMs]) {
      bench.nowMs += wait;
      expect(await bench.results(proxy, elsewhere, app)).toEqual(["shadowed", "shadowed", "shadowed"]);
    }
    expect(await bench.spent("app", app.call.endMs)).toBe(6_000_000n);
    expect(await bench.spent("proxy", app.call.endMs)).toBe(0n);
  });

  test("a repeated id is another call also after the identity window", async () => {
    const bench = new Bench(await store.open());
    await bench.charge(span({ responseIds: ["chatcmpl-7"] }));
    bench.nowMs += 90 * minuteMs;
    expect(await bench.results(span({ responseIds: ["chatcmpl-7"], endMs: bench.nowMs }))).toEqual(["charged"]);
  });

  test("a cancel that comes before its charge bars it", async () => {
    const bench = new Bench(await store.open());
    const terms = { nowMs: bench.nowMs, identityWindowMs: hourMs, keepMs: 49 * hourMs };
    const report = await new Bench(await store.open()).charge(span());
    const posting = report.charged[0]!;
    expect(await bench.ledger.cancel([posting, posting], terms)).toEqual(["barred", "known"]);
    expect((await bench.ledger.charge([posting], terms)).results).toEqual(["cancelled"]);
    expect(await bench.spent()).toBe(0n);
  });

  test("what was claimed first is charged, whatever a resend says", async () => {
    const bench = new Bench(await store.open());
    const first = span({ responseIds: ["r"] });
    const { charged } = await new Bench(await store.open()).charge(first);
    const evidence = { ...first.call, models: [], usage: {}, emitter: 0, isChoice: false };
    const claim = { id: callFingerprint("r"), rank: 1, evidence, posting: charged[0]! };
    await bench.ledger.claim([claim], { nowMs: bench.nowMs, identityWindowMs: hourMs, keepMs: 49 * hourMs });
    await bench.charge({ call: first.call, cost: priced(1n) });
    await bench.charge(span({ tenant: "proxy", rank: 2, responseIds: ["r"] }));
    expect(await bench.counter()).toMatchObject({ nanoUsd: 0n, requests: 0 });
  });
});

describe.each(stores)("ledger $name: windows and tenants", (store) => {
  test("S20: the end of the span chooses the window, not its arrival", async () => {
    const bench = new Bench(await store.open());
    bench.nowMs = at("2025-12-01T02:00:00Z");
    await bench.charge(span({ endMs: at("2025-11-30T23:59:59.999Z") }));
    expect(await bench.spent("acme", at("2025-11-15T00:00:00Z"))).toBe(6_000_000n);
    expect(await bench.spent()).toBe(0n);
  });

  test("S26: another limit keeps the counter; S27: another window is another counter", async () => {
    const ledger = await store.open();
    const low = new Bench(ledger, { budgets: [budget({ limit: "100 USD" })] });
    await low.charge(span({ cost: priced(90_000_000_000n) }));
    const high = new Bench(ledger, { budgets: [budget({ limit: "200 USD" })] });
    expect((await high.charge(span({ cost: priced(0n) }))).charges[0]?.left?.remaining).toBe(110_000_000_000n);
    expect(await new Bench(ledger, { budgets: [budget({ window: "week" })] }).spent()).toBe(0n);
    expect(await high.spent()).toBe(90_000_000_000n);
  });

  test("every budget counts, and the tightest is told", async () => {
    const budgets = [
      budget(),
      budget({ name: "daily", window: "day", timezone: "Europe/Berlin", limit: "0.01 USD" }),
      budget({ name: "calls", window: "hour", limit: "100 requests" }),
      budget({ name: "words", window: "minute", limit: "100000 tokens" }),
    ];
    const bench = new Bench(await store.open(), { budgets });
    const { charges, lefts } = await bench.charge(span());
    expect(charges[0]?.left).toMatchObject({ budget: "daily", remaining: 4_000_000n, window: { id: "d20251120" } });
    expect(lefts.map(({ budget, remaining }) => [budget, remaining])).toEqual([
      ["monthly", undefined],
      ["daily", 4_000_000n],
      ["calls", 99n],
      ["words", 98_800n],
    ]);
  });

  test("S36: a million tenants: memory is bounded and money conserved", async () => {
    const bench = new Bench(await store.open(), { tenantsMax: 100, tenants: new Set(["named"]) });
    let homeless = 0;
    for (let batch = 0; batch < 20; batch++) {
      const spans = Array.from({ length: 100 }, (_, at) => span({ tenant: `t-${batch}-${at}` }));
      homeless += (await bench.charge(...spans)).homeless;
    }
    await bench.charge(span({ tenant: "named" }));
    const reader = ledgerReader(bench.ledger, bench.terms.budgets, () => bench.nowMs);
    const { tenants } = await reader.tenants(undefined, 1000, bench.nowMs);
    expect(tenants).toHaveLength(102);
    expect(homeless).toBe(1900);
    expect(await bench.spent("@other")).toBe(1900n * 6_000_000n);
    expect(await bench.spent("named")).toBe(6_000_000n);
    const all = await Promise.all(tenants.map((tenant) => bench.spent(tenant)));
    expect(all.reduce((sum, spent) => sum + spent)).toBe(2001n * 6_000_000n);
  });

  test("a place is free again when its tenant has spent nothing in any current window", async () => {
    const bench = new Bench(await store.open(), { tenantsMax: 2 });
    const homes = async (tenant: string) =>
      (await bench.charge(span({ tenant, endMs: bench.nowMs }))).charges[0]?.tenant;
    expect([await homes("one"), await homes("two"), await homes("three")]).toEqual(["one", "two", "@other"]);
    bench.nowMs += 20 * 24 * hourMs;
    expect([await homes("two"), await homes("three")]).toEqual(["two", "@other"]);
    bench.nowMs += 15 * 24 * hourMs;
    expect([await homes("three"), await homes("four"), await homes("two")]).toEqual(["three", "@other", "two"]);
    const reader = ledgerReader(bench.ledger, bench.terms.budgets, () => bench.nowMs);
    expect([...(await reader.tenants(undefined, 10, bench.nowMs)).tenants].sort()).toEqual(["@other", "three", "two"]);
    const yearly = new Bench(await store.open(), { tenantsMax: 1, budgets: [budget({ window: "lifetime" })] });
    await yearly.charge(span({ tenant: "one", endMs: yearly.nowMs }));
    yearly.nowMs += 4000 * 24 * hourMs;
    const { charges } = await yearly.charge(span({ tenant: "two", endMs: yearly.nowMs }));
    expect(charges[0]?.tenant).toBe("@other");
  });

  test("S37: any text is a tenant of its own", async () => {
    const bench = new Bench(await store.open());
    const tenants = ["a}{b:c", "a/b", "a%2Fb", "😀", "x".repeat(5000), `${"x".repeat(4999)}y`, "", "~", " "];
    await bench.charge(...tenants.map((tenant, index) => span({ tenant, cost: priced(BigInt(index + 1)) })));
    const spent = await Promise.all(tenants.map((tenant) => bench.spent(tenant)));
    expect(spent).toEqual(tenants.map((_, index) => BigInt(index + 1)));
    const reader = ledgerReader(bench.ledger, bench.terms.budgets, () => bench.nowMs);
    const page = await reader.tenants(undefined, 100, bench.nowMs);
    expect([...page.tenants].sort()).toEqual([...tenants].sort());
  });

  test("a tenant too long to keep is spent under @other", async () => {
    const bench = new Bench(await store.open());
    await bench.charge(span({ tenant: "x".repeat(10_000) }));
    expect(await bench.spent("@other")).toBe(6_000_000n);
  });

  test("tenants are paged, each once, those without spend in the window left out", async () => {
    const bench = new Bench(await store.open());
    await bench.charge(...Array.from({ length: 25 }, (_, at) => span({ tenant: `t${at}` })));
    const reader = ledgerReader(bench.ledger, bench.terms.budgets, () => bench.nowMs);
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page = await reader.tenants(after, 10, bench.nowMs);
      found.push(...page.tenants);
      after = page.next;
    } while (after !== undefined);
    expect(found.sort()).toEqual(Array.from({ length: 25 }, (_, at) => `t${at}`).sort());
    expect(await reader.tenants(undefined, 10, at("2026-11-01T00:00:00Z"))).toEqual({ tenants: [], next: undefined });
  });

  test("a tenant never seen has zeros", async () => {
    const bench = new Bench(await store.open());
    const statement = await ledgerReader(bench.ledger, bench.terms.budgets, () => bench.nowMs).statement(
      "nobody",
      bench.nowMs,
    );
    expect(statement).toMatchObject({ known: false, budgets: [{ state: { nanoUsd: 0n, requests: 0 } }] });
  });
});

describe.each(stores)("ledger $name: holds", (store) => {
  const request = { tenant: "acme", nanoUsd: 100_000_000n, nowMs: 1000, untilMs: 601_000 };
  const levels = ["tenant", "team"].map((key) => ({ key, expiresAtMs: 1e12, limitNanoUsd: 5_000_000_000n }));

  test("S38: 1,000 holds of 0.10 USD against 5 USD: exactly 50 fit, on every level", async () => {
    const ledger = await store.open();
    const replies = await Promise.all(
      Array.from({ length: 1000 }, (_, at) => ledger.hold({ ...request, id: `hold-${at}`, levels })),
    );
    expect(replies.filter(({ allowed }) => allowed)).toHaveLength(50);
    expect(replies.at(-1)).toMatchObject({ allowed: false, binding: 0 });
    const { states } = await ledger.read("acme", ["tenant", "team"], 1000);
    expect(states.map(({ heldNanoUsd, nanoUsd }) => [heldNanoUsd, nanoUsd])).toEqual([
      [5_000_000_000n, 0n],
      [5_000_000_000n, 0n],
    ]);
  });

  test("the same hold twice is one, and 0 gives it back, twice", async () => {
    const ledger = await store.open();
    const held = async () => (await ledger.read("acme", ["tenant"], 2000)).states[0]?.heldNanoUsd;
    await ledger.hold({ ...request, id: "x", levels });
    await ledger.hold({ ...request, id: "x", levels });
    expect(await held()).toBe(100_000_000n);
    await ledger.hold({ ...request, id: "x", levels, nanoUsd: 0n });
    await ledger.hold({ ...request, id: "x", levels, nanoUsd: 0n });
    expect(await held()).toBe(0n);
  });

  test("S40: a hold that is over is gone, also for who only reads", async () => {
    const ledger = await store.open();
    await ledger.hold({ ...request, id: "x", levels });
    expect((await ledger.read("acme", ["tenant"], 600_999)).states[0]?.heldNanoUsd).toBe(100_000_000n);
    expect((await ledger.read("acme", ["tenant"], 601_000)).states[0]?.heldNanoUsd).toBe(0n);
  });

  test("a tenant cannot release what another holds", async () => {
    const ledger = await store.open();
    await ledger.hold({ ...request, id: "x", levels });
    await ledger.hold({ ...request, tenant: "other", id: "x", levels, nanoUsd: 0n });
    expect((await ledger.read("acme", ["tenant"], 2000)).states[0]?.heldNanoUsd).toBe(100_000_000n);
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, at) =>
    permutations(items.filter((_, other) => other !== at)).map((rest) => [item, ...rest]),
  );
}
