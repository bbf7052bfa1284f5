import { describe, expect, test } from "vitest";
import { first, type Said, sameCallCases } from "../../test/support/same-call-cases.ts";
import { type Evidence, relationOf, stemOf, stemsOf } from "./same-call.ts";

function evidenceOf({ startMs, endMs, model, input, cacheRead, output, scope, isChoice }: Said): Evidence {
  const usage = { input, cache_read: cacheRead, output };
  return { startMs, endMs, models: stemsOf(model), usage, emitter: scope, isChoice };
}

describe("two spans under one id", () => {
  test.each(sameCallCases)("$name: $is", ({ one, two, is }) => {
    const [a, b] = [evidenceOf({ ...first, ...one }), evidenceOf({ ...first, ...two })];
    expect([relationOf(a, b), relationOf(b, a)]).toEqual([is, is]);
  });
});

test.each([
  { model: "gpt-4o", stem: "gpt-4o" },
  { model: "openai/GPT-4o-2024-08-06", stem: "gpt-4o" },
  { model: "gpt-4-0613", stem: "gpt-4" },
  { model: "claude-sonnet-4-5-20250929", stem: "claude-sonnet-4-5" },
  { model: "claude-3-5-sonnet-latest", stem: "claude-3-5-sonnet" },
  { model: "claude-3-5-sonnet@20241022", stem: "claude-3-5-sonnet" },
  { model: "bedrock/us.anthropic.claude-3-haiku-20240307-v1:0", stem: "claude-3-haiku" },
  { model: "deepseek/deepseek-r1:free", stem: "deepseek-r1" },
  { model: "gemini-2.5-pro-preview-05-06", stem: "gemini-2.5-pro-preview" },
  { model: "llama3:8b", stem: "llama3:8b" },
  { model: "-latest", stem: "-latest" },
])("the stem of $model is $stem", ({ model, stem }) => {
  expect(stemOf(model)).toBe(stem);
});
