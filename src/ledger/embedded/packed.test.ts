import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryStorage } from "../../core/memory-storage.ts";
import { findPacked, type PackedSet, putPacked } from "./packed.ts";

const marks: PackedSet = { prefix: "d/", recordBytes: 3, identityBytes: 2 };

describe("packed set", () => {
  test("a record with the same identity replaces the one before", () => {
    const storage = new MemoryStorage(1e6);
    storage.transaction((writing) => {
      putPacked(writing, marks, Uint8Array.of(1, 2, 7));
      putPacked(writing, marks, Uint8Array.of(1, 2, 8));
      expect(findPacked(writing, marks, Uint8Array.of(1, 2), 10)).toEqual([Uint8Array.of(1, 2, 8)]);
    });
  });

  test("does not see the sets beside it", () => {
    const storage = new MemoryStorage(1e6);
    storage.transaction((writing) => {
      putPacked(writing, { ...marks, prefix: "c/" }, Uint8Array.of(1, 2, 7));
      putPacked(writing, { ...marks, prefix: "d0/" }, Uint8Array.of(1, 2, 7));
      expect(findPacked(writing, marks, Uint8Array.of(1, 2), 10)).toEqual([]);
    });
  });

  test("finds what a map would find, by whole identities and by their starts, through splits", () => {
    const record = fc.tuple(fc.nat(20), fc.nat(255), fc.nat(255));
    fc.assert(
      fc.property(fc.array(record, { maxLength: 1500, size: "max" }), fc.nat(20), (records, start) => {
        const storage = new MemoryStorage(1e7);
        const model = new Map<number, readonly number[]>();
        storage.transaction((writing) => {
          for (const [one, two, three] of records) {
            putPacked(writing, marks, Uint8Array.of(one, two, three));
            model.set(one * 256 + two, [one, two, three]);
          }
          const expected = [...model.entries()].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
          const all = findPacked(writing, marks, new Uint8Array(0), 1e5).map((bytes) => [...bytes]);
          expect(all).toEqual(expected);
          const some = findPacked(writing, marks, Uint8Array.of(start), 1e5).map((bytes) => [...bytes]);
          expect(some).toEqual(expected.filter(([first]) => first === start));
          for (const [one = 0, two = 0, three] of expected.slice(0, 50))
            expect(findPacked(writing, marks, Uint8Array.of(one, two), 2)).toEqual([
              Uint8Array.from([one, two, three ?? 0]),
            ]);
        });
      }),
      { numRuns: 30 },
    );
  });
});
