import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answered, chat, decided, elsewhere, type Row, spokenBy } from "../../test/support/decided-roles.ts";
import { dayMs, tellingOf, traceId } from "../../test/support/spans.ts";
import { decideRoles } from "./roles.ts";
import { TraceMemory } from "./trace-memory.ts";

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
    { name: "a copy that nobody else tells is the call", row: { ...chat, shape: "copy" }, says: "bill leaf" },
    { name: "a copy without usage tells nothing", row: { shape: "copy" }, says: "silent" },
    {
      name: "a copy of a service that is left out",
      row: { ...chat, shape: "copy", configured: "ignore" },
      says: "ignore configured",
    },
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
    const { verdicts } = decideRoles(spoken, { memory: new TraceMemory(), nowMs: dayMs, fingerprintOf: () => 0n });
    expect(verdicts).toEqual([{ role: "bill", reason: "leaf" }]);
  });
});

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
        { id: "2", scope: "another", ...answered, out: 88 },
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
    expect(decided([[{ id: "1", ...answered }], [proxy]])).toEqual({ 1: "shadow lower_layer", 2: "bill leaf" });
    expect(decided([[proxy], [{ id: "1", ...answered }]])).toEqual({ 1: "shadow lower_layer", 2: "bill leaf" });
  });

  test("does not make a resend a duplicate of itself", () => {
    const rows: Row[] = [{ id: "1", ...answered }];
    expect(decided([rows, rows, rows])).toEqual({ 1: "bill leaf" });
    expect(decided([[...rows, ...rows]])).toEqual({ 1: "bill leaf" });
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
    drawn.map(({ answer, below, ...rest }, at): Row => {
      const endMs = rest.startMs + 1_000;
      // Nobody is below itself.
      const parent = Number(below) <= at ? below : "";
      return { id: String(at + 1), endMs, below: parent, ...rest, ...(answer ? { answer } : {}) };
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

  test("get the same bill in any requests, in any order", () => {
    fc.assert(
      fc.property(rows, fc.infiniteStream(fc.nat()), (drawn, dice) => {
        const mixed = drawn.map((one) => ({ one, at: dice.next().value })).sort((a, b) => a.at - b.at);
        const requests = mixed.flatMap(({ one, at }) => (at % 3 === 0 ? [[one], [one]] : [[one]]));
        expect(billOf(drawn, decided(requests))).toEqual(billOf(drawn, decided([drawn])));
      }),
      { seed: 20261121, numRuns: 5_000 },
    );
  });

  /** What is billed. Of two equal spans with one twin, which of them is the twin depends on who came first. */
  function billOf(drawn: readonly Row[], roles: Readonly<Record<string, string>>): readonly string[] {
    const billed = drawn.filter(({ id }) => roles[id] === "bill leaf");
    return billed.map(({ traceId: trace, in: input, out }) => `${trace} ${input} ${out}`).sort();
  }

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
