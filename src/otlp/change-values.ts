// New values of attributes, written as changes. Each returns the number of its change; where it goes is the view's business.
import { varintLength } from "../wire/writer.ts";
import type { AttributeKey } from "./attribute-key.ts";
import type { Edits } from "./edits.ts";

export function textChange(edits: Edits, key: AttributeKey, value: string): number {
  const length = utf8Bytes(value);
  const change = edits.begin(key, fieldLength(length));
  const { written } = edits;
  written.byte(0x0a);
  written.varint(length);
  if (length === value.length) written.ascii(value);
  else written.text(value);
  return change;
}

export function integerChange(edits: Edits, key: AttributeKey, value: number): number {
  if (value < 0) return bigintChange(edits, key, BigInt(value));
  const change = edits.begin(key, 1 + varintLength(value));
  edits.written.byte(0x18);
  edits.written.varint(value);
  return change;
}

export function bigintChange(edits: Edits, key: AttributeKey, value: bigint): number {
  const change = edits.begin(key, 1 + varint64Length(value));
  edits.written.byte(0x18);
  edits.written.varint64(value);
  return change;
}

export function doubleChange(edits: Edits, key: AttributeKey, value: number): number {
  const change = edits.begin(key, 9);
  edits.written.byte(0x21);
  edits.written.double(value);
  return change;
}

export function booleanChange(edits: Edits, key: AttributeKey, value: boolean): number {
  const change = edits.begin(key, 2);
  edits.written.byte(0x10);
  edits.written.byte(value ? 1 : 0);
  return change;
}

export function textsChange(edits: Edits, key: AttributeKey, values: readonly string[]): number {
  let listLength = 0;
  for (let at = 0; at < values.length; at++) listLength += fieldLength(itemLength(values[at]!));
  const change = edits.begin(key, fieldLength(listLength));
  const { written } = edits;
  written.ensure(listLength * 3 + 16);
  written.byte(0x2a);
  written.varint(listLength);
  for (let at = 0; at < values.length; at++) {
    written.byte(0x0a);
    written.varint(itemLength(values[at]!));
    written.byte(0x0a);
    written.varint(utf8Bytes(values[at]!));
    written.text(values[at]!);
  }
  return change;
}

/** How many bytes a text takes as an AnyValue. */
function itemLength(text: string): number {
  return fieldLength(utf8Bytes(text));
}

/** How many bytes a field takes whose number is below 16: tag, length, content. */
function fieldLength(contentLength: number): number {
  return 1 + varintLength(contentLength) + contentLength;
}

/** An int64 as a varint: ten bytes where it is negative. */
function varint64Length(value: bigint): number {
  if (value < 0n) return 10;
  return value === 0n ? 1 : Math.ceil(value.toString(2).length / 7);
}

/** How many bytes a text has in UTF-8. Most of what is written here is a short ASCII word: no call out of JavaScript then. */
function utf8Bytes(value: string): number {
  if (value.length > 64) return Buffer.byteLength(value);
  for (let at = 0; at < value.length; at++) if (value.charCodeAt(at) > 0x7f) return Buffer.byteLength(value);
  return value.length;
}
