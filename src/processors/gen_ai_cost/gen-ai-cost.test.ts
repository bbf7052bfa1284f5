import { describe, expect, test } from "vitest";
import { decode, encode } from "../../../test/support/otlp-oracle.ts";
import { recordingHost } from "../../../test/support/recording-host.ts";
import type { Processor } from "../../core/component.ts";
import { type Call, calls } from "../../genai/call.ts";
import { TraceBatches } from "../../otlp/trace-batch.ts";
import { costs } from "../../pricing/cost.ts";
import { genAiCost } from "./gen-ai-cost.ts";

const noFiles = {
  read(path: string): Uint8Array {
    throw new Error(`no such file ${path}`);
  },
};

describe("gen_ai_cost", () => {
  test("writes what a billed call costs, exactly and under the names that dashboards read", () => {
    expect(priced({}, [call({})])).toEqual([
      {
        "spantoll.cost.status": "priced",
        "spantoll.cost.usd": 0.0075,
        "spantoll.cost.nano_usd": "7500000",
        "gen_ai.usage.cost": 0.0075,
        "spantoll.price.model": "gpt-4o",
        "spantoll.price.match": "exact",
        "spantoll.price.version": "2026-11-20+genai-prices.0.1.8",
      },
    ]);
  });

  test.each([
    { name: "an unknown model", given: { requestModel: "gpt-9-imaginary" }, reason: "unknown_model" },
    { name: "a call without usage", given: { usage: undefined }, reason: "missing_usage" },
    { name: "a call that is too dear", given: { usage: { input: 500_000_000, output: 0 } }, reason: "too_dear" },
    { name: "a provider nobody knows", given: { provider: undefined }, reason: "unknown_model" },
  ])("leaves $name without any cost attribute and says why", ({ given, reason }) => {
    expect(priced({}, [call(given)], { "gen_ai.usage.cost": 0 })).toEqual([
      { "spantoll.cost.status": "unpriced", "spantoll.cost.reason": reason },
    ]);
  });

  test("keeps what the emitter said apart, and takes its figure away where there is none of ours", () => {
    const said = call({ requestModel: "gpt-9-imaginary", reportedUsd: "0.0" });
    expect(priced({}, [said], { "gen_ai.usage.cost": 0 })).toEqual([
      { "spantoll.cost.status": "unpriced", "spantoll.cost.reason": "unknown_model", "spantoll.cost.reported_usd": 0 },
    ]);
  });

  test("takes the emitter's figure for a call without a price of its own", () => {
    const said = call({ requestModel: "gpt-9-imaginary", reportedUsd: "0.0042" });
    expect(priced({}, [said], { "gen_ai.usage.cost": 0.0042 })).toEqual([
      {
        "spantoll.cost.status": "provider_reported",
        "spantoll.cost.usd": 0.0042,
        "spantoll.cost.nano_usd": "4200000",
        "spantoll.cost.reported_usd": 0.0042,
        "gen_ai.usage.cost": 0.0042,
      },
    ]);
  });

  test("writes free as 0 and not as absent", () => {
    const free = { inline: { providers: [{ id: "vllm", models: [{ id: "llama", prices: [{ cells: zeroCells }] }] }] } };
    const [attributes] = priced({ prices: [free] }, [call({ provider: "vllm", requestModel: "llama" })]);
    expect(attributes).toMatchObject({
      "spantoll.cost.status": "free",
      "spantoll.cost.usd": 0,
      "spantoll.cost.nano_usd": "0",
    });
  });

  test.each([{ dialect: "claude-code" }, { service: "claude-code" }, { service: "claude-code", provider: "OpenAI" }])(
    "writes 0 for a call that a subscription pays, %j, whatever the emitter said",
    (subscription) => {
      const said = call({ service: "claude-code", dialect: "claude-code", reportedUsd: "3" });
      const [attributes] = priced({ subscriptions: [subscription] }, [said], { "gen_ai.usage.cost": 3 });
      expect(attributes).toMatchObject({
        "spantoll.cost.status": "free",
        "spantoll.cost.flags": ["subscription"],
        "spantoll.cost.nano_usd": "0",
        "spantoll.cost.reported_usd": 3,
        "gen_ai.usage.cost": 0,
      });
    },
  );

  test("hints at the alias that an application's inference profile needs", () => {
    const requestModel = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/x1";
    const { host } = run({}, [call({ provider: "aws.bedrock", requestModel })]);
    expect(host.logged[0]).toContain(`aliases: { \\"${requestModel}\\": PROVIDER/MODEL }`);
  });

  test("writes the cost under every name of `write` and under no other", () => {
    const [attributes] = priced({ write: ["llm.cost.total"] }, [call({})], { "gen_ai.usage.cost": 3 });
    expect(attributes).toMatchObject({ "llm.cost.total": 0.0075 });
    expect(attributes).not.toHaveProperty("gen_ai.usage.cost");
  });

  test("prices a span without a time by today's prices", () => {
    const prices = [
      { from: "2026-01-01", until: "2026-11-01", cells: { default: { input: 1, output: 1 } } },
      { from: "2026-11-01", cells: { default: { input: 2, output: 2 } } },
    ];
    const inline = { providers: [{ id: "openai", models: [{ id: "gpt-4o", prices }] }] };
    const [attributes] = priced({ prices: [{ inline }] }, [call({ endMs: 0 })]);
    expect(attributes).toMatchObject({ "spantoll.cost.nano_usd": "3000000" });
  });

  test("says with flags how sure an amount is", () => {
    const [attributes] = priced({}, [call({ usage: { input: 100, cache_read: 5000, output: 10 } })]);
    expect(attributes).toMatchObject({
      "spantoll.cost.status": "priced_estimated",
      "spantoll.cost.flags": ["usage_convention_inferred_exclusive"],
    });
  });

  test.each(["shadow", "ignore"] as const)("touches no span that is %s", (role) => {
    expect(priced({}, [call({ role })], { "gen_ai.usage.cost": 5 })).toEqual([{ "gen_ai.usage.cost": 5 }]);
  });

  test("leaves the costs for the budget at the positions of the calls", () => {
    const { notes } = run({}, [call({ role: "shadow" }), call({ span: 1 })]);
    expect(costs.get(notes)).toMatchObject([undefined, { status: "priced", nanoUsd: 7_500_000n }]);
  });

  test("counts tokens and calls without a price, and hints at a model once", () => {
    const unknown = call({ requestModel: "gpt-9-imaginary" });
    const { host } = run({}, [unknown, { ...unknown, span: 1 }]);
    const labels = { provider: "openai", model: "gpt-9-imaginary" };
    expect(host.counted).toEqual(
      new Map([
        [`spantoll_unpriced_calls_total${JSON.stringify({ reason: "unknown_model", ...labels })}`, 2],
        [`spantoll_tokens_total${JSON.stringify({ tenant: "acme", ...labels, type: "input" })}`, 2000],
        [`spantoll_tokens_total${JSON.stringify({ tenant: "acme", ...labels, type: "output" })}`, 1000],
      ]),
    );
    expect(host.logged).toHaveLength(1);
    expect(host.logged[0]).toContain('{ id: \\"gpt-9-imaginary\\", prices:');
  });

  test.each([
    { name: "a missing file", prices: [{ file: "no.yaml" }], says: "no.yaml: cannot be read" },
    { name: "a second layer", prices: ["bundled", { litellm: "no.json" }], says: "no.json: cannot be read" },
  ])("objects to $name at its place", ({ prices, says }) => {
    const prepared = genAiCost.prepare({ prices }, noFiles);
    expect(prepared).toMatchObject({ ok: false, objections: [{ path: ["prices", prices.length - 1] }] });
    expect(JSON.stringify(prepared)).toContain(says);
  });

  test.each([
    { max_call_cost_usd: -1 },
    { reported_cost: "always" },
    { prices: [] },
    { prices: ["boundled"] },
    { multipliers: [{ factor: "0" }] },
    { wirte: [] },
    { subscriptions: [{}] },
    { subscriptions: [{ dialect: "claude-codes" }] },
    { subscriptions: [{ servise: "claude-code" }] },
  ])("refuses %j", (settings) => {
    expect(genAiCost.prepare(settings, noFiles)).toMatchObject({ ok: false });
  });
});

const zeroCells = { default: { input: 0, output: 0 } };

type Attributes = Readonly<Record<string, unknown>>;

function run(settings: object, given: readonly Call[], attributes: Attributes = {}) {
  const prepared = genAiCost.prepare(settings, noFiles);
  if (!prepared.ok) throw new Error(JSON.stringify(prepared));
  const host = recordingHost();
  const processor: Processor = prepared.create(host);
  const spans = given.map(() => ({ attributes: keyValues(attributes) }));
  const bytes = encode("traces", { resourceSpans: [{ scopeSpans: [{ spans }] }] });
  const batches = new TraceBatches(processor.keys ? [processor.keys] : []);
  const context = { headers: {}, subject: undefined, peer: "test" };
  const [batch] = batches.read({ signal: "traces", bytes, context, transport: "http" });
  if (!batch) throw new Error("no batch");
  calls.set(batch.notes, given);
  processor.process(batch);
  return { host, notes: batch.notes, bytes: batch.encode().bytes };
}

function priced(settings: object, given: readonly Call[], attributes: Attributes = {}): unknown[] {
  const request = decode("traces", run(settings, given, attributes).bytes) as unknown as WrittenRequest;
  return request.resourceSpans[0]!.scopeSpans[0]!.spans.map((span) =>
    Object.fromEntries((span.attributes ?? []).map(({ key, value }) => [key, plain(value)])),
  );
}

interface WrittenRequest {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly WrittenSpan[] }[] }[];
}

interface WrittenSpan {
  readonly attributes?: readonly { readonly key: string; readonly value: Attributes }[];
}

function plain(value: Attributes): unknown {
  const [inner] = Object.values(value);
  const list = (inner as { values?: readonly Attributes[] } | undefined)?.values;
  return list ? list.map(plain) : inner;
}

function keyValues(attributes: Attributes) {
  return Object.entries(attributes).map(([key, doubleValue]) => ({ key, value: { doubleValue } }));
}

function call(given: Partial<Call>): Call {
  return {
    span: 0,
    traceId: "",
    spanId: "",
    parentSpanId: "",
    startMs: Date.UTC(2026, 7, 1),
    endMs: Date.UTC(2026, 7, 1, 12),
    service: "",
    scope: "",
    dialect: "otel",
    layer: "app",
    operation: "chat",
    shape: "call",
    provider: "openai",
    requestModel: "gpt-4o",
    responseModel: undefined,
    providerModel: undefined,
    responseIds: [],
    usage: { input: 1000, output: 500 },
    reportedUsd: undefined,
    gatewayCacheHit: false,
    failed: false,
    serviceTier: undefined,
    region: undefined,
    flags: [],
    role: "bill",
    reason: "leaf",
    subject: { tenant: "acme", tenantFrom: "default", team: undefined, user: undefined, key: undefined },
    rank: 0,
    ...given,
  };
}
