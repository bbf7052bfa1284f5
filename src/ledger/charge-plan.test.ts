import { expect, test } from "vitest";
import { budget, span } from "../../test/support/calls.ts";
import { planCharges } from "./charge-plan.ts";

test.each([
  { name: "its end", startMs: Date.parse("2025-10-31T23:59:00Z"), endMs: Date.parse("2025-11-01T00:01:00Z") },
  { name: "its start where it has no end", startMs: Date.parse("2025-11-20T15:00:00Z"), endMs: 0 },
])("a charge is planned for the window of $name", ({ startMs, endMs }) => {
  const { call, cost } = span({ startMs, endMs });
  const [[planned] = []] = planCharges([budget({ window: "month" })], [call], [cost]);
  expect(planned?.window.id).toBe("m202511");
});
