// `spantoll price`: prices usage records, one JSON object a line, and shows the arithmetic.
import type { Files } from "../src/core/component.ts";
import { type CostJson, costJson } from "../src/pricing/cost-json.ts";
import { parseLayerName, readBook } from "../src/pricing/layers.ts";
import { explainCost } from "../src/pricing/price-call.ts";
import { policyOf, pricingSettings, readSettingsBook } from "../src/pricing/settings.ts";
import { readUsageRecord } from "../src/pricing/usage-record.ts";
import { costLines } from "./cost-text.ts";

export interface PriceRequest {
  /** Layers of `--prices`, in order. Win over those of the configuration. */
  readonly layers?: readonly string[] | undefined;
  /** Settings of `gen_ai_cost`, as its declaration gives them; the defaults when absent. */
  readonly config?: unknown;
  readonly format: "text" | "json";
  /** Usage records, one a line; empty lines are skipped. */
  readonly input: string;
  readonly files: Files;
  /** The time of records that name none. */
  readonly nowMs: number;
}

export interface PriceAnswer {
  /** For stdout: one line a record in JSON, a paragraph a record as text. */
  readonly output: string;
  /** For stderr: what is wrong with the price files. */
  readonly errors: readonly string[];
  /** 0, or 1 when a price file cannot be read. A line that is no record is answered as `invalid`. */
  readonly exitCode: 0 | 1;
}

export function priceCommand({ layers, config, format, input, files, nowMs }: PriceRequest): PriceAnswer {
  const settings = pricingSettings.parse(config ?? {});
  const reading =
    layers && layers.length > 0
      ? readBook(layers.map(parseLayerName), files, settings.aliases)
      : readSettingsBook(settings, files);
  if (!reading.ok) return { output: "", errors: reading.problems.map(({ text }) => text), exitCode: 1 };
  const policy = policyOf(settings);
  const answers = input.split("\n").flatMap((line) => {
    if (line.trim() === "") return [];
    const read = readUsageRecord(line, nowMs);
    if (!read.ok) return [print({ status: "invalid", error: read.error }, line, format)];
    return [print(costJson(explainCost(reading.book, read.record, policy)), title(read.record), format)];
  });
  return { output: answers.join(""), errors: [], exitCode: 0 };
}

type Answer = CostJson | { readonly status: "invalid"; readonly error: string };

function print(answer: Answer, about: string, format: PriceRequest["format"]): string {
  return format === "json" ? `${JSON.stringify(answer)}\n` : `${printText(answer, about)}\n\n`;
}

function title({
  provider,
  model,
  responseModel,
}: {
  provider: string;
  model: string;
  responseModel?: string | undefined;
}) {
  const answered = responseModel === undefined || responseModel === model ? "" : ` (answered by ${responseModel})`;
  return `${provider} ${model}${answered}`;
}

const lineLengthMax = 120;

function printText(answer: Answer, about: string): string {
  const head = about.length <= lineLengthMax ? about : `${about.slice(0, lineLengthMax)}…`;
  if ("error" in answer) return `${head}\n  no usage record: ${answer.error}`;
  const lines = costLines(answer).map((line) => `  ${line}`);
  if (answer.status === "unpriced") return [`${head}: no price, ${answer.reason}`, ...lines].join("\n");
  return [`${head}: ${answer.usd} USD, ${answer.status}`, ...lines].join("\n");
}
