// LiteLLM's file as our layer against LiteLLM's own calculator, which runs in Python.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Usage } from "../../src/genai/usage.ts";
import { parseLayerName, readBook } from "../../src/pricing/layers.ts";
import { explainCost } from "../../src/pricing/price-call.ts";
import { canonicalProvider } from "../../src/pricing/provider-names.ts";
import { policyOf, pricingSettings } from "../../src/pricing/settings.ts";
import type { Compared } from "./compared.ts";
import { usagesFor } from "./usages.ts";

const atMs = Date.UTC(2026, 7, 3, 12);
const bytesMax = 512 * 1024 * 1024;

interface Asked {
  readonly key: string;
  readonly provider: string;
  readonly mode: string;
  readonly usageName: string;
  readonly usage: Usage;
  readonly tier?: string;
}

type Rows = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Every row that bills tokens. What LiteLLM's calculator has no word for is left out: hours of cache, searches. */
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
  return asked.map(({ key, provider, usageName, usage, tier }, at): Compared => {
    const { usd, error } = answers[at] ?? {};
    const ours = explainCost(reading.book, { provider, model: key, atMs, usage, serviceTier: tier }, policy);
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
    const { litellm_provider: provider, mode, input_cost_per_token: price } = row;
    if (typeof provider !== "string" || typeof mode !== "string" || typeof price !== "number") return [];
    if (key === "sample_spec" || !["chat", "completion", "responses", "embedding"].includes(mode)) return [];
    const usages = usagesFor(key).filter(({ name }) => name !== "written for an hour" && name !== "searches");
    const inTiers = ["flex", "priority"].filter((tier) => row[`input_cost_per_token_${tier}`] !== undefined);
    return usages.flatMap(({ name, usage }) => [
      { key, provider, mode, usageName: name, usage },
      ...inTiers.map((tier) => ({ key, provider, mode, usageName: `${name}, ${tier}`, usage, tier })),
    ]);
  });
}
