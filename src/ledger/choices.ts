// What a span pays, whole or in part. A span is charged under its own fingerprint, the output of a choice under another
// one of the same span: either is marked, and taken back, by itself.
import { outputFingerprint } from "./identity.ts";
import type { Posting, Verdict } from "./ledger.ts";

/** How another span of the same id stands to one that was claimed: the same call, or another choice of it. */
export type Related = "same" | "choices";

/** Another span that is outranked. */
export interface Outranked {
  readonly relation: Related;
  readonly posting: Posting;
}

/** What a choice pays whose input another one pays. */
export function outputOf(posting: Posting): Posting {
  const { span, amounts, outputNanoUsd } = posting;
  return {
    ...posting,
    span: outputFingerprint(span),
    amounts: { nanoUsd: outputNanoUsd, inputTokens: 0, outputTokens: amounts.outputTokens, requests: 0, unpriced: 0 },
  };
}

/** The verdict on a span, of those it stands above, and `kind`: what those above it leave to it. */
export function verdictOf(
  kind: "owner" | "choice" | "shadow",
  posting: Posting,
  below: readonly Outranked[],
): Exclude<Verdict, { readonly kind: "settled" | "forgotten" }> {
  // Nearly every call is claimed once.
  if (kind === "owner" && below.length === 0) return { kind, posting, cancels: none, charges: none };
  const cancels: Posting[] = [];
  const charges: Posting[] = [];
  // A shadow takes back its own, too: that heals a claim that was lost after it had been granted.
  if (kind !== "owner") cancels.push(posting);
  if (kind === "shadow") cancels.push(outputOf(posting));
  for (const { relation, posting: other } of below) {
    cancels.push(other);
    (relation === "same" ? cancels : charges).push(outputOf(other));
  }
  return { kind, posting, cancels, charges };
}

const none: readonly Posting[] = [];
