// LiteLLM's file as our layer against LiteLLM's own calculator, which runs in Python.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Usage } from "../../src/genai/usage.ts";
import { parseLayerName, readBook } from "../../src/pricing/layers.ts";
import { explainCost } from "../../src/pricing/price-call.ts";
import { canonicalProvider } from "../../src/pricing/provider-names.ts";
import { policyOf, pricingSettings } from "../../src/pricing/settings.ts";
import type { Compared } from "./compared.ts";
import { type Measure, measuresFor, usagesFor } from "./usages.ts";

const atMs = Date.UTC(2026, 7, 3, 12);
const bytesMax = 512 * 1024 * 1024;

interface Asked {
  readonly key: string;
  readonly provider: string;
  /** Which of their calculators. */
  readonly ask: string;
  readonly usageName: string;
  readonly usage: Usage;
  readonly tier?: string;
  readonly region?: string;
  readonly searchSize?: string;
}

type Row = Readonly<Record<string, unknown>>;
type Rows = Readonly<Record<string, Row>>;

/** Every row, in what it bills. */
export function compareWithLitellm(path: string, python: string): readonly Compared[] {
  const rows = JSON.parse(readFileSync(path, "utf8")) as Rows;
  const asked = questions(rows);
  const owners = ownersOf(rows);
  const input = asked.map((one) => JSON.stringify(one)).join("\n");
  const output = execFileSync(python, ["test/compare/litellm-costs.py", path], {
    input,
    encoding: "utf8",
    maxBuffer: bytesMax,
    stdio: ["pipe", "pipe", "ignore"],
  });
  const answers = output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { usd?: number; error?: string });
  const reading = readBook([parseLayerName(`litellm:${path}`)], { read: (file) => readFileSync(file) });
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  const policy = policyOf(pricingSettings.parse({ reported_cost: "ignore", max_call_cost_usd: 1e12 }));
  return asked.map(({ key, provider, usageName, usage, tier, region, searchSize }, at): Compared => {
    const { usd, error } = answers[at] ?? {};
    const record = { provider, model: key, atMs, usage, serviceTier: tier, region, searchContextSize: searchSize };
    const ours = explainCost(reading.book, record, policy);
    const theirs =
      usd === undefined ? ({ kind: "error", text: error ?? "" } as const) : ({ kind: "usd", usd, row: key } as const);
    const hasRival = 1 < (owners.get(nameOf(key, provider)) ?? 0);
    return { provider, model: key, usageName, usage, atMs, ours, theirs, row: rows[key] ?? {}, hasRival };
  });
}

/** How many rows have a name, behind the prefixes, at a provider. */
function ownersOf(rows: Rows): ReadonlyMap<string, number> {
  const owners = new Map<string, number>();
  for (const [key, row] of Object.entries(rows)) {
    const name = nameOf(key, row["litellm_provider"]);
    owners.set(name, (owners.get(name) ?? 0) + 1);
  }
  return owners;
}

function nameOf(key: string, provider: unknown): string {
  return `${canonicalProvider(String(provider))} ${key.split("/").at(-1)}`;
}

function questions(rows: Rows): readonly Asked[] {
  return Object.entries(rows).flatMap(([key, row]) => {
    const { litellm_provider: provider } = row;
    if (typeof provider !== "string" || key === "sample_spec") return [];
    const measured = measuresOf(row).map(({ ask, measure }) => ({ ask, ...measuresFor(key)[measure] }));
    const counted = measured.map(({ name, ...rest }) => ({ key, provider, usageName: name, ...rest }));
    return [...counted, ...tokenQuestions(key, provider, row)];
  });
}

function tokenQuestions(key: string, provider: string, row: Row): readonly Asked[] {
  const price = row["input_cost_per_token"] ?? row["output_cost_per_token"];
  if (typeof price !== "number") return [];
  const about = { key, provider, ask: tokenAsks[String(row["mode"])] ?? "completion" };
  const [plain, , cached] = usagesFor(key);
  if (about.ask === "rerank_tokens")
    return [{ ...about, usageName: "ranked tokens", usage: { input: plain?.usage.input ?? 0, output: 0 } }];
  const usages = usagesFor(key).filter(
    ({ name }) => name !== "searches" || row["search_context_cost_per_query"] !== undefined,
  );
  return usages.flatMap(({ name, usage }): readonly Asked[] => {
    const one = { ...about, usageName: name, usage };
    const sizes = name === "searches" ? ["low", "high"] : [];
    const isShort = name === plain?.name || name === cached?.name;
    const inRegions = isShort ? regionsOf(row) : [];
    return [
      one,
      ...tiersOf(row, isShort).map((tier) => ({ ...one, usageName: `${name}, ${tier}`, tier })),
      ...sizes.map((searchSize) => ({ ...one, usageName: `${name}, ${searchSize}`, searchSize })),
      ...inRegions.map((region) => ({ ...one, usageName: `${name}, ${region}`, region })),
    ];
  });
}

const tokenAsks: Readonly<Record<string, string>> = { embedding: "embedding", rerank: "rerank_tokens" };

function tiersOf(row: Row, isShort: boolean): readonly string[] {
  const listed = ["flex", "priority", ...(isShort ? ["batches"] : [])];
  const tiers = listed.filter((tier) => row[`input_cost_per_token_${tier}`] !== undefined);
  const fast = isShort && (row["provider_specific_entry"] as Row | undefined)?.["fast"] !== undefined;
  return [...tiers.map((tier) => (tier === "batches" ? "batch" : tier)), ...(fast ? ["fast"] : [])];
}

function regionsOf(row: Row): readonly string[] {
  const own = (row["provider_specific_entry"] as Row | undefined)?.["us"] === undefined ? [] : ["us"];
  return row["regional_processing_uplift_multiplier_eu"] === undefined ? own : [...own, "eu"];
}

/** What a row bills instead of tokens, by which of their calculators: those of its mode. */
function measuresOf(row: Row): readonly { readonly ask: string; readonly measure: Measure }[] {
  const mode = String(row["mode"]);
  const asks = measuresByMode[mode] ?? [];
  return asks.filter(({ fields }) => fields.some((field) => typeof row[field] === "number"));
}

const image = { ask: "image", measure: "images", fields: ["output_cost_per_image", "input_cost_per_image"] } as const;
const pixel = { ask: "image", measure: "pixels", fields: ["input_cost_per_pixel"] } as const;
const measuresByMode: Readonly<
  Record<string, readonly { readonly ask: string; readonly measure: Measure; readonly fields: readonly string[] }[]>
> = {
  image_generation: [image, pixel],
  image_edit: [image, pixel],
  audio_transcription: [
    { ask: "transcription", measure: "audio_seconds", fields: ["input_cost_per_second", "output_cost_per_second"] },
  ],
  audio_speech: [{ ask: "speech", measure: "characters", fields: ["input_cost_per_character"] }],
  video_generation: [
    { ask: "video", measure: "video_seconds", fields: ["output_cost_per_second", "output_cost_per_video_per_second"] },
  ],
  rerank: [{ ask: "rerank", measure: "search_units", fields: ["input_cost_per_query"] }],
  ocr: [{ ask: "ocr", measure: "pages", fields: ["ocr_cost_per_page"] }],
  search: [{ ask: "search", measure: "requests", fields: ["input_cost_per_query"] }],
  embedding: [
    { ask: "embedding", measure: "images", fields: ["input_cost_per_image"] },
    { ask: "embedding", measure: "video_seconds", fields: ["input_cost_per_video_per_second"] },
    { ask: "embedding", measure: "audio_seconds", fields: ["input_cost_per_audio_per_second"] },
  ],
};
