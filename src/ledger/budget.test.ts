import { describe, expect, test } from "vitest";
import { budget } from "../../test/support/calls.ts";
import { counterOf, leftOf, parseLimit, tightestOf } from "./budget.ts";
import { zeroState } from "./ledger.ts";

const at = Date.parse("2026-11-21T10:00:00Z");
const dayMs = 86_400_000;

describe("budget", () => {
  test.each([
    { name: "the fuller one", limits: ["10 USD", "100 USD"], tightest: 0 },
    { name: "the fuller one, whatever it counts", limits: ["100 USD", "2 requests"], tightest: 1 },
    { name: "one with a limit before one without", limits: [undefined, "1000 USD"], tightest: 1 },
    { name: "the first without any limit", limits: [undefined, undefined], tightest: 0 },
    { name: "a limit of nothing", limits: ["1 USD", "0 USD"], tightest: 1 },
    { name: "tokens of both sides", limits: ["1000 requests", "2000 tokens"], tightest: 1 },
  ])("the tightest is $name", ({ limits, tightest }) => {
    const state = { ...zeroState, nanoUsd: 5_000_000_000n, requests: 1, inputTokens: 500, outputTokens: 500 };
    const lefts = limits.map((limit, index) => {
      const one = budget({ name: `b${index}`, ...(limit ? { limit } : {}) });
      return leftOf(one, "acme", one.windowAt(at), state);
    });
    expect(tightestOf(lefts)?.budget).toBe(`b${tightest}`);
  });

  test("of no budgets none is the tightest", () => {
    expect(tightestOf([])).toBeUndefined();
  });

  test("a tenant's own limit stands in place of the budget's, what is held is not left, and nothing is below 0", () => {
    const one = budget({ limit: "1 USD", limits: new Map([["acme", { unit: "nano_usd", amount: 5n }]]) });
    const left = (nanoUsd: bigint, heldNanoUsd: bigint) =>
      leftOf(one, "acme", one.windowAt(at), { ...zeroState, nanoUsd, heldNanoUsd }).remaining;
    expect([left(0n, 0n), left(2n, 1n), left(6n, 0n)]).toEqual([5n, 2n, 0n]);
    expect(leftOf(one, "other", one.windowAt(at), zeroState).remaining).toBe(1_000_000_000n);
  });

  test.each([
    { given: "20 USD", says: { unit: "nano_usd", amount: 20_000_000_000n } },
    { given: "9223372036.854775807 USD", says: { unit: "nano_usd", amount: 2n ** 63n - 1n } },
    { given: "9223372036.854775808 USD", says: undefined },
    { given: "0.0000000001 USD", says: undefined },
    { given: "1e3 USD", says: undefined },
    { given: "20USD", says: undefined },
    { given: "20", says: undefined },
    { given: 20, says: undefined },
    { given: null, says: undefined },
    { given: "1.5 requests", says: undefined },
  ])("$given is a limit: $says", ({ given, says }) => {
    expect(parseLimit(given)).toEqual(says);
  });

  test.each([
    { window: "minute", days: 3 },
    { window: "hour", days: 35 },
    { window: "day", days: 400 },
    { window: "month", days: 400 },
  ] as const)("a closed $window is kept $days days", ({ window, days }) => {
    const one = budget({ window });
    const found = one.windowAt(at);
    expect(counterOf(one, found, 0).expiresAtMs).toBe(found.endMs + days * dayMs);
    expect(counterOf(one, found, 500 * dayMs).expiresAtMs).toBe(found.endMs + 501 * dayMs);
  });

  test("a counter is named by budget, calendar, zone and window, not by its limit", () => {
    const key = (given: Parameters<typeof budget>[0]) => {
      const one = budget(given);
      return one.counterKey(one.windowAt(at));
    };
    expect(key({})).toMatch(/^monthly\.[0-9a-f]{6}:t:m202611$/);
    expect(key({ limit: "5 USD" })).toBe(key({}));
    expect(key({ timezone: "Europe/Berlin" })).not.toBe(key({}));
    expect(key({ name: "other" })).not.toBe(key({}));
  });
});
