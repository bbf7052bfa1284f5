// Prices records by the built program: those with the same layers and the same settings in one process.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, spantoll } from "./bundle.ts";

export interface Asked {
  readonly record: object;
  /** As `--prices` names them; paths are within `folder`. */
  readonly layers: readonly string[];
  /** Settings of `gen_ai_cost`. */
  readonly settings: object;
}

export interface PricedAnswer {
  readonly status: string;
  readonly nano_usd?: string;
  readonly usd?: string;
  readonly reason?: string;
  readonly error?: string;
  readonly model?: string;
  readonly match?: string;
  readonly layer?: string;
  readonly version?: string;
  readonly flags?: readonly string[];
  readonly lines?: readonly {
    readonly bucket: string;
    readonly quantity: string;
    readonly usd_per_unit: string;
    readonly usd: string;
  }[];
  readonly multipliers?: readonly { readonly reason: string; readonly factor: string }[];
}

/** Answers in the order of what was asked. */
export async function pricedByBundle(asked: readonly Asked[], folder: string): Promise<readonly PricedAnswer[]> {
  const groups = new Map<string, number[]>();
  for (const [index, { layers, settings }] of asked.entries()) {
    const key = JSON.stringify([layers, settings]);
    groups.set(key, [...(groups.get(key) ?? []), index]);
  }
  const answers: PricedAnswer[] = [];
  for (const indexes of groups.values()) {
    const { layers = [], settings = {} } = asked[indexes[0] ?? 0] ?? {};
    const input = indexes.map((index) => JSON.stringify(asked[index]?.record)).join("\n");
    const { code, stdout, stderr } = await price({ layers, settings, input, folder });
    const lines = stdout.trim().split("\n");
    if (code !== 0 || lines.length !== indexes.length) throw new Error(`${code}: ${stderr}\n${stdout}`);
    for (const [at, index] of indexes.entries()) answers[index] = JSON.parse(lines[at] ?? "") as PricedAnswer;
  }
  return answers;
}

interface Group {
  readonly layers: readonly string[];
  readonly settings: object;
  readonly input: string;
  readonly folder: string;
}

async function price({ layers, settings, input, folder }: Group): Promise<Ended> {
  const scratch = mkdtempSync(join(tmpdir(), "prices-"));
  try {
    const config = join(scratch, "config.yaml");
    writeFileSync(config, JSON.stringify(configurationWith(settings)));
    const named = layers.flatMap((layer) => ["--prices", layer]);
    return await spantoll(["price", "--config", config, ...named, "--format", "json"], { input, cwd: folder });
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function configurationWith(settings: object): object {
  const processors = { gen_ai_normalizer: {}, gen_ai_call: {}, gen_ai_cost: settings };
  return {
    receivers: { otlp: { protocols: { http: {} } } },
    processors,
    exporters: { debug: {} },
    service: {
      pipelines: { traces: { receivers: ["otlp"], processors: Object.keys(processors), exporters: ["debug"] } },
    },
  };
}
