// The price file: what the table is made of, as people and the generator write it. YAML or JSON.
// Amounts are text from the file to the fraction, so that no price goes through a float.
import { z } from "zod";
import { type Fraction, multiply, parseFraction } from "./money.ts";

/** What has a price. The words are the buckets of a usage record, and what only prices tell apart. */
export const priceWords = [
  "input",
  "cache_read",
  "cache_write",
  "cache_write_5m",
  "cache_write_1h",
  "audio_in",
  "cache_read_audio",
  "image_in",
  "output",
  "reasoning",
  "audio_out",
  "image_out",
  "citation",
  "web_searches",
  "web_searches_low",
  "web_searches_high",
  "requests",
  "audio_seconds",
  "video_seconds",
  "characters",
  "pixels",
  "images",
  "pages",
  "search_units",
  "gpu_seconds",
] as const;
export type PriceWord = (typeof priceWords)[number];

/** Measures of work other than tokens; of those that a row and a usage both know, the first is billed. */
export const measures = [
  "pixels",
  "images",
  "audio_seconds",
  "video_seconds",
  "characters",
  "pages",
  "search_units",
  "gpu_seconds",
] as const satisfies readonly PriceWord[];

/** Units of amounts: how many of what is counted they hold. */
export const unitSizes = {
  token: 1n,
  ktok: 1_000n,
  mtok: 1_000_000n,
  count: 1n,
  kcount: 1_000n,
  request: 1n,
  image: 1n,
  pixel: 1n,
  page: 1n,
  kpage: 1_000n,
  char: 1n,
  kchar: 1_000n,
  mchar: 1_000_000n,
  second: 1n,
  minute: 60n,
  hour: 3_600n,
  gpu_second: 1n,
  gpu_hour: 3_600n,
} as const;
export type Unit = keyof typeof unitSizes;

const counts: readonly Unit[] = ["count", "kcount", "request"];
const tokens: readonly Unit[] = ["mtok", "ktok", "token"];
const seconds: readonly Unit[] = ["second", "minute", "hour"];

/** Units that an amount of a word may be in; the first holds where the file names none. */
export function unitsOf(word: PriceWord): readonly Unit[] {
  return otherUnits[word] ?? tokens;
}

const otherUnits: { readonly [W in PriceWord]?: readonly Unit[] } = {
  web_searches: counts,
  web_searches_low: counts,
  web_searches_high: counts,
  requests: counts,
  search_units: counts,
  audio_seconds: seconds,
  video_seconds: seconds,
  characters: ["char", "kchar", "mchar"],
  pixels: ["pixel"],
  images: ["image", ...counts],
  pages: ["page", "kpage"],
  gpu_seconds: ["gpu_second", "gpu_hour", ...seconds],
};

/** `010` is 8 to some and 10 to others. */
const octal = /^\s*\+?0\d/;
const amount = z
  .union([z.string(), z.number()])
  .transform((given) => String(given))
  .refine((text) => parseFraction(text) !== undefined && !octal.test(text), {
    error: (issue) => `must be an amount of at least 0 such as 0.30, not ${JSON.stringify(issue.input)}`,
  });
const unit = z.enum(Object.keys(unitSizes) as [Unit, ...Unit[]]);
const price = z.union([amount, z.strictObject({ amount, per: unit })], {
  error: ({ input }) => `must be an amount such as 0.30, or { amount: 10, per: kcount }, not ${JSON.stringify(input)}`,
});
const cell = z.partialRecord(z.enum(priceWords), price).superRefine((given, context) => {
  for (const [word, value] of Object.entries(given)) {
    if (typeof value !== "object" || !isPriceWord(word) || unitsOf(word).includes(value.per)) continue;
    context.addIssue({
      code: "custom",
      path: [word, "per"],
      message: `must be one of ${unitsOf(word).join(", ")}, not ${JSON.stringify(value.per)}`,
    });
  }
});
const day = z.string().refine(isDay, {
  error: (issue) => `must be a day of the form 2026-01-31, not ${JSON.stringify(issue.input)}`,
});
const factor = amount.refine((text) => parseFraction(text)?.num !== 0n, {
  error: "must be a fraction above 0 such as 11/10 or 0.5; what is free has prices of 0",
});
/** As people bill it: whole, or with a few decimals. */
const quantity = z
  .union([z.string(), z.number()])
  .transform((given) => String(given))
  .refine((text) => /^\d{1,9}(?:\.\d{1,6})?$/.test(text) && 0 < Number(text), {
    error: (issue) => `must be a quantity above 0 such as 10, not ${JSON.stringify(issue.input)}`,
  });
const tier = z.string().min(1).max(40);
const cells = z.record(tier, cell);
const band = z.strictObject({
  when: z.strictObject({
    input_total: z.string().regex(/^>=? ?\d{1,15}$/, 'must be a comparison such as "> 200000" or ">= 200000"'),
  }),
  cells,
});
const window = z.strictObject({
  utc: z
    .string()
    .regex(
      /^(?:[01]\d|2[0-3]):[0-5]\d-(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/,
      'must be a span of the day such as "00:30-16:30"',
    ),
  days: z.array(z.enum(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])).optional(),
  cells,
  bands: z.array(band).optional(),
});
const singleSource = z.strictObject({
  name: z.string(),
  ref: z.string().optional(),
  url: z.string().optional(),
  checked: day.optional(),
});
const period = z.strictObject({
  from: day.optional(),
  until: day.optional(),
  cells,
  bands: z.array(band).optional(),
  windows: z.array(window).optional(),
  source: z.union([singleSource, z.array(singleSource)]).optional(),
});
const pattern = z.strictObject({
  regex: z.string().refine((text) => anchoredPattern(text) !== undefined, {
    error: (issue) =>
      `must be a regular expression from ^ to $ that repeats no group, not ${JSON.stringify(issue.input)}`,
  }),
});
/** What a factor goes by. `geo` is where the model ran in the words of Anthropic, `region` in those of everybody else. */
const factorKind = z.enum(["region", "geo", "speed"]);
const factors = z.partialRecord(factorKind, z.record(z.string(), factor));
const model = z.strictObject({
  id: z.string().min(1),
  match: z.array(z.union([z.string().min(1), pattern])).optional(),
  merge: z.boolean().optional(),
  multipliers: z.union([z.array(factorKind), factors]).optional(),
  prices: z.array(period).min(1),
});
const provider = z
  .strictObject({
    id: z.string().min(1),
    aliases: z.array(z.string()).optional(),
    fallback: z.array(z.string()).optional(),
    rules: z
      .strictObject({
        batch: factor.optional(),
        usage: z.enum(["inclusive", "exclusive"]).optional(),
        minimums: z.partialRecord(z.enum(measures), quantity).optional(),
      })
      .optional(),
    multipliers: factors.optional(),
    models: z.array(model).default([]),
  })
  .superRefine(({ multipliers = {}, models }, context) => {
    for (const [index, { multipliers: listed }] of models.entries()) {
      if (!Array.isArray(listed)) continue;
      for (const [at, kind] of listed.entries()) {
        if (multipliers[kind]) continue;
        const message = `must be one of the provider's multipliers, not ${JSON.stringify(kind)}; write its factors there`;
        context.addIssue({ code: "custom", path: ["models", index, "multipliers", at], message });
      }
    }
  });

/** A price file as it is written. */
export const priceFile = z.strictObject({
  schema: z.union([z.literal(1), z.literal("1")]).optional(),
  version: z.string().max(80).optional(),
  currency: z.literal("USD").optional(),
  defaults: z.strictObject({ unit: z.enum(["mtok", "ktok", "token"]).default("mtok") }).optional(),
  providers: z.array(provider).default([]),
  aliases: z.record(z.string(), z.string()).optional(),
  quarantine: z.strictObject({ max_usd_per_mtok: amount }).optional(),
});

export type PriceFile = z.output<typeof priceFile>;
export type PricedProvider = PriceFile["providers"][number];
export type PricedModel = PricedProvider["models"][number];
export type PricePeriod = PricedModel["prices"][number];
export type PriceCell = PricePeriod["cells"][string];
export type PriceAmount = NonNullable<PriceCell[PriceWord]>;

/** Where the figures of a period are from. */
export function sourcesOf({ source }: PricePeriod): readonly z.output<typeof singleSource>[] {
  if (source === undefined) return [];
  return Array.isArray(source) ? source : [source];
}

/** What one unit costs, exactly; undefined where the amount is none, which the schema has excluded. */
export function usdPerUnit(word: PriceWord, given: PriceAmount, tokenUnit: Unit): Fraction | undefined {
  const [first = "mtok"] = unitsOf(word);
  const per = typeof given === "string" ? (first === "mtok" ? tokenUnit : first) : given.per;
  const usd = parseFraction(typeof given === "string" ? given : given.amount);
  return usd && multiply(usd, { num: 1n, den: unitSizes[per] });
}

/** The least total of input tokens for which a condition such as `> 200000` holds. */
export function leastTotal(condition: string): number {
  const bound = Number(condition.replace(/^>=? ?/, ""));
  return condition.startsWith(">=") ? bound : bound + 1;
}

export function isPriceWord(word: string): word is PriceWord {
  return (priceWords as readonly string[]).includes(word);
}

function isDay(text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

/**
 * The pattern of a row; undefined for one that is open at an end, or whose time could grow without bound. Between the
 * ends it is one group: of `^gpt-4|mini$` each half would be open.
 */
export function anchoredPattern(text: string): RegExp | undefined {
  if (!text.startsWith("^") || !text.endsWith("$") || text.length > 300 || repeatedGroup.test(text)) return undefined;
  try {
    return new RegExp(`^(?:${text.slice(1, -1)})$`);
  } catch {
    return undefined;
  }
}

/** `(a+)+`: names come from outside, and the ways to read one must not grow with powers of two. */
const repeatedGroup = /\)(?:[*+]|\{\d*,)/;
