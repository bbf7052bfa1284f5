import { expect, test } from "vitest";
import type { Call } from "../../genai/call.ts";
import type { Charge } from "../../ledger/charging.ts";
import { zeroState } from "../../ledger/ledger.ts";
import type { Cost } from "../../pricing/cost.ts";
import { callLine, usd } from "./call-line.ts";

const call: Call = {
  span: 0,
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  parentSpanId: "",
  startMs: Date.UTC(2026, 10, 21, 10, 0, 0),
  endMs: Date.UTC(2026, 10, 21, 10, 0, 1),
  service: "litellm",
  scope: "litellm",
  dialect: "litellm-v1",
  layer: "proxy",
  operation: "chat",
  shape: "call",
  provider: "openai",
  requestModel: "gpt-4o-mini",
  responseModel: "gpt-4o-mini-2024-07-18",
  providerModel: undefined,
  responseIds: [],
  usage: { input: 1215, cache_read: 1024, output: 87 },
  reportedUsd: undefined,
  gatewayCacheHit: false,
  failed: false,
  serviceTier: undefined,
  region: undefined,
  flags: [],
  role: "bill",
  reason: "leaf",
  subject: { tenant: "acme", tenantFrom: "span:tenant.id", team: undefined, user: undefined, key: undefined },
  rank: 0,
};
const priced: Cost = {
  status: "priced",
  nanoUsd: 158_250n,
  model: "gpt-4o-mini",
  match: "date_stripped",
  layer: "bundled",
  version: "1",
  flags: [],
};
const limit = 500_000_000_000n;
const charged: Charge = {
  result: "charged",
  lefts: [],
  tenant: "acme",
  nanoUsd: 158_250n,
  left: {
    budget: "monthly",
    tenant: "acme",
    window: { id: "m202611", startMs: 0, endMs: 1 },
    state: { ...zeroState, nanoUsd: 158_250n },
    limit: { unit: "nano_usd", amount: limit },
    remaining: limit - 158_250n,
  },
};
const unlimited: Charge = {
  ...charged,
  left: charged.left && { ...charged.left, limit: undefined, remaining: undefined },
};

test.each([
  {
    name: "tells when, whose, what, how much and what is left",
    line: callLine(call, priced, charged),
    says: [
      /^10:00:01 {2}acme /,
      "openai gpt-4o-mini-2024-07-18",
      "1,215 in (1,024 cached) + 87 out",
      "$0.00015825",
      "monthly: $499.99984175 left",
    ],
  },
  {
    name: "tells what is spent where there is no limit",
    line: callLine(call, priced, unlimited),
    says: ["monthly: $0.00015825 spent"],
  },
  {
    name: "shows no amount without a price",
    line: callLine(call, { status: "unpriced", reason: "unknown_model", flags: [] }, charged),
    says: ["no price: unknown model"],
  },
  {
    name: "marks an estimate",
    line: callLine(call, { ...priced, status: "priced_estimated" }, charged),
    says: ["about $0.00015825"],
  },
  {
    name: "tells a resend from a charge",
    line: callLine(call, priced, { ...charged, result: "replayed" }),
    says: ["charged before"],
  },
  {
    name: "says why a span is not billed",
    line: callLine({ ...call, role: "shadow", reason: "rollup" }, undefined, undefined),
    says: ["not billed: rollup"],
  },
  {
    name: "says of a failed attempt that it costs nothing",
    line: callLine({ ...call, role: "ignore", reason: "failed_without_usage", usage: undefined }, undefined, undefined),
    says: ["no usage", "no charge: failed without usage"],
  },
  {
    name: "keeps a tenant from steering the terminal",
    line: callLine({ ...call, subject: { ...call.subject, tenant: "\u001b[2Jx\n" } }, priced, charged),
    says: ["\uFFFD[2Jx\uFFFD"],
  },
])("the line of a call $name", ({ line, says }) => {
  for (const text of says)
    expect(line).toMatch(text instanceof RegExp ? text : new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  expect(line).not.toContain("\n");
});

test.each([
  [0n, "$0.00"],
  [1n, "$0.000000001"],
  [12_500_000_000n, "$12.50"],
  [1_234_567_000_000_000n, "$1,234,567.00"],
  [999_999_999n, "$0.999999999"],
])("%s nano-USD are written %s", (nanoUsd, text) => expect(usd(nanoUsd)).toBe(text));
