import { describe, expect, test } from "vitest";
import { type MemoryBounds, type Teller, TraceMemory } from "./trace-memory.ts";

const bounds: MemoryBounds = { tracesMax: 3, spansMax: 8, spansPerTraceMax: 4, responseIdsMax: 2, ageMs: 1_000 };

function teller(traceId: string, spanId: string, responseIds: readonly string[] = []): Teller {
  return {
    key: traceId + spanId,
    traceId,
    spanId,
    layer: "app",
    rank: 0,
    usage: {},
    models: [],
    responseIds,
    startMs: 0,
    endMs: 0,
    kinship: "alone",
  };
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

  test("forgets what is old", () => {
    const memory = filled(["a"], 1, 1);
    memory.remember(teller("a", "1", ["x"]), 1);
    memory.forget(1_001);
    expect([memory.traceCount, memory.responseIdCount]).toEqual([1, 1]);
    memory.forget(1_002);
    expect([memory.traceCount, memory.spanCount, memory.responseIdCount]).toEqual([0, 0, 0]);
  });

  test("keeps no more response ids than its bound", () => {
    const memory = new TraceMemory(bounds);
    for (const id of ["x", "y", "z"]) memory.remember(teller("a", id, [id]), 1);
    memory.forget(1);
    expect(["x", "y", "z"].map((id) => memory.tellersOf(id).length)).toEqual([0, 1, 1]);
  });

  test("keeps the latest spans of an id that comes again and again", () => {
    const memory = new TraceMemory(bounds);
    for (let span = 1; span <= 20; span++) memory.remember(teller("a", `${span}`, ["chatcmpl-999"]), 1);
    const kept = memory.tellersOf("chatcmpl-999").map(({ spanId }) => spanId);
    expect(kept).toEqual(["13", "14", "15", "16", "17", "18", "19", "20"]);
  });

  test("keeps a span once, however often it comes", () => {
    const memory = filled(["a"], 1);
    for (const nowMs of [1, 2, 3]) memory.remember(teller("a", "1", ["x"]), nowMs);
    expect(memory.tellersOf("x")).toHaveLength(1);
    expect(memory.spanCount).toBe(1);
  });
});
