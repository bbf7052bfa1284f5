// What is wrong with a configuration: collected, placed, and told all at once.
import type { Path, Place } from "./node.ts";

export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Keys joined with dots; empty when the file as a whole is meant. */
  readonly path: string;
  /** What is wrong; what to do. */
  readonly text: string;
}

export function problemAt(place: Place, path: Path, text: string): Problem {
  return { file: place.file, line: place.line, column: place.column, path: path.join("."), text };
}

/** `file:line:col  path: what is wrong; what to do`. */
export function formatProblem({ file, line, column, path, text }: Problem): string {
  return `${file}:${line}:${column}  ${path === "" ? "" : `${path}: `}${text}`;
}

/** In the order of reading: files as they came, then lines, then columns. */
export function inReadingOrder(problems: readonly Problem[]): Problem[] {
  const files = [...new Set(problems.map((problem) => problem.file))];
  return [...problems].sort(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}

const quotedCharsMax = 80;

/** A value as problems show it: short, and never a whole block. */
export function quote(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a map";
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= quotedCharsMax ? text : `${text.slice(0, quotedCharsMax)}…`;
}
