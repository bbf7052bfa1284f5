import type { Call } from "../genai/call.ts";
import type { UsageRecord } from "../genai/usage.ts";

/** A call as the price table asks for it. The price must hold when the call ended, or now where the span has no time. */
export function recordOf(call: Call, nowMs: number): UsageRecord {
  return {
    provider: call.provider ?? "",
    model: call.requestModel ?? call.responseModel ?? call.providerModel ?? "",
    responseModel: call.responseModel,
    providerModel: call.providerModel,
    operation: call.operation,
    atMs: 0 < call.endMs ? call.endMs : nowMs,
    usage: call.usage ?? noUsage,
    // The dialects have made it so, whatever the emitter's own way is.
    usageConvention: "inclusive",
    serviceTier: call.serviceTier,
    region: call.region,
    service: call.service,
    dialect: call.dialect,
    tenant: call.subject.tenant,
    gatewayCacheHit: call.gatewayCacheHit,
    reportedUsd: call.reportedUsd,
  };
}

const noUsage = {};
