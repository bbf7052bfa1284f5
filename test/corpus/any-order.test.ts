// The corpus in any order, through the two processors that decide: the same spans are billed.
import fc from "fast-check";
import { expect, test } from "vitest";
import { calls } from "../../src/genai/call.ts";
import { TraceBatches } from "../../src/otlp/trace-batch.ts";
import { genAiCall } from "../../src/processors/gen_ai_call/gen-ai-call.ts";
import { genAiNormalizer } from "../../src/processors/gen_ai_normalizer/gen-ai-normalizer.ts";
import { recordingHost } from "../support/recording-host.ts";
import { type Capture, captures } from "./captures.ts";

const all = captures();
const noFiles = { read: () => new Uint8Array() };

test("captures in any order bill the same spans", () => {
  const inOrder = billed(all);
  expect(inOrder).toHaveLength(89);
  fc.assert(
    fc.property(fc.shuffledSubarray([...all], { minLength: all.length }), (shuffled) => {
      expect(billed(shuffled)).toEqual(inOrder);
    }),
    { numRuns: 20 },
  );
});

/** Trace and span ids of what is billed, after the requests in turn. */
function billed(requests: readonly Capture[]): readonly string[] {
  const processors = [genAiNormalizer, genAiCall].map((declared) => {
    const prepared = declared.prepare({}, noFiles);
    if (!prepared.ok) throw new Error(JSON.stringify(prepared.issues));
    return prepared.create(recordingHost());
  });
  const batches = new TraceBatches(processors.map(({ keys }) => keys ?? { exact: [], prefixes: [] }));
  const context = { headers: {}, subject: undefined, peer: "" };
  const found = requests.flatMap(({ bytes }) => {
    const [batch] = batches.read({ signal: "traces", bytes, context, transport: "http" });
    if (!batch) return [];
    for (const processor of processors) processor.process(batch);
    batch.drop();
    return (calls.get(batch.notes) ?? []).filter(({ role }) => role === "bill");
  });
  return found.map(({ traceId, spanId }) => traceId + spanId).sort();
}
