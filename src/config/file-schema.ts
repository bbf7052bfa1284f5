import type { AnyKind } from "../core/component.ts";
import { type JsonSchema, jsonSchemaOf } from "./schema-tree.ts";
import { serviceSchema } from "./service-settings.ts";

/** JSON Schema of a whole configuration file, for editors. */
export function fileSchema(registry: readonly AnyKind[]): object {
  const section = (kind: AnyKind["kind"]) => sectionSchema(registry.filter((one) => one.kind === kind));
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "spantoll configuration",
    type: "object",
    properties: {
      receivers: section("receiver"),
      processors: section("processor"),
      exporters: section("exporter"),
      extensions: section("extension"),
      service: loosened(jsonSchemaOf(serviceSchema)),
    },
    required: ["receivers", "exporters", "service"],
    additionalProperties: false,
  };
}

function sectionSchema(kinds: readonly AnyKind[]): object {
  const entries = kinds.flatMap(({ about }) => {
    const schema = { ...loosened(jsonSchemaOf(about.settings)), description: about.summary };
    return [about.type, ...(about.aliases ?? [])].map((type) => [`^${type}(/.+)?$`, orNothing(schema)] as const);
  });
  return { type: ["object", "null"], patternProperties: Object.fromEntries(entries), additionalProperties: false };
}

/** An id without a value means its defaults. */
function orNothing(schema: JsonSchema): object {
  return { anyOf: [schema, { type: "null" }] };
}

/** Any value may also be a `${…}`, or be left out after its key. Each part's own `$schema` goes. */
function loosened(schema: JsonSchema): JsonSchema {
  const { $schema, ...rest } = schema as JsonSchema & { $schema?: string };
  return mapMembers(rest, (member) => {
    const inner = loosened(member);
    const { description, default: byDefault, ...bare } = inner;
    return {
      ...(description === undefined ? {} : { description }),
      ...(byDefault === undefined ? {} : { default: byDefault }),
      anyOf: [bare, { type: "null" }, { type: "string", pattern: "\\$\\{.+\\}" }],
    } as JsonSchema;
  });
}

function mapMembers(schema: JsonSchema, change: (member: JsonSchema) => JsonSchema): JsonSchema {
  const { properties, additionalProperties: rest, items, anyOf, oneOf } = schema;
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([key, member]) => [key, change(member)])),
    }),
    ...(typeof rest === "object" && { additionalProperties: change(rest) }),
    ...(typeof items === "object" && { items: change(items) }),
    ...(anyOf && { anyOf: anyOf.map((choice) => mapMembers(choice, change)) }),
    ...(oneOf && { oneOf: oneOf.map((choice) => mapMembers(choice, change)) }),
  };
}
