// Names of attributes as small numbers. A name is interned once, when a component that names it is created, and then
// compared as a number. Names come from our tables and from the configuration, never from spans, so the table is bounded.
import { Writer } from "../wire/writer.ts";

const known = new Map<string, AttributeKey>();

export interface AttributeKey {
  /** Dense, from 0. */
  readonly id: number;
  readonly name: string;
  /** UTF-8 of the name. */
  readonly bytes: Uint8Array;
  /** The name as field 1 of a KeyValue: tag, length, bytes. */
  readonly field: Uint8Array;
  /** The same as little-endian words, the last one filled up with zeros. */
  readonly fieldWords: Int32Array;
}

/** The key of an exact name. */
export function attributeKey(name: string): AttributeKey {
  return intern(name, name);
}

/** The key that stands for every name that starts with `prefix` and is not declared by itself. */
export function attributePrefix(prefix: string): AttributeKey {
  return intern(`${prefix}\u0000*`, prefix);
}

/** Stands for an event of a span among its attributes, where a component asked for events. No attribute has this key. */
export const spanEvent: AttributeKey = intern("\u0000event", "");

/** Stand for the name and the status of a span in the same way, whole fields with their tags. */
export const spanName: AttributeKey = intern("\u0000name", "");
export const spanStatus: AttributeKey = intern("\u0000status", "");

/** A name below a declared prefix that only a span knows. It goes by the prefix's id and is not kept. */
export function attributeUnder(prefix: AttributeKey, name: string): AttributeKey {
  const bytes = new TextEncoder().encode(prefix.name + name);
  return { id: prefix.id, name: prefix.name + name, bytes, ...fieldOf(bytes) };
}

function intern(entry: string, name: string): AttributeKey {
  const found = known.get(entry);
  if (found) return found;
  const bytes = new TextEncoder().encode(name);
  const key = { id: known.size, name, bytes, ...fieldOf(bytes) };
  known.set(entry, key);
  return key;
}

function fieldOf(bytes: Uint8Array): Pick<AttributeKey, "field" | "fieldWords"> {
  const writer = new Writer(bytes.length + 12);
  writer.byte(0x0a);
  writer.varint(bytes.length);
  writer.copy(bytes, 0, bytes.length);
  const view = new DataView(writer.bytes.buffer);
  const words = Int32Array.from({ length: Math.ceil(writer.position / 4) }, (_, at) => view.getInt32(at * 4, true));
  return { field: writer.bytes.slice(0, writer.position), fieldWords: words };
}
