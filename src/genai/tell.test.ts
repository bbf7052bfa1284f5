// Behind another spantoll the counts have their meaning already: a chain of two charges what one would.
import { expect, test } from "vitest";
import { traceRequest } from "../../test/support/spans.ts";
import { TraceBatches } from "../otlp/trace-batch.ts";
import { dialects } from "./dialects/dialects.ts";
import { Reader } from "./read.ts";

const reader = new Reader(dialects, { services: new Map(), badValue: () => undefined });
const batches = new TraceBatches([reader.keys]);
const context = { headers: {}, subject: undefined, peer: "" };

const converse = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "aws.bedrock",
  "gen_ai.usage.output_tokens": 87,
  "gen_ai.usage.cache_read.input_tokens": 1024,
  "gen_ai.usage.cache_write.input_tokens": 256,
};

test.each([
  { name: "an emitter that leaves the cache out is added to", input: 2000, more: {}, all: 3280 },
  {
    name: "but not what another spantoll has told of",
    input: 3280,
    more: { "spantoll.call.dialect": "openllmetry-current" },
    all: 3280,
  },
])("$name", ({ input, more, all }) => {
  const attributes = { ...converse, "gen_ai.usage.input_tokens": input, ...more };
  const bytes = traceRequest([{ id: "1", scope: "opentelemetry.instrumentation.bedrock", attributes }]);
  const [batch] = batches.read({ signal: "traces", bytes, context, transport: "http" });
  if (!batch) throw new Error("no batch");
  expect(reader.read(batch.span(0))?.usage?.input).toBe(all);
});
