// Reading AnyValues in place. A value that is not of the type that is asked for is absent, never converted: whoever
// knows the dialect decides what a number in a string means.
import { Reader } from "../wire/reader.ts";
import { utf8 } from "../wire/utf8.ts";
import { depthMax } from "./shape.ts";

export type ValueType = "empty" | "string" | "bool" | "int" | "double" | "array" | "kvlist" | "bytes" | "reference";

/** A decoded AnyValue. Integers beyond 2^53 are bigint; lists and maps are bounded by `valuesMax`. */
export type AnyValue =
  | undefined
  | string
  | boolean
  | number
  | bigint
  | Uint8Array
  | readonly AnyValue[]
  | { readonly [key: string]: AnyValue };

/** How many elements of nested values are decoded; the rest is left out. */
const valuesMax = 1024;

const types: readonly (ValueType | undefined)[] = [
  undefined,
  "string",
  "bool",
  "int",
  "double",
  "array",
  "kvlist",
  "bytes",
  "reference",
];

/** The type of a value that has one member of the oneof, or none. */
export function typeOf(bytes: Uint8Array, start: number, end: number): ValueType {
  return start === end ? "empty" : (types[bytes[start]! >>> 3] ?? "empty");
}

/** Where the content of a string, bytes or nested value starts, -1 when `bytes[start]` is not the tag `tag`. */
export function contentStart(bytes: Uint8Array, start: number, end: number, tag: number): number {
  if (start === end || bytes[start] !== tag) return -1;
  let at = start + 1;
  while (bytes[at]! > 0x7f) at++;
  return at + 1;
}

/** An int64 as it is, undefined when the value is none. */
export function bigintOf(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  if (start === end || bytes[start] !== 0x18) return undefined;
  let value = 0n;
  let shift = 0n;
  for (let at = start + 1; at < end; at++) {
    value |= BigInt(bytes[at]! & 0x7f) << shift;
    shift += 7n;
    if (bytes[at]! < 0x80) break;
  }
  return BigInt.asIntN(64, value);
}

/** An int64 that a double holds exactly; undefined for others and for what is no integer. */
export function integerOf(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (start === end || bytes[start] !== 0x18) return undefined;
  let value = 0;
  let factor = 1;
  for (let at = start + 1; at < end; at++) {
    const byte = bytes[at]!;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return Number.isSafeInteger(value) ? value : safeNegative(bytes, start, end);
    factor *= 128;
  }
  return undefined;
}

function safeNegative(bytes: Uint8Array, start: number, end: number): number | undefined {
  const value = Number(bigintOf(bytes, start, end));
  return Number.isSafeInteger(value) ? value : undefined;
}

export function doubleOf(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start < 9 || bytes[start] !== 0x21) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset + start + 1, 8).getFloat64(0, true);
}

export function booleanOf(bytes: Uint8Array, start: number, end: number): boolean | undefined {
  return end - start < 2 || bytes[start] !== 0x10 ? undefined : bytes[start + 1] !== 0;
}

/** The whole value. Deep and long ones are cut, see `valuesMax`. */
export function anyValueOf(bytes: Uint8Array, start: number, end: number, depth = 0): AnyValue {
  const type = typeOf(bytes, start, end);
  switch (type) {
    case "string":
      return utf8(bytes, contentStart(bytes, start, end, 0x0a), end);
    case "bool":
      return booleanOf(bytes, start, end);
    case "int":
      return integerOf(bytes, start, end) ?? bigintOf(bytes, start, end);
    case "double":
      return doubleOf(bytes, start, end);
    case "bytes":
      return bytes.slice(contentStart(bytes, start, end, 0x3a), end);
    case "array":
      return depth === depthMax ? undefined : listOf(bytes, contentStart(bytes, start, end, 0x2a), end, depth);
    case "kvlist":
      return depth === depthMax ? undefined : mapOf(bytes, contentStart(bytes, start, end, 0x32), end, depth);
    default:
      return undefined;
  }
}

/** Of several members of the oneof the last one counts, as parsers have it. */
function nestedValue(bytes: Uint8Array, start: number, end: number, depth: number): AnyValue {
  const reader = new Reader(bytes, start, end);
  let from = start;
  let to = start;
  while (reader.position < end) {
    const at = reader.position;
    const tag = reader.tag();
    reader.skip(tag);
    if (typeOf(bytes, at, end) === "empty") continue;
    from = at;
    to = reader.position;
  }
  return anyValueOf(bytes, from, to, depth);
}

function listOf(bytes: Uint8Array, start: number, end: number, depth: number): readonly AnyValue[] {
  const list: AnyValue[] = [];
  const reader = new Reader(bytes, start, end);
  while (reader.position < end && list.length < valuesMax) {
    const tag = reader.tag();
    if (tag !== 0x0a) {
      reader.skip(tag);
      continue;
    }
    const itemEnd = reader.contentEnd();
    list.push(nestedValue(bytes, reader.position, itemEnd, depth + 1));
    reader.position = itemEnd;
  }
  return list;
}

function mapOf(bytes: Uint8Array, start: number, end: number, depth: number): { readonly [key: string]: AnyValue } {
  const entries: [string, AnyValue][] = [];
  const reader = new Reader(bytes, start, end);
  while (reader.position < end && entries.length < valuesMax) {
    const tag = reader.tag();
    if (tag !== 0x0a) {
      reader.skip(tag);
      continue;
    }
    const entryEnd = reader.contentEnd();
    entries.push(entryOf(bytes, reader.position, entryEnd, depth));
    reader.position = entryEnd;
  }
  return Object.fromEntries(entries);
}

function entryOf(bytes: Uint8Array, start: number, end: number, depth: number): [string, AnyValue] {
  const reader = new Reader(bytes, start, end);
  let key = "";
  let value: AnyValue;
  while (reader.position < end) {
    const tag = reader.tag();
    if (tag !== 0x0a && tag !== 0x12) {
      reader.skip(tag);
      continue;
    }
    const fieldEnd = reader.contentEnd();
    if (tag === 0x0a) key = utf8(bytes, reader.position, fieldEnd);
    else value = nestedValue(bytes, reader.position, fieldEnd, depth + 1);
    reader.position = fieldEnd;
  }
  return [key, value];
}
