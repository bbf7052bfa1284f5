// Usage records as JSON, one a line: what the `price` command reads.
import { z } from "zod";
import { type Bucket, buckets, type UsageRecord } from "../genai/usage.ts";

const quantity = z.number().min(0).max(Number.MAX_SAFE_INTEGER);

/** Records come out of other programs' logs: what else stands on a line is theirs. A bucket must be one of ours. */
const record = z.object({
  provider: z.string(),
  model: z.string(),
  response_model: z.string().optional(),
  provider_model: z.string().optional(),
  operation: z.string().optional(),
  at: z.iso.datetime({ offset: true }).optional(),
  usage: z.partialRecord(z.enum(buckets), quantity),
  service_tier: z.string().optional(),
  requested_service_tier: z.string().optional(),
  region: z.string().optional(),
  service: z.string().optional(),
  dialect: z.string().optional(),
  tenant: z.string().optional(),
  search_context_size: z.string().optional(),
  gateway_cache_hit: z.boolean().optional(),
  usage_convention: z.enum(["inclusive", "exclusive"]).optional(),
  usage_semantics: z.string().optional(),
  reported_cost: z.string().optional(),
});

export type RecordReading =
  | { readonly ok: true; readonly record: UsageRecord }
  | { readonly ok: false; readonly error: string };

/** Reads one line; `nowMs` is the time of records that name none. */
export function readUsageRecord(line: string, nowMs: number): RecordReading {
  let given: unknown;
  try {
    given = JSON.parse(line);
  } catch (cause) {
    return { ok: false, error: `is no JSON: ${cause instanceof Error ? cause.message : String(cause)}` };
  }
  const read = record.safeParse(given);
  if (!read.success) {
    const [issue] = read.error.issues;
    return { ok: false, error: `${issue?.path.join(".") || "record"}: ${issue?.message}` };
  }
  const { data } = read;
  const usage: { readonly [B in Bucket]?: number } = data.usage;
  return {
    ok: true,
    record: {
      provider: data.provider,
      model: data.model,
      responseModel: data.response_model,
      providerModel: data.provider_model,
      operation: data.operation,
      atMs: data.at === undefined ? nowMs : Date.parse(data.at),
      usage,
      serviceTier: data.service_tier,
      requestedServiceTier: data.requested_service_tier,
      region: data.region,
      service: data.service,
      dialect: data.dialect,
      tenant: data.tenant,
      searchContextSize: data.search_context_size,
      gatewayCacheHit: data.gateway_cache_hit,
      usageConvention: data.usage_convention,
      usageSemantics: data.usage_semantics,
      reportedUsd: data.reported_cost,
    },
  };
}
