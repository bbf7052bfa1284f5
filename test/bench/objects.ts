// The transform of the codec rows, on objects: what a sidecar on a generated codec would do. `spans.ts` does the same
// on a span view.

export interface ValueObject {
  stringValue?: string;
  intValue?: number | string | { toNumber(): number };
  doubleValue?: number;
  boolValue?: boolean;
}

export interface AttributeObject {
  key: string;
  value: ValueObject;
}

export interface SpanObject {
  attributes: AttributeObject[];
  [field: string]: unknown;
}

export interface RequestObject {
  resourceSpans: {
    resource: { attributes: AttributeObject[] };
    scopeSpans: { scope: object; spans: SpanObject[] }[];
  }[];
}

/** What is renamed, by the name it has. */
export const renames: Readonly<Record<string, string>> = {
  "gen_ai.system": "gen_ai.provider.name",
  "gen_ai.usage.prompt_tokens": "gen_ai.usage.input_tokens",
  "gen_ai.usage.completion_tokens": "gen_ai.usage.output_tokens",
  "gen_ai.usage.cache_read_input_tokens": "gen_ai.usage.cache_read.input_tokens",
  "llm.provider": "gen_ai.provider.name",
  "llm.model_name": "gen_ai.response.model",
  "llm.token_count.prompt": "gen_ai.usage.input_tokens",
  "llm.token_count.completion": "gen_ai.usage.output_tokens",
  "llm.token_count.prompt_details.cache_read": "gen_ai.usage.cache_read.input_tokens",
  "llm.token_count.completion_details.reasoning": "gen_ai.usage.reasoning.output_tokens",
};

export const tenantNames = ["tenant.id", "metadata.user_api_key_team_id", "traceloop.association.properties.tenant_id"];
export const inputPriceNano = 150;
export const outputPriceNano = 600;

/** Renames what has an old name and adds five attributes to every span that tells tokens. */
export function transformObjects(request: RequestObject): void {
  for (const { scopeSpans } of request.resourceSpans) for (const { spans } of scopeSpans) spans.forEach(transformSpan);
}

function transformSpan(span: SpanObject): void {
  let input = -1;
  let output = 0;
  let tenant = "";
  for (const attribute of span.attributes) {
    const renamed = renames[attribute.key];
    if (renamed !== undefined) attribute.key = renamed;
    if (attribute.key === "gen_ai.usage.input_tokens") input = numberOf(attribute.value);
    else if (attribute.key === "gen_ai.usage.output_tokens") output = numberOf(attribute.value);
    else if (tenantNames.includes(attribute.key)) tenant = attribute.value.stringValue ?? "";
  }
  if (input < 0) return;
  const costNano = input * inputPriceNano + output * outputPriceNano;
  span.attributes.push(
    { key: "spantoll.call.role", value: { stringValue: "bill" } },
    { key: "spantoll.tenant.id", value: { stringValue: tenant } },
    { key: "spantoll.cost.nano_usd", value: { intValue: costNano } },
    { key: "spantoll.cost.usd", value: { doubleValue: costNano / 1e9 } },
    { key: "spantoll.cost.status", value: { stringValue: "priced" } },
  );
}

function numberOf({ intValue }: ValueObject): number {
  return typeof intValue === "object" ? intValue.toNumber() : Number(intValue);
}
