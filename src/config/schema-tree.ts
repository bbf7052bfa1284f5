// A settings schema as the JSON Schema that editors get; also where problems find the names that would be right.
import { z } from "zod";
import type { Path } from "./node.ts";

/** The part of JSON Schema that zod writes for settings. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly format?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  /** The document that describes what lies below, when it is a format of its own. */
  readonly describedIn?: string;
  /** Why the key has no effect here: `inert` of core/settings.ts. */
  readonly inert?: string;
  /** The value is the id of an extension of this type: `extensionId` of core/settings.ts. */
  readonly extension?: string;
}

/** What a user may write: before defaults and transforms. */
export function jsonSchemaOf(settings: z.ZodType): JsonSchema {
  const made =
    schemas.get(settings) ?? (z.toJSONSchema(settings, { io: "input", unrepresentable: "any" }) as JsonSchema);
  schemas.set(settings, made);
  return made;
}

// Schemas never change, and each is asked for once per component that a file declares.
const schemas = new WeakMap<z.ZodType, JsonSchema>();

/** The names of the settings that may stand at a path. */
export function namesAt(schema: JsonSchema, path: Path): string[] {
  const schemas = path.reduce<JsonSchema[]>(childrenOf, alternatives(schema));
  return [...new Set(schemas.flatMap((parent) => namesOf(parent)))];
}

/** The schemas that may hold for an entry, given those that may hold for the map or list around it. */
export function childrenOf(parents: readonly JsonSchema[], step: string | number): JsonSchema[] {
  return parents.flatMap((parent) => childOf(parent, step)).flatMap(alternatives);
}

/** A schema itself, or what it is a choice of. */
export function alternatives(schema: JsonSchema): JsonSchema[] {
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  return choices ? [schema, ...choices.flatMap(alternatives)] : [schema];
}

function childOf(parent: JsonSchema, step: string | number): JsonSchema[] {
  const property = parent.properties?.[String(step)];
  if (property) return [property];
  const rest = typeof step === "number" ? parent.items : parent.additionalProperties;
  return typeof rest === "object" ? [rest] : [];
}

/** What has no effect is not worth naming to somebody who looks for the right word. */
function namesOf({ properties = {} }: JsonSchema): string[] {
  return Object.entries(properties).flatMap(([name, about]) => (about.inert === undefined ? name : []));
}
