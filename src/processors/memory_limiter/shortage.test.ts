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
  readonly anonymous?: number;
  readonly anonymousBefore?: number;
  readonly heapLimit?: number;
  readonly wasShort?: boolean;
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
      name: "when what cannot be taken back passes a percentage",
      limits: { limit_percentage: 80 },
      heap: 50,
      anonymous: 800,
      anonymousBefore: 700,
      short: true,
    },
    {
      name: "not by what cannot be taken back and no longer grows",
      limits: { limit_percentage: 80 },
      heap: 50,
      anonymous: 900,
      anonymousBefore: 900,
      short: false,
    },
    {
      name: "not by what cannot be taken back against MiB",
      limits: { limit_mib: 60 },
      heap: 20,
      anonymous: 90,
      anonymousBefore: 80,
      short: false,
    },
    {
      name: "still just below the soft limit, where it was short before",
      limits: { limit_mib: 100 },
      heap: 77,
      wasShort: true,
      short: true,
    },
    { name: "no more well below it", limits: { limit_mib: 100 }, heap: 75, wasShort: true, short: false },
    { name: "close to the end of the heap", limits: { limit_percentage: 80 }, heap: 85, heapLimit: 100, short: true },
    { name: "not below that", limits: { limit_percentage: 80 }, heap: 84, heapLimit: 100, short: false },
    {
      name: "still just below that, where it was short before",
      limits: { limit_percentage: 80 },
      heap: 84,
      heapLimit: 100,
      wasShort: true,
      short: true,
    },
  ])("$name", ({ limits, short, wasShort = false, anonymousBefore = 100, ...row }) => {
    const before = { anonymousBytes: anonymousBefore * mebibyte, isShort: wasShort };
    expect(shortage({ ...none, ...limits }, figures(row), before) !== undefined).toBe(short);
  });

  test.each([
    { name: "soft above the limit less the spike", heap: 99, degree: "soft" },
    { name: "hard above the limit", heap: 100, degree: "hard" },
  ])("is $name", ({ heap, degree }) => {
    const before = { anonymousBytes: 0, isShort: false };
    expect(shortage({ ...none, limit_mib: 100 }, figures({ heap }), before)?.degree).toBe(degree);
  });

  test("says what is used and from where on requests are refused", () => {
    const before = { anonymousBytes: 0, isShort: false };
    expect(shortage({ ...none, limit_mib: 100 }, figures({ heap: 75, external: 10 }), before)?.reason).toBe(
      "heap and buffers take 85 MiB, requests are refused from 80 MiB",
    );
  });
});

function figures({ heap, external = 0, anonymous = 100, heapLimit = 4_000 }: Omit<Row, "name" | "limits" | "short">) {
  return {
    rssBytes: 2_000 * mebibyte,
    anonymousBytes: anonymous * mebibyte,
    heapBytes: heap * mebibyte,
    heapLimitBytes: heapLimit * mebibyte,
    externalBytes: external * mebibyte,
    limitBytes: 1_000 * mebibyte,
  };
}
