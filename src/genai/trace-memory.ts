// What is remembered of traces and calls from one request to the next: whose a trace is, who stands below whom, which
// usage was billed. One object per pipeline, bounded by count and age; what falls out of it is decided as if it had never
// been seen, and the claim in the ledger still charges a call once.
import type { Layer } from "./call.ts";
import type { Usage } from "./usage.ts";

export interface MemoryBounds {
  readonly tracesMax: number;
  /** Spans of all traces together. */
  readonly spansMax: number;
  readonly spansPerTraceMax: number;
  readonly responseIdsMax: number;
  /** How long after it was last spoken of a trace or a response id is kept. */
  readonly ageMs: number;
}

/**
 * Spans of a trace arrive within seconds of each other, from a few batches; ten minutes also covers an exporter that
 * retries. 65,536 spans with what is kept of them are about 30 MB.
 */
export const memoryBounds: MemoryBounds = {
  tracesMax: 16_384,
  spansMax: 65_536,
  spansPerTraceMax: 512,
  responseIdsMax: 65_536,
  ageMs: 600_000,
};

/** A span that tells the usage of a call, and what became of it. */
export interface Teller {
  /** Trace id and span id: what a resend repeats. */
  readonly key: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly layer: Layer;
  readonly rank: number;
  readonly usage: Usage;
  /** Names of its model, as they came. */
  readonly models: readonly string[];
  readonly responseIds: readonly string[];
  readonly startMs: number;
  readonly endMs: number;
  /** What the spans above and below it in its trace make of it. A resend gets the same answer again. */
  readonly kinship: Kinship;
}

/**
 * `alone`: nobody else tells its usage. `rollup`: spans below tell it, and are billed. `lower_layer`: a span of a higher
 * layer, above or below, tells it. `covered`: a span above that was billed before tells it.
 */
export type Kinship = "alone" | "rollup" | "lower_layer" | "covered";

/** Values of the tenant sources on one span, by the number of the source. */
export type SourceValues = readonly (string | undefined)[];

export interface SpanNote {
  /** Empty for a root. */
  readonly parent: string;
  readonly values: SourceValues | undefined;
  teller: Teller | undefined;
}

/** What is known of one trace. */
export class Trace {
  readonly spans = new Map<string, SpanNote>();
  /** By source: the value of the span that started first. */
  readonly firsts: { value: string; startMs: number }[] = [];
  /** How many of the spans tell of a call. */
  tellers = 0;
  seenMs = 0;
}

export class TraceMemory {
  readonly #bounds: MemoryBounds;
  // Maps keep the order of insertion, and who is seen again is inserted again: the first entry is the one to forget.
  readonly #traces = new Map<string, Trace>();
  readonly #byResponseId = new Map<string, { seenMs: number; tellers: readonly Teller[] }>();
  #spans = 0;

  constructor(bounds: MemoryBounds = memoryBounds) {
    this.#bounds = bounds;
  }

  /** The trace if something is known of it. */
  find(traceId: string): Trace | undefined {
    return this.#traces.get(traceId);
  }

  /** The trace, from now on remembered. */
  open(traceId: string, nowMs: number): Trace {
    const trace = this.#traces.get(traceId) ?? new Trace();
    if (trace.seenMs === nowMs && trace.spans.size > 0) return trace;
    this.#traces.delete(traceId);
    this.#traces.set(traceId, trace);
    trace.seenMs = nowMs;
    return trace;
  }

  /** Notes a span, once. Beyond the bound of its trace a span is not kept, and stands there for itself. */
  note(trace: Trace, spanId: string, parent: string, values: SourceValues | undefined): void {
    if (spanId === "" || trace.spans.has(spanId) || this.#bounds.spansPerTraceMax <= trace.spans.size) return;
    trace.spans.set(spanId, { parent, values, teller: undefined });
    this.#spans++;
  }

  /** Notes what became of a span that tells of a call. */
  remember(teller: Teller, nowMs: number): void {
    const trace = this.#traces.get(teller.traceId);
    const note = trace?.spans.get(teller.spanId);
    if (trace && note && !note.teller) trace.tellers++;
    if (note) note.teller = teller;
    for (const id of teller.responseIds) {
      const others = (this.#byResponseId.get(id)?.tellers ?? []).filter(({ key }) => key !== teller.key);
      this.#byResponseId.delete(id);
      this.#byResponseId.set(id, { seenMs: nowMs, tellers: [...others.slice(1 - tellersPerIdMax), teller] });
    }
  }

  /** Spans of earlier requests that carried the response id. */
  tellersOf(responseId: string): readonly Teller[] {
    return this.#byResponseId.get(responseId)?.tellers ?? [];
  }

  /** Forgets what is too old or too much. Once a batch. */
  forget(nowMs: number): void {
    const oldestMs = nowMs - this.#bounds.ageMs;
    for (const [id, trace] of this.#traces) {
      const fits = this.#traces.size <= this.#bounds.tracesMax && this.#spans <= this.#bounds.spansMax;
      if (fits && oldestMs <= trace.seenMs) break;
      this.#traces.delete(id);
      this.#spans -= trace.spans.size;
    }
    for (const [id, { seenMs }] of this.#byResponseId) {
      if (this.#byResponseId.size <= this.#bounds.responseIdsMax && oldestMs <= seenMs) break;
      this.#byResponseId.delete(id);
    }
  }

  get traceCount(): number {
    return this.#traces.size;
  }

  /** Of all traces together. */
  get spanCount(): number {
    return this.#spans;
  }

  get responseIdCount(): number {
    return this.#byResponseId.size;
  }
}

/** Some emitters draw from a small pool of ids: only the latest spans of one are compared. */
const tellersPerIdMax = 8;
