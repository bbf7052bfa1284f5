// The transform of `objects.ts` on a span view.
import type { Arrival } from "../../src/core/batch.ts";
import { attributeKey } from "../../src/otlp/attribute-key.ts";
import type { SpanView } from "../../src/otlp/span-view.ts";
import { TraceBatches } from "../../src/otlp/trace-batch.ts";
import { inputPriceNano, outputPriceNano, renames, tenantNames } from "./objects.ts";

const added = [
  "spantoll.call.role",
  "spantoll.tenant.id",
  "spantoll.cost.nano_usd",
  "spantoll.cost.usd",
  "spantoll.cost.status",
] as const;
const [roleKey, tenantKey, nanoKey, usdKey, statusKey] = added.map(attributeKey) as [never, never, never, never, never];
const renameKeys = Object.entries(renames).map(([from, to]) => ({ from: attributeKey(from), to: attributeKey(to) }));
const tenantKeys = tenantNames.map(attributeKey);
const inputKey = attributeKey("gen_ai.usage.input_tokens");
const outputKey = attributeKey("gen_ai.usage.output_tokens");

/** A processor names some 200 keys; those that no span of the corpus has cost as much to look past. */
const neverSeen = Array.from({ length: 150 }, (_, at) => `gen_ai.never.seen.attribute_${at}`);
const batches = new TraceBatches([
  {
    exact: [...Object.entries(renames).flat(), ...tenantNames, ...added, inputKey.name, outputKey.name, ...neverSeen],
    prefixes: [],
  },
]);

/** Gives the memory of what leaves back, as an exporter does when it was delivered. Returns how long it was. */
export function transformBytes(bytes: Uint8Array): number {
  const arrival: Arrival = {
    signal: "traces",
    bytes,
    context: { headers: {}, subject: undefined, peer: "" },
    transport: "http",
  };
  const batch = batches.read(arrival)[0]!;
  for (let at = 0; at < batch.items; at++) transformSpan(batch.span(at));
  const encoded = batch.encode();
  encoded.release?.();
  return encoded.bytes.length;
}

function transformSpan(span: SpanView): void {
  if (span.rowsStart === span.rowsEnd) return;
  for (let at = 0; at < renameKeys.length; at++) {
    const { from, to } = renameKeys[at]!;
    span.rename(from, to);
  }
  const input = span.integer(inputKey);
  if (input === undefined) return;
  const costNano = input * inputPriceNano + (span.integer(outputKey) ?? 0) * outputPriceNano;
  span.setText(roleKey, "bill");
  span.setText(tenantKey, tenantOf(span));
  span.setInteger(nanoKey, costNano);
  span.setDouble(usdKey, costNano / 1e9);
  span.setText(statusKey, "priced");
}

function tenantOf(span: SpanView): string {
  for (let at = 0; at < tenantKeys.length; at++) {
    const tenant = span.text(tenantKeys[at]!);
    if (tenant !== undefined) return tenant;
  }
  return "";
}
