import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { priced, type Span, span, unpriced } from "../../../test/support/calls.ts";
import { openDisk, temporaryDirectory } from "../../../test/support/disk.ts";
import { recordingHost } from "../../../test/support/recording-host.ts";
import type { Batch } from "../../core/batch.ts";
import type { Host } from "../../core/host.ts";
import { safeguards } from "../../core/safeguards.ts";
import { offerStore } from "../../core/storage.ts";
import { calls } from "../../genai/call.ts";
import { charges } from "../../ledger/charging.ts";
import { ledgerReaders } from "../../ledger/ledger-reader.ts";
import { costs } from "../../pricing/cost.ts";
import { genAiBudget } from "./gen-ai-budget.ts";

const files = { read: () => new Uint8Array(0) };
const hourMs = 3_600_000;
const nowMs = Date.UTC(2026, 10, 21, 10);

function prepared(settings: unknown) {
  return genAiBudget.prepare(settings, files);
}

function created(host: Host, settings: unknown = {}) {
  const ready = prepared(settings);
  if (!ready.ok) throw new Error(JSON.stringify([ready.issues, ready.objections]));
  return ready.create(host);
}

function batchOf(...spans: readonly Span[]): Batch {
  const made = spans.map((given) => span({ endMs: nowMs, ...given }));
  const notes = {};
  calls.set(
    notes,
    made.map(({ call }) => call),
  );
  costs.set(
    notes,
    made.map(({ cost }) => cost),
  );
  const context = { headers: {}, subject: undefined, peer: "" };
  return {
    signal: "traces",
    items: spans.length,
    context,
    notes,
    pending: [],
    encode: () => ({ signal: "traces", bytes: new Uint8Array(0), items: spans.length, context, notes }),
  };
}

async function settled(batch: Batch) {
  await Promise.all(batch.pending);
  return charges.get(batch.notes);
}

describe("gen_ai_budget", () => {
  test("charges before the acknowledgement, and leaves what is left for who comes after", async () => {
    const budget = created(recordingHost(), { budgets: [{ name: "monthly", limit: "500 USD" }] });
    const batch = batchOf({}, { role: "shadow" });
    expect(budget.process(batch)).toBe(batch);
    expect(batch.pending).toHaveLength(1);
    expect(await settled(batch)).toEqual([
      {
        result: "charged",
        tenant: "acme",
        nanoUsd: 6_000_000n,
        lefts: [expect.objectContaining({ budget: "monthly" })],
        left: expect.objectContaining({ budget: "monthly", tenant: "acme", remaining: 499_994_000_000n }),
      },
      undefined,
    ]);
  });

  test("has nothing to wait for where nothing is billed", () => {
    const budget = created(recordingHost());
    const batch = batchOf({ role: "ignore" });
    budget.process(batch);
    expect(batch.pending).toEqual([]);
    expect(charges.get(batch.notes)).toBeUndefined();
  });

  test("two pipelines of one service share the ledger, and say once that it lives in memory", async () => {
    const host = recordingHost();
    const [one, two] = [created(host), created(host)];
    await one.start?.();
    await two.start?.();
    expect(host.logged.filter((line) => line.includes("kept in memory"))).toHaveLength(1);
    const batch = batchOf({});
    one.process(batch);
    await settled(batch);
    const again: Batch = { ...batch, pending: [] };
    two.process(again);
    expect((await settled(again))?.[0]?.result).toBe("replayed");
    const [reader] = ledgerReaders.get(host.common) ?? [];
    expect(await reader?.statement("acme", nowMs)).toMatchObject({ budgets: [{ state: { requests: 1 } }] });
    await one.stop?.(AbortSignal.timeout(1000));
    expect(ledgerReaders.get(host.common)).toHaveLength(1);
    await two.stop?.(AbortSignal.timeout(1000));
    expect(ledgerReaders.get(host.common)).toEqual([]);
  });

  test("with storage the ledger is that of the last start, and the acknowledgement waits for the disk", async () => {
    const directory = temporaryDirectory();
    const statementAfter = async (spans: readonly Span[], result: string) => {
      const host = recordingHost();
      const store = await openDisk({ directory });
      offerStore(host.common, "file_storage/a", store);
      const budget = created(host, { storage: "file_storage/a" });
      expect(() => budget.process(batchOf({}))).toThrow("not open yet");
      await budget.start?.();
      expect(host.logged).toEqual([]);
      const batch = batchOf(...spans);
      budget.process(batch);
      expect((await settled(batch))?.[0]?.result).toBe(result);
      await Promise.all((safeguards.get(batch.notes) ?? []).map((safeguard) => safeguard()));
      const [reader] = ledgerReaders.get(host.common) ?? [];
      const statement = await reader?.statement("acme", nowMs);
      await budget.stop?.(AbortSignal.timeout(1000));
      await store.close(AbortSignal.timeout(5000));
      return statement?.budgets[0]?.state;
    };
    const spans = [{ traceId: "a".repeat(32), spanId: "b".repeat(16) }];
    const first = await statementAfter(spans, "charged");
    expect(first).toMatchObject({ requests: 1, nanoUsd: 6_000_000n });
    expect(await statementAfter(spans, "replayed")).toEqual(first);
    expect(await statementAfter([{}], "charged")).toMatchObject({ requests: 2 });
  });

  test("counts results and amounts", async () => {
    const host = recordingHost();
    const budget = created(host);
    for (const batch of [
      batchOf({ tenant: "app", rank: 1, responseIds: ["r"], cost: priced(2_500_000_000n) }, { cost: unpriced }),
      batchOf({ tenant: "proxy", rank: 2, responseIds: ["r"], cost: priced(3_000_000_000n) }),
      batchOf({ endMs: nowMs - 49 * 3_600_000 }, { endMs: nowMs + 3_600_000 }, { input: -1, cost: priced(0n) }),
    ]) {
      budget.process(batch);
      await settled(batch);
    }
    const labels = (tenant: string) => JSON.stringify({ tenant, provider: "openai", model: "m1" });
    expect(Object.fromEntries(host.counted)).toMatchObject({
      'spantoll_charges_total{"result":"charged"}': 3,
      'spantoll_charges_total{"result":"late"}': 1,
      'spantoll_charges_total{"result":"future"}': 1,
      'spantoll_charges_total{"result":"refused"}': 1,
      [`spantoll_charged_usd_total${labels("app")}`]: 2.5,
      [`spantoll_charged_usd_total${labels("proxy")}`]: 3,
      [`spantoll_reversed_usd_total${labels("app")}`]: 2.5,
    });
  });

  test("says of calls that are not charged how many there were, once a minute", async () => {
    const host = recordingHost({ nowMs });
    const budget = created(host);
    const late = { endMs: nowMs - 49 * 3_600_000 };
    const told = () => host.logged.filter((line) => line.includes("not charged"));
    for (const [waitMs, lines] of [
      [0, 1],
      [30_000, 1],
      [31_000, 2],
    ] as const) {
      host.advance(waitMs);
      const batch = batchOf(late, late, { endMs: nowMs + 3_600_000 });
      budget.process(batch);
      await settled(batch);
      expect(told()).toHaveLength(lines);
    }
    expect(told().at(-1)).toContain("accept.late");
    // Two batches of two late calls and one in the future.
    expect(told().at(-1)).toContain('"late":4,"future":2,"refused":0,"nano_usd":"36000000","input_tokens":6000');
  });

  test.each([{ ledger: undefined }, { ledger: { redis: { url: "redis://127.0.0.1:1", timeout: "50ms" } } }])(
    "keeps calls that are not charged in files of the storage, before the acknowledgement ($ledger)",
    async ({ ledger }) => {
      const directory = temporaryDirectory();
      const host = recordingHost({ nowMs });
      const store = await openDisk({ directory });
      offerStore(host.common, "file_storage/a", store);
      const budget = created(host, { storage: "file_storage/a", ...(ledger && { ledger }) });
      await budget.start?.();
      const late = { tenant: "acme", endMs: nowMs - 49 * hourMs, traceId: "a".repeat(32), spanId: "b".repeat(16) };
      // As far off as clocks can be.
      const others = [{ startMs: 1, endMs: 0 }, { endMs: nowMs + hourMs }, { endMs: 18_446_744_073_709 }];
      const batch = batchOf(late, { tenant: "t".repeat(10_000), ...others[0] }, ...others.slice(1), { input: -1 });
      budget.process(batch);
      const results = (await settled(batch))?.map((charge) => charge?.result);
      expect(results).toEqual(["late", "late", "future", "future", "refused"]);
      await Promise.all((safeguards.get(batch.notes) ?? []).map((safeguard) => safeguard()));
      const names = readdirSync(join(directory, "set-aside")).toSorted();
      expect(names).toEqual([
        expect.stringMatching(/^charges-future-2026-/),
        expect.stringMatching(/^charges-late-2026-/),
      ]);
      const [ahead, behind] = names.map((name) => JSON.parse(readFileSync(join(directory, "set-aside", name), "utf8")));
      expect(ahead.calls).toHaveLength(2);
      expect(behind).toMatchObject({ reason: "late", error: "it ended longer ago than accept.late" });
      expect(behind.calls).toMatchObject([
        { tenant: "acme", ended: "2026-11-19T09:00:00.000Z", nano_usd: "6000000", input_tokens: 1000, model: "m1" },
        { tenant: "t".repeat(8192), ended: "1970-01-01T00:00:00.001Z" },
      ]);
      const counted = (reason: string) =>
        host.counted.get(`spantoll_uncharged_set_aside_calls_total{"reason":"${reason}"}`);
      expect([counted("late"), counted("future")]).toEqual([2, 2]);
      await budget.stop?.(AbortSignal.timeout(1000));
      await store.close(AbortSignal.timeout(5000));
    },
  );

  test("tells at scrape time where budgets stand, also after a takeover and in the next window", async () => {
    const host = recordingHost({ nowMs });
    const scrapes: (() => void)[] = [];
    const watch = (read: () => void) => {
      scrapes.push(read);
      return () => undefined;
    };
    const budget = created({ ...host, meter: { ...host.meter, watch } }, { tenants: { app: { monthly: "10 USD" } } });
    await budget.start?.();
    const gauges = (tenant: string) =>
      ["spent", "limit", "remaining"].map((what) => {
        for (const read of scrapes) read();
        return host.counted.get(`spantoll_budget_${what}_usd${JSON.stringify({ tenant, budget: "monthly" })}`);
      });
    const first = batchOf({ tenant: "app", rank: 1, responseIds: ["r"], cost: priced(4_000_000_000n) });
    budget.process(first);
    await settled(first);
    expect(gauges("app")).toEqual([4, 10, 6]);
    const second = batchOf({ tenant: "proxy", rank: 2, responseIds: ["r"], cost: priced(4_000_000_000n) });
    budget.process(second);
    await settled(second);
    expect(gauges("app")).toEqual([0, 10, 10]);
    expect(gauges("proxy")).toEqual([4, undefined, undefined]);
    host.advance(30 * 24 * 3_600_000);
    expect(gauges("proxy")).toEqual([0, undefined, undefined]);
  });

  test("says once that there are too many tenants, and loses no money", async () => {
    const host = recordingHost();
    const budget = created(host, { max_tenants: 2 });
    for (let round = 0; round < 3; round++) {
      const batch = batchOf(...Array.from({ length: 4 }, (_, at) => ({ tenant: `t${at}` })));
      budget.process(batch);
      const tenants = (await settled(batch))?.map((charge) => charge?.tenant);
      expect(tenants).toEqual(["t0", "t1", "@other", "@other"]);
    }
    expect(host.logged.filter((line) => line.includes("@other"))).toHaveLength(1);
  });

  test.each([
    {
      name: "a limit without a unit",
      settings: { budgets: [{ name: "a", limit: 20 }] },
      says: "must be a limit such as 20 USD",
    },
    { name: "a limit in another currency", settings: { budgets: [{ name: "a", limit: "20 EUR" }] }, says: '"20 EUR"' },
    { name: "half a token", settings: { budgets: [{ name: "a", limit: "0.5 tokens" }] }, says: "must be a limit" },
    { name: "a negative limit", settings: { budgets: [{ name: "a", limit: "-1 USD" }] }, says: "must be a limit" },
    {
      name: "a limit beyond 63 bits",
      settings: { budgets: [{ name: "a", limit: "9999999999999 USD" }] },
      says: "must be a limit",
    },
    {
      name: "a zone that is none",
      settings: { budgets: [{ name: "a", timezone: "Mars/Olympus" }] },
      says: "must be a zone such as Europe/Berlin",
    },
    { name: "a window that is none", settings: { budgets: [{ name: "a", window: "fortnight" }] }, says: "lifetime" },
    {
      name: "a scope that is not built",
      settings: { budgets: [{ name: "a", scope: ["tenant", "user"] }] },
      says: "must be tenant",
    },
    { name: "a name with a brace", settings: { budgets: [{ name: "a}" }] }, says: "must be 1 to 64 letters" },
    { name: "a budget without a name", settings: { budgets: [{}] }, says: "name" },
    { name: "an empty list", settings: { budgets: [] }, says: "must have a budget" },
    { name: "two budgets of one name", settings: { budgets: [{ name: "a" }, { name: "a" }] }, says: "must be unique" },
    {
      name: "a tenant's limit of no budget",
      settings: { tenants: { acme: { daily: "1 USD" } } },
      says: "is no budget; there is monthly",
    },
    {
      name: "an identity window beyond accept.late",
      settings: { accept: { late: "1h" }, identity_window: "2h" },
      says: "must be at most 24h",
    },
    { name: "an identity window too short to try again in", settings: { identity_window: "0s" }, says: "at least 1m" },
    {
      name: "a horizon beyond what claims outlive",
      settings: { journal: { horizon: "2h" } },
      says: "must be at most 1h",
    },
    { name: "a journal of no size", settings: { journal: { max_size: "10KiB" } }, says: "must be at least 1MiB" },
    { name: "a key that is not built", settings: { annotate: true }, says: "annotate" },
    { name: "a mode that is not built", settings: { budgets: [{ name: "a", mode: "enforce" }] }, says: "mode" },
  ])("refuses $name", ({ settings, says }) => {
    const ready = prepared(settings);
    expect(ready.ok).toBe(false);
    if (!ready.ok)
      expect(JSON.stringify([ready.issues, ready.objections.map(({ text }) => text)])).toContain(
        JSON.stringify(says).slice(1, -1),
      );
  });

  test.each([
    { limit: "20 USD", unit: "nano_usd", amount: 20_000_000_000n },
    { limit: "0.000000001 USD", unit: "nano_usd", amount: 1n },
    { limit: "0 USD", unit: "nano_usd", amount: 0n },
    { limit: "200000 tokens", unit: "tokens", amount: 200_000n },
    { limit: "100 requests", unit: "requests", amount: 100n },
  ])("$limit is $amount $unit", async ({ limit, unit, amount }) => {
    const host = recordingHost();
    await created(host, { budgets: [{ name: "a", scope: ["tenant"], limit }] }).start?.();
    const [reader] = ledgerReaders.get(host.common) ?? [];
    expect((await reader?.statement("x", nowMs))?.budgets[0]?.limit).toEqual({ unit, amount });
  });
});
