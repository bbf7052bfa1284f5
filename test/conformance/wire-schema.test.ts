import protobuf from "protobufjs";
import { expect, test } from "vitest";
import { enums, type FieldEntry, messages, requestMessages } from "../../src/otlp/json-schema.ts";
import { requestTypes } from "../support/otlp-oracle.ts";

const signals = ["traces", "metrics", "logs"] as const;

test.each(signals)("the JSON table names every field of %s as proto/ does", (signal) => {
  const told: Record<string, FieldEntry> = {};
  const defined: Record<string, FieldEntry> = {};
  for (const type of typesBelow(requestTypes[signal])) {
    for (const [name, entry] of Object.entries(messages[type.name] ?? {})) told[`${type.name}.${name}`] = entry;
    for (const field of type.fieldsArray) defined[`${type.name}.${field.name}`] = entryOf(field);
  }
  expect(told).toEqual(defined);
});

test.each(Object.entries(enums))("the JSON table names the values of %s as proto/ does", (name, values) => {
  const types = signals.flatMap((signal) => [...typesBelow(requestTypes[signal])]);
  const fields = types.flatMap((type) => type.fieldsArray);
  const found = fields.find((field) => field.resolvedType?.name === name)?.resolvedType as protobuf.Enum;
  expect(found.values).toEqual(Object.fromEntries(values.map((value, number) => [value, number])));
});

test("every message of the JSON table belongs to a request", () => {
  const types = signals.flatMap((signal) => [...typesBelow(requestTypes[signal])].map((type) => type.name));
  expect(Object.keys(messages).sort()).toEqual([...new Set(types)].sort());
  expect(Object.values(requestMessages)).toEqual(signals.map((signal) => requestTypes[signal].name));
});

function entryOf(field: protobuf.Field): FieldEntry {
  const isId = /^(traceId|spanId|parentSpanId)$/.test(field.name);
  const type = isId ? (field.name === "traceId" ? "traceId" : "spanId") : (field.resolvedType?.name ?? field.type);
  const optional = field.options?.["proto3_optional"] === true;
  if (field.repeated) return [field.id, type, "many"];
  if (optional) return [field.id, type, "optional"];
  return field.partOf ? [field.id, type, "choice"] : [field.id, type];
}

function typesBelow(type: protobuf.Type, seen = new Set<protobuf.Type>()): Set<protobuf.Type> {
  if (seen.has(type)) return seen;
  seen.add(type);
  for (const field of type.fieldsArray)
    if (field.resolvedType instanceof protobuf.Type) typesBelow(field.resolvedType, seen);
  return seen;
}
