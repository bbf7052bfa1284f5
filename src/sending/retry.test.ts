import { describe, expect, test } from "vitest";
import { Backoff, parseRetryAfter } from "./retry.ts";
import { retryOf, retrySettings, sendingQueueSettings } from "./settings.ts";

const parsed = (given: object, queue: object = {}) =>
  retryOf({ sending_queue: sendingQueueSettings.parse(queue), retry_on_failure: retrySettings.parse(given) });
const byDefault = parsed({});
const waits = (given: object, random: () => number, count: number): (number | undefined)[] => {
  const backoff = new Backoff(parsed(given), random);
  return Array.from({ length: count }, () => backoff.next(0));
};

describe("backoff", () => {
  test("grows by half from 5 s to 30 s", () => {
    expect(waits({}, () => 0.5, 7)).toEqual([5000, 7500, 11_250, 16_875, 25_312.5, 30_000, 30_000]);
  });

  test("is spread by half to both sides", () => {
    expect(waits({}, () => 0, 2)).toEqual([2500, 3750]);
    expect(waits({}, () => 1, 2)).toEqual([7500, 11_250]);
  });

  test("waits as long as the backend asks, if that is longer, and an hour at most", () => {
    const backoff = new Backoff({ ...byDefault, max_elapsed_time: 0 }, () => 0.5);
    expect(backoff.next(0, 20_000)).toBe(20_000);
    expect(backoff.next(0, 1)).toBe(7500);
    expect(backoff.next(0, 1e12)).toBe(3_600_000);
  });

  test("gives up before a wait that would end too late, and never with 0", () => {
    expect(new Backoff(byDefault, () => 0.5).next(295_000)).toBe(5000);
    expect(new Backoff(byDefault, () => 0.5).next(295_001)).toBeUndefined();
    expect(new Backoff(byDefault, () => 0.5).next(0, 300_001)).toBeUndefined();
    expect(new Backoff({ ...byDefault, max_elapsed_time: 0 }, () => 0.5).next(1e9)).toBe(5000);
    const onDisk = parsed({}, { storage: "file_storage" });
    expect(new Backoff(onDisk, () => 0.5).next(1e9)).toBe(5000);
    const limited = parsed({ max_elapsed_time: "1m" }, { storage: "file_storage" });
    expect(new Backoff(limited, () => 0.5).next(60_000)).toBeUndefined();
    expect(waits({ enabled: false }, () => 0.5, 1)).toEqual([undefined]);
  });
});

describe("Retry-After", () => {
  const now = Date.UTC(2026, 10, 21, 10, 0, 0);
  test.each([
    { header: "2", ms: 2000 },
    { header: " 120 ", ms: 120_000 },
    { header: "0", ms: 0 },
    { header: "Sat, 21 Nov 2026 10:00:30 GMT", ms: 30_000 },
    { header: "Saturday, 21-Nov-26 10:00:30 GMT", ms: 30_000 },
    { header: "Sat, 21 Nov 2026 09:00:00 GMT", ms: 0 },
    { header: undefined, ms: undefined },
    { header: "", ms: undefined },
    { header: "soon", ms: undefined },
    { header: "-1", ms: undefined },
    { header: "1.5", ms: undefined },
    { header: "2 apples", ms: undefined },
    { header: "Sat, 99 Nov 2026", ms: undefined },
    { header: "99999999999999999999", ms: undefined },
  ])("of $header is $ms", ({ header, ms }) => expect(parseRetryAfter(header, now)).toBe(ms));
});
