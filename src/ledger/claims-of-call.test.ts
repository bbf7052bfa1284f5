import { expect, test } from "vitest";
import { budget, span } from "../../test/support/calls.ts";
import { amountsOf, claimsOf } from "./claims-of-call.ts";

const terms = { budgets: [budget()], acceptLateMs: 0, acceptFutureMs: 0 };
const endMs = Date.parse("2025-11-20T15:00:00Z");

function claimed(given: Parameters<typeof span>[0]): bigint | undefined {
  const { call, cost } = span({ traceId: "", spanId: "", ...given });
  return claimsOf(call, amountsOf(call, cost), "acme", terms)[0]?.posting.span;
}

test("spans without ids are told apart by what they say, and a resend says the same", () => {
  expect(claimed({ endMs })).toBe(claimed({ endMs }));
  expect(claimed({ endMs: endMs + 1 })).not.toBe(claimed({ endMs }));
  expect(claimed({ endMs, input: 1001 })).not.toBe(claimed({ endMs }));
  expect(claimed({ endMs, responseIds: ["r1"] })).not.toBe(claimed({ endMs }));
  expect(claimed({ endMs, service: "search" })).not.toBe(claimed({ endMs }));
});
