// A span whose role depends on other spans: it has usage of a billable operation.
import type { Layer, Telling } from "./call.ts";
import type { ServiceLayer } from "./layers.ts";
import type { Kinship, Teller, TraceMemory } from "./trace-memory.ts";

/** A telling with what the configuration and the subject add to it. */
export interface Spoken {
  readonly telling: Telling;
  readonly layer: ServiceLayer;
  readonly rank: number;
}

export interface Candidate extends Teller {
  kinship: Kinship;
  /** The span of the same call that outranks it. */
  owner: Teller | undefined;
  /** Whether several spans carry the id of its call. */
  isShared: boolean;
  /** Whether it came in an earlier request: then its kinship stands. */
  readonly isAgain: boolean;
}

/** `at` is the position of the telling in its request. */
export function candidateOf({ telling, layer, rank }: Spoken, at: number, memory: TraceMemory): Candidate {
  const { traceId, spanId, requestModel, responseModel, providerModel } = telling;
  const before = memory.find(traceId)?.span(spanId)?.teller;
  return {
    key: keyOf(telling, at),
    traceId,
    spanId,
    layer: layerOf(layer, telling.layer),
    rank,
    usage: telling.usage ?? noUsage,
    models: modelsOf(providerModel, responseModel, requestModel),
    responseIds: telling.responseIds,
    startMs: telling.startMs,
    endMs: telling.endMs,
    kinship: before?.kinship ?? "alone",
    owner: undefined,
    isShared: false,
    isAgain: before !== undefined,
  };
}

/** Trace id and span id. Spans without ids cannot be told apart by them: each is one for itself, and never comes again. */
export function keyOf(telling: Telling, at: number): string {
  return telling.spanId === "" ? `#${at}` : telling.traceId + telling.spanId;
}

const noUsage = {};

/** Each model once. Kept for minutes, so of its size: a list that grows by itself has room for seventeen. */
function modelsOf(provider: string | undefined, response: string | undefined, request: string | undefined) {
  const second = response === provider ? undefined : response;
  const third = request === provider || request === response ? undefined : request;
  if (provider === undefined) return pairOf(second, third);
  if (second === undefined || third === undefined) return pairOf(provider, second ?? third);
  return [provider, second, third];
}

function pairOf(first: string | undefined, second: string | undefined): readonly string[] {
  if (first === undefined) return second === undefined ? [] : [second];
  return second === undefined ? [first] : [first, second];
}

function layerOf(layer: ServiceLayer, byDialect: Layer): Layer {
  return layer === "ignore" ? byDialect : layer;
}
