// The traps of real emitters, T1 to T42 as the project numbers them, one row each: spans through the two processors that
// decide what they say and which of them is billed, and the one that prices them. Variants of single values stand beside the normaliser, and so does T40,
// a key that is there twice.
import { expect, test } from "vitest";
import type { Call } from "../../src/genai/call.ts";
import { type Attributes, type GivenSpan, traceRequest } from "../support/spans.ts";
import { Till } from "./till.ts";
import { decided, type Trap } from "./trap.ts";

const chat = { "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o" };
const input = "gen_ai.usage.input_tokens";
const output = "gen_ai.usage.output_tokens";
const finished = "gen_ai.response.finish_reasons";
const used = { ...chat, [input]: 1215, [output]: 87 };
const withId = { ...used, "gen_ai.response.id": "chatcmpl-1" };
const usage = { input: 1215, output: 87 };

const one = (
  trap: string,
  attributes: Attributes,
  says: Partial<Call> | null,
  given: Partial<GivenSpan> & Pick<Trap, "exact" | "leaves"> = {},
): Trap => {
  const { exact = {}, leaves = {}, ...span } = given;
  return { trap, requests: [[{ id: "1", attributes, ...span }]], says: { "1": says }, exact, leaves };
};

const finishReasons = (sent: string | readonly string[], ...becomes: readonly string[]): Trap =>
  one(
    `T6: finish reasons as ${JSON.stringify(sent)}`,
    { ...used, [finished]: sent },
    { role: "bill", usage },
    { leaves: { [finished]: { arrayValue: { values: becomes.map((stringValue) => ({ stringValue })) } } } },
  );

/** `price` is the row of the bundled book that prices it; null where nothing but a guess would. */
const pricedAs = (model: string, provider: string, price: string | null): Trap =>
  one(
    `T28: ${model} of ${provider}`,
    { ...used, "gen_ai.provider.name": provider, "gen_ai.request.model": model },
    { role: "bill", usage },
    {
      leaves: {
        "spantoll.price.model": price === null ? null : { stringValue: price },
        "spantoll.cost.status": { stringValue: price === null ? "unpriced" : "priced" },
        ...(price === null ? { "spantoll.cost.usd": null, "gen_ai.usage.cost": null } : {}),
      },
    },
  );

const traps: readonly Trap[] = [
  one("T1: counts as texts", { ...chat, [input]: "1215", [output]: "87.0" }, { role: "bill", usage }),
  one("T2: words for no count", { ...chat, [input]: "None", [output]: "" }, { role: "ignore", reason: "no_usage" }),
  one(
    "T3: whole numbers as doubles",
    chat,
    { role: "bill", usage },
    {
      exact: { [input]: { doubleValue: 1215 }, [output]: { doubleValue: 87 } },
      leaves: { [input]: { intValue: "1215" }, [output]: { intValue: "87" } },
    },
  ),
  one("T3: a point without a fraction", { ...chat, [input]: "1215.", [output]: "87." }, { role: "bill", usage }),
  one("T4: counts that are none", { ...chat, [input]: Number.NaN, [output]: -5 }, { role: "ignore", usage: undefined }),
  one(
    "T5: a number beyond 2^53 is no count",
    { ...chat, [input]: "9007199254740993", [output]: 87 },
    { usage: { output: 87 } },
  ),
  one(
    "T5: an int beyond 2^53 is no count, and leaves as it came",
    { ...chat, [output]: 87 },
    { usage: { output: 87 } },
    { exact: { [input]: { intValue: "9007199254740993" } }, leaves: { [input]: { intValue: "9007199254740993" } } },
  ),
  one(
    "T5: an int beyond 2^53 that is none of a call's counts is exact",
    used,
    { role: "bill", usage },
    {
      exact: { "gen_ai.request.seed": { intValue: "-9007199254740993" } },
      leaves: { "gen_ai.request.seed": { intValue: "-9007199254740993" } },
    },
  ),
  one(
    "T5: the same as a text",
    { ...used, "gen_ai.request.seed": "9007199254740993" },
    { role: "bill", usage },
    { leaves: { "gen_ai.request.seed": { intValue: "9007199254740993" } } },
  ),
  finishReasons('["stop"]', "stop"),
  finishReasons("stop, length", "stop", "length"),
  finishReasons("stop", "stop"),
  finishReasons(["STOP"], "STOP"),
  finishReasons('["STOP", "tool_calls"]', "STOP", "tool_calls"),
  one(
    "T7: a Python dictionary",
    {
      "llm.request.type": "acompletion",
      "metadata.usage_object":
        "{'prompt_tokens': 1215, 'completion_tokens': 87, 'x': None, 'y': True, 'z': 1e-06, 'prompt_tokens_details': {'cached_tokens': 1024, 'q': \"it's\"}}",
    },
    { usage: { ...usage, cache_read: 1024 } },
    { scope: "litellm" },
  ),
  one(
    "T8: JSON within JSON",
    {
      "mlflow.spanType": '"CHAT_MODEL"',
      "mlflow.chat.tokenUsage": '{"input_tokens": 1215, "output_tokens": 87}',
      "mlflow.llm.model": '"gpt-4o"',
    },
    { usage, requestModel: "gpt-4o" },
  ),
  one(
    "T9: indexed messages without end and with gaps",
    {
      "openinference.span.kind": "LLM",
      ...Object.fromEntries(
        Array.from({ length: 1500 }, (_, at) => [`llm.input_messages.${at * 7}.message.content`, "hi"]),
      ),
      "llm.token_count.prompt": 1215,
      "llm.token_count.completion": 87,
    },
    { role: "bill", usage },
  ),
  one(
    "T10: two names of one count, and other counts",
    { ...used, "gen_ai.usage.prompt_tokens": 9 },
    { role: "bill", usage, flags: ["usage_names_differ"] },
  ),
  one(
    "T10: two names of one count, and equal counts",
    { ...used, "gen_ai.usage.prompt_tokens": 1215, "gen_ai.usage.completion_tokens": "87" },
    { role: "bill", usage, flags: [] },
  ),
  one(
    "T11: three families on one span",
    {
      ...used,
      "openinference.span.kind": "LLM",
      "llm.token_count.prompt": 1215,
      "llm.token_count.completion": 87,
      "litellm.cost.total": 0.1,
    },
    { role: "bill", usage },
    { scope: "litellm" },
  ),
  {
    trap: "T12: a parent that restates its child",
    requests: [
      [
        { id: "2", parent: "1", attributes: used },
        { id: "1", attributes: { ...used, "gen_ai.operation.name": "invoke_agent" } },
      ],
    ],
    says: { "1": { role: "shadow", reason: "rollup" }, "2": { role: "bill" } },
  },
  {
    trap: "T13: the parent comes before its child, in a request of its own",
    requests: [
      [{ id: "1", attributes: { ...used, "gen_ai.operation.name": "invoke_agent" } }],
      [{ id: "2", parent: "1", attributes: used }],
    ],
    says: { "1": { role: "shadow" }, "2": { role: "bill" } },
  },
  {
    trap: "T14: one response id in a proxy and in a model server",
    requests: [
      [
        {
          id: "1",
          trace: "a1",
          scope: "litellm",
          attributes: {
            ...used,
            "llm.request.type": "acompletion",
            "gen_ai.response.id": "chatcmpl-1",
            "metadata.user_api_key_hash": "ab",
          },
        },
        {
          id: "2",
          trace: "b2",
          scope: "vllm.tracing.otel",
          attributes: {
            "gen_ai.request.id": "chatcmpl-1",
            "gen_ai.usage.prompt_tokens": 1215,
            "gen_ai.usage.completion_tokens": 87,
          },
        },
      ],
    ],
    says: { "1": { role: "bill", layer: "proxy" }, "2": { role: "shadow", reason: "lower_layer" } },
  },
  {
    trap: "T15: the same span twice has one identity",
    requests: [[{ id: "1", attributes: used }], [{ id: "1", attributes: used }]],
    says: { "1": { role: "bill", usage } },
  },
  one(
    "T16: a stream without usage",
    { ...chat, "gen_ai.request.stream": true },
    { role: "ignore", reason: "no_usage" },
  ),
  one(
    "T17: zeros",
    { ...chat, [input]: 0, [output]: 0, "gen_ai.response.id": "x1" },
    { role: "ignore", usage: undefined },
  ),
  one(
    "T18: a failure",
    { ...chat, "error.type": "429" },
    { role: "ignore", reason: "failed_without_usage" },
    { failed: true },
  ),
  one(
    "T19: a failure that used something",
    { ...used, "error.type": "content_filter" },
    { role: "bill", failed: true },
  ),
  one(
    "T20: embeddings have input alone",
    { ...chat, "gen_ai.operation.name": "embeddings", [input]: 8 },
    { role: "bill", usage: { input: 8 } },
  ),
  one(
    "T20: embeddings of AI SDK",
    { "ai.operationId": "ai.embed.doEmbed", "ai.model.id": "text-embedding-3-small", "ai.usage.tokens": 8 },
    { role: "bill", operation: "embeddings", usage: { input: 8 } },
    { scope: "ai", leaves: { "spantoll.cost.nano_usd": { intValue: "160" } } },
  ),
  one(
    "T20: embeddings that tell a total alone",
    { ...chat, "gen_ai.operation.name": "embeddings", "gen_ai.usage.total_tokens": 8 },
    { role: "bill", usage: { input: 8 } },
  ),
  one(
    "T20: embeddings that tell an output of 0",
    { ...chat, "gen_ai.operation.name": "embeddings", [input]: 8, [output]: 0 },
    { role: "bill", usage: { input: 8, output: 0 } },
  ),
  one(
    "T21: a total alone",
    { ...chat, "gen_ai.usage.total_tokens": 1302 },
    { usage: { input: 1302 }, flags: ["usage_total_only"] },
  ),
  one(
    "T22: input beside the cache",
    {
      model: "claude-sonnet-4-5",
      input_tokens: 2,
      output_tokens: 87,
      cache_read_tokens: 63002,
      cache_creation_tokens: 679,
    },
    { usage: { input: 63683, cache_read: 63002, cache_write: 679, output: 87 } },
    { scope: "com.anthropic.claude_code.tracing" },
  ),
  one(
    "T23: more cache than input, whoever says that it has it",
    { ...chat, [input]: 191, [output]: 87, "gen_ai.usage.cache_read.input_tokens": 1024 },
    { usage: { input: 1215, cache_read: 1024, output: 87 }, flags: ["usage_convention_inferred_exclusive"] },
    { scope: "opentelemetry.instrumentation.openai.v1" },
  ),
  one(
    "T24: cache writes by time to live",
    {
      "ai.operationId": "ai.generateText.doGenerate",
      "ai.usage.inputTokens": 1215,
      "ai.usage.outputTokens": 87,
      "ai.response.providerMetadata":
        '{"anthropic":{"usage":{"cache_creation":{"ephemeral_5m_input_tokens":56,"ephemeral_1h_input_tokens":200}}}}',
    },
    { usage: { ...usage, cache_write: 256, cache_write_5m: 56, cache_write_1h: 200 } },
    { scope: "ai" },
  ),
  one(
    "T25: thoughts beside the output",
    {
      "gen_ai.operation.name": "call_llm",
      "gen_ai.request.model": "gemini-2.5-flash",
      [input]: 1215,
      [output]: 55,
      "gen_ai.usage.thoughts_tokens": 32,
      "gen_ai.usage.total_tokens": 1302,
    },
    { usage: { ...usage, reasoning: 32 } },
    { scope: "gcp.vertex.agent" },
  ),
  one(
    "T26: reasoning within the output",
    { ...used, "gen_ai.usage.reasoning.output_tokens": 32 },
    { usage: { ...usage, reasoning: 32 } },
  ),
  one(
    "T27: an alias of the client",
    {
      ...used,
      "gen_ai.request.model": "fast",
      "gen_ai.response.model": "fast",
      "litellm.provider.model": "openai/gpt-4o-mini",
      "litellm.cost.total": 0.1,
    },
    { requestModel: "gpt-4o-mini", responseModel: "gpt-4o-mini", providerModel: "openai/gpt-4o-mini" },
    { scope: "litellm" },
  ),
  one(
    "T28: a model behind its provider",
    {
      "openinference.span.kind": "LLM",
      "llm.model_name": "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
      "llm.token_count.prompt": 5,
    },
    { provider: "aws.bedrock", requestModel: "us.anthropic.claude-sonnet-4-5-20250929-v1:0" },
  ),
  pricedAs("openai/gpt-4o", "openai", "gpt-4o"),
  pricedAs(
    "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-5-sonnet-20240620-v1:0",
    "aws.bedrock",
    "regional.anthropic.claude-3-5-sonnet-20240620-v1:0",
  ),
  pricedAs("claude-3-5-sonnet@20240620", "gcp.vertex_ai", "claude-3-5-sonnet"),
  pricedAs("models/gemini-2.5-flash", "gcp.gemini", "gemini-2.5-flash"),
  pricedAs("ft:gpt-4o-2024-08-06:acme::abc", "openai", null),
  pricedAs("deepseek/deepseek-r1:free", "openrouter", null),
  pricedAs("accounts/fireworks/models/deepseek-v3-0324", "fireworks", "deepseek-v3-0324"),
  pricedAs("meta-llama/Llama-3.3-70B-Instruct-fp8", "together_ai", null),
  one(
    "T29: a framework for a provider",
    { ...used, "gen_ai.provider.name": "langchain", "gen_ai.request.model": "claude-sonnet-4-5" },
    { provider: "anthropic" },
  ),
  one(
    "T30: kind TOOL on a call",
    { "openinference.span.kind": "TOOL", "llm.token_count.prompt": 1215, "llm.token_count.completion": 87 },
    { role: "bill", usage },
    { scope: "litellm" },
  ),
  one(
    "T31: a counter of tokens",
    { "openinference.span.kind": "TOKEN_COUNTER", "llm.token_count.prompt": 5 },
    { role: "ignore", reason: "not_a_call" },
  ),
  one(
    "T32: a model by baggage",
    { "gen_ai.request.model": "fast", "litellm.team.id": "acme", "db.system.name": "redis" },
    null,
    { scope: "litellm" },
  ),
  one(
    "T33: tokens under a cost's name, dollars under tokens'",
    {
      "openinference.span.kind": "LLM",
      "llm.token_count.prompt": 1215,
      "llm.token_count.completion": 87,
      "llm.cost.completion_details.output": 87,
      "gen_ai.cost.input_tokens": 0.003,
    },
    { usage, reportedUsd: undefined },
  ),
  one(
    "T34: a reported cost of 0 stays what it is, and is no price",
    { ...used, "gen_ai.usage.cost": 0 },
    { role: "bill", reportedUsd: "0" },
    {
      leaves: { "spantoll.cost.status": { stringValue: "priced" }, "spantoll.cost.nano_usd": { intValue: "3907500" } },
    },
  ),
  one(
    "T34: a reported cost of 0 for a model without a price is no cost",
    { ...used, "gen_ai.request.model": "gpt-9-imaginary" },
    { role: "bill", reportedUsd: "0" },
    {
      exact: { "gen_ai.usage.cost": { doubleValue: 0 } },
      leaves: {
        "spantoll.cost.status": { stringValue: "unpriced" },
        "spantoll.cost.usd": null,
        "gen_ai.usage.cost": null,
      },
    },
  ),
  one(
    "T34: a reported cost of 0 from a gateway's cache",
    {
      ...used,
      "llm.request.type": "acompletion",
      "gen_ai.cost.total_cost": 0,
      "metadata.user_api_key_hash": "ab",
      hidden_params: '{"response_cost": 0.0, "cache_hit": true, "cache_key": "k"}',
    },
    { role: "shadow", reason: "gateway_cache_hit" },
    { scope: "litellm" },
  ),
  one("T35: a cost as text", { ...used, "gen_ai.usage.cost": "0.0602375" }, { reportedUsd: "0.0602375" }),
  one(
    "T36: a trace of which the sender keeps a quarter",
    used,
    { role: "bill", usage, flags: ["sampled_trace"] },
    { traceState: "ot=th:c;rv:e1" },
  ),
  {
    trap: "T37: a tenant on the resource, and attributes of resources that make no call",
    requests: [
      [
        { id: "1", attributes: used, resource: { "tenant.id": "acme", [input]: 5 } },
        { id: "2", resource: used },
      ],
    ],
    says: { "1": { usage, subject: expect.objectContaining({ tenant: "acme" }) }, "2": null },
  },
  one(
    "T38: other separators",
    { ...chat, "gen_ai.usage.inputTokens": 1215, "gen_ai.usage.outputTokens": 87 },
    { role: "bill", usage },
  ),
  one(
    "T39: an answer of a megabyte is no source of usage",
    { "openinference.span.kind": "LLM", "output.value": `{"usage":{"prompt_tokens":5},"x":"${"x".repeat(1e6)}"}` },
    { role: "ignore", usage: undefined },
  ),
  one(
    "T41: the name of a prompt is no prompt",
    { "gen_ai.prompt.name": "greeting", "gen_ai.prompt.0.role": "user" },
    null,
  ),
  {
    trap: "T42: a tenant that says nothing on the call, and one on the proxy's own span",
    requests: [
      [
        { id: "2", parent: "1", attributes: { ...used, "litellm.team.id": "" } },
        { id: "1", attributes: { "litellm.team.id": "acme" } },
      ],
    ],
    says: { "2": { role: "bill", subject: expect.objectContaining({ tenant: "acme" }) } },
  },
];

test.each(traps)("$trap", ({ requests, says, exact = {}, leaves = {} }) => {
  const { found, left } = decided(requests, exact);
  for (const [id, expected] of Object.entries(says)) {
    if (expected === null) expect(found.get(id)).toBeUndefined();
    else expect(found.get(id)).toMatchObject(expected);
    if (expected?.usage) expect(found.get(id)?.usage).toEqual(expected.usage);
  }
  for (const [key, value] of Object.entries(leaves)) expect([key, left[key]]).toEqual([key, value ?? undefined]);
});

test.each([
  { name: "in two requests", requests: [[{ id: "1", attributes: used }], [{ id: "1", attributes: used }]] },
  { name: "in one request", requests: [[1, 2].map(() => ({ id: "1", attributes: used }))] },
  { name: "under another span id", requests: [["1", "2"].map((id) => ({ id, attributes: withId }))] },
  { name: "under no id", requests: [["1", "2"].map((id) => ({ id, attributes: used }))], calls: 2 },
])("T15: the same call twice $name is charged once", async ({ requests, calls: count = 1 }) => {
  const till = await Till.open();
  for (const spans of requests) await till.pass(traceRequest(spans));
  const total = `@unknown: ${count} calls, ${1215 * count} in, ${87 * count} out`;
  expect(await till.bill()).toEqual([total]);
  await till.stop();
});
