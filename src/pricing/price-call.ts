// From a usage record to integer nano-USD: find the row, choose the cell, add up exactly, round once.
import type { UsageRecord } from "../genai/usage.ts";
import type { Cell, Prices } from "./compile.ts";
import { type ContractMultiplier, holdsFor } from "./contracts.ts";
import type { Cost, CostFlag, Match, UnpricedReason } from "./cost.ts";
import { billLines, quantityOf } from "./lines.ts";
import { formatFraction, multiply, parseDecimal, plainNanoUsd, toNanoUsd, zero } from "./money.ts";
import { type Parts, splitUsage } from "./parts.ts";
import type { PriceBook, Row } from "./price-book.ts";
import type { Found } from "./resolve.ts";
import { isSubscribed, type Subscription } from "./subscriptions.ts";
import { type Bill, exactUsd, type Factor, sumOf } from "./sum.ts";

export interface CostPolicy {
  /** What becomes of the amount that the emitter says. */
  readonly reportedCost: "ignore" | "prefer" | "when_unpriced" | "compare";
  /** A dearer call is not believed. */
  readonly maxCallNanoUsd: bigint;
  readonly multipliers: readonly ContractMultiplier[];
  readonly subscriptions: readonly Subscription[];
}

/** The cost of a call. Unknown is never 0: what has no price is `unpriced`, with the reason. */
export function costOf(book: PriceBook, record: UsageRecord, policy: CostPolicy): Cost {
  return settle(priceCall(book, record, policy), record, policy);
}

/** One line of an explained cost; every figure is exact decimal text, or a fraction where no decimal writes it. */
export interface ExplainedLine {
  readonly bucket: string;
  readonly quantity: string;
  readonly usdPerUnit: string;
  readonly usd: string;
}

export interface Explanation {
  readonly cost: Cost;
  /** The exact amount before rounding; undefined when there is none. */
  readonly usd: string | undefined;
  readonly lines: readonly ExplainedLine[];
  readonly multipliers: readonly { readonly reason: string; readonly factor: string }[];
}

/** The cost of a call with the arithmetic. For people; `costOf` is for the data path. */
export function explainCost(book: PriceBook, record: UsageRecord, policy: CostPolicy): Explanation {
  const priced = priceCall(book, record, policy);
  const cost = settle(priced, record, policy);
  if (cost.status === "unpriced") return { cost, usd: undefined, lines: [], multipliers: [] };
  if (cost.status === "provider_reported") {
    const usd = formatFraction(parseDecimal(record.reportedUsd ?? "") ?? zero);
    return {
      cost,
      usd,
      lines: [{ bucket: "provider_reported", quantity: "1", usdPerUnit: usd, usd }],
      multipliers: [],
    };
  }
  const bill = priced.bill;
  if (!bill) return { cost, usd: "0", lines: [], multipliers: [] };
  return {
    cost,
    usd: formatFraction(exactUsd(bill)),
    lines: bill.lines.map((line) => ({
      bucket: line.word,
      quantity: formatFraction(quantityOf(line)),
      usdPerUnit: formatFraction(line.rate.usd),
      usd: formatFraction(multiply(quantityOf(line), line.rate.usd)),
    })),
    multipliers: bill.factors.map(({ reason, factor }) => ({ reason, factor: formatFraction(factor) })),
  };
}

/** The table's answer, before the policy has its say. */
interface Answer {
  readonly cost: Cost;
  readonly bill: Bill | undefined;
  /** Nobody was paid, whatever the emitter says. */
  readonly isSettled: boolean;
}

function priceCall(book: PriceBook, record: UsageRecord, policy: CostPolicy): Answer {
  const found = findRow(book, record);
  if (record.gatewayCacheHit) return nothingPaid(found, "gateway_cache_hit");
  const { subscriptions } = policy;
  if (subscriptions.length > 0 && isSubscribed(subscriptions, record)) return nothingPaid(found, "subscription");
  if (!found) return unpriced("unknown_model");
  const { row, match } = found;
  if (row.refused) return unpriced(row.refused);
  const parts = splitUsage(record, row.usage);
  if (!parts) return unpriced("invalid_usage");
  const prices = pricesAt(row, record.atMs);
  if (!prices) return unpriced("not_in_force");
  const flags: string[] = [];
  if (match === "region_stripped" || match === "provider_fallback") flags.push(match);
  const { cell, factors } = choose(prices, row, { record, parts, policy, flags });
  const lines = billLines(cell, parts, record, flags);
  if (typeof lines === "string") return unpriced(lines, flags);
  const bill: Bill = { cell, lines, factors };
  const { nanoUsd, outputNanoUsd } = sumOf(bill);
  const status = statusOf(cell, flags);
  for (const flag of row.flags) flags.push(flag);
  const { id: model, layer, version } = row;
  return { cost: { status, nanoUsd, outputNanoUsd, model, match, layer, version, flags }, bill, isSettled: false };
}

function unpriced(reason: UnpricedReason, flags: readonly string[] = []): Answer {
  return { cost: { status: "unpriced", reason, flags }, bill: undefined, isSettled: false };
}

function nothingPaid(found: Found | undefined, flag: CostFlag): Answer {
  const cost: Cost = {
    status: "free",
    nanoUsd: 0n,
    model: found?.row.id ?? "",
    match: found?.match ?? "none",
    layer: found?.row.layer ?? "",
    version: found?.row.version ?? "",
    flags: [flag],
  };
  return { cost, bill: undefined, isSettled: true };
}

function statusOf(cell: Cell, flags: readonly string[]): "priced" | "priced_estimated" | "free" {
  if (cell.free) return "free";
  return flags.length === 0 ? "priced" : "priced_estimated";
}

/** What a user calls by another name comes first; then what answered, before what was asked for. */
function findRow(
  { resolver }: PriceBook,
  { provider, model, responseModel, providerModel }: UsageRecord,
): Found | undefined {
  return (
    resolver.findAlias(provider, model) ??
    (responseModel === undefined ? undefined : resolver.findAlias(provider, responseModel)) ??
    (providerModel === undefined ? undefined : resolver.find(provider, providerModel)) ??
    (responseModel === undefined ? undefined : resolver.find(provider, responseModel)) ??
    resolver.find(provider, model)
  );
}

function pricesAt(row: Row, atMs: number): Prices | undefined {
  for (const { fromMs, untilMs, prices, windows } of row.periods()) {
    if (atMs < fromMs || untilMs <= atMs) continue;
    if (windows.length === 0) return prices;
    const minute = Math.floor(atMs / 60_000) % 1440;
    // 1970-01-01 was a Thursday.
    const day = (Math.floor(atMs / 86_400_000) + 4) % 7;
    for (const { start, end, days, prices: inWindow } of windows) {
      if (days.length > 0 && !days.includes(day)) continue;
      if (start < end ? start <= minute && minute < end : start <= minute || minute < end) return inWindow;
    }
    return prices;
  }
  return undefined;
}

interface Circumstances {
  readonly record: UsageRecord;
  readonly parts: Parts;
  readonly policy: CostPolicy;
  readonly flags: string[];
}

const noFactors: readonly Factor[] = [];

/** The cell of the request's context band and service tier, and the factors on it. */
function choose(prices: Prices, row: Row, { record, parts, policy, flags }: Circumstances) {
  let factors = noFactors;
  let { tiers } = prices;
  for (const { least, tiers: banded } of prices.bands) {
    if (parts.inputTotal < least) continue;
    tiers = banded;
    break;
  }
  const tier = tierOf(record, flags);
  let cell = tiers.get(tier);
  const speed = cell ? undefined : tier === "batch" ? row.batch : row.multipliers.speed.get(tier);
  if (speed) factors = [speed];
  else if (!cell) {
    push(flags, knownTiers.has(tier) ? "service_tier_price_missing" : "service_tier_unknown");
  }
  cell ??= tiers.get("default");
  const region = record.region === undefined ? undefined : row.multipliers.region.get(record.region.toLowerCase());
  if (region) factors = [...factors, region];
  for (const contract of policy.multipliers) {
    if (holdsFor(contract, { provider: row.provider, model: row.id, tier }, record)) factors = [...factors, contract];
  }
  return { cell: cell ?? emptyCell, factors };
}

const emptyCell: Cell = {
  rates: {},
  tokenRates: [],
  den: 1n,
  nanoNum: 1,
  nanoDen: 1,
  ttlMatters: false,
  tokensCost: false,
  measuresCost: false,
  free: false,
};

const knownTiers: ReadonlySet<string> = new Set(["batch", "flex", "priority", "fast"]);

/** Other words for the tiers, of OpenAI, Anthropic, Bedrock and Vertex. */
const tierWords: ReadonlyMap<string, string> = new Map([
  ["standard", "default"],
  ["standard_only", "default"],
  ["on_demand", "default"],
  ["on_demand_priority", "priority"],
  ["on_demand_flex", "flex"],
  ["batches", "batch"],
]);

/** The tier that served the call; the one that was asked for where nothing else is known. */
function tierOf({ serviceTier, requestedServiceTier }: UsageRecord, flags: string[]): string {
  const said = serviceTier ?? requestedServiceTier;
  if (said === undefined || said === "" || said === "default") return "default";
  const word = said.toLowerCase();
  if (word === "auto") {
    if (serviceTier !== undefined) push(flags, "service_tier_assumed");
    return "default";
  }
  const tier = tierWords.get(word) ?? word;
  if (serviceTier === undefined && tier !== "default") push(flags, "service_tier_assumed");
  return tier;
}

/** How far our figure and the emitter's may differ before it is said: a hundredth of ours. */
const differenceDivisor = 100n;

/** What the emitter says, where the policy wants it, and the bound on what is believed. */
function settle({ cost, isSettled }: Answer, record: UsageRecord, { reportedCost, maxCallNanoUsd }: CostPolicy): Cost {
  const reported = isSettled || reportedCost === "ignore" ? undefined : reportedNanoUsd(record);
  let settled = cost;
  if (reported !== undefined) {
    const wanted = reportedCost === "prefer" || cost.status === "unpriced";
    if (wanted && reportedCost !== "compare") settled = providerReported(reported, cost.flags);
    else if (reportedCost === "compare" && cost.status !== "unpriced" && differs(cost.nanoUsd, reported)) {
      settled = { ...cost, flags: [...cost.flags, "reported_cost_differs" satisfies CostFlag] };
    }
  }
  if (settled.status === "unpriced" || settled.nanoUsd <= maxCallNanoUsd) return settled;
  return { status: "unpriced", reason: "too_dear", flags: settled.flags };
}

/** 0 is what emitters write that know no price, so it says nothing. */
function reportedNanoUsd({ reportedUsd }: UsageRecord): bigint | undefined {
  if (reportedUsd === undefined) return undefined;
  const plain = plainNanoUsd(reportedUsd);
  if (plain !== undefined) return plain === 0 ? undefined : BigInt(plain);
  const usd = parseDecimal(reportedUsd);
  return usd && usd.num > 0n ? toNanoUsd(usd) : undefined;
}

function providerReported(nanoUsd: bigint, flags: readonly string[]): Cost {
  const match: Match = "none";
  return { status: "provider_reported", nanoUsd, model: "", match, layer: "", version: "", flags };
}

function differs(ours: bigint, theirs: bigint): boolean {
  const difference = ours < theirs ? theirs - ours : ours - theirs;
  return ours < difference * differenceDivisor;
}

function push(flags: string[], flag: CostFlag): void {
  if (!flags.includes(flag)) flags.push(flag);
}
