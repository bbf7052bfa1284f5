// Factors that a contract puts on calls: a discount, a surcharge. They hold for calls of one provider, account,
// deployment, model, service tier or tenant, for as long as the contract runs.
import type { UsageRecord } from "../genai/usage.ts";
import type { Factor } from "./sum.ts";

/** What a call must be for the factor to hold; undefined is anything. */
export interface ContractMatch {
  /** Provider of the row that prices the call. */
  readonly provider?: string | undefined;
  /** Twelve digits: the account of an ARN that the call names. */
  readonly account?: string | undefined;
  /** The name that was asked for: an Azure deployment, a proxy's alias. */
  readonly deployment?: string | undefined;
  /** Key of the row that prices the call. */
  readonly model?: string | undefined;
  readonly serviceTier?: string | undefined;
  readonly tenant?: string | undefined;
}

export interface ContractMultiplier extends Factor {
  readonly match: ContractMatch;
  /** Milliseconds since 1970; the end is exclusive. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What the row says of a call. */
export interface Billed {
  readonly provider: string;
  readonly model: string;
  readonly tier: string;
}

/** Whether a contract holds for a call, by what is known of it: an unknown account is none. */
export function holdsFor(
  { match, fromMs, untilMs }: ContractMultiplier,
  { provider, model, tier }: Billed,
  record: UsageRecord,
): boolean {
  return (
    fromMs <= record.atMs &&
    record.atMs < untilMs &&
    (match.provider ?? provider) === provider &&
    (match.model ?? model) === model &&
    (match.serviceTier ?? tier) === tier &&
    (match.tenant === undefined || match.tenant === record.tenant) &&
    (match.deployment === undefined || match.deployment === record.model) &&
    (match.account === undefined || names(record).some((name) => accountOf(name) === match.account))
  );
}

function names({ model, responseModel, providerModel }: UsageRecord): readonly (string | undefined)[] {
  return [model, responseModel, providerModel];
}

/** `arn:aws:bedrock:eu-west-1:123456789012:inference-profile/…` */
function accountOf(name: string | undefined): string | undefined {
  return name?.startsWith("arn:") ? name.split(":", 5)[4] : undefined;
}
