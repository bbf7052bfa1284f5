import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryStorage } from "../../core/memory-storage.ts";
import { type PackedSet, PackedSets } from "./packed.ts";

const marks: PackedSet = { prefix: "d/", recordBytes: 9, bucketRecords: 96 };

function record(id: bigint, letter: number): Uint8Array {
  const bytes = new Uint8Array(9);
  new DataView(bytes.buffer).setBigUint64(0, id);
  bytes[8] = letter;
  return bytes;
}

function inTransaction(storage: MemoryStorage, work: (sets: PackedSets) => void): void {
  storage.transaction((writing) => {
    const sets = new PackedSets(writing);
    work(sets);
    sets.close();
  });
}

describe("packed sets", () => {
  test("a record takes the place of the one with its id, and others stay", () => {
    const storage = new MemoryStorage(1e6);
    inTransaction(storage, (sets) => {
      for (const id of [1n, 2n, 3n]) sets.add(marks, id, record(id, 7));
      sets.put(marks, 2n, record(2n, 8));
    });
    inTransaction(storage, (sets) => {
      expect([1n, 2n, 3n, 4n].map((id) => sets.find(marks, id)?.[8])).toEqual([7, 8, 7, undefined]);
    });
  });

  test("does not see the sets beside it", () => {
    inTransaction(new MemoryStorage(1e6), (sets) => {
      sets.add({ ...marks, prefix: "c/" }, 1n, record(1n, 7));
      sets.add({ ...marks, prefix: "d0/" }, 1n, record(1n, 7));
      expect(sets.find(marks, 1n)).toBeUndefined();
    });
  });

  test("a record that is removed is gone, and the next one with its id is the first", () => {
    inTransaction(new MemoryStorage(1e6), (sets) => {
      for (const letter of [1, 2]) sets.add(marks, 5n, record(5n, letter));
      sets.remove(marks, 5n);
      expect(sets.findAll(marks, 5n).map((bytes) => bytes[8])).toEqual([2]);
      sets.remove(marks, 5n);
      sets.remove(marks, 5n);
      expect(sets.find(marks, 5n)).toBeUndefined();
    });
  });

  test("records of any length stand side by side", () => {
    const set: PackedSet = { prefix: "c/", recordBytes: 0, bucketRecords: 4 };
    const ofLength = (id: bigint, length: number) => {
      const bytes = new Uint8Array(length).fill(Number(id));
      const view = new DataView(bytes.buffer);
      view.setBigUint64(0, id);
      view.setUint32(8, length);
      return bytes;
    };
    inTransaction(new MemoryStorage(1e6), (sets) => {
      for (let id = 1n; id < 100n; id++) sets.put(set, id, ofLength(id, 12 + Number(id) * 3));
      for (let id = 1n; id < 100n; id += 2n) sets.put(set, id, ofLength(id, 400 - Number(id)));
      for (let id = 1n; id < 100n; id += 3n) sets.remove(set, id);
      for (let id = 1n; id < 100n; id++) {
        const expected =
          id % 3n === 1n ? undefined : ofLength(id, id % 2n === 1n ? 400 - Number(id) : 12 + Number(id) * 3);
        expect(sets.find(set, id)).toEqual(expected);
      }
    });
  });

  test("a record without a length is damage, not an endless search", () => {
    const storage = new MemoryStorage(1e6);
    const set: PackedSet = { prefix: "c/", recordBytes: 0, bucketRecords: 4 };
    inTransaction(storage, (sets) => {
      sets.add(set, 1n, new Uint8Array(12));
      expect(() => sets.find(set, 2n)).toThrow("damaged");
    });
  });

  test("finds what a map would find, through many splits and transactions", () => {
    // Few values in the low bits, which choose the bucket: many ids share one, and some buckets stay empty.
    const id = fc.tuple(fc.nat(40), fc.nat(200)).map(([low, high]) => (BigInt(high) << 32n) | BigInt(low * 7));
    const entry = fc.record({ id, letter: fc.nat(255), again: fc.boolean() });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 2000, size: "max" }), (entries) => {
        const storage = new MemoryStorage(1e7);
        const model = new Map<bigint, number[]>();
        for (let at = 0; at < entries.length; at += 500)
          inTransaction(storage, (sets) => {
            for (const { id, letter, again } of entries.slice(at, at + 500)) {
              const known = model.get(id);
              if (known === undefined || again) sets.add(marks, id, record(id, letter));
              else sets.put(marks, id, record(id, letter));
              if (known === undefined) model.set(id, [letter]);
              else if (again) known.push(letter);
              else known[0] = letter;
            }
          });
        inTransaction(storage, (sets) => {
          for (const [id, letters] of model) {
            expect(sets.findAll(marks, id).map((bytes) => bytes[8])).toEqual(letters);
            expect(sets.find(marks, id)?.[8]).toBe(letters[0]);
          }
          expect(sets.find(marks, 1n)).toBeUndefined();
        });
      }),
      { numRuns: 30 },
    );
  });

  test("an entry costs little more than its bytes, few or many", () => {
    const storage = new MemoryStorage(1e8);
    inTransaction(storage, (sets) => {
      for (let at = 0n; at < 50_000n; at++) {
        const id = BigInt.asUintN(64, at * 0x9e3779b97f4a7c15n);
        sets.add(marks, id, record(id, 1));
      }
    });
    const entries = storage.range({ from: "d/", to: "d0", limit: 1e6 });
    const bytes = entries.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
    expect(bytes / 50_000).toBeLessThan(9.2);
    expect(Math.max(...entries.map(({ value }) => value.length / 9))).toBeLessThan(300);
  });
});
