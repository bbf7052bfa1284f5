// What a value means, however it was written: numbers in strings, doubles for counts, `"True"`, lists in JSON, `"None"`.
// What cannot be read is `bad`: it stays as it came and is counted. Nothing here throws.
import type { AttributeKey } from "../otlp/attribute-key.ts";
import type { SpanView } from "../otlp/span-view.ts";
import type { ValueKind } from "./fields.ts";
import { findMembers, type Scalar, wantedOf } from "./literal.ts";
import { operationOf } from "./operations.ts";
import { providerOf } from "./providers.ts";

export type Value = string | number | bigint | boolean | readonly string[];
export type Raw = Scalar | bigint | readonly string[];

/** The attribute has a value, but none that its key can mean. */
export const bad = Symbol("bad");
/** The attribute is already what it should be, and nobody here needs to know what that is. */
export const asIs = Symbol("as is");

/** More tokens than any call has: a bound that keeps one broken span from eating a budget. */
export const tokensMax = 1e9;
/** More than any call costs. */
const usdMax = 1e9;
const listMax = 128;

export interface Meaning {
  readonly kind: ValueKind;
  readonly values: ReadonlyMap<string, string> | undefined;
  readonly unit: "ms" | undefined;
  /** The source is the target: an unknown word stands for itself. */
  readonly identity: boolean;
}

/** The value of an attribute as it was sent; undefined when it is absent or empty. */
export function rawOf(span: SpanView, key: AttributeKey, kind: ValueKind): Raw | typeof bad | undefined {
  // What nearly all values are is asked first: it saves finding the attribute twice.
  const usual = kind === "tokens" ? span.integer(key) : span.text(key);
  return usual ?? otherRaw(span, key);
}

function otherRaw(span: SpanView, key: AttributeKey): Raw | typeof bad | undefined {
  switch (span.type(key)) {
    case "int":
      return span.integer(key) ?? span.bigint(key);
    case "string":
      return span.text(key) ?? bad;
    case "double":
      return span.double(key);
    case "bool":
      return span.boolean(key);
    case "array":
      return textsOf(span.value(key));
    case undefined:
    case "empty":
      return undefined;
    default:
      return bad;
  }
}

function textsOf(value: unknown): readonly string[] | typeof bad {
  if (!Array.isArray(value)) return bad;
  return value.filter((item) => typeof item === "string");
}

/** What a raw value means for its key. */
export function meaningOf(raw: Raw, meaning: Meaning): Value | typeof bad | undefined {
  if (raw === null || meaning.values?.get(String(raw)) === "") return undefined;
  switch (meaning.kind) {
    case "tokens":
      return tokensOf(raw);
    case "integer":
      return integerOf(raw);
    case "double":
      return doubleOf(raw, meaning.unit);
    case "usd":
      return usdOf(raw);
    case "boolean":
      return booleanOf(raw);
    case "present":
      return isPresent(raw, meaning.values) ? true : undefined;
    case "texts":
      return listOf(raw);
    default:
      return wordOf(raw, meaning);
  }
}

/** Words for "no value": Python's and JavaScript's, and what frameworks put in the place of one. */
const emptyWords: ReadonlySet<string> = new Set(["", "None", "none", "null", "undefined", "nan", "NaN", "N/A"]);
const emptyWordMax = 9;

function isEmptyWord(text: string): boolean {
  return text.length <= emptyWordMax && emptyWords.has(text);
}

function wordOf(raw: Raw, meaning: Meaning): string | typeof bad | undefined {
  if (typeof raw === "object") return bad;
  const text = unquoted(String(raw));
  if (isEmptyWord(text)) return undefined;
  const given = meaning.values?.get(text) ?? meaning.values?.get("*");
  if (given !== undefined) return given === "" ? undefined : given;
  if (meaning.kind === "provider") return providerOf(text);
  if (meaning.kind === "operation") return operationOf(text) ?? (meaning.identity ? text : undefined);
  return text;
}

/** MLflow writes every attribute as JSON: `"\"gpt-4o\""`. */
function unquoted(text: string): string {
  if (text.charCodeAt(0) !== 0x22 || text.length < 2 || !text.endsWith('"')) return text;
  return text.slice(1, -1);
}

function tokensOf(raw: Raw): number | typeof bad | undefined {
  const number = numberOf(raw);
  if (typeof number !== "number") return number;
  const tokens = Number.isInteger(number) ? number : Math.floor(number + 0.5);
  return 0 <= tokens && tokens <= tokensMax ? tokens : bad;
}

function integerOf(raw: Raw): number | bigint | typeof bad | undefined {
  if (typeof raw === "bigint") return raw;
  const number = numberOf(raw);
  if (typeof number !== "number") return number;
  if (!Number.isInteger(number)) return bad;
  if (Number.isSafeInteger(number)) return number;
  return typeof raw === "string" && isDigits(raw) ? int64Of(raw) : bad;
}

function int64Of(digits: string): bigint | typeof bad {
  const value = BigInt(digits);
  return BigInt.asIntN(64, value) === value ? value : bad;
}

function doubleOf(raw: Raw, unit: "ms" | undefined): number | typeof bad | undefined {
  const number = numberOf(raw);
  if (typeof number !== "number") return number;
  return unit === "ms" ? number / 1000 : number;
}

function usdOf(raw: Raw): string | typeof bad | undefined {
  const number = numberOf(raw);
  if (typeof number !== "number") return number;
  return number < 0 || usdMax < number ? bad : decimalText(typeof raw === "string" ? raw.trim() : String(number));
}

/** A finite number, from a number or from digits with a point; bad for all else, undefined for words of absence. */
function numberOf(raw: Raw): number | typeof bad | undefined {
  if (typeof raw === "number") return Number.isFinite(raw) ? raw : bad;
  if (typeof raw !== "string") return bad;
  if (raw.length > 40) return bad;
  const text = unquoted(raw).trim();
  if (emptyWords.has(text)) return text === "NaN" || text === "nan" ? bad : undefined;
  const number = isNumeric(text) ? Number(text) : Number.NaN;
  return Number.isFinite(number) ? number : bad;
}

/** `0x10`, `Infinity` and the like are numbers to JavaScript, not to an emitter. */
function isNumeric(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const digit = 0x30 <= code && code <= 0x39;
    if (!digit && !"+-.eE".includes(text.charAt(at))) return false;
  }
  return true;
}

function isDigits(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || 0x39 < code) return false;
  }
  return true;
}

/** Without an exponent: `1.6e-7` is 0.00000016. */
export function decimalText(text: string): string {
  const [mantissa = "", exponent] = text.toLowerCase().split("e");
  if (exponent === undefined) return text;
  const [whole = "", fraction = ""] = mantissa.split(".");
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (100 < Math.abs(point)) return "0";
  if (point <= 0) return `0.${"0".repeat(-point)}${digits}`;
  if (digits.length <= point) return digits + "0".repeat(point - digits.length);
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}

const truths: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["1", true],
  ["false", false],
  ["0", false],
]);

function booleanOf(raw: Raw): boolean | typeof bad | undefined {
  if (typeof raw === "boolean") return raw;
  if (typeof raw === "object") return bad;
  const word = String(raw);
  return emptyWords.has(word) ? undefined : (truths.get(word.toLowerCase()) ?? bad);
}

function isPresent(raw: Raw, values: ReadonlyMap<string, string> | undefined): boolean {
  const word = String(raw);
  const meant = values?.get(word.toLowerCase()) ?? word;
  return !emptyWords.has(meant) && truths.get(meant.toLowerCase()) !== false;
}

/** `["stop"]` as a list or as JSON, `stop, length` and `stop`. */
function listOf(raw: Raw): readonly string[] | typeof bad | undefined {
  if (typeof raw === "object") return raw ?? undefined;
  if (typeof raw !== "string") return bad;
  const text = raw.trim();
  if (emptyWords.has(text)) return undefined;
  if (!text.startsWith("[")) return text.split(",").map((word) => unquoted(word.trim()));
  const found: (Scalar | undefined)[] = [];
  if (!findMembers(text, everyItem, found)) return bad;
  return found.filter((item) => typeof item === "string");
}

const everyItem = wantedOf(Array.from({ length: listMax }, (_, position) => String(position)));
