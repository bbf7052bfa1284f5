// Spans as the published source of their emitters writes them: constructed, none of them was captured.
import { describe, expect, test } from "vitest";
import { agentsAndGateways } from "../../../test/corpus/constructed/agents-and-gateways.ts";
import { frameworks } from "../../../test/corpus/constructed/frameworks.ts";
import { type GivenSpan, traceRequest } from "../../../test/support/spans.ts";
import { TraceBatches } from "../../otlp/trace-batch.ts";
import type { Telling } from "../call.ts";
import { Reader } from "../read.ts";
import { dialects } from "./dialects.ts";

const cases = [...frameworks, ...agentsAndGateways];

describe("spans constructed from published source", () => {
  test.each(cases)("$emitter", ({ attributes, scope = "", says }) => {
    const [telling] = told([{ id: "1", attributes, scope }]);
    if (says === undefined) expect(telling).toBeUndefined();
    else expect(telling).toMatchObject(says);
    if (says?.usage) expect(telling?.usage).toEqual(says.usage);
  });

  test("every dialect has one, or a capture", () => {
    const captured = `litellm-v2 litellm-v1-optin litellm-raw vllm anthropic-sdk mlflow vercel-ai otel-genai-legacy
      otel-genai-current openllmetry-current openllmetry-legacy openinference handmade`.split(/\s+/);
    const constructed = cases.flatMap(({ attributes, scope = "" }) =>
      told([{ id: "1", attributes, scope }]).map(({ dialect }) => dialect),
    );
    const without = dialects.map(({ id }) => id).filter((id) => !captured.includes(id) && !constructed.includes(id));
    expect(without).toEqual(["platforms"]);
  });
});

function told(spans: readonly GivenSpan[]): readonly Telling[] {
  const reader = new Reader(dialects, { services: new Map(), badValue: () => undefined });
  const context = { headers: {}, subject: undefined, peer: "" };
  const arrival = { signal: "traces", bytes: traceRequest(spans), context, transport: "http" } as const;
  const [batch] = new TraceBatches([reader.keys]).read(arrival);
  if (!batch) return [];
  return spans.flatMap((_, at) => reader.read(batch.span(at)) ?? []);
}
