import type { Usage } from "../../src/genai/usage.ts";
import { parseFraction } from "../../src/pricing/money.ts";
import type { Explanation } from "../../src/pricing/price-call.ts";

/** One usage of one model, by us and by them. */
export interface Compared {
  readonly provider: string;
  readonly model: string;
  readonly usageName: string;
  readonly usage: Usage;
  readonly atMs: number;
  readonly ours: Explanation;
  /** What we would say without the price files of our own, where they are in question. */
  readonly withoutOwnFiles?: Explanation;
  /** The row of the file, where it is LiteLLM's. */
  readonly row?: Readonly<Record<string, unknown>>;
  /** Another row of the file has the same name at the same provider. */
  readonly hasRival?: boolean;
  readonly theirs:
    | { readonly kind: "usd"; readonly usd: number; readonly row: string }
    | { readonly kind: "none" }
    | { readonly kind: "error"; readonly text: string };
}

/** Whether both say the same: they calculate in doubles, so a billionth part is the same. */
export function agree({ ours: { cost, usd }, theirs }: Compared): boolean {
  if (cost.status === "unpriced") return theirs.kind !== "usd";
  if (theirs.kind !== "usd") return false;
  const exact = parseFraction(usd ?? "0");
  const amount = exact ? Number(exact.num) / Number(exact.den) : Number.NaN;
  return Math.abs(amount - theirs.usd) <= 1e-9 * Math.max(amount, theirs.usd);
}
