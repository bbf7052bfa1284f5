import fc from "fast-check";
import { expect, test } from "vitest";
import { storageContract } from "../../test/support/storage-contract.ts";
import { MemoryStorage } from "./memory-storage.ts";

storageContract(
  "memory storage",
  async (bytesMax) => new MemoryStorage(bytesMax),
  async (storage) => storage.durable(),
);

test("memory storage holds what a sorted list would hold, through splits and removals of chunks", () => {
  const step = fc.record({ key: fc.integer({ min: 0, max: 3000 }), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 4000, size: "max" }), (steps) => {
      const storage = new MemoryStorage(1e9);
      const model = new Set<string>();
      storage.transaction((writing) => {
        for (const { key, remove } of steps) {
          const name = String(key).padStart(4, "0");
          if (remove) model.delete(name);
          else model.add(name);
          if (remove) writing.remove(name);
          else writing.put(name, new Uint8Array(1));
        }
      });
      const forwards = storage.range({ from: "0", to: "9", limit: 1e6 }).map((entry) => entry.key);
      const backwards = storage.range({ from: "0", to: "9", limit: 1e6, reverse: true }).map((entry) => entry.key);
      expect(forwards).toEqual([...model].sort());
      expect(backwards).toEqual([...model].sort().reverse());
    }),
    { numRuns: 30 },
  );
});
