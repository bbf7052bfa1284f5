// T1 to T42 are the traps of real emitters, as the project numbers them.
import { describe, expect, test } from "vitest";
import { decode, encode, type Plain } from "../../../test/support/otlp-oracle.ts";
import { recordingHost } from "../../../test/support/recording-host.ts";
import { type Attributes, type GivenSpan, spansOf, traceRequest } from "../../../test/support/spans.ts";
import { type Telling, tellings } from "../../genai/call.ts";
import { Trail, trails } from "../../genai/trail.ts";
import { TraceBatches } from "../../otlp/trace-batch.ts";
import { genAiNormalizer } from "./gen-ai-normalizer.ts";

const files = { read: () => new Uint8Array() };

function run(request: Uint8Array, settings: object = {}) {
  const prepared = genAiNormalizer.prepare(settings, files);
  if (!prepared.ok) throw new Error("the settings are refused");
  const host = recordingHost();
  const normaliser = prepared.create(host);
  const context = { headers: {}, subject: undefined, peer: "" };
  const batches = new TraceBatches(normaliser.keys ? [normaliser.keys] : []);
  const [batch] = batches.read({ signal: "traces", bytes: request, context, transport: "http" });
  if (!batch) throw new Error("no batch");
  const trail = new Trail();
  trails.set(batch.notes, trail);
  normaliser.process(batch);
  const { bytes, notes } = batch.encode();
  return { bytes, told: tellings.get(notes) ?? [], spans: spansOf(bytes), bad: [...host.counted.keys()], trail };
}

/** The request with more attributes on its first span, in the form of the wire. */
function withAttributes(bytes: Uint8Array, attributes: readonly Plain[]): Uint8Array {
  const request = decode("traces", bytes) as { resourceSpans: Plain[] };
  const [resource] = request.resourceSpans;
  const [scope] = (resource?.["scopeSpans"] ?? []) as Plain[];
  const [span = {}] = (scope?.["spans"] ?? []) as Plain[];
  span["attributes"] = [...((span["attributes"] ?? []) as Plain[]), ...attributes];
  return encode("traces", request);
}

/** One span through the normaliser: what it says afterwards, and what was told. */
function one(attributes: Attributes, given: Partial<GivenSpan> & { readonly settings?: object } = {}) {
  const { settings, ...span } = given;
  const { told, spans, bad, trail } = run(traceRequest([{ id: "1", attributes, ...span }]), settings);
  return { attributes: spans[0]?.attributes ?? {}, telling: told[0], told, bad, trail };
}

const chat = { "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o" };

describe("values", () => {
  const input = "gen_ai.usage.input_tokens";
  test.each([
    { name: "T1: a number in a string", value: "42", becomes: 42, bad: 0 },
    { name: "T1: a decimal in a string", value: " 42.0 ", becomes: 42, bad: 0 },
    { name: "a fraction is rounded", value: 42.4, becomes: 42, bad: 0 },
    { name: "a fraction is rounded half up", value: 41.5, becomes: 42, bad: 0 },
    { name: "T2: an empty string is absent", value: "", becomes: "", bad: 0 },
    { name: "T2: None is absent", value: "None", becomes: "None", bad: 0 },
    { name: "T4: NaN stays and is counted", value: Number.NaN, becomes: "NaN", bad: 1 },
    { name: "T4: a negative number stays and is counted", value: -5, becomes: -5, bad: 1 },
    { name: "a number that no call has stays and is counted", value: 2_000_000_000, becomes: 2_000_000_000, bad: 1 },
    { name: "a word stays and is counted", value: "many", becomes: "many", bad: 1 },
    { name: "a hexadecimal number is a word", value: "0x10", becomes: "0x10", bad: 1 },
    { name: "a list stays and is counted", value: ["1"], becomes: ["1"], bad: 1 },
    { name: "a map stays and is counted", value: { tokens: "1" }, becomes: { tokens: "1" }, bad: 1 },
  ])("$name", ({ value, becomes, bad }) => {
    const found = one({ ...chat, [input]: value, "gen_ai.usage.output_tokens": 7 });
    expect(found.attributes[input]).toEqual(becomes);
    expect(found.bad).toEqual(
      bad ? [`spantoll_bad_values_total{"dialect":"otel-genai-current","key":"${input}"}`] : [],
    );
    expect(found.telling?.usage).toEqual(becomes === 42 ? { input: 42, output: 7 } : { output: 7 });
  });

  test.each([
    { name: "T6: a JSON text", value: '["stop", "length"]', becomes: ["stop", "length"] },
    { name: "T6: words with commas", value: "stop, length", becomes: ["stop", "length"] },
    { name: "T6: one word", value: "stop", becomes: ["stop"] },
    { name: "T6: a list as it is", value: ["STOP"], becomes: ["STOP"] },
    { name: "T6: a broken list stays", value: '["stop"', becomes: '["stop"' },
  ])("$name as finish reasons", ({ value, becomes }) => {
    const found = one({ ...chat, "gen_ai.response.finish_reasons": value });
    expect(found.attributes["gen_ai.response.finish_reasons"]).toEqual(becomes);
  });

  test.each([
    { key: "gen_ai.request.temperature", value: "0.2", becomes: 0.2 },
    { key: "gen_ai.request.stream", value: "True", becomes: true },
    { key: "gen_ai.request.max_tokens", value: "30", becomes: 30 },
    { key: "gen_ai.request.stop_sequences", value: '["a"]', becomes: ["a"] },
    { key: "gen_ai.request.seed", value: "9007199254740993", becomes: Number(9007199254740993n) },
  ])("$key $value has the type of the convention", ({ key, value, becomes }) => {
    expect(one({ ...chat, [key]: value }).attributes[key]).toEqual(becomes);
  });

  test("T3: a double for a count becomes an int", () => {
    const request = traceRequest([{ id: "1", attributes: chat }]);
    const keys = ["gen_ai.usage.input_tokens", "gen_ai.request.max_tokens"];
    const { bytes } = run(
      withAttributes(
        request,
        keys.map((key) => ({ key, value: { doubleValue: 42 } })),
      ),
    );
    expect(JSON.stringify(decode("traces", bytes)).split('"intValue":"42"')).toHaveLength(3);
  });

  test("T5: digits beyond 2^53 stay exact", () => {
    const { bytes } = run(
      traceRequest([{ id: "1", attributes: { ...chat, "gen_ai.request.seed": "9007199254740993" } }]),
    );
    expect(JSON.stringify(decode("traces", bytes))).toContain('"intValue":"9007199254740993"');
  });

  test("T7 and T8: members of Python and JSON texts are read, and a broken text is left and counted", () => {
    const usage =
      "{'prompt_tokens': 10, 'completion_tokens': 2, 'prompt_tokens_details': {'cached_tokens': 4, 'x': None}}";
    const sound = one({ "llm.request.type": "acompletion", "metadata.usage_object": usage }, { scope: "litellm" });
    expect(sound.telling?.usage).toEqual({ input: 10, cache_read: 4, output: 2 });
    const broken = one({ "llm.request.type": "acompletion", "metadata.usage_object": usage.slice(0, 50) });
    expect(broken.telling?.usage).toBeUndefined();
    expect(broken.bad).toEqual(['spantoll_bad_values_total{"dialect":"litellm-v1","key":"metadata.usage_object"}']);
  });

  test("T39: a text of a megabyte is not read for usage", () => {
    const attributes = {
      "openinference.span.kind": "LLM",
      "llm.invocation_parameters": `{"model":"${"x".repeat(1e6)}"}`,
    };
    expect(one(attributes).telling?.requestModel).toBeUndefined();
  });
});

describe("tokens", () => {
  test("T10: of two names of one quantity the newer counts, and a difference is flagged", () => {
    const both = {
      ...chat,
      "gen_ai.usage.prompt_tokens": 9,
      "gen_ai.usage.input_tokens": 10,
      "gen_ai.usage.output_tokens": 1,
    };
    expect(one(both).telling).toMatchObject({ usage: { input: 10, output: 1 }, flags: ["usage_names_differ"] });
    expect(one({ ...both, "gen_ai.usage.prompt_tokens": 10 }).telling?.flags).toEqual([]);
  });

  test("T11: several families on one span are one usage, and what they contradict is not taken", () => {
    const families = {
      ...chat,
      "gen_ai.usage.input_tokens": 1215,
      "gen_ai.usage.output_tokens": 87,
      "openinference.span.kind": "LLM",
    };
    const agreeing = {
      "llm.token_count.prompt": 1215,
      "llm.token_count.completion": 87,
      "llm.token_count.prompt_details.cache_read": 1024,
    };
    expect(one({ ...families, ...agreeing }).telling?.usage).toEqual({ input: 1215, cache_read: 1024, output: 87 });
    const other = { "llm.token_count.prompt": 3, "gen_ai.usage.cache_read.input_tokens": 1024 };
    expect(one({ ...families, ...other }).telling).toMatchObject({
      dialect: "openinference",
      usage: { input: 3 },
      flags: ["usage_names_differ"],
    });
  });

  test("an exclusive input is replaced under its own key, and the previous name stands beside the new one", () => {
    const { attributes } = one({
      ...chat,
      "gen_ai.usage.input_tokens": 191,
      "gen_ai.usage.output_tokens": 87,
      "gen_ai.usage.cache_read_input_tokens": 1024,
      "gen_ai.usage.cache_creation_input_tokens": 256,
    });
    expect(attributes).toMatchObject({
      "gen_ai.usage.input_tokens": 1471,
      "gen_ai.usage.cache_read.input_tokens": 1024,
      "gen_ai.usage.cache_write.input_tokens": 256,
      "gen_ai.usage.cache_creation.input_tokens": 256,
      "gen_ai.usage.cache_creation_input_tokens": 256,
    });
  });

  test("T17 and T18: zeros and failures tell no usage", () => {
    const zeros = { ...chat, "gen_ai.usage.input_tokens": 0, "gen_ai.usage.output_tokens": 0 };
    expect(one(zeros, { failed: true }).telling).toMatchObject({ usage: undefined, failed: true });
    expect(one(chat, { failed: true }).telling).toMatchObject({ usage: undefined, failed: true, shape: "call" });
  });

  test("T19: a failure that tells usage keeps it", () => {
    const filtered = { ...chat, "gen_ai.usage.input_tokens": 10, "error.type": "content_filter" };
    expect(one(filtered).telling).toMatchObject({ usage: { input: 10 }, failed: true });
  });
});

describe("providers and models", () => {
  test.each([
    { name: "Azure's older word", attributes: { "gen_ai.system": "az.ai.openai" }, says: "azure.ai.openai" },
    { name: "a vendor with a capital letter", attributes: { "gen_ai.system": "MistralAI" }, says: "mistral_ai" },
    { name: "a package of the AI SDK", attributes: { "gen_ai.system": "google.vertex.chat" }, says: "gcp.vertex_ai" },
    { name: "a word that nobody knows", attributes: { "gen_ai.system": "Acme.AI" }, says: "Acme.AI" },
    {
      name: "T29: a framework, and the address",
      attributes: { "gen_ai.system": "langchain", "server.address": "api.anthropic.com" },
      says: "anthropic",
    },
    {
      name: "T29: a framework, and the library",
      attributes: { "gen_ai.system": "Langchain" },
      scope: "opentelemetry.instrumentation.groq",
      says: "groq",
    },
    {
      name: "T29: an empty word, and the model's prefix",
      attributes: { "gen_ai.system": "", "litellm.provider.model": "bedrock/us.anthropic.x", hidden_params: "{}" },
      scope: "litellm",
      says: "aws.bedrock",
    },
    {
      name: "no word, and the family of the model",
      attributes: { "gen_ai.request.model": "claude-sonnet-4-5" },
      says: "anthropic",
    },
    { name: "a model that several serve", attributes: { "gen_ai.request.model": "llama-3.1-8b" }, says: undefined },
    {
      name: "an organisation that is no provider",
      attributes: { "gen_ai.system": "vllm", "gen_ai.request.model": "mistralai/Mistral-7B" },
      says: "vllm",
    },
  ])("$name", ({ attributes, scope = "", says }) => {
    const found = one({ "gen_ai.operation.name": "chat", ...attributes }, { scope });
    expect(found.telling?.provider).toBe(says);
    expect(found.attributes["gen_ai.provider.name"]).toBe(says);
  });

  test("T27: a client's alias gives way to the model behind it, and stays as the model group", () => {
    const attributes = {
      ...chat,
      "gen_ai.request.model": "fast",
      "gen_ai.response.model": "fast",
      "litellm.provider.model": "openai/gpt-4o-mini",
      "litellm.cost.total": 0.1,
    };
    const found = one(attributes, { scope: "litellm" });
    expect(found.telling).toMatchObject({
      requestModel: "gpt-4o-mini",
      responseModel: "gpt-4o-mini",
      providerModel: "openai/gpt-4o-mini",
    });
    expect(found.attributes).toMatchObject({ "gen_ai.request.model": "gpt-4o-mini", "litellm.model_group": "fast" });
  });

  test("after a fallback the model that answered stays", () => {
    const attributes = {
      ...chat,
      "gen_ai.request.model": "primary",
      "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
      "litellm.provider.model": "openai/gpt-4o-mini",
      "litellm.cost.total": 0.1,
    };
    expect(one(attributes, { scope: "litellm" }).telling?.responseModel).toBe("gpt-4o-mini-2024-07-18");
  });

  test("a prefix that only repeats the provider goes, another one stays", () => {
    const model = (name: string) => one({ ...chat, "gen_ai.request.model": name }).attributes["gen_ai.request.model"];
    expect([model("openai/gpt-4o"), model("ft:gpt-4o:acme"), model("meta/llama")]).toEqual([
      "gpt-4o",
      "ft:gpt-4o:acme",
      "meta/llama",
    ]);
  });

  test("services name what an emitter does not say, and do not overrule it", () => {
    const settings = { services: { llama: { provider: "vllm", model: "meta/llama" } } };
    const given = { settings, resource: { "service.name": "llama" } };
    expect(one({ "gen_ai.operation.name": "chat" }, given).telling).toMatchObject({
      provider: "vllm",
      requestModel: "meta/llama",
    });
    expect(one(chat, given).telling).toMatchObject({ provider: "openai", requestModel: "gpt-4o" });
  });
});

describe("what is a call", () => {
  const kinds: readonly { name: string; attributes: Attributes; shape: Telling["shape"] | undefined }[] = [
    { name: "a chat", attributes: chat, shape: "call" },
    { name: "an agent without usage", attributes: { "gen_ai.operation.name": "invoke_agent" }, shape: undefined },
    {
      name: "an agent that restates usage",
      attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 5 },
      shape: "container",
    },
    { name: "a tool", attributes: { "gen_ai.operation.name": "execute_tool" }, shape: undefined },
    { name: "usage without an operation", attributes: { "gen_ai.usage.input_tokens": 5 }, shape: "call" },
    {
      name: "an operation that nobody knows",
      attributes: { "gen_ai.operation.name": "dream", "gen_ai.usage.input_tokens": 5 },
      shape: "other",
    },
    {
      name: "T30: kind TOOL with counts",
      attributes: { "openinference.span.kind": "TOOL", "llm.token_count.prompt": 5 },
      shape: "call",
    },
    {
      name: "T31: a token counter",
      attributes: { "openinference.span.kind": "TOKEN_COUNTER", "llm.token_count.prompt": 5 },
      shape: "other",
    },
    {
      name: "an outer span of the AI SDK",
      attributes: { "ai.operationId": "ai.generateText", "ai.usage.inputTokens": 5 },
      shape: "container",
    },
    {
      name: "the inner one",
      attributes: { "ai.operationId": "ai.generateText.doGenerate", "ai.usage.inputTokens": 5 },
      shape: "call",
    },
    {
      name: "names that somebody made up",
      attributes: { "llm.prompt_tokens": 5, "llm.completion_tokens": 2, "llm.model": "openai/gpt-4o" },
      shape: "call",
    },
  ];
  test.each(kinds)("$name", ({ attributes, shape }) => {
    expect(one(attributes).telling?.shape).toBe(shape);
  });

  test("T32: a model and a team that came by baggage leave a span byte-identical", () => {
    const baggage = {
      "gen_ai.request.model": "fast",
      "litellm.team.id": "acme",
      "litellm.api_key.hash": "1",
      "db.system.name": "redis",
    };
    const request = traceRequest([{ id: "1", attributes: baggage, scope: "litellm" }]);
    const { bytes, told } = run(request);
    expect(told).toEqual([]);
    expect(Buffer.compare(bytes, request)).toBe(0);
  });

  test("a span that is right already stays byte-identical", () => {
    const right = {
      ...chat,
      "gen_ai.usage.input_tokens": 10,
      "gen_ai.usage.output_tokens": 1,
      "gen_ai.response.finish_reasons": ["stop"],
    };
    const request = traceRequest([{ id: "1", attributes: right }]);
    expect(Buffer.compare(run(request).bytes, request)).toBe(0);
  });

  test("the copy below a LiteLLM call is told and keeps its names", () => {
    const usage = "{'input_tokens': 191, 'cache_read_input_tokens': 1024, 'output_tokens': 87}";
    const found = one({ "llm.anthropic.usage": usage, "llm.anthropic.id": "msg_1" }, { scope: "litellm" });
    expect(found.telling).toMatchObject({ shape: "copy", responseIds: ["msg_1"], usage: { input: 1215, output: 87 } });
    expect(Object.keys(found.attributes)).toEqual(["llm.anthropic.usage", "llm.anthropic.id"]);
  });

  test("tools are renamed all the same", () => {
    const { attributes } = one({ "openinference.span.kind": "TOOL", "tool.name": "weather" });
    expect(attributes).toMatchObject({ "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "weather" });
  });
});

describe("LiteLLM", () => {
  const proxied = {
    "llm.request.type": "acompletion",
    "gen_ai.usage.input_tokens": 10,
    "metadata.user_api_key_hash": "ab",
  };

  test("its attributes on an application's span are recognised by themselves, and are the application's layer", () => {
    const attributes = {
      "gen_ai.operation.name": "chat",
      "gen_ai.usage.input_tokens": 10,
      "gen_ai.system": "openai",
      "gen_ai.cost.total_cost": 0.5,
      hidden_params: "{}",
    };
    expect(one(attributes, { scope: "shop" }).telling).toMatchObject({
      dialect: "litellm-v1",
      layer: "app",
      reportedUsd: "0.5",
    });
  });

  test("usage on the proxy's own span is a call of the proxy", () => {
    const found = one({ ...proxied, "gen_ai.usage.prompt_tokens": 10 }, { scope: "litellm" });
    expect(found.telling).toMatchObject({ shape: "call", layer: "proxy" });
  });

  test("a key of the proxy's cache is the sign of a hit", () => {
    const hit = one({ ...proxied, hidden_params: '{"model_id": "1", "cache_key": "ab12"}' }, { scope: "litellm" });
    const miss = one({ ...proxied, hidden_params: '{"model_id": "1", "cache_key": null}' }, { scope: "litellm" });
    expect([hit.telling?.gatewayCacheHit, miss.telling?.gatewayCacheHit]).toEqual([true, false]);
  });

  test.each(["0", " ", "chatcmpl-", "chatcmpl-None", "00000000-0000-0000-0000-000000000000"])(
    "%j is no response id, since many answers share it",
    (id) => {
      expect(one({ ...proxied, "gen_ai.response.id": id }, { scope: "litellm" }).telling?.responseIds).toEqual([]);
    },
  );

  test.each(["chatcmpl-1", "msg_01", "r", "uMaaL-", "7"])("%j is a response id", (id) => {
    expect(one({ ...proxied, "gen_ai.response.id": id }, { scope: "litellm" }).telling?.responseIds).toEqual([id]);
  });

  test("its call id is no response id", () => {
    const found = one({ ...proxied, "gen_ai.response.id": "c1", "litellm.call_id": "c1" }, { scope: "litellm" });
    expect(found.telling?.responseIds).toEqual([]);
  });

  test("T35: a cost in a small double or in a string becomes decimal text", () => {
    const reported = (cost: string | number) =>
      one({ ...proxied, "gen_ai.cost.total_cost": cost }).telling?.reportedUsd;
    expect([reported(1.6e-7), reported("0.0602375"), reported(0.1)]).toEqual(["0.00000016", "0.0602375", "0.1"]);
  });
});

describe("settings", () => {
  const legacy = {
    "gen_ai.system": "openai",
    "gen_ai.usage.prompt_tokens": 10,
    "gen_ai.usage.completion_tokens": 2,
    "gen_ai.usage.cache_creation_input_tokens": 1,
  };

  test("originals stay by default and go with keep_original false", () => {
    expect(one(legacy).attributes).toMatchObject(legacy);
    const { attributes } = one(legacy, { settings: { keep_original: false } });
    expect(Object.keys(attributes).sort()).toEqual([
      "gen_ai.operation.name",
      "gen_ai.provider.name",
      "gen_ai.usage.cache_creation.input_tokens",
      "gen_ai.usage.cache_write.input_tokens",
      "gen_ai.usage.input_tokens",
      "gen_ai.usage.output_tokens",
    ]);
  });

  test("without aliases the previous name is not written", () => {
    const { attributes } = one(legacy, { settings: { aliases: false } });
    expect(attributes).not.toHaveProperty(["gen_ai.usage.cache_creation.input_tokens"]);
  });

  const both = { ...legacy, "gen_ai.provider.name": "x_ai", "gen_ai.openai.request.service_tier": "flex" };
  test.each([
    {
      target: "latest",
      names: ["gen_ai.provider.name", "gen_ai.usage.cache_write.input_tokens", "openai.request.service_tier"],
      provider: "x_ai",
    },
    {
      target: "1.41",
      names: ["gen_ai.provider.name", "gen_ai.usage.cache_creation.input_tokens", "openai.request.service_tier"],
      provider: "x_ai",
    },
    {
      target: "1.36",
      names: ["gen_ai.openai.request.service_tier", "gen_ai.system", "gen_ai.usage.cache_creation.input_tokens"],
      provider: "xai",
    },
  ])("the names of $target are written, and no others with keep_original false", ({ target, names, provider }) => {
    const settings = { target, keep_original: false, aliases: target !== "latest" };
    const { attributes, telling } = one(both, { settings });
    const common = ["gen_ai.operation.name", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"];
    expect(Object.keys(attributes).sort()).toEqual([...names, ...common].sort());
    expect(attributes["gen_ai.provider.name"] ?? attributes["gen_ai.system"]).toBe(provider);
    expect(telling).toMatchObject({ provider: "x_ai", usage: { input: 10, cache_write: 1, output: 2 } });
    const again = one(attributes as Attributes, { settings });
    expect(again.attributes).toEqual(attributes);
  });

  test("an older target leaves what it read where it was, by default", () => {
    const { attributes } = one(both, { settings: { target: "1.36" } });
    expect(attributes).toMatchObject({ ...both, "gen_ai.system": "xai", "gen_ai.usage.input_tokens": 10 });
    expect(attributes).not.toHaveProperty(["gen_ai.usage.cache_write.input_tokens"]);
  });

  test("a value that cannot be read keeps its original", () => {
    const broken = { ...legacy, "gen_ai.usage.prompt_tokens": "many" };
    const { attributes } = one(broken, { settings: { keep_original: false } });
    expect(attributes["gen_ai.usage.prompt_tokens"]).toBe("many");
  });

  test("only the dialects that are listed are considered", () => {
    expect(one(legacy, { settings: { dialects: ["openinference"] } }).told).toEqual([]);
  });

  test.each([
    { settings: { contents: "drop" }, path: "" },
    { settings: { target: "1.40" }, path: "target" },
    { settings: { dialects: ["litelm"] }, path: "dialects" },
    { settings: { services: { llama: { modle: "x" } } }, path: "services.llama" },
  ])("$settings is refused", ({ settings, path }) => {
    const prepared = genAiNormalizer.prepare(settings, files);
    expect(prepared.ok ? [] : prepared.issues.map((issue) => issue.path.join("."))).toEqual([path]);
  });
});

describe("around a span", () => {
  const schemaUrl = "https://opentelemetry.io/schemas/1.30.0";
  const schemaAfter = (attributes: Attributes) => {
    const request = decode("traces", traceRequest([{ id: "1", attributes }])) as { resourceSpans: Plain[] };
    const [resource] = request.resourceSpans;
    const [scope] = (resource?.["scopeSpans"] ?? []) as Plain[];
    if (scope) scope["schemaUrl"] = schemaUrl;
    return JSON.stringify(decode("traces", run(encode("traces", request)).bytes)).includes(schemaUrl);
  };

  test("a schema URL is cleared when it is no longer true, and stays otherwise", () => {
    expect(schemaAfter({ "gen_ai.system": "openai", "gen_ai.usage.prompt_tokens": 3 })).toBe(false);
    expect(schemaAfter(chat)).toBe(true);
  });

  test("whoever asks is told which rule set what from where, and what was removed", () => {
    const { trail } = one(
      { "gen_ai.system": "OpenAI", "gen_ai.usage.prompt_tokens": 3 },
      { settings: { keep_original: false } },
    );
    expect(trail.setOn(0)).toEqual([
      { key: "gen_ai.provider.name", value: "openai", from: "gen_ai.system", rule: "otel-genai-legacy: gen_ai.system" },
      {
        key: "gen_ai.usage.input_tokens",
        value: 3,
        from: "gen_ai.usage.prompt_tokens",
        rule: "otel-genai-legacy: gen_ai.usage.prompt_tokens",
      },
    ]);
    expect(trail.removedFrom(0)).toEqual(["gen_ai.usage.prompt_tokens", "gen_ai.system"]);
  });

  test("T40: of two attributes with one key the first counts", () => {
    const count = (value: number) => ({ key: "gen_ai.usage.input_tokens", value: { intValue: value } });
    const request = traceRequest([{ id: "1", attributes: chat }]);
    expect(run(withAttributes(request, [count(5), count(9)])).told[0]?.usage).toEqual({ input: 5 });
  });

  test("tellings stand in the order of the spans", () => {
    const spans = ["1", "2", "3"].map((id) => ({ id, attributes: id === "2" ? { "http.route": "/" } : chat }));
    expect(run(traceRequest(spans)).told.map(({ span }) => span)).toEqual([0, 2]);
  });
});
