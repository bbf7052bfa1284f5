// Windows tile time: every instant is in exactly one window of a calendar, and neighbours meet.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Calendar, windowsOf } from "../../src/ledger/windows.ts";

const zones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/Sao_Paulo",
  "America/Havana",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "Africa/Casablanca",
  "Pacific/Apia",
  "Pacific/Kiritimati",
];
const calendars: readonly Exclude<Calendar, "lifetime">[] = ["minute", "hour", "day", "week", "month", "year"];
const cases = zones.flatMap((zone) => calendars.map((calendar) => ({ zone, calendar })));
/** 1995 to 2037: changes of offset by rules of many years. */
const instant = fc.integer({ min: Date.UTC(1995, 0), max: Date.UTC(2037, 0) });

describe.each(cases)("$calendar in $zone", ({ zone, calendar }) => {
  test("contains its instant, meets its neighbours, and is found from any instant in it", () => {
    const windowAt = windowsOf(calendar, zone);
    // Computes for itself: it has not seen the windows that it is asked for.
    const fresh = windowsOf(calendar, zone);
    fc.assert(
      fc.property(instant, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (atMs, part) => {
        const window = windowAt(atMs);
        expect(window.startMs).toBeLessThanOrEqual(atMs);
        expect(atMs).toBeLessThan(window.endMs);
        const within = window.startMs + Math.floor(part * (window.endMs - window.startMs));
        expect(fresh(within)).toEqual(window);
        expect(fresh(window.endMs).startMs).toBe(window.endMs);
        expect(fresh(window.startMs - 1).endMs).toBe(window.startMs);
        expect(fresh(window.endMs).id).not.toBe(window.id);
      }),
      { numRuns: 40 },
    );
  });
});

describe.each(zones)("days of %s", (zone) => {
  test("go by the calendar on the wall, through every change of offset of six years", () => {
    const format = new Intl.DateTimeFormat("en-CA", {
      timeZone: zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
    });
    const windowAt = windowsOf("day", zone);
    const seen = new Set<string>();
    let atMs = Date.UTC(2025, 0);
    while (atMs < Date.UTC(2031, 0)) {
      const window = windowAt(atMs);
      expect(seen.has(window.id)).toBe(false);
      seen.add(window.id);
      for (const inside of [window.startMs, window.endMs - 1])
        expect(`d${format.format(inside).replaceAll("-", "")}`).toBe(window.id);
      atMs = window.endMs;
    }
  });
});
