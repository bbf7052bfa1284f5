import fc from "fast-check";
import { expect, test } from "vitest";
import { decode } from "../../test/support/otlp-oracle.ts";
import { type AttributeValue, traceRequest } from "../../test/support/spans.ts";
import { TraceBatches } from "../otlp/trace-batch.ts";
import { dialects } from "./dialects/dialects.ts";
import { Reader } from "./read.ts";
import { tokensMax } from "./values.ts";
import { ReadingWriter } from "./write.ts";

const reader = new Reader(dialects, { services: new Map(), badValue: () => undefined });
const batches = new TraceBatches([reader.keys]);
const context = { headers: {}, subject: undefined, peer: "" };

const key = fc.constantFrom(...reader.keys.exact);
const number = fc.oneof(fc.integer(), fc.double(), fc.integer({ min: 0, max: 5000 }));
const text = fc.oneof(
  fc.string(),
  fc.constantFrom(
    "",
    "None",
    "chat",
    "LLM",
    "TOOL",
    "openai",
    "azure/gpt",
    "[",
    '["stop"]',
    "{'a': ",
    "True",
    "12",
    "1e400",
    "1e300",
    "-0",
    '{"prompt_tokens": 12, "completion_tokens": "7"}',
    "{'prompt_tokens': 12.0, 'prompt_tokens_details': {'cached_tokens': None}, 'total_tokens': 1e3}",
  ),
  number.map(String),
);
const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  text,
  number,
  fc.boolean(),
  fc.array(text, { maxLength: 3 }),
  fc.dictionary(fc.string(), text, { maxKeys: 3 }),
);
const scope = fc.constantFrom("", "ai", "litellm", "openinference.instrumentation.openai", "traceloop.tracer");

test("any values under the known keys give a sound telling or none, and a request that others can read", () => {
  fc.assert(
    fc.property(fc.dictionary(key, value, { maxKeys: 25 }), scope, fc.boolean(), (attributes, name, keepOriginal) => {
      const request = traceRequest([{ id: "1", scope: name, attributes }]);
      const [batch] = batches.read({ signal: "traces", bytes: request, context, transport: "http" });
      if (!batch) throw new Error("no batch");
      const span = batch.span(0);
      const usage = reader.read(span)?.usage ?? {};
      for (const quantity of Object.values(usage)) {
        expect(Number.isSafeInteger(quantity) && 0 <= quantity && quantity <= 4 * tokensMax).toBe(true);
      }
      expect((usage.cache_read ?? 0) + (usage.cache_write ?? 0)).toBeLessThanOrEqual(usage.input ?? Infinity);
      const writer = new ReadingWriter(reader.compiled, { target: "latest", keepOriginal, aliases: true });
      if (reader.recognised) writer.write(span, reader.reading, undefined);
      expect(() => decode("traces", batch.encode().bytes)).not.toThrow();
    }),
    { numRuns: 500 },
  );
});
