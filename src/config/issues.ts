// What a schema objects to, in our words: what is wrong; what to do.
import type { z } from "zod";
import { didYouMean, nearest } from "./nearest.ts";
import type { Path } from "./node.ts";
import { quote } from "./problems.ts";

type Issue = z.core.$ZodIssue;

export interface Told {
  readonly path: Path;
  readonly text: string;
  /** Whether the key itself is wrong or what stands at it. */
  readonly point: "key" | "value";
}

/** Gives the settings that may stand at a path. */
type Names = (path: Path) => readonly string[];

/** All that a schema objects to, without what only follows from a key that it does not know. */
export function tellAll(issues: readonly Issue[], names: Names): Told[] {
  const follows = (issue: Issue) => issues.some((other) => followsFrom(other, issue, isMeant));
  return issues.filter((issue) => !follows(issue)).flatMap((issue) => tell(issue, names, []));
}

function tell(issue: Issue, names: Names, under: Path): Told[] {
  const path = [...under, ...pathOf(issue)];
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({ path: [...path, key], text: unknownKey(key, names(path)), point: "key" }));
  const branch = issue.code === "invalid_union" ? meantBranch(issue) : undefined;
  if (branch === undefined) return [{ path, text: textOf(issue), point: "value" }];
  // With an unknown key nobody knows which alternative was meant, so what this one misses says nothing.
  const follows = (inner: Issue) => branch.some((other) => followsFrom(other, inner, () => true));
  return branch.filter((inner) => !follows(inner)).flatMap((inner) => tell(inner, names, path));
}

/** Whether an issue is no wonder, given an unknown key in the same map: the key that is missing was misspelt, for instance. */
function followsFrom(other: Issue, issue: Issue, explains: (given: string, missing: string) => boolean): boolean {
  if (other.code !== "unrecognized_keys") return false;
  const [around, at] = [pathOf(other).join("."), pathOf(issue)];
  if (issue.code === "custom") return at.join(".") === around;
  const missing = String(at.at(-1));
  const isMissing = issue.code !== "unrecognized_keys" && issue.input === undefined && 0 < at.length;
  return isMissing && at.slice(0, -1).join(".") === around && other.keys.some((key) => explains(key, missing));
}

function isMeant(given: string, missing: string): boolean {
  return nearest(given, [missing]) !== undefined;
}

export function unknownKey(key: string, names: readonly string[]): string {
  const wrong = "is not a setting here";
  if (names.length === 0) return `${wrong}; remove it`;
  return `${wrong}; ${didYouMean(key, names) ?? `the settings are ${names.join(", ")}`}`;
}

export function notOneOf(given: unknown, values: readonly unknown[]): string {
  const words = values.map(String);
  const wrong =
    words.length === 1
      ? `must be ${words[0]}, not ${quote(given)}`
      : `must be one of ${words.join(", ")}, not ${quote(given)}`;
  const hint = typeof given === "string" ? didYouMean(given, words) : undefined;
  return hint ? `${wrong}; ${hint}` : wrong;
}

/**
 * The alternative that was meant: one whose shape fits what was written.
 * Undefined when none fits, and then the alternatives are listed.
 */
export function meantBranch(issue: z.core.$ZodIssueInvalidUnion): readonly Issue[] | undefined {
  const fitting = issue.errors.filter((branch) => !branch.some(isWrongShape));
  return [...fitting].sort((a, b) => strangeness(a) - strangeness(b))[0];
}

export function pathOf(issue: Issue): Path {
  return issue.path.map((step) => (typeof step === "number" ? step : String(step)));
}

function isWrongShape(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === "invalid_type" || issue.code === "invalid_value");
}

function strangeness(branch: readonly Issue[]): number {
  return branch.reduce((sum, issue) => sum + (issue.code === "unrecognized_keys" ? 2 * issue.keys.length : 1), 0);
}

// zod's own texts begin so; a text of a declaration never does.
const zodText = /^(Invalid|Too (small|big)|Unrecognized)\b/;

function textOf(issue: Issue): string {
  if (!zodText.test(issue.message)) return issue.message;
  switch (issue.code) {
    case "invalid_type":
      return wrongType(issue.expected, issue.input);
    case "invalid_value":
      return issue.input === undefined
        ? `is required: one of ${issue.values.map(String).join(", ")}`
        : notOneOf(issue.input, issue.values);
    case "invalid_union":
      return noAlternative(issue);
    case "too_small":
      return outOfBounds(
        issue.origin,
        issue.minimum,
        issue.inclusive !== false ? "at least" : "more than",
        issue.input,
      );
    case "too_big":
      return outOfBounds(issue.origin, issue.maximum, issue.inclusive !== false ? "at most" : "less than", issue.input);
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}, not ${quote(issue.input)}`;
    case "invalid_format":
      return `must be ${issue.format === "regex" ? `of the form ${issue.pattern}` : `a valid ${issue.format}`}, not ${quote(issue.input)}`;
    case "invalid_key":
      return `is not a name that is possible here: ${issue.issues.map(textOf).join(", ")}`;
    default:
      return issue.message;
  }
}

const typeWords: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
};

function wrongType(expected: string, input: unknown): string {
  const word = typeWords[expected] ?? expected;
  if (input === undefined) return `is required; it must be ${word}`;
  const wrong = `must be ${word}, not ${quote(input)}`;
  if (expected === "string" && (typeof input === "number" || typeof input === "boolean"))
    return `${wrong}; put it in quotes`;
  return wrong;
}

function noAlternative(issue: z.core.$ZodIssueInvalidUnion): string {
  if (issue.errors.length === 0) {
    const given = issue.discriminator === undefined ? undefined : memberOf(issue.input, issue.discriminator);
    const options = "options" in issue && Array.isArray(issue.options) ? issue.options : [];
    return given === undefined ? `is required: one of ${options.join(", ")}` : notOneOf(given, options);
  }
  if (issue.input === undefined) return "is required";
  const wanted = issue.errors.flatMap((branch) => branch.filter(isWrongShape).flatMap(wordOf));
  return notAny(issue.input, [...new Set(wanted)]);
}

function notAny(input: unknown, wanted: readonly string[]): string {
  const last = wanted.at(-1) ?? "something else";
  const list = wanted.length < 2 ? last : `${wanted.slice(0, -1).join(", ")} or ${last}`;
  return `must be ${list}, not ${quote(input)}`;
}

function wordOf(issue: Issue): string[] {
  if (issue.code === "invalid_type") return [typeWords[issue.expected] ?? issue.expected];
  return issue.code === "invalid_value" ? issue.values.map(String) : [];
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}

const countWords: Readonly<Record<string, string>> = { array: "entries", set: "entries", string: "characters" };

function outOfBounds(origin: string, bound: number | bigint, relation: string, input: unknown): string {
  const count = countWords[origin];
  if (count === undefined) return `must be ${relation} ${bound}, not ${quote(input)}`;
  if (relation === "at least" && Number(bound) === 1) return "must not be empty";
  return `must have ${relation} ${bound} ${count}`;
}
