// A request through the processors of a configuration, with nothing behind them: no receiver, exporter or ledger.

import type { PipelineConfig } from "../src/config/service-config.ts";
import type { Arrival } from "../src/core/batch.ts";
import type { Processor } from "../src/core/component.ts";
import type { Host } from "../src/core/host.ts";
import { type Call, calls } from "../src/genai/call.ts";
import { Trail, type TrailEntry, trails } from "../src/genai/trail.ts";
import { chargePlans, type PlannedCharge } from "../src/ledger/charge-plan.ts";
import type { AnyValue } from "../src/otlp/any-value.ts";
import type { SpanView } from "../src/otlp/span-view.ts";
import { type TraceBatch, TraceBatches } from "../src/otlp/trace-batch.ts";

/** What happened to one span. */
export interface RehearsedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  /** Undefined where the span tells of no call. */
  readonly call: Call | undefined;
  readonly charges: readonly PlannedCharge[];
  readonly set: readonly SetAttribute[];
  readonly removed: readonly string[];
}

export interface SetAttribute {
  readonly key: string;
  readonly value: AnyValue;
  /** The key that the value is from; empty where it is from none. */
  readonly from: string;
  readonly rule: string;
}

/** Throws `Refused("malformed")` when the bytes are no request. A processor that drops the batch leaves nothing. */
export function rehearse(pipeline: PipelineConfig, bytes: Uint8Array, nowMs: number): readonly RehearsedSpan[] {
  const host = silentHost(nowMs);
  const processors: Processor[] = pipeline.processors.map((processor) => processor.create(host));
  const batches = new TraceBatches(processors.map(({ keys }) => keys ?? { exact: [], prefixes: [] }));
  const [batch] = batches.read(arrivalOf(bytes));
  if (!batch) return [];
  const trail = new Trail();
  trails.set(batch.notes, trail);
  for (const processor of processors) if (processor.process(batch) !== batch) return [];
  const [before] = batches.read(arrivalOf(bytes));
  const [after] = batches.read(arrivalOf(batch.encode().bytes));
  if (!before || !after) return [];
  return Array.from({ length: before.items }, (_, at) => spanOf({ at, before, after, trail, notes: batch.notes }));
}

function arrivalOf(bytes: Uint8Array): Arrival {
  const context = { headers: {}, subject: undefined, peer: "" };
  return { signal: "traces", bytes, context, transport: "http" };
}

interface Compared {
  readonly at: number;
  readonly before: TraceBatch;
  readonly after: TraceBatch;
  readonly trail: Trail;
  readonly notes: object;
}

function spanOf({ at, before, after, trail, notes }: Compared): RehearsedSpan {
  const place = (calls.get(notes) ?? []).findIndex(({ span }) => span === at);
  const view = before.span(at);
  const had = attributesOf(view);
  const has = attributesOf(after.span(at));
  const changed = [...has].filter(([key, value]) => !had.has(key) || !isSame(had.get(key), value));
  return {
    traceId: view.traceId,
    spanId: view.spanId,
    name: view.name,
    call: calls.get(notes)?.[place],
    charges: chargePlans.get(notes)?.[place] ?? [],
    set: changed.map(([key, value]) => ({ key, value, ...originOf(key, trail.setOn(at)) })),
    removed: [...had.keys()].filter((key) => !has.has(key)),
  };
}

/** The attributes that some processor knows, by name. Long texts are not read: nobody writes any. */
function attributesOf(view: SpanView): ReadonlyMap<string, AnyValue> {
  const attributes = new Map<string, AnyValue>();
  for (let row = view.rowsStart; row < view.rowsEnd; row++) {
    const name = view.rowName(row);
    if (!attributes.has(name)) attributes.set(name, view.rowValue(row));
  }
  return attributes;
}

function isSame(a: AnyValue, b: AnyValue): boolean {
  if (typeof a !== "object" || typeof b !== "object") return Object.is(a, b);
  return textOf(a) === textOf(b);
}

function textOf(value: AnyValue): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner));
}

type Origin = Pick<SetAttribute, "from" | "rule">;

/** The last entry counts: a later processor may have written over what an earlier one did. */
function originOf(key: string, entries: readonly TrailEntry[]): Origin {
  const told = entries.findLast((entry) => entry.key === key);
  if (told) return { from: told.from, rule: told.rule };
  if (key.startsWith(shadowPrefix)) return { from: key.slice(shadowPrefix.length), rule: "gen_ai_call.shadow" };
  if (key.startsWith(aggregatedPrefix))
    return { from: `gen_ai.usage.${key.slice(aggregatedPrefix.length)}`, rule: "gen_ai_call.shadow" };
  return { from: "", rule: "gen_ai_cost" };
}

const shadowPrefix = "spantoll.shadow.";
const aggregatedPrefix = "gen_ai.aggregated_usage.";

function silentHost(nowMs: number): Host {
  const nothing = () => {};
  return {
    id: "explain",
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    meter: { add: nothing, set: nothing, watch: () => nothing },
    clock: { now: () => nowMs, monotonic: () => nowMs, sleep: () => Promise.resolve(), every: () => nothing },
    files: { read: () => new Uint8Array(), stamp: () => undefined },
    random: () => 0,
    pressure: { reason: undefined },
    health: { ready: true, all: () => [] },
    memory: () => ({
      rssBytes: 0,
      anonymousBytes: 0,
      heapBytes: 0,
      heapLimitBytes: Number.MAX_SAFE_INTEGER,
      externalBytes: 0,
      limitBytes: Number.MAX_SAFE_INTEGER,
    }),
    collectGarbage: nothing,
    listen: () => Promise.reject(new Error("nothing listens here")),
    print: nothing,
    report: nothing,
    common: {},
  };
}
