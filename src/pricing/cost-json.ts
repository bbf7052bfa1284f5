// A cost as JSON, as the `price` and `explain` commands print it: amounts as text, because doubles end at 2^53.
import type { Explanation } from "./price-call.ts";

export interface CostJson {
  readonly status: string;
  readonly nano_usd?: string;
  readonly usd?: string;
  readonly reason?: string;
  readonly model?: string;
  readonly match?: string;
  readonly layer?: string;
  readonly version?: string;
  readonly lines?: readonly {
    readonly bucket: string;
    readonly quantity: string;
    readonly usd_per_unit: string;
    readonly usd: string;
  }[];
  readonly multipliers?: Explanation["multipliers"];
  readonly flags?: readonly string[];
}

export function costJson({ cost, usd, lines, multipliers }: Explanation): CostJson {
  const flags = cost.flags.length > 0 ? { flags: cost.flags } : {};
  if (cost.status === "unpriced") return { status: cost.status, reason: cost.reason, ...flags };
  const { status, nanoUsd, model, match, layer, version } = cost;
  return {
    status,
    nano_usd: String(nanoUsd),
    usd: usd ?? "0",
    ...(status === "provider_reported" ? {} : { model, match, layer, version }),
    lines: lines.map(({ usdPerUnit, ...line }) => ({
      bucket: line.bucket,
      quantity: line.quantity,
      usd_per_unit: usdPerUnit,
      usd: line.usd,
    })),
    ...(multipliers.length > 0 && { multipliers }),
    flags: cost.flags,
  };
}
