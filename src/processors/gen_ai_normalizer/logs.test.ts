// Log records that carry what was said: bodies and attributes as emitters write them, searched for in what leaves.
import { describe, expect, test } from "vitest";
import { decode, encode, type Plain } from "../../../test/support/otlp-oracle.ts";
import { recordingHost } from "../../../test/support/recording-host.ts";
import { OpaqueBatch } from "../../otlp/opaque-batch.ts";
import { genAiNormalizer } from "./gen-ai-normalizer.ts";

const said = "PLANTED-WORDS";
const secret = "PLANTED-KEY";

const text = (value: string): Plain => ({ stringValue: value });
const map = (members: Record<string, Plain>): Plain => ({
  kvlistValue: { values: Object.entries(members).map(([key, value]) => ({ key, value })) },
});
const attributes = (members: Record<string, Plain>): Plain[] =>
  Object.entries(members).map(([key, value]) => ({ key, value }));

function request(scope: string, ...logRecords: readonly Plain[]): Uint8Array {
  const scopeLogs = [{ scope: { name: scope, version: "1" }, logRecords, schemaUrl: "https://x/1.2" }];
  return encode("logs", { resourceLogs: [{ resource: { attributes: attributes({ a: text("b") }) }, scopeLogs }] });
}

function passed(bytes: Uint8Array, settings: object): Uint8Array {
  const prepared = genAiNormalizer.prepare(settings, { read: () => new Uint8Array() });
  if (!prepared.ok) throw new Error("the settings are refused");
  const context = { headers: {}, subject: undefined, peer: "" };
  const batch = new OpaqueBatch({ signal: "logs", bytes, context, transport: "http" });
  const out = prepared.create(recordingHost()).process(batch);
  if (!out) throw new Error("no batch");
  expect([out.items, out.notes === batch.notes, out.pending === batch.pending]).toEqual([batch.items, true, true]);
  return out.encode().bytes;
}

const rows: readonly { name: string; scope: string; record: Plain; stays: readonly string[] }[] = [
  {
    name: "a user's message as text, named by the field",
    scope: "opentelemetry.instrumentation.openai_v2",
    record: { eventName: "gen_ai.user.message", body: text(said), severityText: "INFO" },
    stays: ["gen_ai.user.message", "INFO"],
  },
  {
    name: "a choice as a map, named by the attribute",
    scope: "opentelemetry.instrumentation.openai_v2",
    record: {
      attributes: attributes({ "event.name": text("gen_ai.choice"), "gen_ai.system": text("openai") }),
      body: map({
        index: { intValue: 0 },
        finish_reason: text("stop"),
        message: map({ role: text("assistant"), content: text(said) }),
      }),
    },
    stays: ["gen_ai.choice", "finish_reason", "stop", "openai"],
  },
  {
    name: "a call of a tool in a list",
    scope: "any",
    record: {
      eventName: "gen_ai.assistant.message",
      body: map({ tool_calls: { arrayValue: { values: [map({ arguments: text(said) })] } }, role: text("assistant") }),
    },
    stays: ["role"],
  },
  {
    name: "the details of a call",
    scope: "litellm",
    record: {
      eventName: "gen_ai.client.inference.operation.details",
      attributes: attributes({
        "gen_ai.input.messages": text(`[{"content":"${said}"}]`),
        "gen_ai.output.messages": { arrayValue: { values: [map({ content: text(said) })] } },
        "gen_ai.request.model": text("gpt-4o"),
        "gen_ai.usage.input_tokens": { intValue: 5 },
      }),
    },
    stays: ["gpt-4o", "gen_ai.usage.input_tokens"],
  },
  {
    name: "a prompt of a coding agent",
    scope: "com.anthropic.claude_code.events",
    record: {
      body: text("claude_code.user_prompt"),
      attributes: attributes({ "event.name": text("user_prompt"), prompt: text(said), prompt_length: { intValue: 5 } }),
    },
    stays: ["claude_code.user_prompt", "prompt_length"],
  },
  {
    name: "a prompt in a map that is no message",
    scope: "any",
    record: { body: map({ "gen_ai.prompt": text(said), model: text("gpt-4o") }) },
    stays: ["gpt-4o"],
  },
];

describe("content: drop on log records", () => {
  test.each(rows)("$name", ({ scope, record, stays }) => {
    const bytes = request(scope, record, { body: text("another record"), timeUnixNano: "5" });
    expect(Buffer.from(bytes).includes(said)).toBe(true);
    const out = passed(bytes, { content: "drop" });
    expect(Buffer.from(out).includes(said)).toBe(false);
    for (const word of [...stays, "another record", "https://x/1.2"])
      expect(Buffer.from(out).includes(word)).toBe(true);
    const { resourceLogs } = decode("logs", out) as { resourceLogs: { scopeLogs: { logRecords: Plain[] }[] }[] };
    expect(resourceLogs[0]?.scopeLogs[0]?.logRecords).toHaveLength(2);
  });

  test.each(rows)("$name stays by default, byte for byte", ({ scope, record }) => {
    const bytes = request(scope, record);
    expect(passed(bytes, {})).toEqual(bytes);
  });

  test("what has nothing of it passes byte for byte, names and bodies that look like it too", () => {
    const bytes = request(
      "http",
      { body: text(said), attributes: attributes({ prompt: text("x"), "event.name": text("checkout.choice") }) },
      {
        body: map({ content: text("x"), nested: map({ message: text("y") }) }),
        traceId: Buffer.alloc(16, 1).toString("base64"),
      },
    );
    expect(passed(bytes, { content: "drop" })).toEqual(bytes);
  });
});

describe("secrets: drop on log records", () => {
  test.each<{ name: string; key: string; value: Plain }>([
    { name: "headers", key: "llm.headers", value: text(`{"authorization": "${secret}"}`) },
    { name: "hidden parameters", key: "hidden_params", value: text(secret) },
    { name: "a record of the request with a key in it", key: "metadata", value: text(`{"api_key": "${secret}"}`) },
  ])("$name", ({ key, value }) => {
    const bytes = request("litellm", { attributes: attributes({ [key]: value, kept: text("kept") }) });
    const out = Buffer.from(passed(bytes, {}));
    expect([out.includes(secret), out.includes("kept")]).toEqual([false, true]);
    expect(passed(bytes, { secrets: "keep" })).toEqual(bytes);
  });

  test("a record of the request without a key stays", () => {
    const bytes = request("litellm", { attributes: attributes({ metadata: text('{"tenant_id": "acme"}') }) });
    expect(passed(bytes, {})).toEqual(bytes);
  });
});
