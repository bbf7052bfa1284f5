// Fields as small numbers: every attribute that can be written and every internal fact has a place in a reading.
import { type Field, internalFields } from "./dialect.ts";
import { type AttributeName, attributeTypes } from "./semconv.ts";

/** How a source is read. */
export type ValueKind =
  | "tokens"
  | "integer"
  | "double"
  | "boolean"
  | "text"
  | "texts"
  | "provider"
  | "operation"
  | "usd"
  | "present";

const attributes = Object.keys(attributeTypes) as AttributeName[];

/** Every field; attributes come first. */
export const fields: readonly Field[] = [...attributes, "litellm.model_group", ...internalFields];

/** How many fields are attributes that are written. */
export const attributeFields = attributes.length + 1;

export function fieldIndex(field: Field): number {
  return fields.indexOf(field);
}

export function kindOf(field: Field): ValueKind {
  if (field === "gen_ai.provider.name") return "provider";
  if (field === "gen_ai.operation.name") return "operation";
  if (field.startsWith("gen_ai.usage.") || /^@\w+_tokens$/.test(field)) return "tokens";
  if (field === "@reported_usd") return "usd";
  if (field === "@cache_hit" || field === "@failed") return "present";
  if (field.startsWith("@") || field === "litellm.model_group") return "text";
  return kindOfType[attributeTypes[field as AttributeName]];
}

const kindOfType = {
  int: "integer",
  double: "double",
  boolean: "boolean",
  string: "text",
  "string[]": "texts",
} as const;

/** Places of the fields that reading itself works with. */
export const at = {
  operation: fieldIndex("gen_ai.operation.name"),
  provider: fieldIndex("gen_ai.provider.name"),
  requestModel: fieldIndex("gen_ai.request.model"),
  responseModel: fieldIndex("gen_ai.response.model"),
  modelGroup: fieldIndex("litellm.model_group"),
  responseId: fieldIndex("gen_ai.response.id"),
  input: fieldIndex("gen_ai.usage.input_tokens"),
  output: fieldIndex("gen_ai.usage.output_tokens"),
  cacheRead: fieldIndex("gen_ai.usage.cache_read.input_tokens"),
  cacheWrite: fieldIndex("gen_ai.usage.cache_write.input_tokens"),
  reasoning: fieldIndex("gen_ai.usage.reasoning.output_tokens"),
  imageInput: fieldIndex("gen_ai.usage.image.input_tokens"),
  imageOutput: fieldIndex("gen_ai.usage.image.output_tokens"),
  audioInput: fieldIndex("gen_ai.usage.audio.input_tokens"),
  audioOutput: fieldIndex("gen_ai.usage.audio.output_tokens"),
  audioCacheRead: fieldIndex("gen_ai.usage.audio.cache_read.input_tokens"),
  serverAddress: fieldIndex("server.address"),
  errorType: fieldIndex("error.type"),
  openaiTier: fieldIndex("openai.response.service_tier"),
  total: fieldIndex("@total_tokens"),
  uncachedInput: fieldIndex("@uncached_input_tokens"),
  cacheWrite5m: fieldIndex("@cache_write_5m_tokens"),
  cacheWrite1h: fieldIndex("@cache_write_1h_tokens"),
  model: fieldIndex("@model"),
  providerModel: fieldIndex("@provider_model"),
  otherResponseId: fieldIndex("@response_id"),
  callId: fieldIndex("@call_id"),
  reportedUsd: fieldIndex("@reported_usd"),
  cacheHit: fieldIndex("@cache_hit"),
  serviceTier: fieldIndex("@service_tier"),
  failed: fieldIndex("@failed"),
} as const;
