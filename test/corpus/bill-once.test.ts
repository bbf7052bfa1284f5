// What several emitters tell of one call, and what many calls look like that are not one: each row through the four
// processors with a ledger, as one request, span by span in any order, with resends, and the bill is the same.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type GivenSpan, traceRequest } from "../support/spans.ts";
import {
  agent,
  anthropicSdk,
  langchain,
  langfuse,
  litellmRaw,
  litellmServer,
  litellmV1,
  litellmV2,
  openInference,
  openInferenceAnthropic,
  openLLMetry,
  otel,
  plain,
  vllm,
} from "./emitters.ts";
import { type Bill, Till } from "./till.ts";

interface Scenario {
  readonly name: string;
  readonly spans: readonly GivenSpan[];
  readonly bill: Bill;
  /** What is to be known of layers. */
  readonly layers?: Readonly<Record<string, string>>;
  /** Its spans end at once, and come in one request. */
  readonly whole?: true;
  /** Where each service has a process of its own: layers of one trace under no common id are not joined then. */
  readonly apart?: Bill;
}

const chat = { in: 1215, out: 87 };
const second = { in: 1330, out: 41 };
const sum = { in: 2545, out: 128 };
const one = (tenant: string): Bill => [`${tenant}: 1 calls, 1215 in, 87 out`];
const two = (tenant: string): Bill => [`${tenant}: 2 calls, 2430 in, 174 out`];
const agents = (tenant: string): Bill => [`${tenant}: 2 calls, 2545 in, 128 out`];
const answer = "chatcmpl-1";
/** Within the time of a span that begins at 0 and lasts a second. */
const within = { startMs: 10, endMs: 990 };
const deeper = { startMs: 20, endMs: 980 };

const scenarios: readonly Scenario[] = [
  // An app and its proxy.
  {
    name: "an app with an id before LiteLLM, in two traces: the proxy's tenant pays",
    spans: [
      openLLMetry({ id: "1", ...chat, answer, model: "fast", tenant: "app" }),
      litellmV1({ id: "2", trace: "b2", ...chat, answer, tenant: "acme", ...within }),
    ],
    bill: one("acme"),
  },
  {
    name: "the same with LiteLLM's second callback",
    spans: [
      openLLMetry({ id: "1", ...chat, answer, model: "fast", tenant: "app" }),
      litellmV2({ id: "2", trace: "b2", ...chat, answer, tenant: "acme", ...within }),
    ],
    bill: one("acme"),
  },
  {
    name: "an app without an id before LiteLLM, in one trace",
    spans: [
      openInference({ id: "1", ...chat, model: "fast", tenant: "app" }),
      plain({ id: "2", parent: "1", ...within }),
      litellmServer({ id: "3", parent: "2", tenant: "acme", ...within }),
      litellmV1({ id: "4", parent: "3", ...chat, answer, tenant: "acme", ...deeper }),
      litellmRaw({ id: "5", parent: "4", ...chat, answer, ...deeper }),
    ],
    bill: one("acme"),
    apart: [...one("acme"), ...one("app")],
  },
  {
    name: "the same where the span in between never comes",
    spans: [
      openInference({ id: "1", ...chat, model: "fast", tenant: "app" }),
      litellmServer({ id: "3", parent: "2", tenant: "acme", ...within }),
      litellmV1({ id: "4", parent: "3", ...chat, answer, tenant: "acme", ...deeper }),
    ],
    bill: one("acme"),
    apart: [...one("acme"), ...one("app")],
  },
  {
    name: "three calls at once of an app and its proxy, in one trace and without a link",
    spans: [0, 1, 2].flatMap((at) => [
      openInference({ id: `1${at}`, ...chat, model: "fast", startMs: at * 10, endMs: 1000 + at * 10 }),
      litellmV2({
        id: `2${at}`,
        parent: "99",
        ...chat,
        answer: `chatcmpl-${at}`,
        tenant: "acme",
        startMs: at * 10 + 3,
        endMs: 997 + at * 10,
      }),
    ]),
    bill: ["acme: 3 calls, 3645 in, 261 out"],
    apart: ["@unknown: 3 calls, 3645 in, 261 out", "acme: 3 calls, 3645 in, 261 out"],
  },
  {
    name: "a proxy whose tenant stands on its request alone",
    spans: [
      litellmServer({ id: "1", tenant: "acme" }),
      litellmV1({ id: "2", parent: "1", ...chat, answer, ...within }),
      litellmRaw({ id: "3", parent: "2", ...chat, answer, ...within }),
    ],
    bill: one("acme"),
  },
  {
    name: "the usage on the request of an old LiteLLM, and on its call",
    spans: [
      litellmV1({ id: "1", ...chat, answer, tenant: "acme", name: "Received Proxy Server Request" }),
      litellmV1({ id: "2", parent: "1", ...chat, answer, tenant: "acme", ...within }),
    ],
    bill: one("acme"),
  },
  {
    name: "a call that LiteLLM logs twice, with two span ids",
    spans: [
      litellmV1({ id: "1", trace: "a1", ...chat, answer, tenant: "acme" }),
      litellmV1({ id: "2", trace: "b2", ...chat, answer, tenant: "acme", startMs: 40, endMs: 1040 }),
    ],
    bill: one("acme"),
  },
  {
    name: "a call that LiteLLM tells in two traces under two ids, the provider's on the spans below",
    spans: [
      litellmV1({ id: "1", trace: "a1", ...chat, answer: "resp_own1", tenant: "acme" }),
      litellmRaw({ id: "2", trace: "a1", parent: "1", ...chat, answer: "resp_x" }),
      litellmV1({ id: "3", trace: "b2", ...chat, answer: "resp_own2", tenant: "acme" }),
      litellmRaw({ id: "4", trace: "b2", parent: "3", ...chat, answer: "resp_x" }),
    ],
    whole: true,
    bill: one("acme"),
  },
  {
    name: "two callbacks of LiteLLM at once",
    spans: [
      litellmV1({ id: "1", ...chat, answer, tenant: "acme" }),
      litellmV2({ id: "2", trace: "b2", ...chat, answer, tenant: "acme" }),
    ],
    bill: one("acme"),
  },
  {
    name: "an attempt that failed and one that was answered",
    spans: [
      litellmV1({ id: "1", answer: "call-1", tenant: "acme", failed: true, more: { "litellm.call_id": "call-1" } }),
      litellmV1({ id: "2", ...chat, answer, tenant: "acme", startMs: 1100, more: { "litellm.call_id": "call-1" } }),
    ],
    bill: one("acme"),
  },
  {
    name: "an attempt that failed with zeros",
    spans: [
      litellmV2({ id: "1", in: 0, out: 0, tenant: "acme", failed: true }),
      litellmV2({ id: "2", ...chat, answer, tenant: "acme", startMs: 1100 }),
    ],
    bill: one("acme"),
  },
  {
    name: "an attempt that was cut, and the fallback to another model",
    spans: [
      litellmV1({ id: "1", in: 1215, out: 20, answer: "chatcmpl-a", tenant: "acme", failed: true }),
      litellmV1({ id: "2", ...chat, answer: "chatcmpl-b", tenant: "acme", model: "gpt-4o", startMs: 1100 }),
    ],
    bill: ["acme: 2 calls, 2430 in, 107 out"],
  },
  {
    name: "an answer from the proxy's cache, under the id of the call that filled it",
    spans: [
      litellmV1({ id: "1", trace: "a1", ...chat, answer, tenant: "acme" }),
      litellmV1({
        id: "2",
        trace: "b2",
        ...chat,
        answer,
        tenant: "acme",
        startMs: 60_000,
        more: { hidden_params: '{"cache_key": "k1", "response_cost": 0.0002}' },
      }),
    ],
    bill: one("acme"),
  },

  // A proxy and its model server.
  {
    name: "LiteLLM and vLLM with one id, in two traces",
    spans: [
      litellmV1({ id: "1", ...chat, answer, tenant: "acme", model: "meta-llama/Llama-3.1-8B-Instruct" }),
      vllm({ id: "2", trace: "b2", ...chat, answer, ...within }),
    ],
    bill: one("acme"),
  },
  {
    name: "vLLM beside the proxy's request, below a client that tells nothing",
    spans: [
      litellmServer({ id: "1", parent: "99", tenant: "acme" }),
      litellmV1({ id: "2", parent: "1", ...chat, answer: "chatcmpl-own", tenant: "acme", ...within }),
      vllm({ id: "3", parent: "99", ...chat, answer: "chatcmpl-other", ...deeper }),
    ],
    bill: one("acme"),
    apart: [...one("@unknown"), ...one("acme")],
  },
  {
    name: "app, proxy and model server, one below the other, with three ids",
    spans: [
      otel({ id: "1", ...chat, answer: "chatcmpl-a" }),
      litellmV2({ id: "2", parent: "1", ...chat, answer: "chatcmpl-b", tenant: "acme", ...within }),
      vllm({ id: "3", parent: "2", ...chat, answer: "chatcmpl-c", ...deeper }),
    ],
    bill: one("acme"),
    apart: [...two("@unknown"), ...one("acme")],
  },
  {
    name: "two choices of vLLM below the proxy that adds them up",
    spans: [
      litellmV1({ id: "1", in: 1215, out: 174, answer, tenant: "acme" }),
      vllm({ id: "2", trace: "b2", ...chat, answer, ...within }),
      vllm({ id: "3", trace: "b2", ...chat, answer, ...within }),
    ],
    bill: ["acme: 1 calls, 1215 in, 174 out"],
  },
  {
    name: "two choices of vLLM alone",
    spans: [
      vllm({ id: "2", ...chat, answer, tenant: "acme", more: { "tenant.id": "acme" } }),
      vllm({ id: "3", in: 1215, out: 90, answer, more: { "tenant.id": "acme" } }),
    ],
    bill: ["acme: 1 calls, 1215 in, 177 out"],
  },
  {
    name: "three calls of vLLM at once",
    spans: [1, 2, 3].map((at) =>
      vllm({ id: `${at}`, trace: `a${at}`, ...chat, answer: `chatcmpl-${at}`, more: { "tenant.id": "acme" } }),
    ),
    bill: ["acme: 3 calls, 3645 in, 261 out"],
  },

  // Instrumentations over each other.
  {
    name: "OpenInference over the Anthropic SDK, one below the other",
    spans: [
      openInferenceAnthropic({ id: "1", ...chat, tenant: "acme" }),
      anthropicSdk({ id: "2", parent: "1", ...chat, answer: "msg_1", ...within }),
    ],
    bill: one("acme"),
  },
  {
    name: "OpenLLMetry over the Anthropic SDK, in two traces with one id, a token apart",
    spans: [
      openLLMetry({
        id: "1",
        in: 1215,
        out: 88,
        answer: "msg_1",
        tenant: "acme",
        model: "claude-sonnet-4-5",
        scope: "opentelemetry.instrumentation.anthropic",
      }),
      anthropicSdk({ id: "2", trace: "b2", ...chat, answer: "msg_1", ...within }),
    ],
    bill: ["acme: 1 calls, 1215 in, 88 out"],
  },
  {
    name: "LangChain over OpenAI's instrumentation",
    spans: [
      langchain({ id: "1", ...chat, tenant: "acme" }),
      openInference({ id: "2", parent: "1", ...chat, ...within }),
    ],
    bill: one("acme"),
  },
  {
    name: "two instrumentations side by side below one span",
    spans: [
      plain({ id: "9", tenant: "acme" }),
      langchain({ id: "1", parent: "9", ...chat }),
      openInference({ id: "2", parent: "9", ...chat, ...within }),
    ],
    bill: one("acme"),
  },
  {
    name: "Langfuse's wrapper and its LangChain handler, side by side",
    spans: [
      plain({ id: "9", tenant: "acme" }),
      langfuse({ id: "1", parent: "9", ...chat, name: "ChatOpenAI" }),
      langfuse({ id: "2", parent: "9", ...chat, name: "OpenAI-generation", ...within }),
    ],
    bill: one("acme"),
  },
  {
    name: "the same prompt twice at once, told by one instrumentation",
    spans: [
      plain({ id: "9", tenant: "acme" }),
      openInference({ id: "1", parent: "9", ...chat }),
      openInference({ id: "2", parent: "9", ...chat, ...within }),
    ],
    bill: two("acme"),
  },
  {
    name: "the same prompt twice, told by two instrumentations each",
    spans: [
      plain({ id: "9", tenant: "acme", endMs: 3000 }),
      langchain({ id: "1", parent: "9", ...chat }),
      openInference({ id: "2", parent: "9", ...chat, ...within }),
      langchain({ id: "3", parent: "9", ...chat, startMs: 1500, endMs: 2500 }),
      openInference({ id: "4", parent: "9", ...chat, startMs: 1510, endMs: 2490 }),
    ],
    bill: two("acme"),
  },
  {
    name: "two answers of one client under two ids, one within the time of the other",
    spans: [
      otel({ id: "1", trace: "a1", ...chat, answer: "chatcmpl-a", tenant: "acme" }),
      otel({ id: "2", trace: "b2", ...chat, answer: "chatcmpl-b", tenant: "acme", ...within }),
    ],
    bill: two("acme"),
  },
  {
    name: "a call below a streamed one, both with an id",
    spans: [
      otel({ id: "1", ...chat, answer: "chatcmpl-a", tenant: "acme" }),
      otel({ id: "2", parent: "1", ...chat, answer: "chatcmpl-b", ...within }),
    ],
    bill: two("acme"),
  },

  // Rollups.
  {
    name: "an agent with the sum of its calls",
    spans: [
      agent({ id: "1", ...sum, tenant: "acme", endMs: 3000 }),
      otel({ id: "2", parent: "1", ...chat, answer: "chatcmpl-a" }),
      otel({ id: "3", parent: "1", ...second, answer: "chatcmpl-b", startMs: 1500, endMs: 2500 }),
    ],
    bill: agents("acme"),
  },
  {
    name: "a wrapper that says chat and the sum of its calls",
    spans: [
      otel({ id: "1", ...sum, tenant: "acme", endMs: 3000 }),
      otel({ id: "2", parent: "1", ...chat, answer: "chatcmpl-a" }),
      otel({ id: "3", parent: "1", ...second, answer: "chatcmpl-b", startMs: 1500, endMs: 2500 }),
    ],
    bill: agents("acme"),
  },
  {
    name: "a wrapper that says the id of its last call, and the sum",
    spans: [
      otel({ id: "1", ...sum, answer: "chatcmpl-b", tenant: "acme", endMs: 3000 }),
      otel({ id: "2", parent: "1", ...chat, answer: "chatcmpl-a" }),
      otel({ id: "3", parent: "1", ...second, answer: "chatcmpl-b", startMs: 1500, endMs: 2500 }),
    ],
    bill: agents("acme"),
  },
  {
    name: "a wrapper over tools and agents over calls that the proxy tells",
    spans: [
      otel({ id: "1", ...sum, endMs: 3000 }),
      plain({ id: "2", parent: "1", endMs: 3000 }),
      agent({ id: "3", parent: "2", ...sum, endMs: 3000 }),
      openInference({ id: "4", parent: "3", ...chat, model: "fast" }),
      litellmV1({ id: "5", parent: "4", ...chat, answer: "chatcmpl-a", tenant: "acme", ...within }),
      openInference({ id: "6", parent: "3", ...second, model: "fast", startMs: 1500, endMs: 2500 }),
      litellmV1({ id: "7", parent: "6", ...second, answer: "chatcmpl-b", tenant: "acme", startMs: 1510, endMs: 2490 }),
    ],
    bill: agents("acme"),
    apart: [...agents("@unknown"), ...agents("acme")],
  },

  // Whose it is.
  {
    name: "a tenant that only the root of the trace says",
    spans: [
      plain({ id: "1", tenant: "acme" }),
      plain({ id: "2", parent: "1" }),
      otel({ id: "3", parent: "2", ...chat, answer, ...within }),
    ],
    bill: one("acme"),
  },
  {
    name: "a tenant that only the instrumentation above the SDK's span says",
    spans: [
      plain({ id: "1", tenant: "acme" }),
      openInferenceAnthropic({ id: "2", parent: "1", ...chat }),
      anthropicSdk({ id: "3", parent: "2", ...chat, answer: "msg_1", ...within }),
    ],
    bill: one("acme"),
  },
  {
    name: "nobody's call",
    spans: [otel({ id: "1", ...chat, answer })],
    bill: one("@unknown"),
  },

  // What is no call, and what are two.
  {
    name: "one id that a small server gives to two calls at two times",
    spans: [
      otel({ id: "1", trace: "a1", ...chat, answer: "chatcmpl-999", tenant: "acme" }),
      otel({ id: "2", trace: "b2", ...chat, answer: "chatcmpl-999", tenant: "acme", startMs: 60_000 }),
    ],
    bill: two("acme"),
  },
  {
    name: "a call of a tool, a retrieval and a guardrail with a model by baggage",
    spans: [
      plain({ id: "1", tenant: "acme", more: { "gen_ai.request.model": "fast", "litellm.team.id": "acme" } }),
      otel({ id: "2", parent: "1", ...chat, answer, tenant: "acme" }),
    ],
    bill: one("acme"),
  },
  {
    name: "a service that is not to be billed",
    spans: [
      otel({ id: "1", ...chat, answer: "chatcmpl-a", tenant: "acme", resource: { "service.name": "shadow-test" } }),
      otel({ id: "2", ...second, answer: "chatcmpl-b", tenant: "acme" }),
    ],
    layers: { "shadow-test": "ignore" },
    bill: ["acme: 1 calls, 1330 in, 41 out"],
  },
];

describe.each(scenarios)("$name", ({ spans, bill, layers = {}, apart, whole }) => {
  test("as one request, resent to another process span by span", async () => {
    const resent = [spans, ...spans.map((span) => (whole ? spans : [span]))];
    const first = await billed(resent, layers, [0, ...spans.map(() => 1)]);
    expect(first).toEqual(bill);
  });

  test("each service with a process of its own", async () => {
    const services = [...new Set(spans.map(serviceOf))];
    const requests = services.map((service) => spans.filter((span) => serviceOf(span) === service));
    const expected = apart ?? bill;
    expect(await billed(requests, layers, [0, 1, 2])).toEqual(expected);
    expect(await billed(requests.toReversed(), layers, [0, 1, 2])).toEqual(expected);
  });

  test("as one request", async () => {
    expect(await billed([spans], layers)).toEqual(bill);
    expect(await billed([spans.toReversed()], layers)).toEqual(bill);
  });

  test("span by span, in any order, with resends", async () => {
    // What belongs together in one request comes together.
    if (whole)
      return expect(
        await billed(
          spans.map(() => spans),
          layers,
        ),
      ).toEqual(bill);
    const orders = fc.sample(fc.shuffledSubarray([...spans, ...spans], { minLength: spans.length * 2 }), {
      numRuns: 12,
      seed: 20_261_121,
    });
    for (const order of [spans, spans.toReversed(), ...orders]) {
      const bills = await billed(
        order.map((span) => [span]),
        layers,
      );
      expect([order.map(({ id }) => id), bills]).toEqual([order.map(({ id }) => id), bill]);
    }
  });
});

function serviceOf({ resource }: GivenSpan): unknown {
  return resource?.["service.name"];
}

/** Requests go to the processes in turn, or as `to` says. */
async function billed(
  requests: readonly (readonly GivenSpan[])[],
  layers: object,
  to: readonly number[] = [0],
): Promise<Bill> {
  const till = await Till.open(3, { layers });
  for (const [at, spans] of requests.entries()) await till.pass(traceRequest(spans), to[at % to.length]);
  const bill = await till.bill();
  await till.stop();
  return bill;
}
