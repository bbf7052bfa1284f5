import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dayMs, spanId, tellingOf, traceId } from "../../test/support/spans.ts";
import type { Telling } from "./call.ts";
import { rankOf, type ServiceLayer } from "./layers.ts";
import { decideRoles } from "./roles.ts";
import { TraceMemory } from "./trace-memory.ts";

/** A telling in short: ids are single digits, `in` and `out` are tokens, `model` is the one that was asked for. */
interface Row extends Partial<Omit<Telling, "usage">> {
  readonly id: string;
  readonly below?: string;
  readonly answer?: string;
  readonly in?: number;
  readonly out?: number;
  readonly tenant?: boolean;
  readonly configured?: ServiceLayer;
}

type Requests = readonly (readonly Row[])[];

/** Spans in between that tell nothing: `[id, below]`. */
type Links = readonly (readonly [string, string])[];

/** Role and reason by span id, after the requests in turn; of spans that come again the last answer. */
function decided(requests: Requests, links: Links = [], memory = new TraceMemory()): Record<string, string> {
  const answers: Record<string, string> = {};
  for (const rows of requests) {
    const spoken = rows.map(spokenBy);
    for (const { telling } of spoken) {
      const trace = memory.open(telling.traceId, dayMs);
      memory.note(trace, telling.spanId, telling.parentSpanId, undefined);
      for (const [id, below] of links) memory.note(trace, spanId(id), spanId(below), undefined);
    }
    const fingerprintOf = (_trace: string, span: string) => BigInt(`0x${span}`);
    const verdicts = decideRoles(spoken, { memory, nowMs: dayMs, fingerprintOf });
    for (const [at, row] of rows.entries()) {
      const verdict = verdicts[at];
      answers[row.id] = verdict ? `${verdict.role} ${verdict.reason}` : "silent";
    }
  }
  return answers;
}

function spokenBy(row: Row, span: number) {
  const { id, below, answer, in: input, out: output, tenant = false, configured, ...rest } = row;
  const usage = input === undefined && output === undefined ? undefined : { input: input ?? 0, output: output ?? 0 };
  const telling = tellingOf({
    span,
    spanId: id === "" ? "" : spanId(id),
    parentSpanId: below ? spanId(below) : "",
    responseIds: answer ? [answer] : [],
    usage,
    ...rest,
  });
  const layer = configured ?? telling.layer;
  return { telling, layer, rank: rankOf(telling, layer === "ignore" ? telling.layer : layer, tenant) };
}

const chat = { in: 1215, out: 87 };

describe("the class of a span", () => {
  test.each<{ name: string; row: Omit<Row, "id">; says: string }>([
    { name: "a chat with usage is billed", row: chat, says: "bill leaf" },
    { name: "an operation that nobody names is billed", row: { ...chat, operation: undefined }, says: "bill leaf" },
    { name: "embeddings without output are billed", row: { in: 8, operation: "embeddings" }, says: "bill leaf" },
    { name: "a failed call with usage is billed", row: { ...chat, failed: true }, says: "bill leaf" },
    { name: "a failed call without usage is not", row: { failed: true }, says: "ignore failed_without_usage" },
    {
      name: "zeros on a failed call are no usage",
      row: { in: 0, out: 0, failed: true },
      says: "ignore failed_without_usage",
    },
    { name: "a call without usage is not billed", row: {}, says: "ignore no_usage" },
    { name: "zeros are no usage", row: { in: 0, out: 0 }, says: "ignore no_usage" },
    { name: "a copy is a shadow", row: { ...chat, shape: "copy" }, says: "shadow copy" },
    {
      name: "a container that restates usage is a rollup",
      row: { ...chat, shape: "container" },
      says: "shadow rollup",
    },
    {
      name: "an agent is a container, whoever wrote it",
      row: { ...chat, operation: "invoke_agent" },
      says: "shadow rollup",
    },
    { name: "a tool with usage is a container", row: { ...chat, operation: "execute_tool" }, says: "shadow rollup" },
    { name: "an agent without usage tells nothing", row: { operation: "invoke_agent" }, says: "silent" },
    { name: "a tool without usage tells nothing", row: { operation: "execute_tool", failed: true }, says: "silent" },
    {
      name: "usage of another operation is no call",
      row: { ...chat, operation: "count_tokens" },
      says: "ignore not_a_call",
    },
    { name: "another operation without usage tells nothing", row: { operation: "create_memory" }, says: "silent" },
    { name: "usage on what is no call is none", row: { ...chat, shape: "other" }, says: "ignore not_a_call" },
    {
      name: "an answer from the gateway's cache is not billed",
      row: { ...chat, gatewayCacheHit: true },
      says: "shadow gateway_cache_hit",
    },
    { name: "a service may be left out", row: { ...chat, configured: "ignore" }, says: "ignore configured" },
  ])("$name", ({ row, says }) => {
    expect(decided([[{ id: "1", ...row }]])).toEqual({ 1: says });
  });

  test("other buckets than tokens are usage", () => {
    const spoken = [
      {
        ...spokenBy({ id: "1" }, 0),
        telling: tellingOf({ span: 0, usage: { images: 1 }, operation: "image_generation" }),
      },
    ];
    const verdicts = decideRoles(spoken, { memory: new TraceMemory(), nowMs: dayMs, fingerprintOf: () => 0n });
    expect(verdicts).toEqual([{ role: "bill", reason: "leaf" }]);
  });
});

const answered = { ...chat, answer: "chatcmpl-1" };
const elsewhere = traceId("b2");

describe("the id of an answer", () => {
  test.each<{ name: string; rows: readonly Row[]; says: Record<string, string> }>([
    {
      name: "bills the span that knows more",
      rows: [
        { id: "1", ...answered },
        { id: "2", traceId: elsewhere, tenant: true, ...answered },
      ],
      says: { 1: "shadow duplicate", 2: "bill leaf" },
    },
    {
      name: "bills the smaller fingerprint where both know the same",
      rows: [
        { id: "2", ...answered },
        { id: "1", traceId: elsewhere, ...answered },
      ],
      says: { 1: "bill leaf", 2: "shadow duplicate" },
    },
    {
      name: "bills the proxy before the app, whatever the app knows",
      rows: [
        { id: "1", tenant: true, ...answered },
        { id: "2", traceId: elsewhere, layer: "proxy", ...answered },
      ],
      says: { 1: "shadow lower_layer", 2: "bill leaf" },
    },
    {
      name: "bills the app before the model server",
      rows: [
        { id: "1", layer: "model_server", ...answered, requestModel: undefined },
        { id: "2", ...answered },
      ],
      says: { 1: "shadow lower_layer", 2: "bill leaf" },
    },
    {
      name: "follows ids over a span that has two of them",
      rows: [
        { id: "1", ...chat, responseIds: ["x"] },
        { id: "2", ...chat, responseIds: ["x", "y"] },
        { id: "3", ...chat, responseIds: ["y"] },
      ],
      says: { 1: "bill leaf", 2: "shadow duplicate", 3: "shadow duplicate" },
    },
    {
      name: "forgives a token too many",
      rows: [
        { id: "1", ...answered },
        { id: "2", ...answered, out: 88 },
      ],
      says: { 1: "bill leaf", 2: "shadow duplicate" },
    },
    {
      name: "is no id where the counts contradict",
      rows: [
        { id: "1", ...answered },
        { id: "2", ...answered, in: 300, out: 41 },
      ],
      says: { 1: "bill leaf", 2: "bill leaf" },
    },
    {
      name: "is no id where the models contradict",
      rows: [
        { id: "1", ...answered },
        { id: "2", ...answered, requestModel: "llama3" },
      ],
      says: { 1: "bill leaf", 2: "bill leaf" },
    },
    {
      name: "is one where a path or a date is all that differs",
      rows: [
        { id: "1", ...answered, requestModel: "openai/gpt-4o-mini" },
        { id: "2", ...answered, requestModel: undefined, responseModel: "gpt-4o-mini-2024-07-18" },
      ],
      says: { 1: "bill leaf", 2: "shadow duplicate" },
    },
    {
      name: "is no id where the times are apart",
      rows: [
        { id: "1", ...answered },
        { id: "2", ...answered, startMs: dayMs + 6_001, endMs: dayMs + 7_000 },
      ],
      says: { 1: "bill leaf", 2: "bill leaf" },
    },
    {
      name: "is one where clocks differ by less than five seconds",
      rows: [
        { id: "1", ...answered },
        { id: "2", ...answered, startMs: dayMs + 6_000, endMs: dayMs + 7_000 },
      ],
      says: { 1: "bill leaf", 2: "shadow duplicate" },
    },
    {
      name: "does not make a call of a failed attempt",
      rows: [
        { id: "1", ...answered },
        { id: "2", answer: "chatcmpl-1", failed: true },
      ],
      says: { 1: "bill leaf", 2: "ignore failed_without_usage" },
    },
  ])("$name", ({ rows, says }) => {
    expect(decided([rows])).toEqual(says);
    expect(decided([rows.toReversed()])).toEqual(says);
  });

  test("is remembered from one request to the next, and the better-informed span is still billed", () => {
    const proxy: Row = { id: "2", traceId: elsewhere, layer: "proxy", ...answered };
    expect(decided([[{ id: "1", ...answered }], [proxy]])).toEqual({ 1: "bill leaf", 2: "bill leaf" });
    expect(decided([[proxy], [{ id: "1", ...answered }]])).toEqual({ 1: "shadow lower_layer", 2: "bill leaf" });
  });

  test("does not make a resend a duplicate of itself", () => {
    const rows: Row[] = [{ id: "1", ...answered }];
    expect(decided([rows, rows, rows])).toEqual({ 1: "bill leaf" });
    expect(decided([[...rows, ...rows]])).toEqual({ 1: "bill leaf" });
  });
});

describe("kin in a trace", () => {
  test.each<{ name: string; rows: readonly Row[]; links?: Links; says: Record<string, string> }>([
    {
      name: "a parent that restates its only child",
      rows: [
        { id: "1", ...chat },
        { id: "2", below: "1", ...chat },
      ],
      says: { 1: "shadow rollup", 2: "bill leaf" },
    },
    {
      name: "a parent that restates the sum of its children",
      rows: [
        { id: "1", in: 2545, out: 128 },
        { id: "2", below: "1", ...chat },
        { id: "3", below: "1", in: 1330, out: 41 },
      ],
      says: { 1: "shadow rollup", 2: "bill leaf", 3: "bill leaf" },
    },
    {
      name: "a parent some of whose children are not here",
      rows: [
        { id: "1", in: 2000, out: 160 },
        { id: "2", below: "1", ...chat },
      ],
      says: { 1: "shadow rollup", 2: "bill leaf" },
    },
    {
      name: "a parent that repeats the last of its children",
      rows: [
        { id: "1", in: 1330, out: 41 },
        { id: "2", below: "1", ...chat },
        { id: "3", below: "1", in: 1330, out: 41 },
      ],
      says: { 1: "shadow rollup", 2: "bill leaf", 3: "bill leaf" },
    },
    {
      name: "a parent with a small call of its own below it",
      rows: [
        { id: "1", in: 9000, out: 500 },
        { id: "2", below: "1", in: 50, out: 5 },
      ],
      says: { 1: "bill leaf", 2: "bill leaf" },
    },
    {
      name: "a parent that used less than its child",
      rows: [
        { id: "1", in: 100, out: 10 },
        { id: "2", below: "1", ...chat },
      ],
      says: { 1: "bill leaf", 2: "bill leaf" },
    },
    {
      name: "a grandparent over spans that tell nothing",
      rows: [
        { id: "1", ...chat },
        { id: "4", below: "3", ...chat },
      ],
      links: [
        ["2", "1"],
        ["3", "2"],
      ],
      says: { 1: "shadow rollup", 4: "bill leaf" },
    },
    {
      name: "three generations",
      rows: [
        { id: "1", ...chat },
        { id: "2", below: "1", ...chat },
        { id: "3", below: "2", ...chat },
      ],
      says: { 1: "shadow rollup", 2: "shadow rollup", 3: "bill leaf" },
    },
    {
      name: "siblings that say the same",
      rows: [
        { id: "1", below: "9", ...chat },
        { id: "2", below: "9", ...chat },
      ],
      says: { 1: "bill leaf", 2: "bill leaf" },
    },
    {
      name: "app, proxy and model server, one below the other, without a common id",
      rows: [
        { id: "1", ...chat },
        { id: "2", below: "1", layer: "proxy", ...chat },
        { id: "3", below: "2", layer: "model_server", ...chat },
      ],
      says: { 1: "shadow lower_layer", 2: "bill leaf", 3: "shadow lower_layer" },
    },
    {
      name: "an agent whose calls the proxy tells",
      rows: [
        { id: "1", in: 2545, out: 128 },
        { id: "2", below: "1", layer: "proxy", ...chat },
        { id: "3", below: "1", layer: "proxy", in: 1330, out: 41 },
      ],
      says: { 1: "shadow rollup", 2: "bill leaf", 3: "bill leaf" },
    },
    {
      name: "choices of a model server below the app's span",
      rows: [
        { id: "1", in: 1215, out: 174 },
        { id: "2", below: "1", layer: "model_server", ...chat },
        { id: "3", below: "1", layer: "model_server", ...chat },
      ],
      says: { 1: "bill leaf", 2: "shadow lower_layer", 3: "shadow lower_layer" },
    },
    {
      name: "a failed parent whose child has the usage",
      rows: [
        { id: "1", failed: true },
        { id: "2", below: "1", ...chat },
      ],
      says: { 1: "ignore failed_without_usage", 2: "bill leaf" },
    },
    {
      name: "an instrumentation over the client's own span, with one id",
      rows: [
        { id: "1", tenant: true, ...answered },
        { id: "2", below: "1", ...answered },
      ],
      says: { 1: "bill leaf", 2: "shadow duplicate" },
    },
    {
      name: "a wrapper over an instrumentation whose call the client tells in another trace",
      rows: [
        { id: "1", ...chat },
        { id: "2", below: "1", ...answered },
        { id: "3", traceId: elsewhere, tenant: true, ...answered },
      ],
      says: { 1: "shadow rollup", 2: "shadow duplicate", 3: "bill leaf" },
    },
    {
      name: "a client's span without an id below a call that another span tells, too",
      rows: [
        { id: "1", tenant: true, ...answered },
        { id: "2", below: "1", ...chat },
        { id: "3", traceId: elsewhere, ...answered },
      ],
      says: { 1: "bill leaf", 2: "shadow duplicate", 3: "shadow duplicate" },
    },
  ])("$name", ({ rows, links, says }) => {
    expect(decided([rows], links)).toEqual(says);
    expect(decided([rows.toReversed()], links)).toEqual(says);
  });

  test("that are each other's parents are one call", () => {
    const rows: Row[] = [
      { id: "1", below: "2", ...chat },
      { id: "2", below: "1", ...chat },
    ];
    expect(Object.values(decided([rows])).toSorted()).toEqual(["bill leaf", "shadow rollup"]);
  });

  const parent: Row = { id: "1", in: 2545, out: 128 };
  const first: Row = { id: "2", below: "1", ...chat };
  const second: Row = { id: "3", below: "1", in: 1330, out: 41 };

  test.each<{ name: string; requests: Requests; says: Record<string, string> }>([
    {
      name: "children before their parent",
      requests: [[first], [second], [parent]],
      says: { 1: "shadow rollup", 2: "bill leaf", 3: "bill leaf" },
    },
    {
      name: "a parent before its children, which its bill covers",
      requests: [[parent], [first], [second]],
      says: { 1: "bill leaf", 2: "shadow duplicate", 3: "shadow duplicate" },
    },
    {
      name: "a child that is more than its parent's bill covers",
      requests: [[parent], [first, second], [{ id: "4", below: "1", ...chat }]],
      says: { 1: "bill leaf", 2: "shadow duplicate", 3: "shadow duplicate", 4: "bill leaf" },
    },
    {
      name: "everything again, in another order",
      requests: [[parent], [first], [second], [second, parent, first]],
      says: { 1: "bill leaf", 2: "shadow duplicate", 3: "shadow duplicate" },
    },
    {
      name: "everything again, once the parent was a rollup",
      requests: [[first, second], [parent], [parent], [first, second]],
      says: { 1: "shadow rollup", 2: "bill leaf", 3: "bill leaf" },
    },
    {
      name: "a model server that was billed before its proxy came",
      requests: [[{ id: "2", below: "1", layer: "model_server", ...chat }], [{ id: "1", layer: "proxy", ...chat }]],
      says: { 1: "shadow duplicate", 2: "bill leaf" },
    },
    {
      name: "a proxy with the id of the model server that came before it",
      requests: [
        [{ id: "2", below: "1", layer: "model_server", ...answered }],
        [{ id: "1", layer: "proxy", ...answered }],
      ],
      says: { 1: "bill leaf", 2: "bill leaf" },
    },
    {
      name: "a wrapper with its calls, below an agent that was billed before",
      requests: [
        [parent],
        [
          { id: "5", below: "1", ...chat },
          { id: "6", below: "5", ...chat },
        ],
      ],
      says: { 1: "bill leaf", 5: "shadow rollup", 6: "shadow duplicate" },
    },
  ])("over several requests: $name", ({ requests, says }) => {
    expect(decided(requests)).toEqual(says);
  });
});

describe("any spans", () => {
  const row = fc.record({
    below: fc.constantFrom("", "1", "2", "3", "4"),
    answer: fc.constantFrom(undefined, undefined, "x", "y"),
    layer: fc.constantFrom("app" as const, "proxy" as const, "model_server" as const),
    in: fc.constantFrom(0, 100, 1215, 2430),
    out: fc.constantFrom(0, 87, 88, 174),
    startMs: fc.constantFrom(dayMs, dayMs + 100, dayMs + 60_000),
    traceId: fc.constantFrom(traceId("a1"), traceId("b2")),
    failed: fc.boolean(),
    tenant: fc.boolean(),
  });
  const rows = fc.array(row, { minLength: 1, maxLength: 6 }).map((drawn) =>
    drawn.map(({ answer, ...rest }, at): Row => {
      const endMs = rest.startMs + 1_000;
      return { id: String(at + 1), endMs, ...rest, ...(answer ? { answer } : {}) };
    }),
  );

  test("get the same roles in any order within a request", () => {
    fc.assert(
      fc.property(rows, fc.infiniteStream(fc.nat()), (drawn, dice) => {
        const mixed = drawn.map((one) => ({ one, at: dice.next().value })).sort((a, b) => a.at - b.at);
        expect(decided([mixed.map(({ one }) => one)])).toEqual(decided([drawn]));
      }),
      { numRuns: 2_000 },
    );
  });

  test("get the same roles when the same request comes again", () => {
    fc.assert(
      fc.property(rows, (drawn) => {
        expect(decided([drawn, drawn])).toEqual(decided([drawn]));
      }),
      { numRuns: 1_000 },
    );
  });

  test("that have usage are billed at least once a call", () => {
    fc.assert(
      fc.property(rows, (drawn) => {
        const roles = Object.values(decided([drawn]));
        const hasUsage = drawn.some((one) => 0 < (one.in ?? 0) + (one.out ?? 0));
        expect(roles.includes("bill leaf")).toBe(hasUsage);
      }),
      { numRuns: 1_000 },
    );
  });
});
