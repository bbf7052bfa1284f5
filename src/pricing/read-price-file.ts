// Reads a price file, YAML or JSON, with the line and column of what is wrong in it.
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from "yaml";
import { type PriceFile, priceFile } from "./price-file.ts";

/** What is wrong in a price file; line and column count from 1. */
export interface PriceProblem {
  readonly line: number;
  readonly column: number;
  /** Within the file: `providers[0].models[2].prices`; empty for the file itself. */
  readonly path: string;
  readonly text: string;
}

export type PriceReading =
  | { readonly ok: true; readonly file: PriceFile }
  | { readonly ok: false; readonly problems: readonly PriceProblem[] };

/** A price file is written by hand or by a program; one beyond this size is something else. */
const fileLengthMax = 64 * 1024 * 1024;
const problemsMax = 50;

export function readPriceFile(text: string): PriceReading {
  if (fileLengthMax < text.length) return one(`is larger than ${fileLengthMax} bytes`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  if (document.errors.length > 0) {
    return {
      ok: false,
      problems: document.errors.map((error) => ({ ...place(error.pos[0]), path: "", text: error.message })),
    };
  }
  const read = priceFile.safeParse(plain(document.contents, depthMax) ?? {}, { reportInput: true });
  if (read.success) return { ok: true, file: read.data };
  const problems = read.error.issues.slice(0, problemsMax).map((issue) => {
    const node = nearest(document, issue.path);
    return { ...place(node?.range?.[0] ?? 0), path: formatPath(issue.path), text: issue.message };
  });
  return { ok: false, problems };
}

/** The file as data, with numbers as the text that stands in it: no amount goes through a float. */
function plain(node: unknown, depth: number): unknown {
  if (depth === 0 || isAlias(node)) return undefined;
  if (isScalar(node)) return typeof node.value === "number" ? (node.source ?? String(node.value)) : node.value;
  if (isSeq(node)) return node.items.map((item) => plain(item, depth - 1));
  if (!isMap(node)) return undefined;
  return Object.fromEntries(
    node.items.map(({ key, value }: Pair) => [
      String(isScalar(key) ? (key.source ?? key.value) : key),
      plain(value, depth - 1),
    ]),
  );
}

const depthMax = 20;

/** The node that an issue is about, or the nearest one above it that exists. */
function nearest(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): Node | undefined {
  for (let length = path.length; 0 < length; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isScalar(node) || isMap(node) || isSeq(node)) return node;
  }
  return document.contents ?? undefined;
}

export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? String(key) : `${text}.${String(key)}`;
  }, "");
}

function one(text: string): PriceReading {
  return { ok: false, problems: [{ line: 1, column: 1, path: "", text }] };
}
