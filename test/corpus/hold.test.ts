// What leaves of every constellation of emitters when its spans wait: whatever the order and the requests that they come
// in, the spans that leave as `bill` come to what the ledger charged, and a span that comes twice leaves the same twice.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Encoded } from "../../src/core/batch.ts";
import type { Processor } from "../../src/core/component.ts";
import { TraceBatches } from "../../src/otlp/trace-batch.ts";
import { openDoor } from "../../src/pipeline/door.ts";
import { genAiCall } from "../../src/processors/gen_ai_call/gen-ai-call.ts";
import { genAiCost } from "../../src/processors/gen_ai_cost/gen-ai-cost.ts";
import { genAiNormalizer } from "../../src/processors/gen_ai_normalizer/gen-ai-normalizer.ts";
import { createSender } from "../../src/sending/sender.ts";
import { retrySettings, sendingQueueSettings } from "../../src/sending/settings.ts";
import { type RecordingHost, recordingHost } from "../support/recording-host.ts";
import { type GivenSpan, type ReadSpan, spansOf, traceRequest } from "../support/spans.ts";
import type { Scenario } from "./scenario.ts";
import { layerScenarios } from "./scenarios-layers.ts";
import { treeScenarios } from "./scenarios-trees.ts";
import type { Bill } from "./till.ts";

const context = { headers: {}, subject: undefined, peer: "" };
const noFiles = { read: () => new Uint8Array() };

type Settings = Readonly<Record<string, unknown>>;

/** Passes requests through the processors and a sender; gives what leaves while they come, and when the wait is over. */
class Line {
  readonly host: RecordingHost = recordingHost({ id: "exporters.otlp_http" });
  readonly #sent: Encoded[] = [];
  readonly #processors: readonly Processor[];
  readonly #sender = createSender(
    { sending_queue: sendingQueueSettings.parse({}), retry_on_failure: retrySettings.parse({}) },
    undefined,
    async (encoded) => {
      // Its memory is used again once it is delivered.
      this.#sent.push({ ...encoded, bytes: encoded.bytes.slice() });
      return { kind: "delivered", rejected: 0, message: "" };
    },
    this.host,
  );
  readonly #accept: ReturnType<typeof openDoor>;

  constructor(call: Settings) {
    const made = (declared: typeof genAiNormalizer, given: Settings = {}) => {
      const prepared = declared.prepare(given, noFiles);
      if (!prepared.ok) throw new Error(JSON.stringify(prepared.issues));
      return prepared.create(this.host);
    };
    this.#processors = [made(genAiNormalizer), made(genAiCall, call), made(genAiCost)];
    const traces = new TraceBatches(this.#processors.map(({ keys }) => keys ?? { exact: [], prefixes: [] }));
    const chains = [
      { id: "traces", signal: "traces" as const, processors: this.#processors, exporters: [this.#sender] },
    ];
    this.#accept = openDoor({ receiver: "otlp", signal: "traces", chains, traces, host: this.host });
  }

  async pass(spans: readonly GivenSpan[]): Promise<void> {
    await this.#accept({ signal: "traces", bytes: traceRequest(spans), context, transport: "http" });
  }

  get left(): readonly ReadSpan[] {
    return this.#sent.flatMap(({ bytes }) => spansOf(bytes));
  }

  async end(): Promise<readonly ReadSpan[]> {
    for (const processor of this.#processors) await processor.stop?.(AbortSignal.timeout(1_000));
    await this.#sender.stop(AbortSignal.timeout(1_000));
    return this.left;
  }
}

async function leaving(requests: readonly (readonly GivenSpan[])[], call: Settings): Promise<readonly ReadSpan[]> {
  const line = new Line(call);
  for (const spans of requests) await line.pass(spans);
  return line.end();
}

function billed(spans: readonly ReadSpan[]): readonly ReadSpan[] {
  const found = spans.filter(({ attributes }) => attributes["spantoll.call.role"] === "bill");
  return [...new Map(found.map((span) => [span.traceId + span.spanId, span])).values()];
}

/** A copy that is billed keeps the names that it came with: where there is one, calls are compared and not tokens. */
function comparable(bill: Bill, spans: readonly ReadSpan[]): Bill {
  const haveUsage = billed(spans).every(({ attributes }) => attributes["spantoll.call.dialect"] !== "litellm-raw");
  return haveUsage ? bill : bill.map((line) => line.replace(/,.*$/, ""));
}

/** What the spans that are billed add up to, as `Till` says it of the ledger. */
function sums(spans: readonly ReadSpan[]): Bill {
  const tenants = new Map<string, { calls: number; input: number; output: number }>();
  for (const { attributes } of billed(spans)) {
    const tenant = String(attributes["spantoll.tenant.id"]);
    const { calls, input, output } = tenants.get(tenant) ?? { calls: 0, input: 0, output: 0 };
    tenants.set(tenant, {
      calls: calls + 1,
      input: input + Number(attributes["gen_ai.usage.input_tokens"] ?? 0),
      output: output + Number(attributes["gen_ai.usage.output_tokens"] ?? 0),
    });
  }
  return [...tenants].map(([tenant, of]) => `${tenant}: ${of.calls} calls, ${of.input} in, ${of.output} out`).sort();
}

/** For every span that left: what it was said to be, and what else where it is billed. Said twice alike is said once. */
function saidOf(spans: readonly ReadSpan[]): readonly string[] {
  const said = spans.map(({ traceId, spanId, attributes }) => {
    const role = attributes["spantoll.call.role"];
    const ours = Object.entries(attributes).filter(([key]) => role === "bill" && /^(spantoll|gen_ai)\./.test(key));
    return JSON.stringify([traceId, spanId, role, ours.toSorted(([one], [other]) => (one < other ? -1 : 1))]);
  });
  return [...new Set(said)].toSorted();
}

/** Each choice of an answer tells the whole input, which the ledger charges once. */
const isOfChoices = ({ name }: Scenario) => /choice/.test(name);

const scenarios = [...layerScenarios, ...treeScenarios].filter((scenario) => !scenario.whole && !isOfChoices(scenario));

describe.each(scenarios)("$name", ({ spans, bill, layers = {} }) => {
  const call = { layers, hold: "1m" };

  test("leaves as it is charged, in any order, in any requests, with resends", async () => {
    const inOne = await leaving([spans], call);
    const due = comparable(bill, inOne);
    expect(comparable(sums(inOne), inOne)).toEqual(due);
    const orders = fc.sample(fc.shuffledSubarray([...spans, ...spans], { minLength: spans.length * 2 }), {
      numRuns: 4,
      seed: 20_261_121,
    });
    for (const order of [spans, spans.toReversed(), ...orders]) {
      const left = await leaving(inPieces(order), call);
      const came = order.map(({ id }) => id);
      expect([came, comparable(sums(left), left)]).toEqual([came, due]);
      expect(saidOf(left)).toEqual(saidOf(inOne));
    }
  });
});

/** Requests of one span, two, three and again one. */
function inPieces(order: readonly GivenSpan[]): readonly (readonly GivenSpan[])[] {
  const pieces: (readonly GivenSpan[])[] = [];
  for (let at = 0, size = 1; at < order.length; at += size, size = (size % 3) + 1)
    pieces.push(order.slice(at, at + size));
  return pieces;
}
