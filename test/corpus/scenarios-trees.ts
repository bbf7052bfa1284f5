// Instrumentations over and beside each other, rollups, whose a call is, and what is no call.
import {
  agent,
  anthropicSdk,
  handmade,
  langchain,
  langfuse,
  litellmV1,
  mlflow,
  openInference,
  openInferenceAnthropic,
  openLLMetry,
  otel,
  plain,
  vercel,
  vercel7,
} from "./emitters.ts";
import { agents, answer, chat, one, type Scenario, second, sum, two, within } from "./scenario.ts";

export const treeScenarios: readonly Scenario[] = [
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

  {
    name: "AI SDK 5: an outer span with the sum of its steps",
    spans: [
      vercel("ai.generateText")({ id: "1", ...sum, tenant: "acme", endMs: 3000 }),
      vercel("ai.generateText.doGenerate")({ id: "2", parent: "1", ...chat, answer: "aitxt-a" }),
      vercel("ai.generateText.doGenerate")({ id: "3", parent: "1", ...second, answer: "aitxt-b", startMs: 1500 }),
    ],
    bill: agents("acme"),
  },
  {
    name: "AI SDK 7: an agent, a step and a call",
    spans: [
      vercel7({ id: "1", ...chat, tenant: "acme", more: { "gen_ai.operation.name": "invoke_agent" } }),
      vercel7({ id: "2", parent: "1", ...chat, more: { "gen_ai.operation.name": "agent_step" } }),
      vercel7({ id: "3", parent: "2", ...chat, ...within }),
    ],
    bill: one("acme"),
  },
  {
    name: "AI SDK 7: embeddings that are told twice, one below the other",
    spans: [
      vercel7({ id: "1", in: 8, tenant: "acme", more: { "gen_ai.operation.name": "embeddings" } }),
      vercel7({ id: "2", parent: "1", in: 8, more: { "gen_ai.operation.name": "embeddings" }, ...within }),
    ],
    bill: ["acme: 1 calls, 8 in, 0 out"],
  },
  {
    name: "a router written by hand over LiteLLM's instrumentation",
    spans: [
      openInference({ id: "1", ...chat, tenant: "acme", scope: "litellm-router", name: "router.completion/fast" }),
      openInference({ id: "2", parent: "1", ...chat, scope: "openinference.instrumentation.litellm", ...within }),
    ],
    bill: one("acme"),
  },
  {
    name: "an attribution written by hand below the call, without an id",
    spans: [
      otel({ id: "1", ...chat, answer, tenant: "acme" }),
      handmade({ id: "2", parent: "1", ...chat, tenant: "acme", startMs: 995, endMs: 996 }),
    ],
    bill: one("acme"),
  },
  {
    name: "a chain, an agent and a tool of OpenInference without usage",
    spans: [
      openInference({ id: "1", tenant: "acme", more: { "openinference.span.kind": "AGENT" } }),
      openInference({ id: "2", parent: "1", more: { "openinference.span.kind": "CHAIN" } }),
      langchain({ id: "3", parent: "2", ...chat }),
      openInference({ id: "4", parent: "2", more: { "openinference.span.kind": "TOOL" } }),
    ],
    bill: one("acme"),
  },
  {
    name: "MLflow's autologging beside OpenTelemetry's instrumentation",
    spans: [
      plain({ id: "9", tenant: "acme" }),
      mlflow({ id: "1", parent: "9", ...chat }),
      otel({ id: "2", parent: "9", ...chat, answer, ...within }),
    ],
    bill: one("acme"),
  },
  {
    name: "a judge that scores an answer with a call of its own",
    spans: [
      otel({ id: "1", ...chat, answer: "chatcmpl-a", tenant: "acme" }),
      plain({ id: "2", tenant: "acme", more: { "gen_ai.evaluation.score.value": 1 }, startMs: 1500, endMs: 2600 }),
      otel({ id: "3", parent: "2", ...second, answer: "chatcmpl-b", startMs: 1600, endMs: 2500 }),
    ],
    bill: agents("acme"),
  },
  {
    name: "a stream that was cut, told by the client and, better, by the proxy",
    spans: [
      openLLMetry({ id: "1", in: 1215, out: 3, answer, model: "fast", tenant: "app" }),
      litellmV1({ id: "2", trace: "b2", ...chat, answer, tenant: "acme", ...within }),
    ],
    bill: one("acme"),
  },
  {
    name: "a call that an API client tried three times, two of them refused",
    spans: [
      litellmV1({ id: "1", answer: "call-1", failed: true, tenant: "acme", more: { "litellm.call_id": "call-1" } }),
      litellmV1({
        id: "2",
        answer: "call-1",
        failed: true,
        tenant: "acme",
        startMs: 1100,
        more: { "litellm.call_id": "call-1" },
      }),
      litellmV1({ id: "3", ...chat, answer, tenant: "acme", startMs: 2200, more: { "litellm.call_id": "call-1" } }),
    ],
    bill: one("acme"),
  },
  {
    name: "embeddings whose id is LiteLLM's call id, twice",
    spans: [1, 2].map((at) =>
      litellmV1({
        id: `${at}`,
        trace: `a${at}`,
        in: 8,
        out: 0,
        answer: "call-1",
        tenant: "acme",
        more: { "litellm.call_id": "call-1", "llm.request.type": "aembedding" },
      }),
    ),
    bill: ["acme: 2 calls, 16 in, 0 out"],
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
