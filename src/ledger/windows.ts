// Calendar windows in any zone of the IANA database. The end of a span chooses the window, never its arrival: a new
// window is a new key, so nothing is ever reset.
// A window starts at the first instant whose local time is not before its own first, and ends where the next starts.
// So windows tile time also where a day has 23 or 25 hours, starts at one o'clock, or never was.

export const calendars = ["minute", "hour", "day", "week", "month", "year", "lifetime"] as const;
export type Calendar = (typeof calendars)[number];

export interface Window {
  /** `n20261121T1528` (UTC), `h20261121T15`, `d20261121`, `w2026W47`, `m202611`, `y2026`, `life`. */
  readonly id: string;
  readonly startMs: number;
  /** First instant of the next window; Infinity for a lifetime. */
  readonly endMs: number;
}

/** Finds the window of an instant. Keeps the last few, since spans of a batch mostly share one. */
export function windowsOf(calendar: Calendar, timezone: string): (atMs: number) => Window {
  if (calendar === "lifetime") return () => lifetime;
  if (calendar === "minute") return minuteOf;
  const local = localTime(timezone);
  const recent: Window[] = [];
  return (atMs) => {
    const known = recent.find((window) => window.startMs <= atMs && atMs < window.endMs);
    if (known) return known;
    const window = windowAt(calendar, local, atMs);
    recent.unshift(window);
    recent.length = Math.min(recent.length, recentMax);
    return window;
  };
}

/** Whether it is a zone by name; offsets such as `+02:00` are none, since not every runtime knows them. */
export function isTimezone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const recentMax = 4;
const minuteMs = 60_000;
const dayMs = 86_400_000;
const lifetime: Window = { id: "life", startMs: 0, endMs: Number.POSITIVE_INFINITY };

/** All offsets are whole minutes today, so minutes are the same everywhere; in UTC their names are unique, too. */
function minuteOf(atMs: number): Window {
  const startMs = Math.floor(atMs / minuteMs) * minuteMs;
  const text = new Date(startMs).toISOString();
  return { id: `n${digits(text, 10)}T${text.slice(11, 13)}${text.slice(14, 16)}`, startMs, endMs: startMs + minuteMs };
}

type LocalTime = (atMs: number) => number;

function windowAt(calendar: Exclude<Calendar, "minute" | "lifetime">, local: LocalTime, atMs: number): Window {
  const start = floorOf(calendar, local(atMs));
  return {
    id: idOf(calendar, start),
    startMs: firstInstant(local, start),
    endMs: firstInstant(local, nextOf(calendar, start)),
  };
}

/** The start of the window as a local time, written as if it were UTC. */
function floorOf(calendar: Calendar, localMs: number): number {
  const date = new Date(localMs);
  switch (calendar) {
    case "hour":
      return Math.floor(localMs / (60 * minuteMs)) * 60 * minuteMs;
    case "week":
      return Math.floor(localMs / dayMs) * dayMs - ((date.getUTCDay() + 6) % 7) * dayMs;
    case "month":
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
    case "year":
      return Date.UTC(date.getUTCFullYear(), 0);
    default:
      return Math.floor(localMs / dayMs) * dayMs;
  }
}

function nextOf(calendar: Calendar, startMs: number): number {
  const date = new Date(startMs);
  switch (calendar) {
    case "hour":
      return startMs + 60 * minuteMs;
    case "week":
      return startMs + 7 * dayMs;
    case "month":
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
    case "year":
      return Date.UTC(date.getUTCFullYear() + 1, 0);
    default:
      return startMs + dayMs;
  }
}

function idOf(calendar: Calendar, startMs: number): string {
  const text = new Date(startMs).toISOString();
  switch (calendar) {
    case "hour":
      return `h${digits(text, 10)}T${text.slice(11, 13)}`;
    case "week":
      return weekId(startMs);
    case "month":
      return `m${digits(text, 7)}`;
    case "year":
      return `y${digits(text, 4)}`;
    default:
      return `d${digits(text, 10)}`;
  }
}

/** ISO 8601: a week belongs to the year of its Thursday. */
function weekId(mondayMs: number): string {
  const thursday = new Date(mondayMs + 3 * dayMs);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0)) / (7 * dayMs)) + 1;
  return `w${year}W${String(week).padStart(2, "0")}`;
}

function digits(iso: string, length: number): string {
  return iso.slice(0, length).replaceAll("-", "");
}

/**
 * The first instant whose local time is not before `wantedMs`. Around a change of offset there are two candidates, one
 * by the offset before and one by the offset after; the earlier one that has reached the wanted time is it.
 */
function firstInstant(local: LocalTime, wantedMs: number): number {
  const before = wantedMs - (local(wantedMs - dayMs) - (wantedMs - dayMs));
  const after = wantedMs - (local(wantedMs + dayMs) - (wantedMs + dayMs));
  const [early, late] = before < after ? [before, after] : [after, before];
  return wantedMs <= local(early) ? early : late;
}

/** Local wall time of an instant, written as if it were UTC. */
function localTime(timezone: string): LocalTime {
  if (timezone === "UTC") return (atMs) => atMs;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    calendar: "gregory",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (atMs) => {
    const fields: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(atMs)) fields[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = fields;
    return Date.UTC(year, month - 1, day, hour, minute, second) + (atMs - Math.floor(atMs / 1000) * 1000);
  };
}
