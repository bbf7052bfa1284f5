import { describe, expect, test } from "vitest";
import { budget, span } from "../../../test/support/calls.ts";
import { openDisk, temporaryDirectory } from "../../../test/support/disk.ts";
import { MemoryStorage } from "../../core/memory-storage.ts";
import type { Storage } from "../../core/storage.ts";
import { dueCharges } from "../charging.ts";
import type { JournalEntry } from "./entry-record.ts";
import { Journal, type JournalTerms, journalArea } from "./journal.ts";

const nowMs = Date.parse("2025-11-20T15:00:10Z");
const minuteMs = 60_000;

function entry(calls = 1, arrivedMs = nowMs): JournalEntry {
  const spans = Array.from({ length: calls }, () => span());
  const found = { calls: spans.map(({ call }) => call), costs: spans.map(({ cost }) => cost) };
  const terms = {
    budgets: [budget()],
    acceptLateMs: 1e12,
    acceptFutureMs: 1e12,
    identityWindowMs: 1,
    tenantsMax: 1,
    tenants: new Set<string>(),
  };
  return { arrivedMs, again: false, claims: dueCharges(terms, found, arrivedMs).claims };
}

function open(storage: Storage, terms: Partial<JournalTerms> = {}, atMs = nowMs): Journal {
  return new Journal(storage, { ledger: "one", bytesMax: 1024 ** 2, horizonMs: 15 * minuteMs, ...terms }, atMs);
}

/** Charges whatever comes next, and answers how many requests it was. */
function step(journal: Journal): number {
  const slice = journal.next();
  if (slice === undefined) return 0;
  journal.settle(slice, []);
  return slice.entries.length;
}

function drain(journal: Journal): number {
  let entries = 0;
  for (let more = step(journal); 0 < more; more = step(journal)) entries += more;
  return entries;
}

describe("the charge journal", () => {
  test("gives each entry once, in the order of arrival, and together what came together", async () => {
    const journal = open(new MemoryStorage(1e7));
    const entries = [entry(), entry(), entry(1, nowMs + 5 * minuteMs)];
    for (const one of entries) await journal.append(one);
    const first = journal.next();
    expect(first?.entries).toEqual(entries.slice(0, 2));
    expect(first?.asOfMs).toBe(nowMs);
    expect(journal.waiting).toBe(3);
    expect(journal.oldestMs).toBe(nowMs);
    if (first) journal.settle(first, []);
    expect(journal.next()?.entries).toEqual(entries.slice(2));
    expect(journal.oldestMs).toBe(nowMs + 5 * minuteMs);
    drain(journal);
    expect([journal.waiting, journal.next(), journal.oldestMs]).toEqual([0, undefined, undefined]);
  });

  test("asks as of the same instant however the entries are sliced", async () => {
    const storage = new MemoryStorage(1e7);
    const journal = open(storage);
    for (const laterMs of [0, 3_000, 9_000, 12_000]) await journal.append(entry(1, nowMs + laterMs));
    const asked: number[] = [];
    for (let slice = journal.next(); slice; slice = journal.next()) {
      for (const _ of slice.entries) asked.push(slice.asOfMs);
      journal.settle(slice, []);
    }
    expect(asked).toEqual([nowMs, nowMs, nowMs, nowMs + 10_000]);
  });

  test("keeps what the ledger has for the horizon, also over a restart, and repeats it when it was lost", async () => {
    const storage = new MemoryStorage(1e7);
    const journal = open(storage);
    for (let at = 0; at < 5; at++) await journal.append(entry());
    expect(drain(journal)).toBe(5);
    journal.prune(nowMs);
    journal.repeat();
    expect(journal.repeating).toBe(5);
    expect(drain(journal)).toBe(5);
    const later = open(storage, {}, nowMs + 10 * minuteMs);
    expect(later.repeating).toBe(5);
    later.prune(nowMs + 15 * minuteMs);
    expect(later.repeating).toBe(0);
    expect(storage.range({ from: "j/", to: "j0", limit: 10 })).toEqual([]);
    expect(storage.range({ from: "a/", to: "a0", limit: 10 })).toEqual([]);
  });

  test("repeats what was being charged while something was lost", async () => {
    const journal = open(new MemoryStorage(1e7));
    await journal.append(entry());
    const slice = journal.next();
    journal.repeat();
    if (slice) journal.settle(slice, []);
    expect([journal.waiting, journal.repeating]).toEqual([0, 1]);
    const again = journal.next();
    journal.repeat();
    if (again) journal.settle(again, []);
    expect(journal.repeating).toBe(1);
    expect(drain(journal)).toBe(1);
  });

  test("lets what is repeated and what is new take turns", async () => {
    const journal = open(new MemoryStorage(1e7));
    for (let at = 0; at < 4; at++) await journal.append(entry(1, nowMs + at * minuteMs));
    drain(journal);
    journal.repeat();
    for (let at = 4; at < 8; at++) await journal.append(entry(1, nowMs + at * minuteMs));
    const kinds = Array.from({ length: 8 }, () => {
      const slice = journal.next();
      if (slice) journal.settle(slice, []);
      return slice?.isRepeat;
    });
    expect(kinds.filter(Boolean)).toHaveLength(4);
    expect(kinds.slice(0, 2).toSorted()).toEqual([false, true]);
  });

  test("is full of what waits: the sender is told to come again, and what the ledger has gives way", async () => {
    const journal = open(new MemoryStorage(1e7), { bytesMax: 40_000 });
    const fill = async () => {
      for (;;) {
        journal.checkRoom(10);
        await journal.append(entry(10));
      }
    };
    await expect(fill()).rejects.toMatchObject({ name: "Refused", code: "overloaded", retryable: true });
    expect(journal.bytes).toBeLessThanOrEqual(40_000);
    expect(() => journal.checkRoom(10_000)).toThrow(expect.objectContaining({ code: "too_large" }));
    const before = journal.waiting;
    drain(journal);
    for (let at = 0; at < before; at++) {
      journal.checkRoom(10);
      await journal.append(entry(10));
    }
    await expect(fill()).rejects.toMatchObject({ code: "overloaded" });
  });

  test("passes on that its store is full", async () => {
    const journal = open(new MemoryStorage(2_000));
    const fill = async () => {
      for (;;) await journal.append(entry());
    };
    await expect(fill()).rejects.toMatchObject({ name: "Refused", code: "overloaded" });
  });

  test("tries what was set aside again, at most a quarter of what it may hold", async () => {
    const storage = new MemoryStorage(1e7);
    const journal = open(storage, { bytesMax: 40_000 });
    await journal.append(entry());
    const slice = journal.next();
    expect(slice && journal.settle(slice, [entry(2), entry(3)])).toBe(0);
    expect(journal.aside).toBe(2);
    const restarted = open(storage, { bytesMax: 40_000 });
    expect(restarted.aside).toBe(2);
    restarted.retryAside();
    expect([restarted.aside, restarted.waiting]).toEqual([0, 2]);
    const again = restarted.next();
    expect(again?.entries.map(({ again: isAgain, claims }) => [isAgain, claims.length])).toEqual([
      [true, 2],
      [true, 3],
    ]);
    const many = Array.from({ length: 12 }, () => entry(10));
    expect(again && restarted.settle(again, many)).toBeGreaterThan(0);
    expect(restarted.aside).toBeLessThan(12);
    expect(restarted.aside).toBeGreaterThan(5);
  });

  test("hands out what is damaged by itself, once, and never waits behind it", async () => {
    const storage = new MemoryStorage(1e7);
    const before = open(storage);
    for (let at = 0; at < 3; at++) await before.append(entry());
    storage.transaction((writing) => writing.put("j/00000000000001", Uint8Array.of(1, 2, 3)));
    const journal = open(storage);
    const slice = journal.next();
    expect(slice?.entries).toHaveLength(2);
    expect(slice?.damaged).toEqual([{ bytes: Uint8Array.of(1, 2, 3), reason: "journal: a record of no length" }]);
    if (slice) journal.settle(slice, []);
    expect(journal.waiting).toBe(0);
    journal.repeat();
    expect(journal.next()?.damaged).toEqual([]);
  });

  test("gives another ledger what the one before did not have, and nothing else", async () => {
    const storage = new MemoryStorage(1e7);
    const journal = open(storage);
    for (let at = 0; at < 3; at++) await journal.append(entry(1, nowMs + at * minuteMs));
    step(journal);
    expect(Journal.holdsCharges(storage)).toBe(true);
    const other = open(storage, { ledger: "two" });
    expect([other.repeating, other.waiting]).toEqual([0, 2]);
    expect(drain(other)).toBe(2);
    expect(Journal.holdsCharges(storage)).toBe(false);
    expect(open(storage, { ledger: "two" }).repeating).toBe(2);
  });

  test("reaches the disk in the commit of its request", async () => {
    const store = await openDisk({ directory: temporaryDirectory() });
    const [requests, charges] = [store.area("requests", "queue"), store.area(journalArea, "charges")];
    const journal = open(charges);
    await charges.durable();
    requests.transaction((writing) => writing.put("r/1", Uint8Array.of(1)));
    const written = journal.append(entry());
    expect(requests.durable()).toBe(charges.durable());
    await written;
  });

  test("is read back from the disk where it is more than fits in memory", async () => {
    const store = await openDisk({ directory: temporaryDirectory() });
    const journal = open(store.area(journalArea, "charges"), { bytesMax: 16 * 1024 ** 2 });
    for (let at = 0; at < 60; at++) await journal.append(entry(1000, nowMs + at));
    let calls = 0;
    for (let slice = journal.next(); slice; slice = journal.next()) {
      calls += slice.entries.reduce((sum, { claims }) => sum + claims.length, 0);
      expect(slice.entries.length).toBeLessThanOrEqual(2);
      journal.settle(slice, []);
    }
    expect(calls).toBe(60_000);
  });
});
