import { describe, expect, test } from "vitest";
import { type Limits, shortage } from "./shortage.ts";

const mebibyte = 1024 * 1024;
const none: Limits = { limit_mib: 0, spike_limit_mib: 0, limit_percentage: 0, spike_limit_percentage: 0 };

/** MiB of a process in a container of 1,000 MiB. */
interface Row {
  readonly name: string;
  readonly limits: Partial<Limits>;
  readonly heap: number;
  readonly external?: number;
  readonly rss?: number;
  readonly rssBefore?: number;
  readonly short: boolean;
}

describe("memory is short", () => {
  test.each<Row>([
    { name: "not below the soft limit", limits: { limit_mib: 100, spike_limit_mib: 30 }, heap: 69, short: false },
    { name: "at the soft limit", limits: { limit_mib: 100, spike_limit_mib: 30 }, heap: 70, short: true },
    {
      name: "when buffers fill it",
      limits: { limit_mib: 100, spike_limit_mib: 30 },
      heap: 20,
      external: 50,
      short: true,
    },
    { name: "not below four fifths without a spike", limits: { limit_mib: 100 }, heap: 79, short: false },
    { name: "at four fifths without a spike", limits: { limit_mib: 100 }, heap: 80, short: true },
    {
      name: "not by percent where MiB are given",
      limits: { limit_mib: 900, limit_percentage: 10 },
      heap: 500,
      short: false,
    },
    {
      name: "not below the percentage",
      limits: { limit_percentage: 80, spike_limit_percentage: 20 },
      heap: 599,
      short: false,
    },
    { name: "at the percentage", limits: { limit_percentage: 80, spike_limit_percentage: 20 }, heap: 600, short: true },
    {
      name: "at four fifths of a percentage below the spike",
      limits: { limit_percentage: 10, spike_limit_percentage: 20 },
      heap: 80,
      short: true,
    },
    { name: "not below it", limits: { limit_percentage: 10, spike_limit_percentage: 20 }, heap: 79, short: false },
    {
      name: "when resident memory passes a percentage",
      limits: { limit_percentage: 80 },
      heap: 50,
      rss: 800,
      rssBefore: 700,
      short: true,
    },
    {
      name: "not by resident memory that no longer grows",
      limits: { limit_percentage: 80 },
      heap: 50,
      rss: 900,
      rssBefore: 900,
      short: false,
    },
    {
      name: "not by resident memory against MiB",
      limits: { limit_mib: 60 },
      heap: 20,
      rss: 90,
      rssBefore: 80,
      short: false,
    },
  ])("$name", ({ limits, heap, external = 0, rss = 100, rssBefore = 100, short }) => {
    const figures = { rssBytes: rss, heapBytes: heap, externalBytes: external, limitBytes: 1_000 };
    const inBytes = Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, value * mebibyte]));
    const reason = shortage({ ...none, ...limits }, { ...figures, ...inBytes }, rssBefore * mebibyte);
    expect(reason !== undefined).toBe(short);
  });

  test("says what is used and from where on requests are refused", () => {
    const figures = {
      rssBytes: 0,
      heapBytes: 75 * mebibyte,
      externalBytes: 10 * mebibyte,
      limitBytes: 1_000 * mebibyte,
    };
    expect(shortage({ ...none, limit_mib: 100 }, figures, 0)).toBe(
      "heap and buffers take 85 MiB, requests are refused from 80 MiB",
    );
  });
});
