import { describe, expect, test } from "vitest";
import { type Calendar, isTimezone, windowsOf } from "./windows.ts";

const at = (text: string) => Date.parse(text);
const iso = (ms: number) => new Date(ms).toISOString().replace(".000Z", "Z");

describe("windows", () => {
  test.each<{ calendar: Calendar; zone: string; end: string; id: string; from: string; to: string }>([
    // S20: the last millisecond of November.
    {
      calendar: "month",
      zone: "UTC",
      end: "2025-11-30T23:59:59.999Z",
      id: "m202511",
      from: "2025-11-01T00:00:00Z",
      to: "2025-12-01T00:00:00Z",
    },
    {
      calendar: "month",
      zone: "Europe/Berlin",
      end: "2025-11-30T23:30:00Z",
      id: "m202512",
      from: "2025-11-30T23:00:00Z",
      to: "2025-12-31T23:00:00Z",
    },
    {
      calendar: "month",
      zone: "Europe/Berlin",
      end: "2026-03-10T00:00:00Z",
      id: "m202603",
      from: "2026-02-28T23:00:00Z",
      to: "2026-03-31T22:00:00Z",
    },
    // S21: a day of 23 hours.
    {
      calendar: "day",
      zone: "Europe/Berlin",
      end: "2026-03-28T23:30:00Z",
      id: "d20260329",
      from: "2026-03-28T23:00:00Z",
      to: "2026-03-29T22:00:00Z",
    },
    {
      calendar: "day",
      zone: "Europe/Berlin",
      end: "2026-03-29T21:30:00Z",
      id: "d20260329",
      from: "2026-03-28T23:00:00Z",
      to: "2026-03-29T22:00:00Z",
    },
    {
      calendar: "day",
      zone: "Europe/Berlin",
      end: "2026-03-29T22:30:00Z",
      id: "d20260330",
      from: "2026-03-29T22:00:00Z",
      to: "2026-03-30T22:00:00Z",
    },
    {
      calendar: "day",
      zone: "America/New_York",
      end: "2026-11-01T12:00:00Z",
      id: "d20261101",
      from: "2026-11-01T04:00:00Z",
      to: "2026-11-02T05:00:00Z",
    },
    // S22.
    {
      calendar: "day",
      zone: "Asia/Kolkata",
      end: "2025-11-20T18:29:59Z",
      id: "d20251120",
      from: "2025-11-19T18:30:00Z",
      to: "2025-11-20T18:30:00Z",
    },
    {
      calendar: "day",
      zone: "Asia/Kolkata",
      end: "2025-11-20T18:30:00Z",
      id: "d20251121",
      from: "2025-11-20T18:30:00Z",
      to: "2025-11-21T18:30:00Z",
    },
    // Midnight that never was (spring 2018), and midnight that came twice (autumn 2018).
    {
      calendar: "day",
      zone: "America/Sao_Paulo",
      end: "2018-11-04T12:00:00Z",
      id: "d20181104",
      from: "2018-11-04T03:00:00Z",
      to: "2018-11-05T02:00:00Z",
    },
    {
      calendar: "day",
      zone: "America/Sao_Paulo",
      end: "2018-02-18T02:30:00Z",
      id: "d20180217",
      from: "2018-02-17T02:00:00Z",
      to: "2018-02-18T03:00:00Z",
    },
    {
      calendar: "day",
      zone: "America/Havana",
      end: "2026-11-01T04:30:00Z",
      id: "d20261101",
      from: "2026-11-01T04:00:00Z",
      to: "2026-11-02T05:00:00Z",
    },
    // Samoa left out 30 December 2011.
    {
      calendar: "day",
      zone: "Pacific/Apia",
      end: "2011-12-30T09:59:59Z",
      id: "d20111229",
      from: "2011-12-29T10:00:00Z",
      to: "2011-12-30T10:00:00Z",
    },
    {
      calendar: "day",
      zone: "Pacific/Apia",
      end: "2011-12-30T10:00:00Z",
      id: "d20111231",
      from: "2011-12-30T10:00:00Z",
      to: "2011-12-31T10:00:00Z",
    },
    // An hour that comes twice is one window.
    {
      calendar: "hour",
      zone: "Europe/Berlin",
      end: "2026-10-25T01:30:00Z",
      id: "h20261025T02",
      from: "2026-10-25T00:00:00Z",
      to: "2026-10-25T02:00:00Z",
    },
    {
      calendar: "hour",
      zone: "Asia/Kolkata",
      end: "2026-11-20T15:28:00Z",
      id: "h20261120T20",
      from: "2026-11-20T14:30:00Z",
      to: "2026-11-20T15:30:00Z",
    },
    {
      calendar: "minute",
      zone: "Asia/Kolkata",
      end: "2026-11-20T15:28:59.999Z",
      id: "n20261120T1528",
      from: "2026-11-20T15:28:00Z",
      to: "2026-11-20T15:29:00Z",
    },
    // S24: ISO weeks.
    {
      calendar: "week",
      zone: "UTC",
      end: "2025-12-29T00:00:00Z",
      id: "w2026W01",
      from: "2025-12-29T00:00:00Z",
      to: "2026-01-05T00:00:00Z",
    },
    {
      calendar: "week",
      zone: "UTC",
      end: "2027-01-03T23:59:59Z",
      id: "w2026W53",
      from: "2026-12-28T00:00:00Z",
      to: "2027-01-04T00:00:00Z",
    },
    {
      calendar: "year",
      zone: "Europe/Berlin",
      end: "2026-12-31T23:30:00Z",
      id: "y2027",
      from: "2026-12-31T23:00:00Z",
      to: "2027-12-31T23:00:00Z",
    },
  ])("$calendar in $zone at $end is $id", ({ calendar, zone, end, id, from, to }) => {
    const window = windowsOf(calendar, zone)(at(end));
    expect({ id: window.id, from: iso(window.startMs), to: iso(window.endMs) }).toEqual({ id, from, to });
  });

  test("a lifetime never ends", () => {
    expect(windowsOf("lifetime", "UTC")(at("2026-01-01T00:00:00Z"))).toEqual({
      id: "life",
      startMs: 0,
      endMs: Number.POSITIVE_INFINITY,
    });
  });

  test.each([
    { name: "Europe/Berlin", valid: true },
    { name: "UTC", valid: true },
    { name: "Europe/Atlantis", valid: false },
    { name: "+02:00", valid: false },
    { name: "", valid: false },
  ])("$name is a zone: $valid", ({ name, valid }) => {
    expect(isTimezone(name)).toBe(valid);
  });
});
