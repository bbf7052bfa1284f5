import { describe, expect, test } from "vitest";
import { decode, encode, type Plain } from "../../test/support/otlp-oracle.ts";
import { type Attributes, spansOf, traceRequest } from "../../test/support/spans.ts";
import { TraceBatches } from "../otlp/trace-batch.ts";
import { contentKeys, notContent } from "./content-keys.ts";
import { secretKeys } from "./secret-keys.ts";
import { SensitiveDropper, type SensitiveOptions } from "./sensitive.ts";

const both: SensitiveOptions = { dropContent: true, dropSecrets: true };

function dropped(bytes: Uint8Array, isKnown: boolean, options = both): Uint8Array {
  const dropper = new SensitiveDropper(options);
  const context = { headers: {}, subject: undefined, peer: "" };
  const batches = new TraceBatches([
    dropper.keys,
    { exact: ["gen_ai.operation.name", "gen_ai.system", "tenant.id"], prefixes: [] },
  ]);
  const [batch] = batches.read({ signal: "traces", bytes, context, transport: "http" });
  if (batch) dropper.drop(batch.span(0), isKnown, undefined);
  return batch?.encode().bytes ?? bytes;
}

function left(attributes: Attributes, given: { scope?: string; isKnown?: boolean } = {}): readonly string[] {
  const request = traceRequest([{ id: "1", attributes, ...(given.scope ? { scope: given.scope } : {}) }]);
  return Object.keys(spansOf(dropped(request, given.isKnown ?? true))[0]?.attributes ?? {});
}

describe("on spans", () => {
  test.each([...contentKeys, ...secretKeys])(
    "every name of $emitter goes where it is meant",
    ({ on, exact = [], prefixes = [] }) => {
      const names = [...exact, ...prefixes.map((prefix) => `${prefix}0.x`)];
      const attributes = { ...Object.fromEntries(names.map((name) => [name, "said"])), "tenant.id": "acme" };
      const scope = typeof on === "string" ? "" : (on[0] ?? "").replace("*", ".x");
      expect(left(attributes, { scope, isKnown: on === "known spans" })).toEqual(["tenant.id"]);
    },
  );

  test("names of others stay where they are not meant", () => {
    const bare = { input: "a", output: "b", messages: "c", "request.key": "d", api_key: "e" };
    expect(left(bare, { isKnown: false })).toEqual(Object.keys(bare));
    expect(left(bare, { isKnown: true })).toEqual(["request.key"]);
    expect(left(bare, { isKnown: false, scope: "litellm" })).toEqual(["input", "output"]);
  });

  test("what only looks like content stays", () => {
    const attributes = Object.fromEntries(notContent.map((name) => [name, "x"]));
    expect(left(attributes)).toEqual(Object.keys(attributes));
  });

  test("of a literal the keys and headers go, and a literal that is too long goes whole", () => {
    const attributes = {
      "llm.invocation_parameters": '{"model": "m", "api_key": "sk-1"}',
      "metadata.requester_metadata": '{"project": "p", "api_key": "sk-1"}',
      metadata: `{"tenant_id": "acme", "pad": "${"x".repeat(70_000)}"}`,
    };
    const request = traceRequest([{ id: "1", attributes }]);
    const requester = { "metadata.requester_metadata": '{"project": "p"}' };
    const [span] = spansOf(dropped(request, true, { dropContent: false, dropSecrets: true }));
    expect(span?.attributes).toEqual({ "llm.invocation_parameters": '{"model": "m"}', ...requester });
    // System instructions and tools are among the parameters.
    expect(spansOf(dropped(request, true))[0]?.attributes).toEqual(requester);
  });
});

describe("on events", () => {
  const text = (key: string, stringValue = "said") => ({ key, value: { stringValue } });
  const events = [
    { name: "gen_ai.user.message", attributes: [text("content"), text("role"), text("gen_ai.system")] },
    { name: "gen_ai.choice", attributes: [text("message"), text("tool.result"), text("finish_reason"), text("index")] },
    { name: "gen_ai.content.prompt", attributes: [text("gen_ai.prompt")] },
    {
      name: "gen_ai.client.inference.operation.details",
      attributes: [text("gen_ai.input.messages"), text("gen_ai.operation.name")],
    },
    { name: "mlflow.chunk.item.0", attributes: [text("mlflow.chunk.value")] },
    { name: "exception", attributes: [text("exception.message"), text("exception.type"), text("content")] },
  ];

  function eventsLeft(options: SensitiveOptions): readonly (readonly string[])[] {
    const request = decode("traces", traceRequest([{ id: "1", attributes: { a: "b" } }])) as Plain;
    const [resource = {}] = (request["resourceSpans"] ?? []) as Plain[];
    const [scope = {}] = (resource["scopeSpans"] ?? []) as Plain[];
    const [span = {}] = (scope["spans"] ?? []) as Plain[];
    span["events"] = events;
    const out = decode("traces", dropped(encode("traces", request), true, options)) as Plain;
    return eventsOf(out).map(({ attributes = [] }) => (attributes as Plain[]).map(({ key }) => String(key)));
  }

  test("messages go, and what stands beside them stays", () => {
    expect(eventsLeft(both)).toEqual([
      ["role", "gen_ai.system"],
      ["finish_reason", "index"],
      [],
      ["gen_ai.operation.name"],
      [],
      ["exception.type", "content"],
    ]);
  });

  test("all of it stays without content: drop", () => {
    expect(eventsLeft({ dropContent: false, dropSecrets: true })).toEqual(
      events.map(({ attributes }) => attributes.map(({ key }) => key)),
    );
  });
});

describe("beside attributes and events", () => {
  const prompt = "Name the three primary colours. ".repeat(400);

  function spanLeft(span: Plain, given: { scope?: string; dropContent?: boolean } = {}): Plain {
    const { scope = "", dropContent = true } = given;
    const request = { resourceSpans: [{ scopeSpans: [{ scope: { name: scope }, spans: [span] }] }] };
    const out = decode("traces", dropped(encode("traces", request), false, { dropContent, dropSecrets: true }));
    return spanOf(out);
  }

  test.each([
    { scope: "opentelemetry.instrumentation.crewai.instrumentation", name: `${prompt}.task`, becomes: "task" },
    { scope: "opentelemetry.instrumentation.crewai.instrumentation", name: "writer.agent", becomes: "writer.agent" },
    { scope: "my.jobs", name: "nightly.task", becomes: "nightly.task" },
  ])("the name of $becomes in $scope", ({ scope, name, becomes }) => {
    expect(spanLeft({ name }, { scope })).toEqual({ name: becomes });
    expect(spanLeft({ name }, { scope, dropContent: false })).toEqual({ name });
  });

  test.each([
    { status: { code: 2, message: prompt }, becomes: { code: 2 } },
    { status: { code: 2 }, becomes: { code: 2 } },
    { status: { message: "said" }, becomes: {} },
  ])("a status keeps its code: $becomes", ({ status, becomes }) => {
    expect(spanLeft({ name: "a", status })).toEqual({ name: "a", status: becomes });
    expect(spanLeft({ name: "a", status }, { dropContent: false })).toEqual({ name: "a", status });
  });
});

function eventsOf(request: Plain): readonly Plain[] {
  return (spanOf(request)["events"] ?? []) as Plain[];
}

function spanOf(request: Plain): Plain {
  const [resource = {}] = (request["resourceSpans"] ?? []) as Plain[];
  const [scope = {}] = (resource["scopeSpans"] ?? []) as Plain[];
  const [span = {}] = (scope["spans"] ?? []) as Plain[];
  return span;
}
