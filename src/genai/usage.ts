// How much of what a call used, in the buckets that are priced.
// `input` counts all input and `output` all output; every other token bucket is a part of one of them.

/** Every bucket of a usage record, in the order in which they are shown. */
export const buckets = [
  "input",
  "cache_read",
  "cache_write",
  "cache_write_5m",
  "cache_write_1h",
  "audio_in",
  "cache_read_audio",
  "image_in",
  "output",
  "reasoning",
  "audio_out",
  "image_out",
  "citation",
  "web_searches",
  "audio_seconds",
  "video_seconds",
  "characters",
  "images",
  "pixels",
  "pages",
  "search_units",
  "requests",
  "duration_ms",
  "gpus",
  "concurrency",
] as const;
export type Bucket = (typeof buckets)[number];

/** Quantities by bucket; absent is unknown, 0 is none. Tokens are safe integers; seconds may have a fraction. */
export type Usage = { readonly [B in Bucket]?: number };

/** A call's usage with what else decides its price. Shape of one line of `spantoll price`. */
export interface UsageRecord {
  /** A `gen_ai.provider.name` value, or any spelling of it. */
  readonly provider: string;
  /** The model that was asked for. */
  readonly model: string;
  /** The model that answered: priced first. */
  readonly responseModel?: string | undefined;
  /** The model that a proxy says it used (`litellm.provider.model`): priced before both. */
  readonly providerModel?: string | undefined;
  readonly operation?: string | undefined;
  /** Milliseconds since 1970 at which the price must hold: the end of the call. */
  readonly atMs: number;
  readonly usage: Usage;
  readonly serviceTier?: string | undefined;
  readonly requestedServiceTier?: string | undefined;
  readonly region?: string | undefined;
  /** The service that sent the span and the dialect that it speaks, for subscriptions that pay it. */
  readonly service?: string | undefined;
  readonly dialect?: string | undefined;
  /** Whose call it is, for contracts that hold for one tenant. */
  readonly tenant?: string | undefined;
  readonly searchContextSize?: string | undefined;
  readonly gatewayCacheHit?: boolean | undefined;
  readonly usageConvention?: "inclusive" | "exclusive" | undefined;
  readonly usageSemantics?: string | undefined;
  /** Decimal USD as text, as the emitter said it. */
  readonly reportedUsd?: string | undefined;
}
