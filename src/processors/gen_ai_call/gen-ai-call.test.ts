import { describe, expect, test } from "vitest";
import { recordingHost } from "../../../test/support/recording-host.ts";
import { type Attributes, type GivenSpan, spanId, spansOf, traceRequest } from "../../../test/support/spans.ts";
import type { Context } from "../../core/batch.ts";
import { calls } from "../../genai/call.ts";
import { TraceBatches } from "../../otlp/trace-batch.ts";
import { genAiCall } from "./gen-ai-call.ts";

const noFiles = { read: () => new Uint8Array() };
const nobody: Context = { headers: {}, subject: undefined, peer: "" };

function opened(given: unknown = {}) {
  const read = genAiCall.prepare(given, noFiles);
  if (!read.ok) throw new Error(JSON.stringify([...read.issues, ...read.objections]));
  const host = recordingHost();
  const processor = read.create(host);
  const batches = new TraceBatches([processor.keys ?? { exact: [], prefixes: [] }]);
  return {
    host,
    pass(request: Uint8Array, context = nobody) {
      const [batch] = batches.read({ signal: "traces", bytes: request, context, transport: "http" });
      if (!batch) throw new Error("no batch");
      processor.process(batch);
      const found = calls.get(batch.notes) ?? [];
      return { calls: found, bytes: batch.encode().bytes };
    },
  };
}

/** Attributes of every span after one pass, by span id. */
function written(spans: readonly GivenSpan[], settings: unknown = {}, context = nobody): Record<string, Attributes> {
  const { bytes } = opened(settings).pass(traceRequest(spans), context);
  return Object.fromEntries(
    spansOf(bytes).map(({ spanId: id, attributes }) => [id.replace(/^0+/, ""), attributes]),
  ) as never;
}

const chat: Attributes = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "openai",
  "gen_ai.request.model": "gpt-4o-mini",
  "gen_ai.usage.input_tokens": 1215,
  "gen_ai.usage.output_tokens": 87,
};

describe("gen_ai_call writes", () => {
  test("role, reason, dialect and tenant on a call, and keeps what it said", () => {
    const { 1: span } = written([{ id: "1", attributes: { ...chat, "tenant.id": "acme" } }]);
    expect(span).toEqual({
      ...chat,
      "tenant.id": "acme",
      "spantoll.call.role": "bill",
      "spantoll.call.reason": "leaf",
      "spantoll.call.dialect": expect.any(String),
      "spantoll.tenant.id": "acme",
    });
  });

  test("nothing on spans that carry nothing of GenAI", () => {
    const request = traceRequest([{ id: "1", attributes: { "http.method": "GET", "user.id": "u" } }]);
    expect(opened().pass(request).bytes).toEqual(request);
  });

  test("no tenant of a trace on spans whose trace id is zeros, which is none", () => {
    const { 2: span } = written([
      { trace: "00", id: "1", attributes: { ...chat, "tenant.id": "acme" } },
      { trace: "00", id: "2", attributes: chat },
    ]);
    expect(span?.["spantoll.tenant.id"]).toBe("@unknown");
  });

  test("that a trace is sampled, in a metric and once in the log", () => {
    const { host, pass } = opened();
    const sampled = (id: string): GivenSpan => ({ id, trace: `a${id}`, attributes: chat, traceState: "ot=th:8" });
    const { calls: found } = pass(traceRequest([sampled("1"), { id: "2", trace: "b2", attributes: chat }]));
    pass(traceRequest([sampled("3")]));
    expect(found.map(({ flags }) => flags)).toEqual([["sampled_trace"], []]);
    expect(host.counted.get("spantoll_sampled_calls_total")).toBe(2);
    expect(host.logged.filter((line) => line.includes("sampled"))).toHaveLength(1);
  });

  const rollup: readonly GivenSpan[] = [
    {
      id: "1",
      attributes: { ...chat, "gen_ai.usage.cost": 0.5, "gen_ai.usage.details.own": 3, "llm.token_count.total": 7 },
    },
    { id: "2", parent: "1", attributes: chat },
  ];

  test("usage and cost of a shadow below spantoll.shadow., under their own names", () => {
    const { 1: parent, 2: child } = written(rollup);
    expect(child).toMatchObject({ ...chat, "spantoll.call.role": "bill" });
    expect(parent).toMatchObject({
      "spantoll.call.role": "shadow",
      "spantoll.call.reason": "rollup",
      "spantoll.shadow.gen_ai.usage.input_tokens": 1215,
      "spantoll.shadow.gen_ai.usage.output_tokens": 87,
      "spantoll.shadow.gen_ai.usage.cost": 0.5,
      "spantoll.shadow.gen_ai.usage.details.own": 3,
      "spantoll.shadow.llm.token_count.total": 7,
      "gen_ai.aggregated_usage.input_tokens": 1215,
      "gen_ai.aggregated_usage.output_tokens": 87,
    });
    const left = Object.keys(parent ?? {}).filter((key) => /^(gen_ai\.usage|llm\.token_count)\./.test(key));
    expect(left).toEqual([]);
  });

  test("a shadow where it is, when that is asked for", () => {
    const { 1: parent } = written(rollup, { shadow: "keep" });
    expect(parent).toMatchObject({ ...chat, "gen_ai.usage.cost": 0.5, "spantoll.call.role": "shadow" });
    expect(parent).not.toHaveProperty("gen_ai.aggregated_usage.input_tokens");
  });

  test("the layer of a service as it is configured", () => {
    const proxied: readonly GivenSpan[] = [
      { id: "1", attributes: { ...chat, "gen_ai.response.id": "x" }, resource: { "service.name": "shop" } },
      {
        id: "2",
        trace: "b2",
        attributes: { ...chat, "gen_ai.response.id": "x" },
        resource: { "service.name": "gate" },
      },
    ];
    const { 1: app, 2: proxy } = written(proxied, { layers: { gate: "proxy" } });
    expect([app?.["spantoll.call.reason"], proxy?.["spantoll.call.reason"]]).toEqual(["lower_layer", "leaf"]);
    const { 1: ignored } = written(proxied, { layers: { shop: "ignore" } });
    expect(ignored).toMatchObject({ "spantoll.call.role": "ignore", "spantoll.call.reason": "configured" });
  });

  test("the same when the same request comes again", () => {
    const tested = opened();
    const request = traceRequest(rollup);
    expect(tested.pass(request).bytes).toEqual(tested.pass(request).bytes);
    expect(
      tested.host.counted.get('spantoll_calls_total{"role":"bill","reason":"leaf","dialect":"otel-genai-current"}'),
    ).toBe(2);
  });
});

describe("gen_ai_call and foreign spantoll attributes", () => {
  const foreign = {
    "spantoll.call.role": "ignore",
    "spantoll.call.reason": "no_usage",
    "spantoll.tenant.id": "evil",
    "spantoll.x.y": 1,
  };

  test("removes them, from spans without GenAI too", () => {
    const { 1: other, 2: call } = written([
      { id: "1", attributes: { "http.method": "GET", ...foreign } },
      { id: "2", attributes: { ...chat, ...foreign } },
    ]);
    expect(other).toEqual({ "http.method": "GET" });
    expect(call).toMatchObject({ "spantoll.call.role": "bill", "spantoll.tenant.id": "@unknown" });
    expect(call).not.toHaveProperty("spantoll.x.y");
  });

  test("takes them over from upstream, when it is trusted", () => {
    const { 1: call } = written([{ id: "1", attributes: { ...chat, ...foreign } }], { trust_upstream: true });
    expect(call).toMatchObject({ ...foreign, "spantoll.tenant.id": "evil" });
  });

  test("decides by itself where upstream says nothing that is known", () => {
    const { 1: call } = written([{ id: "1", attributes: { ...chat, "spantoll.call.role": "free" } }], {
      trust_upstream: true,
    });
    expect(call).toMatchObject({ "spantoll.call.role": "bill" });
  });
});

describe("the tenant of a call", () => {
  const call = (id: string, attributes: Attributes = {}, rest: Partial<GivenSpan> = {}): GivenSpan => ({
    id,
    ...rest,
    attributes: { ...chat, ...attributes },
  });

  test.each<{
    name: string;
    spans: readonly GivenSpan[];
    settings?: unknown;
    context?: Partial<Context>;
    is: string;
    from: string;
  }>([
    { name: "is unknown when nobody says it", spans: [call("1")], is: "@unknown", from: "default" },
    {
      name: "is on the span",
      spans: [call("1", { "litellm.team.id": "acme" })],
      is: "acme",
      from: "span:litellm.team.id",
    },
    {
      name: "is that of the first source",
      spans: [call("1", { "litellm.team.id": "team", "tenant.id": "acme" })],
      is: "acme",
      from: "span:tenant.id",
    },
    {
      name: "skips words for nothing",
      spans: [call("1", { "tenant.id": "None", "litellm.team.id": "", "llm.tenant_id": "default", tenant_id: "acme" })],
      is: "acme",
      from: "span:tenant_id",
    },
    { name: "may be a number", spans: [call("1", { "tenant.id": 42 })], is: "42", from: "span:tenant.id" },
    {
      name: "is a member of metadata in JSON",
      spans: [call("1", { metadata: '{"tenant_id":"acme","n":1}' })],
      is: "acme",
      from: "span:metadata.tenant_id",
    },
    {
      name: "is a member of metadata as a map",
      spans: [call("1", { metadata: { tenant_id: "acme" } })],
      is: "acme",
      from: "span:metadata.tenant_id",
    },
    {
      name: "is not in metadata that was cut",
      spans: [call("1", { metadata: '{"tenant_id":"acme","n":' })],
      is: "@unknown",
      from: "default",
    },
    {
      name: "comes from a span of the trace that is no call",
      spans: [call("1", {}, { parent: "9" }), { id: "9", attributes: { "tenant.id": "acme" } }],
      is: "acme",
      from: "trace:tenant.id",
    },
    {
      name: "comes from a sibling",
      spans: [call("1", {}, { parent: "9" }), { id: "2", parent: "9", attributes: { "tenant.id": "acme" } }],
      is: "acme",
      from: "trace:tenant.id",
    },
    {
      name: "comes from above rather than from the side",
      spans: [
        { id: "2", startMs: -5, attributes: { "tenant.id": "other" } },
        call("1", {}, { parent: "8" }),
        { id: "8", parent: "9" },
        { id: "9", attributes: { "tenant.id": "acme" } },
      ],
      is: "acme",
      from: "trace:tenant.id",
    },
    {
      name: "comes from the span that began first",
      spans: [
        { id: "3", startMs: 5, attributes: { "tenant.id": "late" } },
        { id: "2", startMs: -5, attributes: { "tenant.id": "acme" } },
        call("1"),
      ],
      is: "acme",
      from: "trace:tenant.id",
    },
    {
      name: "does not come from another trace",
      spans: [call("1"), { id: "2", trace: "b2", attributes: { "tenant.id": "other" } }],
      is: "@unknown",
      from: "default",
    },
    {
      name: "comes from the resource at last",
      spans: [call("1", {}, { resource: { "tenant.id": "acme" } })],
      is: "acme",
      from: "resource:tenant.id",
    },
    {
      name: "comes from a header",
      spans: [call("1", { "tenant.id": "span" })],
      settings: { subject: { tenant: { from: ["header:X-Tenant", "tenant.id"] } } },
      context: { headers: { "x-tenant": "acme" } },
      is: "acme",
      from: "header:x-tenant",
    },
    {
      name: "comes from the sender",
      spans: [call("1")],
      settings: { subject: { tenant: { from: ["auth:subject"] } } },
      context: { subject: "acme" },
      is: "acme",
      from: "auth:subject",
    },
    {
      name: "comes from the resource alone, when it is named so",
      spans: [call("1", { org: "span" }, { resource: { org: "acme" } })],
      settings: { subject: { tenant: { from: ["resource:org"] } } },
      is: "acme",
      from: "resource:org",
    },
    {
      name: "comes from the span alone, when it is named so",
      spans: [call("1"), { id: "2", attributes: { org: "other" } }],
      settings: { subject: { tenant: { from: ["span:org"], default: "house" } } },
      is: "house",
      from: "default",
    },
  ])("$name", ({ spans, settings, context, is, from }) => {
    for (const order of [spans, spans.toReversed()]) {
      const { calls: found } = opened(settings).pass(traceRequest(order), { ...nobody, ...context });
      const subject = found.find((one) => one.spanId === spanId("1"))?.subject;
      expect([subject?.tenant, subject?.tenantFrom]).toEqual([is, from]);
    }
  });

  test("may have 5,000 bytes; one beyond 8,192 is none, and is counted", () => {
    const { host, pass } = opened();
    const tenants = ["x".repeat(5_000), "x".repeat(8_193)].map((tenant, at): GivenSpan => {
      return { id: `${at}`, trace: `a${at}`, attributes: { ...chat, "tenant.id": tenant } };
    });
    const { calls: found } = pass(traceRequest(tenants));
    expect(found.map(({ subject }) => subject.tenant)).toEqual(["x".repeat(5_000), "@unknown"]);
    expect(host.counted.get('spantoll_bad_values_total{"dialect":"subject","key":"tenant.id"}')).toBe(1);
  });

  test("is remembered from an earlier request of the trace", () => {
    const tested = opened();
    tested.pass(traceRequest([{ id: "9", attributes: { "tenant.id": "acme" } }]));
    expect(tested.pass(traceRequest([call("1", {}, { parent: "9" })])).calls[0]?.subject.tenant).toBe("acme");
    tested.host.advance(600_001);
    expect(tested.pass(traceRequest([call("2", {}, { parent: "9" })])).calls[0]?.subject.tenant).toBe("@unknown");
  });

  test("comes with team, user and key", () => {
    const attributes = {
      "litellm.team.id": "t",
      "litellm.api_key.hash": "k",
      "metadata.user_api_key_end_user_id": "",
      "user.id": "u",
    };
    const { calls: found } = opened().pass(traceRequest([call("1", attributes)]));
    expect(found[0]?.subject).toMatchObject({ tenant: "t", team: "t", user: "u", key: "k" });
  });
});

describe("gen_ai_call refuses", () => {
  test.each([
    { name: "an unknown layer", given: { layers: { shop: "gateway" } }, says: "layers" },
    { name: "a word that is no time", given: { hold: "always" }, says: "auto or a duration" },
    { name: "a time without a unit", given: { hold: 5 }, says: "5s" },
    { name: "a time that outlasts what is remembered", given: { hold: "6m" }, says: "at most 5m" },
    { name: "no room for what waits", given: { hold_max_spans: 0 }, says: "hold_max_spans" },
    {
      name: "facts of senders that nobody knows",
      given: { subject: { tenant: { from: ["auth:team"] } } },
      says: "auth:subject",
    },
    { name: "a source without a name", given: { subject: { user: { from: ["header:"] } } }, says: "must name" },
    { name: "a source that is named twice", given: { subject: { user: { from: ["a", "a"] } } }, says: "twice" },
    {
      name: "a default that says nothing",
      given: { subject: { tenant: { default: "None" } } },
      says: "must not be one of empty",
    },
    { name: "an empty default", given: { subject: { tenant: { default: "" } } }, says: "default" },
    { name: "another place for shadows", given: { shadow: "drop" }, says: "shadow" },
  ])("$name", ({ given, says }) => {
    expect(() => opened(given)).toThrow(says);
  });
});
