// Why two calculators say different things about the same usage. A difference that no class explains fails the run.
import type { Compared } from "./compared.ts";

export interface DifferenceClass {
  readonly id: string;
  /** Whose figure is not what the provider bills, as far as the tables tell. */
  readonly side: "theirs" | "ours" | "both";
  /** One sentence, as in docs/prices.md. */
  readonly text: string;
  explains(compared: Compared): boolean;
}

export const genaiPricesClasses: readonly DifferenceClass[] = [
  {
    id: "own_files",
    side: "theirs",
    text: "The files of our own under `pricing/` have what the package lacks: an hour of cache, audio, searches. Without them both say the same, or differ as below.",
    explains: ({ ours, withoutOwnFiles }) =>
      withoutOwnFiles !== undefined &&
      (ours.usd !== withoutOwnFiles.usd || ours.cost.status !== withoutOwnFiles.cost.status),
  },
  {
    id: "row_without_price",
    side: "theirs",
    text: "The row has no price at all there, and the answer is 0; here it is no row, and the call is unpriced as `unknown_model`.",
    explains: ({ ours: { cost }, theirs }) =>
      cost.status === "unpriced" && cost.reason === "unknown_model" && theirs.kind === "usd" && theirs.usd === 0,
  },
  {
    id: "used_without_price",
    side: "theirs",
    text: "The row has a price for input alone, as of embeddings, and the usage has output: there it costs 0, here the call is unpriced as `missing_price`.",
    explains: ({ ours: { cost }, theirs }) =>
      cost.status === "unpriced" && cost.reason === "missing_price" && theirs.kind === "usd",
  },
  {
    id: "billed_otherwise",
    side: "theirs",
    text: "The row bills seconds, pages or requests, and the usage has tokens alone: there it costs 0, here the call is unpriced as `missing_usage`.",
    explains: ({ ours: { cost }, theirs }) =>
      cost.status === "unpriced" && cost.reason === "missing_usage" && theirs.kind === "usd" && theirs.usd === 0,
  },
  {
    id: "cache_write_bound",
    side: "ours",
    text: "A row of Anthropic's has no price for cache writes: there they cost as much as input, here 5/4 of it and 2 times as much for an hour, as its other models do, marked `priced_estimated`.",
    explains: ({ provider, usageName, ours: { cost } }) =>
      provider === "anthropic" &&
      usageName.startsWith("written") &&
      cost.flags.some((flag) => /^cache_write/.test(flag)),
  },
  {
    id: "id_not_matched",
    side: "theirs",
    text: "The row's own rules do not match its id there (`magistral-small`), and the answer is none; here the id is one of its names.",
    explains: ({ ours: { cost }, theirs }) =>
      cost.status !== "unpriced" && cost.match === "exact" && theirs.kind === "none",
  },
];

export const litellmClasses: readonly DifferenceClass[] = [
  {
    id: "measured_instead",
    side: "theirs",
    text: "The row's tokens cost 0 because it bills pictures, seconds or search units, and the usage has tokens alone: there the call costs 0, here it is unpriced as `missing_usage`.",
    explains: ({ ours: { cost }, theirs }) =>
      cost.status === "unpriced" && cost.reason === "missing_usage" && theirs.kind === "usd" && theirs.usd === 0,
  },
  {
    id: "another_size",
    side: "theirs",
    text: "A call for pictures names no size: there a row of 1024 x 1024 whose name ends the same has precedence over the row that was asked for, here it has none.",
    explains: ({ usageName, model, ours: { cost } }) =>
      usageName === "images" && cost.status === "priced" && model.includes("dall-e"),
  },
  {
    id: "pictures_that_come_in",
    side: "theirs",
    text: "The row has a price for pictures that come in and one for those that come out: there the first is taken for the pictures that were made, here the second.",
    explains: ({ usageName, row }) =>
      usageName === "images" &&
      row?.["input_cost_per_image"] !== undefined &&
      row["output_cost_per_image"] !== undefined,
  },
  {
    id: "cache_write_1h_bound",
    side: "both",
    text: "The row has no price for an hour of cache: there it costs what five minutes do, here 8/5 of it at Anthropic, as its other models do, marked `cache_write_1h_price_missing`.",
    explains: ({ ours: { cost } }) => cost.flags.includes("cache_write_1h_price_missing"),
  },
  {
    id: "ranked_tokens",
    side: "theirs",
    text: "A reranker that bills tokens: there the price of input is not read, and the call costs 0.",
    explains: ({ usageName, theirs }) => usageName === "ranked tokens" && theirs.kind === "usd" && theirs.usd === 0,
  },
  {
    id: "unverified_free",
    side: "theirs",
    text: "The row says 0 for everything: there the call is free, here it is unpriced as `unverified_free` until somebody says that it is.",
    explains: ({ ours: { cost } }) => cost.status === "unpriced" && cost.reason === "unverified_free",
  },
  {
    id: "quarantined_price",
    side: "theirs",
    text: "The row's price is a million times too high or contradicts itself: there it is billed, here the call is unpriced as `quarantined_price`.",
    explains: ({ ours: { cost } }) => cost.status === "unpriced" && cost.reason === "quarantined_price",
  },
  {
    id: "price_of_none",
    side: "theirs",
    text: "The row's price is -1, which means none: there it becomes 0, here it is no row.",
    explains: ({ ours: { cost }, theirs }) =>
      cost.status === "unpriced" && cost.reason === "unknown_model" && theirs.kind === "usd" && theirs.usd <= 0,
  },
  {
    id: "used_without_price",
    side: "both",
    text: "The row, or its band for long requests, has no price for output: there it costs 0 or the price of short requests, here the call is unpriced as `missing_price`.",
    explains: ({ ours: { cost } }) => cost.status === "unpriced" && cost.reason === "missing_price",
  },
  {
    id: "two_rows_of_one_name",
    side: "both",
    text: "Two keys of the file are the same name at the same provider, with and without a prefix: here the later row has it, there the lookup order of the prefixes decides.",
    explains: ({ model, ours: { cost }, hasRival }) =>
      cost.status !== "unpriced" && (cost.model !== model || hasRival === true) && hasRival !== undefined,
  },
  {
    id: "old_cache_spelling",
    side: "theirs",
    text: "The row writes the price of cached tokens as `input_cost_per_token_cache_hit`: here it is read, there they cost as much as input.",
    explains: ({ row, usage }) =>
      row?.["input_cost_per_token_cache_hit"] !== undefined && usage.cache_read !== undefined,
  },
  {
    id: "searches_as_told",
    side: "both",
    text: "A search provider whose answer tells what it billed (parallel.ai): there one request is taken where the answer is missing, here as many as the record tells.",
    explains: ({ usageName, provider }) => usageName === "requests" && provider === "parallel_ai",
  },
  {
    id: "request_fee",
    side: "theirs",
    text: "The row has a fee per request: here it is billed, there it is not.",
    explains: ({ ours: { lines } }) => lines.some(({ bucket }) => bucket === "requests"),
  },
  {
    id: "cache_read_bound",
    side: "theirs",
    text: "The row has no price for cached tokens: there they cost 0, here as much as input, marked `cache_read_price_missing`.",
    explains: ({ ours: { cost } }) => cost.flags.includes("cache_read_price_missing"),
  },
  {
    id: "audio_in_tier",
    side: "both",
    text: "Audio in a tier: there it costs what it costs by default, here the tier's price of audio or, where it has none, the tier's price of text, marked `audio_in_price_missing`.",
    explains: ({ usageName }) => usageName.startsWith("audio, "),
  },
];
