// What is remembered of traces and calls from one request to the next: whose a trace is, who stands below whom, which
// usage was billed. One object per pipeline, bounded by count and age; what falls out of it is decided as if it had never
// been seen, and the claim in the ledger still charges a call once.
import { isSameSpan, type Teller } from "./roles-teller.ts";

export interface MemoryBounds {
  readonly tracesMax: number;
  /** Spans of all traces together. */
  readonly spansMax: number;
  readonly spansPerTraceMax: number;
  readonly responseIdsMax: number;
  /** Characters of the tenants, teams, users and keys that spans say; of one that many say each counts. */
  readonly charactersMax: number;
  /** How long after it was last spoken of a trace or a response id is kept. */
  readonly ageMs: number;
}

/**
 * Spans of a trace arrive within seconds of each other, from a few batches; ten minutes also covers an exporter that
 * retries. 65,536 spans that all tell of calls are about 90 MB.
 */
export const memoryBounds: MemoryBounds = {
  tracesMax: 16_384,
  spansMax: 65_536,
  spansPerTraceMax: 512,
  responseIdsMax: 65_536,
  charactersMax: 33_554_432,
  ageMs: 600_000,
};

/** What a span says to one of the sources of tenant, team, user and key. */
export interface SourceValue {
  /** Number of the source. */
  readonly source: number;
  readonly value: string;
}

/** In the order of the sources; most spans of a service say the same, and share one list. */
export type SourceValues = readonly SourceValue[];

export interface SpanNote {
  readonly id: string;
  /** Empty for a root. */
  readonly parent: string;
  readonly values: SourceValues | undefined;
  teller: Teller | undefined;
  /** Whether it says usage that nobody is charged for; copies of it are not charged either. */
  isIdle: boolean;
}

/** What is known of one trace. */
export class Trace {
  readonly id: string;
  /** By source: the value of the span that started first. */
  firsts: SourceValues = noValues;
  /** When the spans of these values started; while there is one list, all of it is of one time. */
  #firstsMs: number[] = noTimes;
  #firstMs = 0;
  /** Those of its spans that tell of a call. */
  tellers: readonly Teller[] = noTellers;
  /** Of the values of its spans. */
  characters = 0;
  seenMs = 0;
  older: Trace | undefined = undefined;
  newer: Trace | undefined = undefined;
  // Most traces have one span of a call in a request, and a map is larger than all that is known of it.
  #one: SpanNote | undefined = undefined;
  #others: Map<string, SpanNote> | undefined = undefined;

  constructor(id: string) {
    this.id = id;
  }

  /** Puts what a span says among the first values. */
  say(values: SourceValues, startMs: number): void {
    if (this.firsts === noValues) {
      this.firsts = values;
      this.#firstMs = startMs;
    } else if (this.firsts === values && this.#firstsMs === noTimes) {
      this.#firstMs = Math.min(this.#firstMs, startMs);
    } else for (const said of values) this.#sayOne(said, startMs);
  }

  #sayOne(said: SourceValue, startMs: number): void {
    const at = this.firsts.findIndex(({ source }) => source === said.source);
    const first = this.firsts[at];
    const firstMs = this.#firstsMs[at] ?? this.#firstMs;
    if (first && !(startMs < firstMs || (startMs <= firstMs && said.value < first.value))) return;
    // The list may be that of many spans.
    const times = this.firsts.map((_, place) => this.#firstsMs[place] ?? this.#firstMs);
    const firsts = [...this.firsts];
    const place = first ? at : firsts.length;
    firsts[place] = said;
    times[place] = startMs;
    this.firsts = firsts;
    this.#firstsMs = times;
  }

  get size(): number {
    return (this.#one ? 1 : 0) + (this.#others?.size ?? 0);
  }

  span(id: string): SpanNote | undefined {
    return this.#one?.id === id ? this.#one : this.#others?.get(id);
  }

  spans(): readonly SpanNote[] {
    return this.#one ? [this.#one, ...(this.#others?.values() ?? [])] : [];
  }

  add(note: SpanNote): void {
    if (!this.#one) {
      this.#one = note;
      return;
    }
    this.#others ??= new Map();
    this.#others.set(note.id, note);
  }
}

const noTellers: readonly Teller[] = [];
const noValues: SourceValues = [];
const noTimes: number[] = [];

/** Who told of a response id. */
interface Answer {
  readonly id: string;
  seenMs: number;
  older: Answer | undefined;
  newer: Answer | undefined;
  /** From the one that spoke longest ago to the latest. */
  readonly tellers: Teller[];
}

export class TraceMemory {
  readonly #bounds: MemoryBounds;
  readonly #traces = new Map<string, Trace>();
  readonly #traceAges = new Ages<Trace>();
  readonly #answers = new Map<string, Answer>();
  readonly #answerAges = new Ages<Answer>();
  #spans = 0;
  #characters = 0;

  constructor(bounds: MemoryBounds = memoryBounds) {
    this.#bounds = bounds;
  }

  /** The trace if something is known of it. */
  find(traceId: string): Trace | undefined {
    return this.#traces.get(traceId);
  }

  /** The trace, from now on remembered. */
  open(traceId: string, nowMs: number): Trace {
    let trace = this.#traces.get(traceId);
    if (!trace) {
      trace = new Trace(traceId);
      this.#traces.set(traceId, trace);
    }
    this.#traceAges.see(trace, nowMs);
    return trace;
  }

  /** Notes a span; false when it is known. Beyond the bound of its trace a span is not kept, and stands there for itself. */
  note(trace: Trace, spanId: string, parent: string, values: SourceValues | undefined): boolean {
    if (spanId === "" || trace.span(spanId) || this.#bounds.spansPerTraceMax <= trace.size) return false;
    trace.add({ id: spanId, parent, values, teller: undefined, isIdle: false });
    this.#spans++;
    if (!values) return true;
    const before = trace.characters;
    for (const { value } of values) trace.characters += value.length;
    this.#characters += trace.characters - before;
    return true;
  }

  /** Remembers a span that tells of a call; false where its trace has no room for it. */
  remember(trace: Trace, teller: Teller, nowMs: number): boolean {
    const note = trace.span(teller.spanId);
    if (!note) return false;
    note.teller = teller;
    trace.tellers = [...trace.tellers, teller];
    this.rememberAnswers(teller, nowMs);
    return true;
  }

  /** Remembers who told of its response ids. */
  rememberAnswers(teller: Teller, nowMs: number): void {
    for (const id of teller.responseIds) this.#rememberAnswer(id, teller, nowMs);
  }

  #rememberAnswer(id: string, teller: Teller, nowMs: number): void {
    let answer = this.#answers.get(id);
    if (answer) {
      const { tellers } = answer;
      const before = tellers.findIndex((other) => isSameSpan(other, teller));
      if (0 <= before) tellers.splice(before, 1);
      else if (tellers.length === tellersPerIdMax) tellers.shift();
      tellers.push(teller);
    } else {
      answer = { id, seenMs: nowMs, older: undefined, newer: undefined, tellers: [teller] };
      this.#answers.set(id, answer);
    }
    this.#answerAges.see(answer, nowMs);
  }

  /** Spans of earlier requests that carried the response id. */
  tellersOf(responseId: string): readonly Teller[] {
    return this.#answers.get(responseId)?.tellers ?? nobody;
  }

  /** Forgets what is too old or too much. Once a batch. */
  forget(nowMs: number): void {
    const oldestMs = nowMs - this.#bounds.ageMs;
    for (let trace = this.#traceAges.oldest; trace; trace = this.#traceAges.oldest) {
      if (this.#fits() && oldestMs <= trace.seenMs) break;
      this.#traceAges.take(trace);
      this.#traces.delete(trace.id);
      this.#spans -= trace.size;
      this.#characters -= trace.characters;
    }
    for (let answer = this.#answerAges.oldest; answer; answer = this.#answerAges.oldest) {
      if (this.#answers.size <= this.#bounds.responseIdsMax && oldestMs <= answer.seenMs) break;
      this.#answerAges.take(answer);
      this.#answers.delete(answer.id);
    }
  }

  #fits(): boolean {
    const { tracesMax, spansMax, charactersMax } = this.#bounds;
    return this.#traces.size <= tracesMax && this.#spans <= spansMax && this.#characters <= charactersMax;
  }

  get traceCount(): number {
    return this.#traces.size;
  }

  /** Of all traces together. */
  get spanCount(): number {
    return this.#spans;
  }

  get responseIdCount(): number {
    return this.#answers.size;
  }
}

/** Some emitters draw from a small pool of ids: only the latest spans of one are compared. */
const tellersPerIdMax = 8;

const nobody: readonly Teller[] = [];

interface Aging<T> {
  seenMs: number;
  older: T | undefined;
  newer: T | undefined;
}

/**
 * Who was seen when, as a chain from the oldest to the newest. A map keeps that order too, but who is seen again must be
 * taken out and put back, and its first entry lies behind all that were taken out.
 */
class Ages<T extends Aging<T>> {
  oldest: T | undefined = undefined;
  #newest: T | undefined = undefined;

  /** Puts one at the end of the chain, whether it is in it or not. */
  see(one: T, nowMs: number): void {
    one.seenMs = nowMs;
    if (one === this.#newest) return;
    this.take(one);
    one.older = this.#newest;
    if (this.#newest) this.#newest.newer = one;
    else this.oldest = one;
    this.#newest = one;
  }

  take(one: T): void {
    const { older, newer } = one;
    if (older) older.newer = newer;
    else if (this.oldest === one) this.oldest = newer;
    if (newer) newer.older = older;
    else if (this.#newest === one) this.#newest = older;
    one.older = undefined;
    one.newer = undefined;
  }
}
