// An app, its proxy and its model server tell of the same calls, one trace or several, with common ids or without.
import {
  litellmRaw,
  litellmServer,
  litellmV1,
  litellmV2,
  openInference,
  openLLMetry,
  otel,
  plain,
  vllm,
} from "./emitters.ts";
import { answer, chat, deeper, one, type Scenario, two, within } from "./scenario.ts";

const rawTeam = { "metadata.user_api_key_team_id": "acme" };

export const layerScenarios: readonly Scenario[] = [
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
    name: "a call of LiteLLM of which only the copy came, below a span of FastAPI",
    spans: [
      plain({ id: "1", scope: "fastapi" }),
      plain({ id: "2", parent: "1", scope: "fastapi", ...within }),
      litellmRaw({ id: "3", parent: "2", ...chat, answer, startMs: 20, endMs: 995, more: rawTeam }),
    ],
    bill: one("acme"),
  },
  {
    name: "the same with the span of the app above it",
    spans: [
      openInference({ id: "1", ...chat, model: "fast", tenant: "app" }),
      plain({ id: "2", parent: "1", scope: "fastapi", ...within }),
      litellmRaw({ id: "3", parent: "2", ...chat, answer, ...deeper, more: rawTeam }),
    ],
    bill: one("acme"),
    apart: [...one("acme"), ...one("app")],
  },
  {
    name: "two such calls without ids below one span",
    spans: [
      plain({ id: "2", scope: "fastapi" }),
      litellmRaw({ id: "3", parent: "2", ...chat, startMs: 10, endMs: 300, more: rawTeam }),
      litellmRaw({ id: "4", parent: "2", ...chat, startMs: 310, endMs: 700, more: rawTeam }),
    ],
    bill: two("acme"),
  },
  {
    name: "a call of LiteLLM and its copy, under ids of two makers",
    spans: [
      litellmV1({ id: "1", ...chat, answer: "chatcmpl-own", tenant: "acme" }),
      litellmRaw({ id: "2", parent: "1", ...chat, answer: "msg_1", more: rawTeam }),
    ],
    bill: one("acme"),
  },
  {
    name: "a call of LiteLLM and its copy, which come to two processes",
    spans: [
      litellmV1({ id: "1", ...chat, answer, tenant: "acme" }),
      litellmRaw({ id: "2", parent: "1", ...chat, answer, more: rawTeam, resource: { "service.name": "again" } }),
    ],
    bill: one("acme"),
  },
  {
    name: "a call of LiteLLM and its copy, without ids",
    spans: [
      litellmV1({ id: "1", ...chat, tenant: "acme" }),
      litellmRaw({ id: "2", parent: "1", ...chat, more: rawTeam }),
    ],
    bill: one("acme"),
  },
  {
    name: "an app that asks Claude through LiteLLM, and knows the id of the copy alone",
    spans: [
      otel({ id: "9", trace: "b2", ...chat, answer: "msg_1", tenant: "app" }),
      litellmV1({ id: "1", ...chat, answer: "chatcmpl-own", tenant: "acme", ...within }),
      litellmRaw({ id: "2", parent: "1", ...chat, answer: "msg_1", more: rawTeam, ...within }),
    ],
    bill: one("acme"),
  },
  {
    name: "two calls of LiteLLM's SDK on one span, which tells the second",
    spans: [
      litellmV1({ id: "1", ...chat, answer: "chatcmpl-2", tenant: "acme", more: { "metadata.user_api_key_hash": "" } }),
      litellmRaw({ id: "2", parent: "1", ...chat, answer: "chatcmpl-1", startMs: 10, endMs: 300 }),
      litellmRaw({ id: "3", parent: "1", ...chat, answer: "chatcmpl-2", startMs: 310, endMs: 700 }),
    ],
    bill: two("acme"),
  },
  {
    name: "the same of Claude, whose ids the span does not have",
    spans: [
      litellmV1({ id: "1", ...chat, answer: "chatcmpl-own", tenant: "acme" }),
      litellmRaw({ id: "2", parent: "1", ...chat, answer: "msg_1", startMs: 10, endMs: 300 }),
      litellmRaw({ id: "3", parent: "1", ...chat, answer: "msg_2", startMs: 310, endMs: 700 }),
    ],
    whole: true,
    bill: two("acme"),
  },
  {
    name: "an answer of the proxy's cache, and a copy of it",
    spans: [
      litellmV1({ id: "1", trace: "b2", ...chat, answer, tenant: "acme" }),
      litellmV1({ id: "3", ...chat, answer, tenant: "acme", more: { hidden_params: '{"cache_key": "k"}' } }),
      litellmRaw({ id: "4", parent: "3", ...chat, answer, more: rawTeam }),
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
];
