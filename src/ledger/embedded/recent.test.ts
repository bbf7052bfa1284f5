// Sets in memory with a log, and packed sets below: together they are what a map of lists would be, whatever is done in
// which order, with checkpoints, restarts and transactions that throw in between.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryStorage } from "../../core/memory-storage.ts";
import { hourMs, liveCalls, marks, oldCalls } from "./keys.ts";
import { Recent, type RecordSets } from "./recent.ts";

const hour = 480_000;
const nowMs = hour * hourMs;
const sets = [oldCalls(hour), marks(hour), liveCalls(hour), oldCalls(hour - 1)];

function recordOf(id: bigint, set: number, value: number): Uint8Array {
  const length = sets[set]?.recordBytes || 12 + (value % 5);
  const bytes = new Uint8Array(length).fill(value);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, id);
  if (sets[set]?.recordBytes === 0) view.setUint32(8, length);
  return bytes;
}

const step = fc.record({
  what: fc.constantFrom("add", "add", "put", "put", "remove", "checkpoint", "restart", "throw"),
  set: fc.nat(sets.length - 1),
  id: fc.nat(40).map((id) => BigInt(id) * 0x9e37_79b9_7f4an),
  value: fc.nat(255),
});

describe("recent records over packed sets", () => {
  test("are what a map of lists would be", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const storage = new MemoryStorage(1e8);
        let recent = new Recent(storage);
        const model = new Map<string, Uint8Array[]>();
        for (const { what, set, id, value } of steps) {
          const key = `${set} ${id}`;
          const record = recordOf(id, set, value);
          const own = model.get(key) ?? [];
          if (what === "checkpoint") recent.checkpoint(nowMs);
          else if (what === "restart") recent = new Recent(storage);
          else if (what === "throw") {
            const torn = () =>
              recent.transaction((view) => {
                view.put(at(set), id, record);
                view.add(at(set), id, record);
                throw new Error("torn");
              });
            expect(torn).toThrow("torn");
          } else recent.transaction((view) => change(view, { what, set, id, record }));
          if (what === "add") model.set(key, [...own, record]);
          // Of several, which one is replaced or removed is not promised.
          if ((what === "put" || what === "remove") && 1 < own.length) return;
          if (what === "put") model.set(key, [record]);
          if (what === "remove") model.delete(key);
        }
        expect(seen(recent)).toEqual(told(model));
        expect(seen(new Recent(storage))).toEqual(told(model));
      }),
      { numRuns: 600 },
    );
  });

  test("a batch is one entry of the log, and a checkpoint ends it", () => {
    const storage = new MemoryStorage(1e8);
    const recent = new Recent(storage);
    recent.transaction((view) => {
      for (let id = 0n; id < 5000n; id++) view.add(at(0), id * 7919n, recordOf(id * 7919n, 0, 1));
    });
    expect(storage.range({ from: "", to: "~", limit: 10 })).toHaveLength(1);
    recent.checkpoint(nowMs);
    expect(recent.logBytes).toBe(0);
    const found = recent.transaction((view) => [7919n, 7920n].map((id) => view.find(at(0), id)?.length));
    expect(found).toEqual([16, undefined]);
  });

  test("records of a megabyte and more stand among small ones", () => {
    const recent = new Recent(new MemoryStorage(1e9));
    const large = (id: bigint, length: number) => {
      const bytes = new Uint8Array(length).fill(7);
      new DataView(bytes.buffer).setBigUint64(0, id);
      new DataView(bytes.buffer).setUint32(8, length);
      return bytes;
    };
    const lengths = [20, 3_000_000, 30, 900_000, 900_000, 40, 1_048_576, 50];
    recent.transaction((view) => {
      for (const [id, length] of lengths.entries()) view.add(liveCalls(hour), BigInt(id), large(BigInt(id), length));
    });
    const found = () =>
      recent.transaction((view) => lengths.map((_, id) => view.find(liveCalls(hour), BigInt(id))?.length));
    expect(found()).toEqual(lengths);
    recent.reload();
    expect(found()).toEqual(lengths);
    recent.checkpoint(nowMs);
    expect(found()).toEqual(lengths);
  });

  test("a log that is damaged, or of a later layout, is not worked with", () => {
    for (const bytes of [Uint8Array.of(2), Uint8Array.of(1, 5), Uint8Array.of(1)]) {
      const storage = new MemoryStorage(1e6);
      storage.transaction((writing) => writing.put("l/000000000000", bytes));
      expect(() => new Recent(storage)).toThrow();
    }
  });
});

function at(set: number) {
  return sets[set] ?? oldCalls(0);
}

interface Change {
  readonly what: string;
  readonly set: number;
  readonly id: bigint;
  readonly record: Uint8Array;
}

function change(view: RecordSets, { what, set, id, record }: Change): void {
  if (what === "add") view.add(at(set), id, record);
  else if (what === "put") view.put(at(set), id, record);
  else view.remove(at(set), id);
}

function seen(recent: Recent): Record<string, string[]> {
  return recent.transaction((view) => {
    const found: Record<string, string[]> = {};
    for (let set = 0; set < sets.length; set++) {
      for (let id = 0; id <= 40; id++) {
        const key = BigInt(id) * 0x9e37_79b9_7f4an;
        const records = view.findAll(at(set), key);
        expect(view.find(at(set), key) === undefined).toBe(records.length === 0);
        if (0 < records.length) found[`${set} ${key}`] = records.map((bytes) => bytes.join()).sort();
      }
    }
    return found;
  });
}

function told(model: ReadonlyMap<string, readonly Uint8Array[]>): Record<string, string[]> {
  const entries = [...model].filter(([, records]) => 0 < records.length);
  return Object.fromEntries(entries.map(([key, records]) => [key, records.map((bytes) => bytes.join()).sort()]));
}
