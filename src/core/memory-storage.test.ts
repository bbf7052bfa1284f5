import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryStorage } from "./memory-storage.ts";
import { StorageFull } from "./storage.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);

describe("memory storage", () => {
  test("a transaction that throws leaves nothing behind", () => {
    const storage = new MemoryStorage(100_000);
    storage.transaction((writing) => {
      writing.put("a", bytes(1));
      writing.put("b", bytes(2));
    });
    const before = storage.bytes;
    const attempt = () =>
      storage.transaction((writing) => {
        writing.put("a", bytes(9, 9));
        writing.remove("b");
        writing.put("c", bytes(3));
        expect(writing.get("b")).toBeUndefined();
        throw new Error("stop");
      });
    expect(attempt).toThrow("stop");
    expect(storage.range({ from: "", to: "~", limit: 10 })).toEqual([
      { key: "a", value: bytes(1) },
      { key: "b", value: bytes(2) },
    ]);
    expect(storage.bytes).toBe(before);
  });

  test("a write beyond the bound throws StorageFull and what is removed makes room", () => {
    const storage = new MemoryStorage(1000);
    const put = (key: string) => storage.transaction((writing) => writing.put(key, new Uint8Array(20)));
    put("a");
    put("b");
    expect(() => put("c")).toThrow(StorageFull);
    storage.transaction((writing) => writing.remove("a"));
    put("c");
    expect(storage.get("c")).toBeDefined();
    expect(storage.bytes).toBeLessThanOrEqual(1000);
  });

  test("transactions do not nest", () => {
    const storage = new MemoryStorage(1000);
    expect(() => storage.transaction(() => storage.transaction(() => 1))).toThrow("do not nest");
  });

  test("holds what a sorted list would hold, through splits and removals", () => {
    const step = fc.record({ key: fc.integer({ min: 0, max: 3000 }), remove: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 4000, size: "max" }), fc.nat(3000), fc.nat(3000), (steps, one, two) => {
        const storage = new MemoryStorage(1e9);
        const model = new Map<string, Uint8Array>();
        storage.transaction((writing) => {
          for (const { key, remove } of steps) {
            const name = String(key).padStart(4, "0");
            if (remove) model.delete(name);
            else model.set(name, bytes(key & 255));
            if (remove) writing.remove(name);
            else writing.put(name, bytes(key & 255));
          }
        });
        const from = String(Math.min(one, two)).padStart(4, "0");
        const to = String(Math.max(one, two)).padStart(4, "0");
        const within = [...model.keys()].filter((key) => from <= key && key < to).sort();
        const forwards = storage.range({ from, to, limit: 50 }).map((entry) => entry.key);
        const backwards = storage.range({ from, to, limit: 50, reverse: true }).map((entry) => entry.key);
        expect(forwards).toEqual(within.slice(0, 50));
        expect(backwards).toEqual(within.reverse().slice(0, 50));
      }),
      { numRuns: 30 },
    );
  });
});
