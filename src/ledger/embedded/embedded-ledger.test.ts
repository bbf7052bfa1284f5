import { describe, expect, test } from "vitest";
import { Bench } from "../../../test/properties/ledger-support.ts";
import { priced, span } from "../../../test/support/calls.ts";
import { MemoryStorage } from "../../core/memory-storage.ts";
import { EmbeddedLedger } from "./embedded-ledger.ts";

const hourMs = 3_600_000;

function opened(bytesMax = 1e7) {
  const storage = new MemoryStorage(bytesMax);
  const forgotten: number[] = [];
  const ledger = new EmbeddedLedger({ storage, onForgotten: (horizonMs) => forgotten.push(horizonMs) });
  return { storage, forgotten, bench: new Bench(ledger) };
}

/** How many entries of a kind there are: `c` live, `o` old, `d` marks, `w` counters, `e` what expires when. */
function entries(storage: MemoryStorage, kind: string): number {
  return storage.range({ from: `${kind}/`, to: `${kind}0`, limit: 1e6 }).length;
}

let serial = 0;

async function hourOfTraffic(bench: Bench, spans = 40): Promise<void> {
  await bench.charge(
    ...Array.from({ length: spans }, () => span({ responseIds: [`r${serial++}`], endMs: bench.nowMs })),
  );
  bench.nowMs += hourMs;
}

describe("embedded ledger", () => {
  test("forgets what is no longer accepted: after days it holds as much as after two", async () => {
    const { storage, bench } = opened();
    const sizes: number[] = [];
    for (let hour = 0; hour < 120; hour++) {
      await hourOfTraffic(bench);
      sizes.push(storage.bytes);
    }
    expect(sizes.at(-1)).toBeLessThan((sizes[52] ?? 0) * 1.1);
    expect(entries(storage, "c")).toBeLessThanOrEqual(80);
    // A bucket and the size of the set for every hour.
    expect(entries(storage, "o")).toBeLessThanOrEqual(2 * 51);
  });

  test("closed windows are kept 400 days, and then go", async () => {
    const { storage, bench } = opened();
    const firstMs = bench.nowMs;
    await hourOfTraffic(bench);
    bench.nowMs = firstMs + 400 * 24 * hourMs;
    await hourOfTraffic(bench);
    expect(await bench.spent("acme", firstMs)).toBe(240_000_000n);
    bench.nowMs = firstMs + 412 * 24 * hourMs;
    await hourOfTraffic(bench);
    expect(await bench.spent("acme", firstMs)).toBe(0n);
    expect(entries(storage, "w")).toBe(entries(storage, "e"));
  });

  test("when it is full, the oldest spans are late instead of charged twice, and money stays", async () => {
    const { storage, forgotten, bench } = opened(50_000);
    const old = span({ endMs: bench.nowMs });
    await bench.charge(old);
    for (let hour = 0; hour < 40; hour++) await hourOfTraffic(bench, 40);
    expect(forgotten.length).toBeGreaterThan(0);
    expect(storage.bytes).toBeLessThanOrEqual(50_000);
    expect(await bench.results(old)).toEqual(["late"]);
    expect((await bench.counter()).requests).toBe(1601);
  });

  test("when it is full of one hour, calls settle early, and nothing is charged twice", async () => {
    const { bench } = opened(80_000);
    const spans = Array.from({ length: 600 }, (_, at) => span({ responseIds: [`r${at}`], endMs: bench.nowMs }));
    for (let at = 0; at < 600; at += 50) await bench.charge(...spans.slice(at, at + 50));
    for (let at = 0; at < 600; at += 50) await bench.charge(...spans.slice(at, at + 50));
    expect((await bench.counter()).requests).toBe(600);
    expect(await bench.results(span({ responseIds: ["r0"], rank: 9, endMs: bench.nowMs }))).toEqual(["shadowed"]);
  });

  test("when counters alone fill it, it refuses, retryably, and keeps what it has", async () => {
    const { bench } = opened(20_000);
    await bench.charge(span());
    const many = Array.from({ length: 100 }, (_, at) => span({ tenant: `t${at}` }));
    await expect(bench.charge(...many)).rejects.toMatchObject({ name: "Refused", code: "overloaded" });
    expect(await bench.spent()).toBe(6_000_000n);
  });

  test("a clock that jumped back does not charge again what was forgotten", async () => {
    const { bench } = opened();
    const one = span({ endMs: bench.nowMs });
    await bench.charge(one);
    const before = bench.nowMs;
    bench.nowMs += 100 * hourMs;
    await bench.charge(span({ tenant: "other", endMs: bench.nowMs }));
    bench.nowMs = before;
    expect(await bench.results(one)).toEqual(["late"]);
    expect(await bench.spent("acme", before)).toBe(6_000_000n);
  });

  test("what is forgotten stays so when the ledger is opened again over its storage", async () => {
    const { storage, bench } = opened();
    const one = span({ endMs: bench.nowMs, cost: priced(7n) });
    await bench.charge(one);
    const again = new Bench(new EmbeddedLedger({ storage }));
    expect(await again.results(one)).toEqual(["replayed"]);
    again.nowMs += 100 * hourMs;
    await again.charge(span({ tenant: "other", endMs: again.nowMs }));
    const third = new Bench(new EmbeddedLedger({ storage }));
    expect(await third.results(one)).toEqual(["late"]);
    expect(await third.spent()).toBe(7n);
  });

  test("a record that is damaged or of a later layout is not added to", async () => {
    const { storage, bench } = opened();
    await bench.charge(span());
    const [counter] = storage.range({ from: "w/", to: "w0", limit: 1 });
    for (const bytes of [Uint8Array.of(2, 0, 0), Uint8Array.of(1, 0, 0)]) {
      storage.transaction((writing) => writing.put(counter?.key ?? "", bytes));
      await expect(bench.charge(span())).rejects.toThrow();
      expect(storage.get(counter?.key ?? "")).toEqual(bytes);
    }
  });
});
