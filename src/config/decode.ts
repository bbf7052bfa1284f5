// Written values to what a schema wants of them, bent where the Collector bends them and nowhere else.
import type { z } from "zod";
import { meantBranch, pathOf } from "./issues.ts";
import { type ConfigNode, nodeAt, type Path, plain } from "./node.ts";

type Issue = z.core.$ZodIssue;

interface Attempt {
  readonly ok: boolean;
  readonly issues?: readonly Issue[];
}

/**
 * Tries a schema until it takes the value or objects to something that cannot be bent:
 * - nothing at all stands for the default, and for a map without entries;
 * - what a whole `${…}` gave is text where text is wanted (`${env:TOKEN}` with 0123 is "0123");
 * - one string is a list, split at commas, where a list is wanted;
 * - a listed word may be written in any case, and may look like a number (`target: 1.41`).
 */
export function decode<A extends Attempt>(node: ConfigNode, attempt: (given: unknown) => A): A {
  const given = { value: plain(node) };
  let result = attempt(given.value);
  // A value is bent at most three times: a variable's value to its text, that to a word or to nothing.
  for (let round = 0; round < 3 && !result.ok; round++) {
    const bent = (result.issues ?? []).flatMap(leaves).filter((issue) => bend(given, node, issue));
    if (bent.length === 0) break;
    result = attempt(given.value);
  }
  return result;
}

/** An issue with its path from the top; a choice is followed into the alternative that was meant. */
interface Leaf {
  readonly issue: Issue;
  readonly path: Path;
}

function leaves(issue: Issue): Leaf[] {
  return leavesUnder(issue, []);
}

function leavesUnder(issue: Issue, under: Path): Leaf[] {
  const path = [...under, ...pathOf(issue)];
  const branch = issue.code === "invalid_union" ? meantBranch(issue) : undefined;
  return branch ? branch.flatMap((inner) => leavesUnder(inner, path)) : [{ issue, path }];
}

function bend(root: { value: unknown }, top: ConfigNode, { issue, path }: Leaf): boolean {
  const holder = holderOf(root, path);
  const node = nodeAt(top, path);
  if (holder === undefined || node === undefined) return false;
  const given = holder.get();
  const instead = bentValue(issue, given, node);
  if (instead === given) return false;
  holder.set(instead);
  return true;
}

/** What to try in place of a value, or the value itself. */
function bentValue(issue: Issue, given: unknown, node: ConfigNode): unknown {
  const wanted = issue.code === "invalid_type" ? issue.expected : undefined;
  if (node.original !== undefined && given !== node.original) {
    if (wanted === "string" || (given !== null && typeof given !== "string")) return node.original;
  }
  if (given === null) return wanted === "object" || wanted === "record" ? {} : undefined;
  if (typeof given === "string" && wanted === "array") return given.split(",").map((part) => part.trim());
  if (issue.code !== "invalid_value") return given;
  if (given === "" && node.original === "") return undefined;
  const text = node.kind === "scalar" ? node.text : given;
  const word = issue.values.find(
    (value) => typeof value === "string" && value.toLowerCase() === String(text).toLowerCase(),
  );
  return word ?? given;
}

interface Holder {
  get(): unknown;
  set(value: unknown): void;
}

/** The place in a value that a path names, for reading and writing. */
function holderOf(root: { value: unknown }, path: Path): Holder | undefined {
  let parent: Record<string, unknown> = root;
  let key = "value";
  for (const step of path) {
    const next = parent[key];
    if (typeof next !== "object" || next === null) return undefined;
    parent = next as Record<string, unknown>;
    key = String(step);
  }
  return {
    get: () => parent[key],
    set(value) {
      if (value === undefined && !Array.isArray(parent)) delete parent[key];
      else parent[key] = value;
    },
  };
}
