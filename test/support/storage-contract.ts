// What every back of `core/storage.ts` promises.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Storage, StorageFull } from "../../src/core/storage.ts";

/** `open` gives an empty store of about `bytesMax` bytes; `settle` lets what is written reach where it belongs. */
export function storageContract(
  name: string,
  open: (bytesMax: number) => Promise<Storage>,
  settle: (storage: Storage) => Promise<void>,
): void {
  const bytes = (...values: number[]) => Uint8Array.from(values);
  const plain = (entries: readonly { key: string; value: Uint8Array }[]) =>
    entries.map(({ key, value }) => [key, ...value]);

  describe(name, () => {
    test("a transaction that throws leaves nothing behind", async () => {
      const storage = await open(1e6);
      storage.transaction((writing) => {
        writing.put("a", bytes(1));
        writing.put("b", bytes(2));
      });
      await settle(storage);
      storage.transaction((writing) => writing.put("b", bytes(3)));
      const before = storage.bytes;
      const attempt = () =>
        storage.transaction((writing) => {
          writing.put("a", bytes(9, 9));
          writing.remove("b");
          writing.put("c", bytes(3));
          writing.put("c", bytes(4, 4, 4));
          expect(writing.get("b")).toBeUndefined();
          expect(plain(writing.range({ from: "a", to: "z", limit: 9 }))).toEqual([
            ["a", 9, 9],
            ["c", 4, 4, 4],
          ]);
          throw new Error("stop");
        });
      expect(attempt).toThrow("stop");
      const held = [
        ["a", 1],
        ["b", 3],
      ];
      expect(plain(storage.range({ from: "", to: "~", limit: 10 }))).toEqual(held);
      expect(storage.bytes).toBe(before);
      await settle(storage);
      expect(plain(storage.range({ from: "", to: "~", limit: 10 }))).toEqual(held);
    });

    test("a write beyond the bound throws StorageFull and what is removed makes room", async () => {
      const storage = await open(1024 ** 2);
      const put = (key: string) => storage.transaction((writing) => writing.put(key, new Uint8Array(100_000)));
      const fill = () => {
        for (let at = 0; at < 20; at++) put(`k${at}`);
      };
      expect(fill).toThrow(StorageFull);
      await settle(storage);
      expect(() => put("more")).toThrow(StorageFull);
      storage.transaction((writing) => writing.remove("k0"));
      put("more");
      await settle(storage);
      expect(storage.get("more")).toHaveLength(100_000);
      expect(storage.get("k0")).toBeUndefined();
      expect(storage.bytes).toBeLessThanOrEqual(storage.bytesMax);
    });

    test("what is put again or removed twice is counted once", async () => {
      const storage = await open(1e6);
      const empty = storage.bytes;
      for (let round = 0; round < 3; round++) {
        storage.transaction((writing) => writing.put("a", bytes(1, 2, 3)));
        await settle(storage);
      }
      const one = storage.bytes;
      storage.transaction((writing) => {
        writing.put("b", bytes(1, 2, 3));
        writing.remove("a");
        writing.remove("a");
      });
      expect(storage.bytes).toBe(one);
      storage.transaction((writing) => writing.remove("b"));
      await settle(storage);
      expect(storage.bytes).toBe(empty);
    });

    test("transactions do not nest", async () => {
      const storage = await open(1e6);
      expect(() => storage.transaction(() => storage.transaction(() => 1))).toThrow("do not nest");
      expect(storage.transaction(() => 2)).toBe(2);
    });

    test("holds what a sorted list would hold, whatever has been written of it", async () => {
      const key = fc.integer({ min: 0, max: 300 }).map((value) => String(value).padStart(4, "0"));
      const step = fc.record({ key, remove: fc.boolean(), settles: fc.nat(40).map((value) => value === 0) });
      const check = async (
        steps: readonly { key: string; remove: boolean; settles: boolean }[],
        [one, two]: readonly [string, string],
      ) => {
        const storage = await open(1e7);
        const model = new Map<string, number[]>();
        for (const [at, { key, remove, settles }] of steps.entries()) {
          storage.transaction((writing) => {
            if (remove) writing.remove(key);
            else writing.put(key, bytes(at & 255));
          });
          if (remove) model.delete(key);
          else model.set(key, [at & 255]);
          if (settles) await settle(storage);
        }
        const [from = "", to = ""] = [one, two].sort();
        const within = [...model].filter(([key]) => from <= key && key < to).sort(([a], [b]) => (a < b ? -1 : 1));
        const expected = within.map(([key, value]) => [key, ...value]);
        expect(plain(storage.range({ from, to, limit: 50 }))).toEqual(expected.slice(0, 50));
        expect(plain(storage.range({ from, to, limit: 50, reverse: true }))).toEqual(expected.reverse().slice(0, 50));
        for (const [key, value] of model) expect([...(storage.get(key) ?? [])]).toEqual(value);
      };
      await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 400, size: "max" }), fc.tuple(key, key), check), {
        numRuns: 30,
      });
    });
  });
}
