// The settings of `gen_ai_cost`, as a book of prices and a policy. The `price` command reads the same.
import { z } from "zod";
import type { Files } from "../core/component.ts";
import { dialects } from "../genai/dialects/dialects.ts";
import type { ContractMultiplier } from "./contracts.ts";
import { type BookReading, type LayerName, readBook } from "./layers.ts";
import { type Fraction, one, parseDecimal, parseFraction, toNanoUsd } from "./money.ts";
import type { CostPolicy } from "./price-call.ts";
import { priceFile } from "./price-file.ts";
import { canonicalProvider } from "./provider-names.ts";
import { makeFactor } from "./sum.ts";

const layer = z.union([
  z.literal("bundled"),
  z.strictObject({
    litellm: z.string().min(1).meta({ description: "Path of LiteLLM's model_prices_and_context_window.json." }),
    mode: z
      .enum(["override", "fill"])
      .default("override")
      .meta({ description: "fill adds only rows that are missing." }),
  }),
  z.strictObject({ file: z.string().min(1).meta({ description: "Path of a price file, YAML or JSON." }) }),
  z.strictObject({
    inline: priceFile.meta({ description: "Rows of a price file, written here.", describedIn: "docs/prices.md" }),
  }),
]);

const factor = z
  .union([z.string(), z.number()])
  .transform((given) => String(given))
  .refine((text) => (parseFraction(text)?.num ?? 0n) > 0n, {
    error: (issue) => `must be a fraction such as 95/100 or 0.95, not ${JSON.stringify(issue.input)}`,
  });
const day = z.iso.date();

const multiplier = z.strictObject({
  match: z
    .strictObject({
      provider: z.string().optional().meta({ description: "Provider of the row that prices the call." }),
      account: z.string().optional().meta({ description: "AWS account of an ARN that the call names." }),
      deployment: z
        .string()
        .optional()
        .meta({ description: "The name that was asked for, as of an Azure deployment." }),
      model: z.string().optional().meta({ description: "Key of the row that prices the call." }),
      service_tier: z.string().optional().meta({ description: "Tier that served the call." }),
      tenant: z.string().optional().meta({ description: "Tenant that the call belongs to." }),
    })
    .default({})
    .meta({ description: "Which calls it holds for; all of them when empty." }),
  factor: factor.meta({ description: "What part of the price is paid, exactly: 95/100 or 0.95." }),
  reason: z.string().default("contract").meta({ description: "The word that explanations show." }),
  from: day.optional().meta({ description: "First day on which it holds, UTC." }),
  until: day.optional().meta({ description: "First day on which it no longer holds, UTC." }),
});

const subscription = z
  .strictObject({
    service: z.string().min(1).optional().meta({ description: "Service that sends the spans." }),
    dialect: z
      .string()
      .refine((given) => dialects.some(({ id }) => id === given), {
        error: (issue) => `must be the id of a dialect, see docs/dialects.md, not ${JSON.stringify(issue.input)}`,
      })
      .optional()
      .meta({ description: "Dialect that the spans speak, as spantoll.call.dialect names it." }),
    provider: z.string().min(1).optional().meta({ description: "Provider that the subscription is with." }),
  })
  .refine((given) => Object.values(given).some((value) => value !== undefined), {
    error: "must name a service, a dialect or a provider: empty, it would hold for all calls",
  });

const usd = z
  .union([z.number(), z.string()])
  .transform((given) => String(given))
  .refine((text) => parseDecimal(text) !== undefined, {
    error: (issue) => `must be an amount in USD of at least 0, not ${JSON.stringify(issue.input)}`,
  });

export const pricingSettings = z.strictObject({
  prices: z
    .array(layer)
    .min(1)
    .default(["bundled"])
    .meta({ description: "Layers of the price table; later ones win row by row." }),
  aliases: z
    .record(z.string(), z.string())
    .default({})
    .meta({ description: "Names that stand for a model: my-gpt4o-prod: azure.ai.openai/gpt-4o." }),
  reported_cost: z
    .enum(["ignore", "prefer", "when_unpriced", "compare"])
    .default("when_unpriced")
    .meta({ description: "What becomes of the cost that the emitter says." }),
  multipliers: z
    .array(multiplier)
    .default([])
    .meta({ description: "Factors of contracts; all that match are multiplied, fees per use stay outside." }),
  subscriptions: z
    .array(subscription)
    .default([])
    .meta({ description: "Calls that a subscription pays: they cost 0, whatever the emitter says." }),
  max_call_cost_usd: usd
    .prefault(1000)
    .meta({ description: "A dearer single call is not believed: it stays unpriced as too_dear." }),
  write: z
    .array(z.string().min(1))
    .default(["gen_ai.usage.cost"])
    .meta({ description: "Attributes that carry the cost in USD beside spantoll.cost.usd." }),
});

export type PricingSettings = z.output<typeof pricingSettings>;

/** The layers that the settings name, in order. */
export function layersOf({ prices }: Pick<PricingSettings, "prices">): readonly LayerName[] {
  return prices.map((given): LayerName => {
    if (given === "bundled") return { kind: "bundled" };
    if ("litellm" in given) return { kind: "litellm", path: given.litellm, mode: given.mode };
    return "file" in given ? { kind: "file", path: given.file } : { kind: "inline", file: given.inline };
  });
}

/** Reads the price files that the settings name. */
export function readSettingsBook(settings: PricingSettings, files: Files): BookReading {
  return readBook(layersOf(settings), files, settings.aliases);
}

export function policyOf(settings: PricingSettings): CostPolicy {
  return {
    reportedCost: settings.reported_cost,
    maxCallNanoUsd: toNanoUsd(amount(settings.max_call_cost_usd)),
    multipliers: settings.multipliers.map(contractOf),
    subscriptions: settings.subscriptions.map(({ service, dialect, provider }) => ({
      service,
      dialect,
      provider: provider === undefined ? undefined : canonicalProvider(provider),
    })),
  };
}

function contractOf({
  match,
  factor: text,
  reason,
  from,
  until,
}: PricingSettings["multipliers"][number]): ContractMultiplier {
  return {
    match: {
      provider: match.provider === undefined ? undefined : canonicalProvider(match.provider),
      account: match.account,
      deployment: match.deployment,
      model: match.model,
      serviceTier: match.service_tier,
      tenant: match.tenant,
    },
    ...makeFactor(reason, amount(text)),
    fromMs: from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(`${from}T00:00:00Z`),
    untilMs: until === undefined ? Number.POSITIVE_INFINITY : Date.parse(`${until}T00:00:00Z`),
  };
}

/** The schema has read the text before. */
function amount(text: string): Fraction {
  return parseFraction(text) ?? one;
}
