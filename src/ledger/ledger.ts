// The ledger as everybody else sees it: five primitives over money, and a directory of tenants.
// Each primitive is atomic per group (an identity shard for claims, a tenant for the rest) and idempotent, so that a
// crash, a lost reply or a resend anywhere is healed by doing the same again. Callers compute windows, amounts and
// expiry; a store only marks, adds and compares. Batches may mix groups: a store splits them and keeps the order.
//
// The order of one call is claim, cancels of those it stands above, charge. The end state is then a function of the set
// of spans: a span is charged unless a span of the same call outranks it; of several choices of a call one is charged
// the input, and each its output.
import type { Evidence } from "../genai/same-call.ts";

export interface Ledger {
  /** Says of each span whether it is the one of its call that pays. Verdicts stand at the positions of the claims. */
  claim(claims: readonly Claim[], terms: Terms): Promise<readonly Verdict[]>;
  /** Takes back what was charged for a span; one that was not charged never will be. */
  cancel(postings: readonly Posting[], terms: Terms): Promise<readonly Cancelled[]>;
  /** Adds the amounts of spans that are neither charged nor cancelled to all their counters at once. */
  charge(postings: readonly Posting[], terms: Terms): Promise<Charged>;
  /** Sets an amount aside on every level, or on none; an amount of 0 gives it back. */
  hold(request: HoldRequest): Promise<HoldReply>;
  /** What stands in counters of one tenant, zeros where nothing does. States stand at the positions of the keys. */
  read(tenant: string, counters: readonly string[], nowMs: number): Promise<Standing>;

  /** Enters tenants into the directory while there is room; answers those that are in it. Idle ones give way. */
  admit(tenants: readonly string[], room: Room): Promise<ReadonlySet<string>>;
  /** Tenants in the order of their ledger keys, from behind `after` on. */
  tenants(after: string | undefined, limit: number): Promise<TenantPage>;
}

/** What holds for a whole batch. */
export interface Terms {
  readonly nowMs: number;
  /** How long after its claim a span can still be outranked. */
  readonly identityWindowMs: number;
  /** How long after the end of a span it is still known that it was charged. Longer than spans are accepted. */
  readonly keepMs: number;
}

/** A span that says: this call is mine to pay. */
export interface Claim {
  /** Fingerprint of the call's id, or of the span when the call has none (`identity.ts`). */
  readonly id: bigint;
  /** Whole, 0 to 65,535. */
  readonly rank: number;
  readonly evidence: ClaimEvidence;
  readonly posting: Posting;
}

/** What a span is compared by with others under its id: names as 32-bit hashes (`identity.ts`), at most three models. */
export interface ClaimEvidence extends Evidence {
  readonly models: readonly number[];
  readonly emitter: number;
}

/** What is to be charged, or taken back, for one span. */
export interface Posting {
  readonly tenant: string;
  /** Fingerprint of trace id and span id. */
  readonly span: bigint;
  readonly endMs: number;
  readonly amounts: Amounts;
  /** What the span pays where another choice of its call pays the input: what its output alone costs. */
  readonly outputNanoUsd: bigint;
  /** Every window of every level that counts this span. */
  readonly counters: readonly CounterRef[];
  /** For metrics alone. */
  readonly provider: string;
  readonly model: string;
}

/** Never negative. `nanoUsd` fits 63 bits, the others are safe integers. */
export interface Amounts {
  readonly nanoUsd: bigint;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly requests: number;
  /** Calls without a price: 0 or 1 in a posting. */
  readonly unpriced: number;
}

export interface CounterRef {
  /** Unique within the tenant, printable ASCII, at most 200 characters. */
  readonly key: string;
  readonly expiresAtMs: number;
}

/**
 * What a span pays of its call. A span pays nothing where another span of the same call outranks it, and its output alone
 * where another choice of its call outranks it: properties of pairs, so no order of arrival can change them, and what a
 * span pays only ever becomes less.
 *
 * `owner`: charge `posting`, as it was claimed first. `choice`: another choice pays the input; charge what `outputOf` makes
 * of `posting`. `shadow`: charge nothing. In each case take back `cancels` first, among which is what this span must not
 * pay, and charge `charges`: what is left of other choices whose input this span pays now.
 * `settled`: the call was decided longer ago than the identity window: do nothing.
 * `forgotten`: the span ended so long ago that it is no longer known whether it was charged: do nothing.
 */
export type Verdict =
  | {
      readonly kind: "owner" | "choice" | "shadow";
      readonly posting: Posting;
      readonly cancels: readonly Posting[];
      readonly charges: readonly Posting[];
    }
  | { readonly kind: "settled" | "forgotten" };

/** `reversed`: its amounts went back out. `barred`: it was not charged, and never will be. `known`: it was cancelled before. */
export type Cancelled = "reversed" | "barred" | "known";

export interface Charged {
  /** `cancelled`: it was cancelled before it could be charged. `overflow`: a counter would pass 63 bits; nothing was added. */
  readonly results: readonly ("charged" | "replayed" | "cancelled" | "overflow")[];
  /** Per posting, the state of its counters after the whole batch. */
  readonly states: readonly (readonly CounterState[])[];
}

export interface CounterState extends Amounts {
  readonly heldNanoUsd: bigint;
}

export interface Standing {
  /** Whether the tenant is in the directory. */
  readonly known: boolean;
  readonly states: readonly CounterState[];
}

export interface HoldRequest {
  readonly tenant: string;
  /** Chosen by the caller, at most 200 bytes; the same id again changes nothing. */
  readonly id: string;
  readonly nanoUsd: bigint;
  readonly levels: readonly HoldLevel[];
  readonly nowMs: number;
  readonly untilMs: number;
}

export interface HoldLevel extends CounterRef {
  /** Spent and held together may not pass it. */
  readonly limitNanoUsd: bigint | undefined;
}

export interface HoldReply {
  readonly allowed: boolean;
  /** Position of the first level without room. */
  readonly binding: number | undefined;
  readonly states: readonly CounterState[];
}

export interface Room {
  /** How many tenants may be admitted beside those that always are. */
  readonly tenantsMax: number;
  /** Tenants that the configuration names. */
  readonly always: ReadonlySet<string>;
  readonly nowMs: number;
  /** After how long without being asked for a tenant gives up its place to another; infinite: never. */
  readonly idleMs: number;
}

export interface TenantPage {
  readonly tenants: readonly string[];
  /** What to pass as `after` for the next page. */
  readonly next: string | undefined;
}

export const zeroState: CounterState = {
  nanoUsd: 0n,
  inputTokens: 0,
  outputTokens: 0,
  requests: 0,
  unpriced: 0,
  heldNanoUsd: 0n,
};

/** The largest value of a counter: 9.2 thousand million USD. */
export const counterMax = 2n ** 63n - 1n;
