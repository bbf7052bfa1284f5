// What a billed call asks of the ledger: its amounts, whether they are possible, and the claims under all of its names.
import type { Call } from "../genai/call.ts";
import { emitterOf, stemsOf } from "../genai/same-call.ts";
import type { Cost } from "../pricing/cost.ts";
import { type Budget, counterOf } from "./budget.ts";
import { callFingerprint, nameFingerprint, spanFingerprint } from "./identity.ts";
import { type Amounts, type Claim, type ClaimEvidence, type CounterRef, counterMax, type Posting } from "./ledger.ts";
import type { Window } from "./windows.ts";

/** Which spans are charged to which budgets. */
export interface ClaimTerms {
  readonly budgets: readonly Budget[];
  /** How long ago, and how far in the future, a span may have ended. */
  readonly acceptLateMs: number;
  readonly acceptFutureMs: number;
}

/** What a call comes to, and what its output alone costs: all of it, where nobody knows that apart. */
export interface CallAmounts extends Amounts {
  readonly outputNanoUsd: bigint;
}

export function amountsOf({ usage }: Call, cost: Cost | undefined): CallAmounts {
  const priced = cost !== undefined && cost.status !== "unpriced";
  return {
    nanoUsd: priced ? cost.nanoUsd : 0n,
    outputNanoUsd: priced ? (cost.outputNanoUsd ?? cost.nanoUsd) : 0n,
    inputTokens: usage?.input ?? 0,
    outputTokens: usage?.output ?? 0,
    requests: 1,
    unpriced: priced ? 0 : 1,
  };
}

/** Why a call is not charged, undefined when it is. */
export function refusalOf(
  call: Call,
  amounts: Amounts,
  terms: ClaimTerms,
  nowMs: number,
): "late" | "future" | "refused" | undefined {
  const { nanoUsd, inputTokens, outputTokens } = amounts;
  if (nanoUsd < 0n || counterMax < nanoUsd) return "refused";
  if (!isCount(inputTokens) || !isCount(outputTokens)) return "refused";
  const endMs = endOf(call);
  if (!Number.isFinite(endMs)) return "refused";
  if (endMs < nowMs - terms.acceptLateMs) return "late";
  return nowMs + terms.acceptFutureMs < endMs ? "future" : undefined;
}

function isCount(count: number): boolean {
  return Number.isSafeInteger(count) && 0 <= count;
}

/** A span without an end is charged by its start. */
export function endOf({ startMs, endMs }: Pick<Call, "startMs" | "endMs">): number {
  return 0 < endMs ? endMs : startMs;
}

/** Above every rank of a span, and within the 16 bits that the stores keep of it. */
const barringRank = 0xffff;

/** A claim that nobody pays: its posting counts nowhere. */
export function isForNobody({ posting }: Claim): boolean {
  return posting.counters.length === 0;
}

/**
 * The claims of a call whose ids nobody pays for (`Call.isBarred`), one for each of its names: they outrank every span of
 * the call, so that what was charged under these names goes back out, and nothing more is charged under them.
 */
export function barringClaims(call: Call, tenant: string): readonly Claim[] {
  const endMs = endOf(call);
  const posting: Posting = {
    tenant,
    span: spanFingerprint(call.traceId, `${call.spanId || withoutId(call)} for nobody`),
    endMs,
    amounts: { nanoUsd: 0n, inputTokens: 0, outputTokens: 0, requests: 0, unpriced: 0 },
    outputNanoUsd: 0n,
    counters: [],
    provider: "",
    model: "",
  };
  const evidence = { ...evidenceOf(call, endMs), emitter: 0 };
  const own = spanFingerprint(call.traceId, call.spanId || withoutId(call));
  return idsOf(call, own).map((id) => ({ id, rank: barringRank, evidence, posting }));
}

/** The claims of a call, one for each of its names, for the ledger of `tenant`. */
export function claimsOf(
  call: Call,
  { outputNanoUsd, ...amounts }: CallAmounts,
  tenant: string,
  terms: ClaimTerms,
): readonly Claim[] {
  const endMs = endOf(call);
  const posting: Posting = {
    tenant,
    span: spanFingerprint(call.traceId, call.spanId || withoutId(call)),
    endMs,
    amounts,
    outputNanoUsd,
    counters: countersAt(terms, endMs),
    provider: (call.provider ?? "").slice(0, labelCharactersMax),
    model: (call.providerModel ?? call.responseModel ?? call.requestModel ?? "").slice(0, labelCharactersMax),
  };
  const evidence = evidenceOf(call, endMs);
  const { rank } = call;
  return idsOf(call, posting.span).map((id) => ({ id, rank, evidence, posting }));
}

/** Spans of a batch mostly ended in the same windows: they share one list. */
function countersAt({ budgets, acceptLateMs }: ClaimTerms, endMs: number): readonly CounterRef[] {
  let isKnown = lastCounters.budgets === budgets && lastCounters.acceptLateMs === acceptLateMs;
  for (let at = 0; isKnown && at < budgets.length; at++)
    isKnown = budgets[at]?.windowAt(endMs) === lastCounters.windows[at];
  if (!isKnown) {
    const windows = budgets.map((budget) => budget.windowAt(endMs));
    const counters = budgets.map((budget) => counterOf(budget, budget.windowAt(endMs), acceptLateMs));
    lastCounters = { budgets, acceptLateMs, windows, counters };
  }
  return lastCounters.counters;
}

let lastCounters: {
  readonly budgets: readonly Budget[];
  readonly acceptLateMs: number;
  readonly windows: readonly Window[];
  readonly counters: readonly CounterRef[];
} = { budgets: [], acceptLateMs: 0, windows: [], counters: [] };

function evidenceOf(call: Call, endMs: number): ClaimEvidence {
  return {
    startMs: 0 < call.startMs ? Math.min(call.startMs, endMs) : endMs,
    endMs,
    models: modelsOf(call),
    usage: call.usage ?? noUsage,
    emitter: emitterFingerprint(call),
    isChoice: call.isChoice === true,
  };
}

const noUsage = {};

// Spans of a batch mostly come from one place and ask for one model: the last answer is the next one, too.

function emitterFingerprint({ layer, dialect, scope, service }: Call): number {
  const last = lastEmitter;
  if (last.layer === layer && last.dialect === dialect && last.scope === scope && last.service === service)
    return last.fingerprint;
  const fingerprint = nameFingerprint(emitterOf(layer, dialect, scope, service));
  lastEmitter = { layer, dialect, scope, service, fingerprint };
  return fingerprint;
}

let lastEmitter = {
  layer: "",
  dialect: "",
  scope: "",
  service: "",
  fingerprint: nameFingerprint(emitterOf("", "", "", "")),
};

function modelsOf({ providerModel, responseModel, requestModel }: Call): readonly number[] {
  const last = lastModels;
  if (last.provider === providerModel && last.response === responseModel && last.request === requestModel)
    return last.models;
  const models = stemsOf(providerModel, responseModel, requestModel).map(nameFingerprint);
  lastModels = { provider: providerModel, response: responseModel, request: requestModel, models };
  return models;
}

let lastModels: {
  readonly provider: string | undefined;
  readonly response: string | undefined;
  readonly request: string | undefined;
  readonly models: readonly number[];
} = { provider: undefined, response: undefined, request: undefined, models: [] };

/** What a resend repeats of a span that has no id. */
function withoutId({ startMs, endMs, service, operation, requestModel, usage, responseIds }: Call): string {
  return JSON.stringify([startMs, endMs, service, operation, requestModel, usage, responseIds]);
}

function idsOf({ responseIds }: Call, span: bigint): readonly bigint[] {
  if (responseIds.length === 0) return [span];
  if (responseIds.length === 1) return [callFingerprint(responseIds[0] ?? "")];
  return [...new Set(responseIds)].sort().slice(0, idsMax).map(callFingerprint);
}

/** Ids of one call that are claimed; more than these say nothing more. */
const idsMax = 4;
const labelCharactersMax = 128;
