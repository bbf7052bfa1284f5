import { expect, test } from "vitest";
import { fakeKinds } from "../../test/support/fake-kinds.ts";
import { fileSchema } from "./file-schema.ts";

// Read as an editor would: by following the schema, not by knowing how it was made.
const schema = JSON.parse(JSON.stringify(fileSchema(fakeKinds)));

test("sections know the ids of their components, under all their names", () => {
  const patterns = Object.keys(schema.properties.exporters.patternProperties);
  const matches = (id: string) => patterns.some((pattern) => new RegExp(pattern).test(id));
  expect(["otlp_http", "otlp_http/tempo", "otlphttp", "debug/a"].map(matches)).toEqual([true, true, true, true]);
  expect(["otlp", "otlp_httpx", "redact"].map(matches)).toEqual([false, false, false]);
  expect(schema.properties.exporters.additionalProperties).toBe(false);
  expect(schema.additionalProperties).toBe(false);
});

test("a setting tells its type, default and meaning, and may also be a variable or nothing", () => {
  const [redact] = schema.properties.processors.patternProperties["^redact(/.+)?$"].anyOf;
  expect(redact.description).toBe("Removes text.");
  expect(redact.properties.max_length).toMatchObject({ description: "Longest value to keep.", default: 256 });
  const [bare, nothing, variable] = redact.properties.max_length.anyOf;
  expect(bare).toMatchObject({ type: "integer", minimum: 0 });
  expect(nothing).toEqual({ type: "null" });
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the language under test is written so
  expect(new RegExp(variable.pattern).test("${env:X}")).toBe(true);
  expect(redact.additionalProperties).toBe(false);
});

test("the service section is in it", () => {
  expect(Object.keys(schema.properties.service.properties)).toEqual([
    "extensions",
    "pipelines",
    "telemetry",
    "shutdown_timeout",
  ]);
});
