// From calls and their costs to the ledger, in the order that makes it exact: claim, cancel, charge.
// A failure anywhere leaves nothing half done that the same calls, charged again, would not complete.
import { Note } from "../core/note.ts";
import type { Call } from "../genai/call.ts";
import type { Cost } from "../pricing/cost.ts";
import { type Budget, type BudgetLeft, idleMsOf, leftOf, tightestOf } from "./budget.ts";
import { outputOf } from "./choices.ts";
import { amountsOf, barringClaims, type ClaimTerms, claimsOf, isForNobody, refusalOf } from "./claims-of-call.ts";
import type { Claim, CounterState, Ledger, Posting, Room, Terms, Verdict } from "./ledger.ts";

/**
 * `charged`: now. `replayed`: this very span was charged before. `shadowed`: another span of the call pays, or the call
 * was settled before. `late`, `future`: it ended outside of what is accepted. `refused`: its figures are impossible.
 */
export type ChargeResult = "charged" | "replayed" | "shadowed" | "late" | "future" | "refused";

/** What became of one billed call. */
export interface Charge {
  readonly result: ChargeResult;
  /** Whose ledger: `@other` where the tenant found no room. */
  readonly tenant: string;
  /** What was added now; 0 unless `charged`. */
  readonly nanoUsd: bigint;
  /** Every budget that counts it, after the batch; empty unless `charged` or `replayed`. */
  readonly lefts: readonly BudgetLeft[];
  /** The tightest of them. */
  readonly left: BudgetLeft | undefined;
}

/** Left by `gen_ai_budget`: parallel to the `calls` note. Filled when the batch's `pending` has resolved, empty before. */
export const charges = new Note<readonly (Charge | undefined)[]>("charges");

/** Whom spend is kept under when there are too many tenants. */
export const otherTenant = "@other";

export interface ChargingTerms extends ClaimTerms {
  readonly identityWindowMs: number;
  readonly tenantsMax: number;
  /** Tenants that the configuration names: they always find room. */
  readonly tenants: ReadonlySet<string>;
}

export interface ChargingReport {
  /** Parallel to the calls. */
  readonly charges: readonly (Charge | undefined)[];
  /** What was added now, and what was taken back. */
  readonly charged: readonly Posting[];
  readonly reversed: readonly Posting[];
  /** Where every tenant that was touched stands now. */
  readonly lefts: readonly BudgetLeft[];
  /** Calls whose tenant found no room. */
  readonly homeless: number;
}

export interface FoundCalls {
  readonly calls: readonly Call[];
  /** At the positions of the calls. */
  readonly costs: readonly (Cost | undefined)[];
}

/** What one call asks of the ledger: a claim for each of its names. It is data, so that it can be kept and asked again. */
export type Claims = readonly Claim[];

export interface DueCharges {
  /** Parallel to the calls: what is decided without the ledger. */
  readonly charges: readonly (Charge | undefined)[];
  /** What the ledger decides, and the positions of the calls. */
  readonly claims: readonly Claims[];
  readonly at: readonly number[];
}

/** The billed ones among `calls`, as far as they can be charged at all, and those whose ids nobody pays for. */
export function dueCharges(charging: ChargingTerms, { calls, costs }: FoundCalls, nowMs: number): DueCharges {
  const charges: (Charge | undefined)[] = calls.map(() => undefined);
  const claims: Claims[] = [];
  const positions: number[] = [];
  for (const [at, call] of calls.entries()) {
    if (call.role !== "bill" && call.isBarred !== true) continue;
    const { tenant } = call.subject;
    const amounts = amountsOf(call, costs[at]);
    const refusal = refusalOf(call, amounts, charging, nowMs);
    if (call.role !== "bill") {
      if (refusal === undefined) positions.push(at);
      if (refusal === undefined) claims.push(barringClaims(call, otherTenant));
      continue;
    }
    if (refusal !== undefined) {
      charges[at] = notCharged(refusal, tenant);
      continue;
    }
    positions.push(at);
    claims.push(claimsOf(call, amounts, tenant.length <= tenantCharactersMax ? tenant : otherTenant, charging));
  }
  return { charges, claims, at: positions };
}

/** Charges the billed ones among `calls`. */
export async function chargeCalls(
  ledger: Ledger,
  charging: ChargingTerms,
  found: FoundCalls,
  nowMs: number,
): Promise<ChargingReport> {
  const due = dueCharges(charging, found, nowMs);
  const report = await chargeClaims(ledger, charging, due.claims, nowMs);
  const charges = [...due.charges];
  for (const [index, at] of due.at.entries()) charges[at] = report.charges[index];
  return { ...report, charges };
}

export interface ClaimsReport extends ChargingReport {
  /** Positions of calls that were decided longer ago than the identity window: of these nobody knows who pays. */
  readonly settled: readonly number[];
}

/**
 * Charges what was found due, now or by whoever kept it: `nowMs` is when the calls arrived, so that asking again later
 * finds the same. Throws `Refused` when the ledger does not answer; the same claims, charged again, complete it.
 */
export async function chargeClaims(
  ledger: Ledger,
  charging: ChargingTerms,
  claims: readonly Claims[],
  nowMs: number,
): Promise<ClaimsReport> {
  if (claims.length === 0) return nothingCharged;
  const terms = ledgerTerms(charging, nowMs);
  const payable = claims.filter((own) => !own.some(isForNobody));
  const homes = await homesOf(ledger, charging, payable, nowMs);
  const asking = claims.map((own, at): Claimant => ({ at, claims: atHome(own, homes), verdicts: [] }));
  const claimants = await claimAll(ledger, asking, terms);
  const reversed = await cancelAll(ledger, claimants, terms);
  const charges: (Charge | undefined)[] = claims.map(() => undefined);
  const outcome = await chargeAll(ledger, claimants, { charging, terms, charges });
  const after = await leftsAfter(ledger, charging, reversed, nowMs);
  const homeless = payable.filter((own) => !homes.has(tenantOf(own))).length;
  const settled = claimants.filter(({ verdicts }) => verdicts.some(({ kind }) => kind === "settled"));
  return {
    charges,
    reversed,
    homeless,
    charged: outcome.charged,
    lefts: [...outcome.lefts, ...after],
    settled: settled.map(({ at }) => at),
  };
}

export const nothingCharged: ClaimsReport = {
  charges: [],
  charged: [],
  reversed: [],
  lefts: [],
  homeless: 0,
  settled: [],
};

/** Until when the ledger knows whether a span was charged. */
export function knownUntilMs({ acceptLateMs }: Pick<ChargingTerms, "acceptLateMs">, claims: Claims): number {
  return (claims[0]?.posting.endMs ?? 0) + acceptLateMs + marginMs;
}

interface Claimant {
  readonly at: number;
  readonly claims: Claims;
  verdicts: readonly Verdict[];
}

export const tenantCharactersMax = 8192;
/** What happened is remembered an hour longer than spans are accepted, so that the clocks of replicas may differ. */
const marginMs = 3_600_000;

function ledgerTerms({ identityWindowMs, acceptLateMs }: ChargingTerms, nowMs: number): Terms {
  return { nowMs, identityWindowMs, keepMs: acceptLateMs + marginMs };
}

function tenantOf(claims: Claims): string {
  return claims[0]?.posting.tenant ?? otherTenant;
}

/** Whose ledger each tenant's calls go to; those that are missing go to `@other`. */
async function homesOf(
  ledger: Ledger,
  charging: ChargingTerms,
  claims: readonly Claims[],
  nowMs: number,
): Promise<ReadonlySet<string>> {
  const tenants = new Set(claims.map(tenantOf));
  const always = new Set([...charging.tenants, otherTenant]);
  const room: Room = { tenantsMax: charging.tenantsMax, always, nowMs, idleMs: idleMsOf(charging.budgets) };
  const homes = await ledger.admit([...tenants], room);
  if (homes.size === tenants.size) return homes;
  await ledger.admit([otherTenant], room);
  return homes;
}

function atHome(claims: Claims, homes: ReadonlySet<string>): Claims {
  if (homes.has(tenantOf(claims))) return claims;
  return claims.map((claim) => ({ ...claim, posting: { ...claim.posting, tenant: otherTenant } }));
}

async function claimAll(ledger: Ledger, claimants: Claimant[], terms: Terms): Promise<readonly Claimant[]> {
  const verdicts = await ledger.claim(
    claimants.flatMap(({ claims }) => claims),
    terms,
  );
  let at = 0;
  for (const claimant of claimants) {
    claimant.verdicts = verdicts.slice(at, at + claimant.claims.length);
    at += claimant.claims.length;
  }
  return claimants;
}

/** Takes back those that are outranked, among them spans of this very batch. Answers what really went back out. */
async function cancelAll(ledger: Ledger, claimants: readonly Claimant[], terms: Terms): Promise<readonly Posting[]> {
  const postings = claimants.flatMap(({ verdicts }) =>
    verdicts.flatMap((verdict) => ("cancels" in verdict ? verdict.cancels : [])),
  );
  if (postings.length === 0) return [];
  const results = await ledger.cancel(postings, terms);
  return postings.filter((_, at) => results[at] === "reversed");
}

interface Settling {
  readonly charging: ChargingTerms;
  readonly terms: Terms;
  readonly charges: (Charge | undefined)[];
}

async function chargeAll(
  ledger: Ledger,
  claimants: readonly Claimant[],
  { charging, terms, charges }: Settling,
): Promise<Pick<ChargingReport, "charged" | "lefts">> {
  const due: { at: number | undefined; posting: Posting }[] = [];
  for (const { at, claims, verdicts } of claimants) {
    if (claims.some(isForNobody)) continue;
    const posting = dueOf(verdicts);
    const tenant = tenantOf(claims);
    for (const verdict of verdicts)
      if ("charges" in verdict) for (const other of verdict.charges) due.push({ at: undefined, posting: other });
    if (posting !== undefined) due.push({ at, posting });
    else charges[at] = notCharged(verdicts.some(({ kind }) => kind === "forgotten") ? "late" : "shadowed", tenant);
  }
  if (due.length === 0) return { charged: [], lefts: [] };
  const { results, states } = await ledger.charge(
    due.map(({ posting }) => posting),
    terms,
  );
  const lefts = new Map<string, BudgetLeft>();
  for (const [index, { at, posting }] of due.entries()) {
    const own = leftsOf(charging.budgets, posting, states[index] ?? []);
    for (const left of own) lefts.set(`${left.budget} ${left.window.id} ${left.tenant}`, left);
    if (at !== undefined) charges[at] = chargeOf(results[index] ?? "overflow", posting, own);
  }
  const charged = due.filter((_, index) => results[index] === "charged").map(({ posting }) => posting);
  return { charged, lefts: [...lefts.values()] };
}

/** Where those stand who got something back. */
async function leftsAfter(
  ledger: Ledger,
  charging: ChargingTerms,
  reversed: readonly Posting[],
  nowMs: number,
): Promise<readonly BudgetLeft[]> {
  const lefts: BudgetLeft[] = [];
  for (const posting of new Map(reversed.map((posting) => [`${posting.tenant} ${posting.endMs}`, posting])).values()) {
    const counters = posting.counters.map(({ key }) => key);
    const { states } = await ledger.read(posting.tenant, counters, nowMs);
    lefts.push(...leftsOf(charging.budgets, posting, states));
  }
  return lefts;
}

/** What to charge: the least that the call is left under any of its names, with the figures that were claimed first. */
function dueOf(verdicts: readonly Verdict[]): Posting | undefined {
  const [first] = verdicts;
  if (first?.kind !== "owner" && first?.kind !== "choice") return undefined;
  if (!verdicts.every(({ kind }) => kind === "owner" || kind === "choice")) return undefined;
  return verdicts.some(({ kind }) => kind === "choice") ? outputOf(first.posting) : first.posting;
}

/** Windows of an older configuration stand in postings that were claimed then: they belong to no budget of today. */
function leftsOf(budgets: readonly Budget[], posting: Posting, states: readonly CounterState[]): BudgetLeft[] {
  return budgets.flatMap((budget) => {
    const window = budget.windowAt(posting.endMs);
    const key = budget.counterKey(window);
    const state = states[posting.counters.findIndex((counter) => counter.key === key)];
    return state === undefined ? [] : [leftOf(budget, posting.tenant, window, state)];
  });
}

function chargeOf(
  result: "charged" | "replayed" | "cancelled" | "overflow",
  { tenant, amounts }: Posting,
  lefts: readonly BudgetLeft[],
): Charge {
  if (result === "cancelled") return notCharged("shadowed", tenant);
  if (result === "overflow") return notCharged("refused", tenant);
  return { result, tenant, nanoUsd: result === "charged" ? amounts.nanoUsd : 0n, lefts, left: tightestOf(lefts) };
}

function notCharged(result: ChargeResult, tenant: string): Charge {
  return { result, tenant, nanoUsd: 0n, lefts: [], left: undefined };
}
