// `spantoll prices …`: looks at price files without running anything.
import type { Files } from "../src/core/component.ts";
import { bundledLayer } from "../src/pricing/bundled.ts";
import { parseLayerName, type ReadLayer, readBook, readLayers } from "../src/pricing/layers.ts";
import { lintLayer } from "../src/pricing/lint.ts";
import { compileBook, type Layer } from "../src/pricing/price-book.ts";
import { changesBetween, type RowChange, type RowSummary, rowsOf, summaryOf } from "../src/pricing/rows.ts";
import { writePriceFile } from "../src/pricing/write-price-file.ts";

export interface PricesAnswer {
  /** For stdout. */
  readonly output: string;
  /** For stderr. */
  readonly words: readonly string[];
  /** 1 when a layer cannot be read, or `lint` found an error. */
  readonly exitCode: 0 | 1;
}

export interface PricesRequest {
  /** As `--prices` names them; several that are joined by `+` are one table. */
  readonly layers: readonly string[];
  readonly format: "text" | "json";
  readonly files: Files;
  /** The instant whose prices are shown. */
  readonly atMs: number;
}

/** The rows of the table that the layers make. */
export function listPrices({ layers, format, files, atMs }: PricesRequest): PricesAnswer {
  const reading = readBook(layers.flatMap(layerNames), files);
  if (!reading.ok) return unreadable(reading.problems);
  const rows = rowsOf(reading.book).map((row) => summaryOf(row, atMs));
  return {
    output: rows.map((row) => (format === "json" ? jsonLine(row) : rowText(row))).join(""),
    words: [],
    exitCode: 0,
  };
}

/** What calls cost otherwise by the second table. */
export function diffPrices({ layers, format, files, atMs }: PricesRequest): PricesAnswer {
  const [before, after] = layers.map((joined) => readBook(layerNames(joined), files));
  const problems = [before, after].flatMap((read) => (read === undefined || read.ok ? [] : read.problems));
  if (!before?.ok || !after?.ok) return unreadable(problems);
  const changes = changesBetween(before.book, after.book, atMs);
  const output = changes.map((change) => (format === "json" ? jsonLine(change) : changeText(change))).join("");
  const count = (kind: RowChange["kind"]) => changes.filter((change) => change.kind === kind).length;
  return {
    output,
    words: [`${count("changed")} changed, ${count("added")} added, ${count("removed")} removed`],
    exitCode: 0,
  };
}

/** What is odd in the layers, each by itself. */
export function lintPrices({ layers, format, files }: PricesRequest): PricesAnswer {
  const reading = readLayers(layers.flatMap(layerNames), files);
  if (!reading.ok) return unreadable(reading.problems);
  const book = compileBook([...below(reading.layers), ...reading.layers]);
  const findings = reading.layers.flatMap((layer) => lintLayer(layer, book));
  const output = findings.map((finding) => {
    const { level, place, path, text } = finding;
    return format === "json" ? jsonLine(finding) : `${place}  ${path === "" ? "" : `${path}: `}${level}: ${text}\n`;
  });
  return { output: output.join(""), words: [], exitCode: findings.some(({ level }) => level === "error") ? 1 : 0 };
}

/** A layer as a price file. Rows that are not billed by are left out, and counted. */
export function importPrices({ layers, format, files }: PricesRequest): PricesAnswer {
  const reading = readLayers(layers.map(parseLayerName), files);
  if (!reading.ok) return unreadable(reading.problems);
  const [layer] = reading.layers;
  if (!layer) return { output: "", words: [], exitCode: 0 };
  const { file, words } = withoutRefused(layer);
  const version = { version: layer.version, ...file };
  return { output: format === "json" ? jsonLine(version) : writePriceFile(version), words, exitCode: 0 };
}

function withoutRefused({ file, refused = new Map() }: ReadLayer) {
  const counts = new Map<string, number>();
  const providers = file.providers.map((provider) => {
    const named = new Set<string>();
    const models = provider.models.toReversed().flatMap((model) => {
      const match = (model.match ?? [model.id]).filter((name) => !named.has(JSON.stringify(name)));
      const reason: string | undefined =
        refused.get(model) ?? (match.length === 0 ? "a later row has its names" : undefined);
      if (reason !== undefined) {
        counts.set(reason, (counts.get(reason) ?? 0) + 1);
        return [];
      }
      for (const name of match) named.add(JSON.stringify(name));
      return [{ ...model, match }];
    });
    return { ...provider, models: models.toReversed() };
  });
  const kept = providers.filter(({ models }) => models.length > 0);
  return {
    file: { ...file, providers: kept },
    words: [...counts].map(([reason, rows]) => `rows left out: ${rows}, ${reason}`),
  };
}

/** Names and rows of a file may refer to the table that every installation has. */
function below(layers: readonly ReadLayer[]): readonly Layer[] {
  return layers.some(({ name }) => name === "bundled") ? [] : [bundledLayer()];
}

function layerNames(joined: string) {
  return joined.split("+").map(parseLayerName);
}

function unreadable(problems: readonly { readonly text: string }[]): PricesAnswer {
  return { output: "", words: problems.map(({ text }) => text), exitCode: 1 };
}

function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

function rowText({ provider, model, layer, status, prices }: RowSummary): string {
  const amounts = Object.entries(prices).map(([word, usd]) => `${word} ${usd}`);
  return `${provider}/${model}  ${layer}  ${status}  ${amounts.join("  ")}\n`;
}

function changeText({ kind, provider, names, before, after, prices }: RowChange): string {
  const shown =
    names.length <= namesMax
      ? names.join(", ")
      : `${names.slice(0, namesMax).join(", ")} and ${names.length - namesMax} more`;
  const rows = [before?.model, after?.model].filter((model, at, all) => model !== undefined && model !== all[at - 1]);
  const lines = Object.entries(prices).map(
    ([word, pair]) => `  ${word}  ${pair.before ?? "-"} -> ${pair.after ?? "-"}\n`,
  );
  const status =
    before && after && before.status !== after.status ? `  status  ${before.status} -> ${after.status}\n` : "";
  return `${kind} ${provider}: ${shown} (row ${rows.join(" -> ")})\n${status}${lines.join("")}`;
}

const namesMax = 8;
