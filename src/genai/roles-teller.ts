// A span that tells the usage of a call, and what was decided about it so far. It is kept for minutes, so that a later
// request can still change the decision.
import type { Layer, Subject, Telling } from "./call.ts";
import type { ServiceLayer } from "./layers.ts";
import type { Verdict } from "./roles-class.ts";
import { type Evidence, emitterOf, stemsOf } from "./same-call.ts";
import type { Usage } from "./usage.ts";

/** A telling with what the configuration and the subject add to it. */
export interface Spoken {
  readonly telling: Telling;
  readonly layer: ServiceLayer;
  readonly rank: number;
  readonly subject: Subject;
  /** Number of its resource in the request: equal for spans of one process. */
  readonly resource: number;
  /** What tells two writers with one scope apart; empty where the scope does. */
  readonly writer: string;
}

/**
 * What the other spans of its trace make of a span. `alone`: nobody else tells its usage. `rollup`: spans below tell it.
 * `lower_layer`: a span of a higher layer, above or below, tells it. `covered`: the span above tells it, under an id by
 * which other processes know the call. `copy`: the span right above it is that call.
 */
export type Standing = "alone" | "rollup" | "lower_layer" | "covered" | "copy";

export class Teller implements Evidence {
  readonly traceId: string;
  readonly spanId: string;
  readonly layer: Layer;
  readonly usage: Usage;
  /** Stems of the names of its model. */
  readonly models: readonly string[];
  responseIds: readonly string[];
  readonly startMs: number;
  readonly endMs: number;
  readonly emitter: string;
  readonly isChoice: boolean;
  telling: Telling;
  /** Whether it was given ids that the ledger does not know as its own. */
  isRenamed = false;
  readonly #at: number;
  /** Grows when its tenant becomes known. */
  rank: number;
  subject: Subject;
  /** What was said of it last; undefined before it was decided for the first time. */
  verdict: Verdict | undefined = undefined;
  /** Tenants that it was billed to, and not taken back from. */
  payers: readonly string[] = none;
  /** Tenants that it was billed to, and taken back from: they are never charged for it again. */
  withdrawnFrom: readonly string[] = none;
  /** Spans of other emitters that tell the same call without a common id; one for each emitter. */
  twins: readonly Teller[] = none;
  /** Twins of the spans that it outranks by a common id: they tell its call, too. */
  rivals: readonly Teller[] = none;
  /** The best span of its call, by a common id, that outranks it. */
  owner: Teller | undefined = undefined;
  standing: Standing = "alone";
  /** The span of its trace that pays for it, where it is of a lower layer, covered or a copy. */
  whole: Teller | undefined = undefined;

  /** `at` tells spans without ids apart, which never come again. */
  constructor({ telling, layer, rank, subject, writer }: Spoken, at: number) {
    const { traceId, spanId, dialect, scope, service } = telling;
    this.#at = spanId === "" ? at : -1;
    this.traceId = traceId;
    this.spanId = spanId;
    this.layer = layer === "ignore" ? telling.layer : layer;
    this.usage = telling.usage ?? noUsage;
    this.models = stemsOf(telling.providerModel, telling.responseModel, telling.requestModel);
    this.responseIds = telling.responseIds;
    this.startMs = telling.startMs;
    this.endMs = telling.endMs;
    this.emitter = shared(emitterOf(this.layer, dialect, scope, service) + writer);
    this.isChoice = isChoice(telling);
    this.telling = telling;
    this.rank = rank;
    this.subject = subject;
  }

  /** Takes the ids over under which a copy of it is known. */
  adopt(ids: readonly string[]): void {
    this.responseIds = [...new Set([...this.responseIds, ...ids])];
    this.telling = { ...this.telling, responseIds: this.responseIds };
    this.isRenamed = true;
  }

  /** Trace id and span id, what a resend repeats; of spans without an id their place in the request. */
  get key(): string {
    return this.#at < 0 ? this.traceId + this.spanId : `#${this.#at}`;
  }

  /** Whether it can no longer be billed to whose it is. */
  get isWithdrawn(): boolean {
    return 0 < this.withdrawnFrom.length && this.withdrawnFrom.includes(this.subject.tenant);
  }
}

/** Model servers write a span for every choice of an answer, under one id. */
export function isChoice({ isChoice: told, layer }: Telling): boolean {
  return told ?? layer === "model_server";
}

/** The span of its call that stands above all others that share an id with it. */
export function payerOf(teller: Teller): Teller {
  let payer = teller;
  // Each owner outranks the one before it.
  while (payer.owner) payer = payer.owner;
  return payer;
}

/** Whether both are one span, in this request or an earlier one. */
export function isSameSpan(a: Teller, b: Teller): boolean {
  return a === b || (a.spanId !== "" && a.spanId === b.spanId && a.traceId === b.traceId);
}

/** Emitters are few, and kept with every span. */
function shared(emitter: string): string {
  const known = emitters.get(emitter);
  if (known !== undefined) return known;
  if (emittersMax <= emitters.size) emitters.clear();
  emitters.set(emitter, emitter);
  return emitter;
}

const emitters = new Map<string, string>();
const emittersMax = 1000;
const noUsage: Usage = {};
const none: readonly never[] = [];
