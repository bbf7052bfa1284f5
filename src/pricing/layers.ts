// The layers that a user names, read into a book: `bundled`, LiteLLM's file, price files, rows in the configuration.
import { createHash } from "node:crypto";
import type { Files } from "../core/component.ts";
import { bundledLayer } from "./bundled.ts";
import { Doubter } from "./doubts.ts";
import { readLitellmPrices } from "./litellm.ts";
import { type Fraction, multiply, parseFraction } from "./money.ts";
import { compileBook, type Layer, type PriceBook } from "./price-book.ts";
import type { PricedModel, PriceFile } from "./price-file.ts";
import { readPriceFile } from "./read-price-file.ts";

/** Where prices come from; later layers win row by row. */
export type LayerName =
  | { readonly kind: "bundled" }
  | { readonly kind: "litellm"; readonly path: string; readonly mode: "override" | "fill" }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "inline"; readonly file: PriceFile };

export type BookReading =
  | { readonly ok: true; readonly book: PriceBook }
  | { readonly ok: false; readonly problems: readonly LayerProblem[] };

/** What is wrong with a layer: `index` counts the layers, `text` names the file and the place in it. */
export interface LayerProblem {
  readonly index: number;
  readonly text: string;
}

/** A layer as the command line names it: `bundled`, `litellm:PATH`, `litellm-fill:PATH` or the path of a price file. */
export function parseLayerName(text: string): LayerName {
  if (text === "bundled") return { kind: "bundled" };
  if (text.startsWith("litellm:")) return { kind: "litellm", path: text.slice(8), mode: "override" };
  if (text.startsWith("litellm-fill:")) return { kind: "litellm", path: text.slice(13), mode: "fill" };
  return { kind: "file", path: text };
}

/** Reads all layers and compiles them, or says all that is wrong with them. */
export function readBook(
  names: readonly LayerName[],
  files: Files,
  aliases: Readonly<Record<string, string>> = {},
): BookReading {
  const read = readLayers(names, files);
  return read.ok ? { ok: true, book: compileBook(read.layers, aliases) } : read;
}

export type LayersReading =
  | { readonly ok: true; readonly layers: readonly ReadLayer[] }
  | { readonly ok: false; readonly problems: readonly LayerProblem[] };

/** Reads all layers, for who looks at their rows, or says all that is wrong with them. */
export function readLayers(names: readonly LayerName[], files: Files): LayersReading {
  const problems: LayerProblem[] = [];
  const layers: ReadLayer[] = [];
  for (const [index, name] of names.entries()) {
    const read = readLayer(name, files);
    if ("name" in read) layers.push(read);
    else for (const text of read) problems.push({ index, text });
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, layers };
}

export interface ReadLayer extends Layer {
  /** Where in the file a part of it stands: `prices.yaml:7:3`. Absent where nobody looks for lines. */
  readonly placeOf?: (path: readonly PropertyKey[]) => string;
  /** Fields of LiteLLM's file that look like prices and are not known. */
  readonly unknownFields?: readonly string[];
}

function readLayer(name: LayerName, files: Files): ReadLayer | readonly string[] {
  if (name.kind === "bundled") return bundledLayer();
  if (name.kind === "inline") {
    const version = name.file.version ?? `inline-${digest(JSON.stringify(name.file))}`;
    return { name: "inline", version, mode: "override", file: name.file, refused: quarantined(name.file) };
  }
  const bytes = readBytes(name.path, files);
  if (typeof bytes === "string") return [bytes];
  const text = new TextDecoder().decode(bytes);
  return name.kind === "litellm" ? litellmLayer(name.path, name.mode, text) : fileLayer(name.path, text);
}

function readBytes(path: string, files: Files): Uint8Array | string {
  try {
    return files.read(path);
  } catch (cause) {
    return `${path}: cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
}

function fileLayer(path: string, text: string): ReadLayer | readonly string[] {
  const read = readPriceFile(text);
  if (!read.ok) {
    return read.problems.map(
      ({ line, column, path: key, text: what }) => `${path}:${line}:${column}  ${key === "" ? "" : `${key}: `}${what}`,
    );
  }
  const { file } = read;
  const version = file.version ?? `file-${digest(text)}`;
  const placeOf = (at: readonly PropertyKey[]) => {
    const { line, column } = read.placeOf(at);
    return `${path}:${line}:${column}`;
  };
  return { name: path, version, mode: "override", file, refused: quarantined(file), placeOf };
}

/** Rows with a token price above what the file itself says is believable. */
function quarantined({ quarantine, defaults, providers }: PriceFile): ReadonlyMap<PricedModel, "quarantined_price"> {
  const max = quarantine && parseFraction(quarantine.max_usd_per_mtok);
  if (!max) return new Map();
  const doubter = new Doubter({ tokenUnit: defaults?.unit ?? "mtok", usdPerTokenMax: multiply(max, perToken) });
  const doubted = providers
    .flatMap(({ models }) => models)
    .filter((model) => doubter.doubtsOf(model).some(({ kind }) => kind === "too_dear"));
  return new Map(doubted.map((model) => [model, "quarantined_price"]));
}

const perToken: Fraction = { num: 1n, den: 1_000_000n };

function litellmLayer(path: string, mode: "override" | "fill", text: string): ReadLayer | readonly string[] {
  try {
    const read = readLitellmPrices(text);
    // A file that is about to be written must not take the prices of the one before with it.
    if (read.file.providers.length === 0) return [`${path}: is no LiteLLM price file: none of its models has a price`];
    return { name: "litellm", version: `litellm-${digest(text)}`, mode, ...read };
  } catch (cause) {
    if (cause instanceof SyntaxError)
      return [`${placeIn(path, text, cause)}is no LiteLLM price file: ${cause.message}`];
    throw cause;
  }
}

/** JSON.parse counts characters, people count lines; where it says nothing the file ends too early. */
function placeIn(path: string, text: string, { message }: SyntaxError): string {
  if (!message.includes("JSON")) return `${path}: `;
  const position = /at position (\d+)/.exec(message)?.[1];
  const before = text.slice(0, position === undefined ? text.length : Number(position)).split("\n");
  return `${path}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}  `;
}

/** A version for files that name none: the same text has the same version. */
function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
