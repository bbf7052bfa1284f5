import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { components } from "../src/components.ts";
import { builtIn } from "../src/config/built-in.ts";
import { readConfiguration } from "../src/config/check.ts";
import { traceRequest } from "../test/support/spans.ts";
import { explainCommand } from "./explain.ts";

const nowMs = Date.UTC(2026, 10, 21, 10);
const files = { read: (path: string) => readFileSync(path) };

function explained(input: Uint8Array, format: "text" | "json" = "json", config: typeof builtIn | string = builtIn) {
  const read = readConfiguration({ configs: [config], sets: [] }, components, { env: () => undefined, files });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return explainCommand({ config: read.config, input, format, files, nowMs });
}

function linesOf(input: Uint8Array, config?: string) {
  const { output } = explained(input, "json", config);
  return output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function capture(name: string): Uint8Array {
  return readFileSync(`test/corpora/${name}`);
}

describe("explain", () => {
  test("tells of every span, in order, and of the call what becomes of it", () => {
    const lines = linesOf(capture("litellm-proxy-v1@1.106.2/chat.pb"));
    expect(lines.map(({ name, role }) => [name, role])).toEqual([
      ["proxy_pre_call", null],
      ["router", null],
      ["self", null],
      ["router", null],
      ["litellm_request", "bill"],
      ["raw_gen_ai_request", "shadow"],
      ["Received Proxy Server Request", null],
    ]);
    expect(lines[4]).toMatchObject({
      trace_id: "d237586d94e200df1c452d76790f7dcd",
      span_id: "b7f345224bc27b51",
      dialect: "litellm-v1",
      reason: "leaf",
      tenant: { id: "tenant-acme", from: "span:metadata.user_api_key_team_id" },
      usage: { input: 1215, cache_read: 1024, output: 87 },
      cost: { status: "priced", nano_usd: "157650" },
      charges: [{ budget: "monthly", scope: { tenant: "tenant-acme" }, window: { id: "m202611" }, nano_usd: "157650" }],
    });
    expect(lines[0]).toMatchObject({
      dialect: null,
      tenant: null,
      set: [],
      removed: [],
      usage: null,
      cost: null,
      charges: [],
    });
  });

  test("says of each attribute where it is from and which rule wrote it", () => {
    const [leaf] = linesOf(capture("vercel-ai@5.0.277/generate-text-leaf.json"));
    expect(leaf.set).toContainEqual(
      expect.objectContaining({
        key: "gen_ai.provider.name",
        value: "openai",
        rule: expect.stringContaining("vercel-ai"),
      }),
    );
    const [rollup] = linesOf(capture("vercel-ai@5.0.277/generate-text-rollup.json"));
    expect(rollup.set).toContainEqual({
      key: "spantoll.shadow.ai.usage.promptTokens",
      value: 1215,
      from: "ai.usage.promptTokens",
      rule: "gen_ai_call.shadow",
    });
    expect(rollup.removed).toContain("ai.usage.promptTokens");
    expect(rollup).toMatchObject({ role: "shadow", reason: "rollup", cost: null, charges: [] });
  });

  test("writes the arithmetic out for a person", () => {
    const { output, exitCode } = explained(capture("litellm-proxy-v1@1.106.2/chat.pb"), "text");
    expect(exitCode).toBe(0);
    expect(output).toContain("role     bill, leaf: this span is the call");
    expect(output).toMatch(/cache_read +1024 x 0\.000000075 = 0\.0000768\n/);
    expect(output).toContain("157650 nano-USD");
    expect(output).toContain("raw_gen_ai_request  span 868425076a1f6bfd");
  });

  test.each(["text", "json"] as const)("shows no prompt and no answer as %s", (format) => {
    for (const name of [
      "litellm-proxy-v1@1.106.2/chat.pb",
      "openinference-openai-py@0.1.66/chat.pb",
      "vercel-ai@5.0.277/generate-text-leaf.json",
    ])
      expect(explained(capture(name), format).output).not.toMatch(/primary colours|Red Yellow Blue/);
  });

  test.each([
    { name: "a cut request", input: capture("litellm-proxy-v1@1.106.2/chat.pb").subarray(0, 1_000) },
    { name: "broken JSON", input: Buffer.from('{"resourceSpans":[') },
    { name: "another text", input: Buffer.from("hello") },
  ])("refuses $name", ({ input }) => {
    expect(explained(input)).toEqual({
      output: "",
      errors: [expect.stringContaining("input: is no OTLP")],
      exitCode: 1,
    });
  });

  test("explains nothing where there is nothing", () => {
    expect(explained(new Uint8Array())).toEqual({ output: "", errors: [], exitCode: 0 });
  });

  test("takes JSON behind a line feed, and a request that looks like it", () => {
    const json = Buffer.concat([Buffer.from("\n "), capture("vercel-ai@5.0.277/generate-text-leaf.json")]);
    expect(linesOf(json)).toHaveLength(1);
    // A resource of 123 bytes: tag 0x0a, length 0x7b, which is a brace.
    const attributes = (padding: number) => ({ a: "x".repeat(padding) });
    const sized = Array.from({ length: 120 }, (_, padding) =>
      traceRequest([{ id: "1", name: "s", attributes: attributes(padding) }]),
    );
    const lookalike = sized.find((request) => request[1] === 0x7b);
    expect(lookalike).toBeDefined();
    expect(linesOf(lookalike ?? new Uint8Array())).toHaveLength(1);
  });

  test("needs a traces pipeline", () => {
    const config =
      "yaml:{receivers: {otlp: {protocols: {http: }}}, exporters: {debug: }, service: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}}";
    expect(explained(new Uint8Array(), "json", config)).toMatchObject({
      errors: [expect.stringContaining("no traces pipeline")],
      exitCode: 1,
    });
  });

  test("explains a pipeline without cost and budget by what it has", () => {
    const config =
      "yaml:{receivers: {otlp: {protocols: {http: }}}, processors: {gen_ai_call: }, exporters: {debug: }, service: {pipelines: {traces: {receivers: [otlp], processors: [gen_ai_call], exporters: [debug]}}}}";
    const lines = linesOf(capture("litellm-proxy-v1@1.106.2/chat.pb"), config);
    expect(lines[4]).toMatchObject({ role: "bill", cost: null, charges: [], usage: { input: 1215 } });
  });
});
