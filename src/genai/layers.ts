// Who speaks of a call, and who is believed. A proxy knows tenant and real model, an app what it got, a model server
// only what it computed; so the bill goes to the highest layer, and within a layer to the span that knows most.
import type { Layer, Telling } from "./call.ts";

/** What the configuration says of a service: its layer, or that its spans are never billed. */
export type ServiceLayer = Layer | "ignore";

export const serviceLayers = ["proxy", "app", "model_server", "ignore"] as const satisfies readonly ServiceLayer[];

const heights: Readonly<Record<Layer, number>> = { proxy: 3, app: 2, model_server: 1 };

export function isHigher(layer: Layer, than: Layer): boolean {
  return heights[than] < heights[layer];
}

/**
 * Bits of what a span may know about its call, the weightiest first; all of them weigh less than a layer. A copy of a
 * call ranks below every span of its layer that is more than that.
 */
const knows = { layer: 64, call: 32, tenant: 16, model: 8, cache: 4, cacheTtl: 2, reasoning: 1 } as const;

/**
 * How much a span may say about its call: layer first, then what it knows (tenant, a model to price, cache counts, their
 * time to live, reasoning). Two spans of one call with the same rank are told apart by their fingerprints.
 */
export function rankOf(telling: Telling, layer: Layer, tenantIsKnown: boolean): number {
  const { usage } = telling;
  const model = telling.providerModel ?? telling.responseModel ?? telling.requestModel;
  let rank = heights[layer] * knows.layer;
  if (telling.shape !== "copy") rank += knows.call;
  if (tenantIsKnown) rank += knows.tenant;
  if (model !== undefined) rank += knows.model;
  if (usage?.cache_read !== undefined || usage?.cache_write !== undefined) rank += knows.cache;
  if (usage?.cache_write_5m !== undefined || usage?.cache_write_1h !== undefined) rank += knows.cacheTtl;
  if (usage?.reasoning !== undefined) rank += knows.reasoning;
  return rank;
}
