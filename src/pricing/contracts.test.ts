import { describe, expect, test } from "vitest";
import type { UsageRecord } from "../genai/usage.ts";
import { holdsFor } from "./contracts.ts";
import { policyOf, pricingSettings } from "./settings.ts";

const billed = { provider: "aws.bedrock", model: "anthropic.claude-sonnet-4-5", tier: "flex" };
const record: UsageRecord = {
  provider: "bedrock",
  model: "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-sonnet-4-5",
  tenant: "acme",
  atMs: Date.UTC(2026, 5, 1),
  usage: {},
};

describe("a contract", () => {
  test.each([
    { match: {}, holds: true },
    { match: { provider: "bedrock" }, holds: true },
    { match: { provider: "openai" }, holds: false },
    { match: { account: "123456789012" }, holds: true },
    { match: { account: "210987654321" }, holds: false },
    { match: { deployment: record.model }, holds: true },
    { match: { deployment: "claude" }, holds: false },
    { match: { model: "anthropic.claude-sonnet-4-5" }, holds: true },
    { match: { model: "claude-sonnet-4-5" }, holds: false },
    { match: { service_tier: "flex" }, holds: true },
    { match: { service_tier: "default" }, holds: false },
    { match: { tenant: "acme" }, holds: true },
    { match: { tenant: "acme", provider: "openai" }, holds: false },
    { match: { tenant: "other" }, holds: false },
  ])("for $match is $holds", ({ match, holds }) => {
    expect(holdsFor(contract({ match }), billed, record)).toBe(holds);
  });

  test.each([
    { from: "2026-06-01", holds: true },
    { from: "2026-06-02", holds: false },
    { until: "2026-06-02", holds: true },
    { until: "2026-06-01", holds: false },
  ])("from $from until $until is $holds on 2026-06-01", ({ holds, ...dates }) => {
    expect(holdsFor(contract(dates), billed, record)).toBe(holds);
  });

  test("for an account does not hold for a call that names none", () => {
    expect(holdsFor(contract({ match: { account: "" } }), billed, { ...record, model: "claude" })).toBe(false);
  });
});

function contract(given: object) {
  const [made] = policyOf(pricingSettings.parse({ multipliers: [{ factor: "95/100", ...given }] })).multipliers;
  return made!;
}
