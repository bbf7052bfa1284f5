// Calls that a subscription pays: a seat of a coding agent, a plan of a chat. Their tokens are counted and cost nothing.
import type { UsageRecord } from "../genai/usage.ts";
import { canonicalProvider } from "./provider-names.ts";

/** What a call must be for a subscription to pay it; undefined is anything. */
export interface Subscription {
  /** Service that sent the span. */
  readonly service: string | undefined;
  /** Id of the dialect that the span speaks. */
  readonly dialect: string | undefined;
  readonly provider: string | undefined;
}

export function isSubscribed(subscriptions: readonly Subscription[], record: UsageRecord): boolean {
  for (const { service, dialect, provider } of subscriptions) {
    if (service !== undefined && service !== record.service) continue;
    if (dialect !== undefined && dialect !== record.dialect) continue;
    if (provider === undefined || provider === canonicalProvider(record.provider)) return true;
  }
  return false;
}
