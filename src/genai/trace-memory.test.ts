import { describe, expect, test } from "vitest";
import { spokenBy } from "../../test/support/decided-roles.ts";
import { Teller } from "./roles-teller.ts";
import { type MemoryBounds, TraceMemory } from "./trace-memory.ts";

const bounds: MemoryBounds = {
  tracesMax: 3,
  spansMax: 8,
  spansPerTraceMax: 4,
  responseIdsMax: 2,
  charactersMax: 20,
  ageMs: 1_000,
};

function teller(traceId: string, spanId: string, responseIds: readonly string[] = []): Teller {
  return new Teller(spokenBy({ id: "", traceId, spanId, responseIds }, 0), 0);
}

/** Notes the span of a teller, and remembers it. */
function remember(memory: TraceMemory, spoken: Teller, nowMs = 1): boolean {
  const trace = memory.open(spoken.traceId, nowMs);
  memory.note(trace, spoken.spanId, "", undefined);
  return memory.remember(trace, spoken, nowMs);
}

function filled(traces: readonly string[], spans: number, nowMs = 1): TraceMemory {
  const memory = new TraceMemory(bounds);
  for (const id of traces) {
    const trace = memory.open(id, nowMs);
    for (let span = 1; span <= spans; span++) memory.note(trace, `${span}`, "", undefined);
  }
  return memory;
}

describe("the trace memory", () => {
  test("keeps no more spans of a trace than its bound", () => {
    expect(filled(["a"], 10).spanCount).toBe(4);
  });

  test("forgets the trace first that was spoken of longest ago, when there are too many", () => {
    const memory = filled(["a", "b", "c", "d"], 1);
    memory.open("a", 2);
    memory.forget(2);
    expect(memory.traceCount).toBe(3);
    expect(["a", "b"].map((id) => memory.find(id) !== undefined)).toEqual([true, false]);
  });

  test("forgets traces when their spans are too many together", () => {
    const memory = filled(["a", "b", "c"], 4);
    memory.forget(1);
    expect([memory.traceCount, memory.spanCount]).toEqual([2, 8]);
  });

  test("forgets traces when what their spans say is too long together", () => {
    const memory = new TraceMemory(bounds);
    for (const id of ["a", "b"]) memory.note(memory.open(id, 1), "1", "", [{ source: 0, value: "x".repeat(12) }]);
    memory.forget(1);
    expect([memory.find("a"), memory.find("b")?.size]).toEqual([undefined, 1]);
    memory.forget(1);
    expect(memory.traceCount).toBe(1);
  });

  test("forgets what is old", () => {
    const memory = filled(["a"], 1, 1);
    remember(memory, teller("a", "1", ["x"]));
    memory.forget(1_001);
    expect([memory.traceCount, memory.responseIdCount]).toEqual([1, 1]);
    memory.forget(1_002);
    expect([memory.traceCount, memory.spanCount, memory.responseIdCount]).toEqual([0, 0, 0]);
  });

  test("keeps no more response ids than its bound", () => {
    const memory = new TraceMemory(bounds);
    for (const id of ["x", "y", "z"]) remember(memory, teller("a", id, [id]));
    memory.forget(1);
    expect(["x", "y", "z"].map((id) => memory.tellersOf(id).length)).toEqual([0, 1, 1]);
  });

  test("keeps the latest spans of an id that comes again and again", () => {
    const memory = new TraceMemory({ ...bounds, spansPerTraceMax: 20 });
    for (let span = 1; span <= 20; span++) remember(memory, teller("a", `${span}`, ["chatcmpl-999"]));
    const kept = memory.tellersOf("chatcmpl-999").map(({ spanId }) => spanId);
    expect(kept).toEqual(["13", "14", "15", "16", "17", "18", "19", "20"]);
  });

  test("keeps a span once, however often it comes", () => {
    const memory = filled(["a"], 1);
    for (const nowMs of [1, 2, 3]) remember(memory, teller("a", "1", ["x"]), nowMs);
    expect(memory.tellersOf("x")).toHaveLength(1);
    expect(memory.spanCount).toBe(1);
  });

  test("has no room for a span that tells of a call where its trace is full", () => {
    expect(remember(filled(["a"], 4), teller("a", "5"))).toBe(false);
  });
});
