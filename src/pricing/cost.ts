// What a call costs, and the words in which that is said.
import { Note } from "../core/note.ts";

/** Why a call has no price. Closed list; the README of `gen_ai_cost` says what each means. */
export const unpricedReasons = [
  "unknown_model",
  "missing_usage",
  "missing_price",
  "not_in_force",
  "unverified_free",
  "quarantined_price",
  "invalid_usage",
  "too_dear",
] as const;
export type UnpricedReason = (typeof unpricedReasons)[number];

/** What should be known about a price or an amount. Closed list; the README of `gen_ai_cost` says what each means. */
export const costFlags = [
  // The price is a sibling's, which is no lower.
  "cache_read_price_missing",
  "cache_write_price_missing",
  "cache_write_1h_price_missing",
  "audio_in_price_missing",
  "cache_read_audio_price_missing",
  "image_in_price_missing",
  "audio_out_price_missing",
  "image_out_price_missing",
  "citation_price_missing",
  "reasoning_price_missing",
  // A fee that has no price: the amount is too low by it.
  "web_searches_price_missing",
  // The usage does not say everything, or contradicts itself.
  "cache_ttl_assumed",
  "usage_convention_inferred_exclusive",
  "usage_parts_exceed_total",
  "input_usage_missing",
  "output_usage_missing",
  // The tier that the call was served in.
  "service_tier_assumed",
  "service_tier_unknown",
  "service_tier_price_missing",
  // The row.
  "region_stripped",
  "provider_fallback",
  "table_price_rounded",
  // Not from the price table.
  "gateway_cache_hit",
  "subscription",
  "reported_cost_differs",
] as const;
export type CostFlag = (typeof costFlags)[number];

/** How the row that prices a call was found. Closed list. */
export const matches = [
  "alias",
  "exact",
  "case_folded",
  "provider_stripped",
  "provider_from_prefix",
  "fine_tune_base",
  "arn_parsed",
  "path_parsed",
  "regex",
  "date_stripped",
  "region_stripped",
  "provider_fallback",
  "none",
] as const;
export type Match = (typeof matches)[number];

/** A call that has a price. */
export interface PricedCost {
  readonly status: "priced" | "priced_estimated" | "free" | "provider_reported";
  /** Billionths of a US dollar, rounded once, half to even. */
  readonly nanoUsd: bigint;
  /**
   * What the output alone costs, rounded like `nanoUsd`: of several choices of one call, one pays the input. Undefined
   * where it is not known apart, as where the provider's own figure was taken.
   */
  readonly outputNanoUsd?: bigint;
  /** Key of the row that priced it; empty when the provider's own figure was taken. */
  readonly model: string;
  readonly match: Match;
  /** The layer that the row is from: `bundled`, a path, `inline`. */
  readonly layer: string;
  /** Version of that layer. */
  readonly version: string;
  readonly flags: readonly string[];
}

export interface UnpricedCost {
  readonly status: "unpriced";
  readonly reason: UnpricedReason;
  readonly flags: readonly string[];
}

export type Cost = PricedCost | UnpricedCost;

/** Left by `gen_ai_cost`: parallel to the `calls` note, undefined where the call is not billed. */
export const costs = new Note<readonly (Cost | undefined)[]>("costs");

/** Left by `gen_ai_cost`: parallel to the `revisions` note. */
export const revisedCosts = new Note<readonly (Cost | undefined)[]>("revised costs");
