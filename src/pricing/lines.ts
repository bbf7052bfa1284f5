// What of a call is billed at which rate: the lines of its bill, before they are added up.
import type { Usage, UsageRecord } from "../genai/usage.ts";
import type { Cell, Rate } from "./compile.ts";
import type { CostFlag, UnpricedReason } from "./cost.ts";
import { type Fraction, fraction, multiply, parseDecimal } from "./money.ts";
import { outputPart, type Parts, reasoningPart, tokenParts, writePart } from "./parts.ts";
import { measures, type PriceWord } from "./price-file.ts";

export interface Line {
  readonly word: PriceWord;
  readonly quantity: number;
  /** Set where the quantity is no whole number. */
  readonly exact: Fraction | undefined;
  readonly rate: Rate;
  /** Fees per use stay outside multipliers. */
  readonly fee: boolean;
  /** Whether these are tokens of the output. */
  readonly isOutput: boolean;
}

/** The lines of a call, or why there are none. Adds to `flags` what should be known about them. */
export function billLines(cell: Cell, parts: Parts, record: UsageRecord, flags: string[]): Line[] | UnpricedReason {
  const { usage } = record;
  const lines: Line[] = [];
  // Tokens win over other measures of the same work where both have a price (image and speech models).
  const measured = cell.tokensCost && hasTokens(usage) ? undefined : measuredLine(cell, usage);
  if (measured) lines.push(measured);
  // Tokens of 0 beside a price for something that the usage does not tell: nobody knows what the call cost.
  else if (!cell.tokensCost && cell.measuresCost) return "missing_usage";
  else {
    const reason = addTokens(cell, parts, usage, { lines, flags });
    if (reason) return reason;
  }
  addFees(cell, record, lines, flags);
  if (lines.length > 0) return lines;
  if (hasTokens(usage) && (cell.rates.input || cell.rates.output)) return lines;
  return hasPrices(cell) ? "missing_usage" : "missing_price";
}

function hasPrices({ rates }: Cell): boolean {
  for (const _ in rates) return true;
  return false;
}

function hasTokens(usage: Usage): boolean {
  return usage.input !== undefined || usage.output !== undefined || usage.cache_read !== undefined;
}

function measuredLine({ rates }: Cell, usage: Usage): Line | undefined {
  for (const word of measures) {
    if (word === "gpu_seconds") continue;
    const quantity = usage[word];
    const rate = rates[word];
    if (quantity !== undefined && rate !== undefined) {
      return makeLine(word, 0 < quantity ? Math.max(quantity, rate.minimum) : quantity, rate, "input");
    }
  }
  const { duration_ms: durationMs, gpus = 1, concurrency = 1 } = usage;
  if (durationMs === undefined || rates.gpu_seconds === undefined || concurrency === 0) return undefined;
  const exact = multiply(
    multiply(exactly(durationMs), exactly(gpus)),
    inverse(multiply(exactly(concurrency), thousand)),
  );
  return { word: "gpu_seconds", quantity: Number.NaN, exact, rate: rates.gpu_seconds, fee: false, isOutput: false };
}

const thousand: Fraction = { num: 1000n, den: 1n };

function inverse({ num, den }: Fraction): Fraction {
  return fraction(den, num);
}

interface Bill {
  readonly lines: Line[];
  readonly flags: string[];
}

function addTokens(cell: Cell, parts: Parts, usage: Usage, { lines, flags }: Bill): UnpricedReason | undefined {
  const { rates } = cell;
  if (!hasTokens(usage) || !(rates.input || rates.output)) return undefined;
  if (parts.inferredExclusive) flag(flags, "usage_convention_inferred_exclusive");
  if (parts.exceedsTotal) flag(flags, "usage_parts_exceed_total");
  if (0 < (parts.quantities[writePart] ?? 0) && cell.ttlMatters) flag(flags, "cache_ttl_assumed");
  if (usage.input === undefined && rates.input && 0n < rates.input.scaled) flag(flags, "input_usage_missing");
  if (usage.output === undefined && rates.output && 0n < rates.output.scaled) flag(flags, "output_usage_missing");
  for (let part = 0; part < tokenParts.length; part++) {
    let quantity = parts.quantities[part] ?? 0;
    const rate = cell.tokenRates[part];
    // Reasoning is output, unless it has a price of its own.
    if (part === outputPart && !cell.tokenRates[reasoningPart]) quantity += parts.quantities[reasoningPart] ?? 0;
    if (quantity === 0 || (part === reasoningPart && !rate)) continue;
    if (!rate) return "missing_price";
    if (rate.flag !== undefined && !flags.includes(rate.flag)) flags.push(rate.flag);
    lines.push(makeLine(tokenParts[part] ?? "input", quantity, rate, outputPart <= part ? "output" : "input"));
  }
  return undefined;
}

function addFees({ rates }: Cell, { usage, searchContextSize }: UsageRecord, lines: Line[], flags: string[]): void {
  const searches = usage.web_searches ?? 0;
  if (0 < searches) {
    const bySize = searchContextSize === "low" ? rates.web_searches_low : rates.web_searches_high;
    const rate = searchContextSize === "low" || searchContextSize === "high" ? bySize : rates.web_searches;
    if (rate) lines.push(makeLine("web_searches", searches, rate, "fee"));
    else flag(flags, "web_searches_price_missing");
  }
  // A call is one request, whether its span says so or not.
  if (rates.requests) lines.push(makeLine("requests", usage.requests ?? 1, rates.requests, "fee"));
}

function makeLine(word: PriceWord, quantity: number, rate: Rate, kind: "input" | "output" | "fee"): Line {
  const exact = Number.isSafeInteger(quantity) ? undefined : exactly(quantity);
  return { word, quantity, exact, rate, fee: kind === "fee", isOutput: kind === "output" };
}

/** The decimal that a double was written as: quantities are text with a few decimals, as in 61.5 seconds. */
function exactly(quantity: number): Fraction {
  return parseDecimal(String(quantity)) ?? { num: BigInt(Math.ceil(quantity)), den: 1n };
}

function flag(flags: string[], word: CostFlag): void {
  if (!flags.includes(word)) flags.push(word);
}

/** A line's quantity as an exact number. */
export function quantityOf(line: Line): Fraction {
  return line.exact ?? { num: BigInt(line.quantity), den: 1n };
}
