// Reads a price file, YAML or JSON, with the line and column of what is wrong in it.
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Pair, parseDocument, visit } from "yaml";
import type { z } from "zod";
import { type PriceFile, priceFile, priceWords } from "./price-file.ts";

/** What is wrong in a price file; line and column count from 1. */
export interface PriceProblem {
  readonly line: number;
  readonly column: number;
  /** Within the file: `providers[0].models[2].prices`; empty for the file itself. */
  readonly path: string;
  readonly text: string;
}

export type PriceReading =
  | { readonly ok: true; readonly file: PriceFile; readonly placeOf: PlaceOf }
  | { readonly ok: false; readonly problems: readonly PriceProblem[] };

/** Line and column, from 1, of a part of a file, or of the nearest part above it. */
export type PlaceOf = (path: readonly PropertyKey[]) => { readonly line: number; readonly column: number };

/** A price file is written by hand or by a program; one beyond this size is something else. */
const fileLengthMax = 16 * 1024 * 1024;
/** Brackets within brackets; a price file needs a dozen. */
const bracketsMax = 1_000;
const problemsMax = 50;

export function readPriceFile(text: string): PriceReading {
  if (fileLengthMax < text.length)
    return one(`is larger than ${fileLengthMax} characters; leave out what nobody calls`);
  if (isTooDeep(text)) return one(`has more than ${bracketsMax} brackets within one another`);
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
  const aliases = aliasesIn(document);
  if (aliases.length > 0) {
    const told = "an alias is not read here; write out what it stands for";
    return { ok: false, problems: aliases.map((offset) => ({ ...place(offset), path: "", text: told })) };
  }
  const given = plain(document.contents, depthMax);
  // A file that is cut off, or about to be written, must not take the prices of the one before with it.
  if (given === null || given === undefined) return one("is empty; a price file has providers or aliases");
  const read = priceFile.safeParse(given, { reportInput: true });
  if (read.success && !hasContent(given)) return one("has neither providers nor aliases");
  if (read.success) return { ok: true, file: read.data, placeOf: (path) => place(offsetOf(document, path)) };
  const problems = read.error.issues.slice(0, problemsMax).flatMap((issue) =>
    tell(issue).map(({ path, text: what }) => ({
      ...place(offsetOf(document, path)),
      path: formatPath(path),
      text: what,
    })),
  );
  return { ok: false, problems: problems.sort((a, b) => a.line - b.line || a.column - b.column) };
}

/** The parser calls itself for each bracket. Those in texts count too: no price file is near the bound. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    if (bracketsMax < depth) return true;
  }
  return false;
}

/** Where `*name` stands: what it would repeat is seldom what its writer looks at. */
function aliasesIn(document: ReturnType<typeof parseDocument>): readonly number[] {
  const offsets: number[] = [];
  visit(document, {
    Alias(_key, { range }) {
      if (offsets.length < problemsMax) offsets.push(range?.[0] ?? 0);
    },
  });
  return offsets;
}

function hasContent(given: unknown): boolean {
  return typeof given === "object" && given !== null && ("providers" in given || "aliases" in given);
}

interface Told {
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

/** What zod found, in our words: one problem per unknown key, and of a choice what its last member says. */
function tell(issue: z.core.$ZodIssue): readonly Told[] {
  const { path } = issue;
  const given = issue.input === undefined ? "nothing" : (JSON.stringify(issue.input) ?? "").slice(0, shownMax);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({ path: [...path, key], text: "is not known here; leave it out or correct it" }));
    case "invalid_key":
      return [{ path, text: `is not known here; must be one of ${priceWords.join(", ")}` }];
    case "invalid_value":
      return [
        {
          path,
          text: `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(String).join(", ")}, not ${given}`,
        },
      ];
    case "invalid_type":
      return [{ path, text: `must be ${typeWords[issue.expected] ?? issue.expected}, not ${given}` }];
    case "invalid_union": {
      const [first] = issue.errors.find((errors) => errors.every(({ code }) => !ofAnotherKind.has(code))) ?? [];
      if (first) return tell({ ...first, path: [...path, ...first.path] });
      return [{ path, text: issue.message === unspecific ? `cannot be ${given}` : issue.message }];
    }
    default:
      return [{ path, text: issue.message }];
  }
}

/** Problems of a choice's members that say no more than that another one was meant. */
const ofAnotherKind: ReadonlySet<string> = new Set(["invalid_type", "invalid_union"]);
/** What zod says of a choice that says nothing itself. */
const unspecific = "Invalid input";
const shownMax = 80;
const typeWords: Readonly<Record<string, string>> = {
  array: "a list",
  object: "a map",
  record: "a map",
  string: "text",
};

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

/** Where in the text the last part of a path stands: its key, or else the nearest part above it that exists. */
function offsetOf(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): number {
  for (let length = path.length; 0 < length; length--) {
    const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    const key = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(last))
      : undefined;
    if (key && isScalar(key.key)) return key.key.range?.[0] ?? 0;
    const item = isSeq(parent) && typeof last === "number" ? parent.items[last] : undefined;
    if (isNode(item)) return item.range?.[0] ?? 0;
  }
  return document.contents?.range?.[0] ?? 0;
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
