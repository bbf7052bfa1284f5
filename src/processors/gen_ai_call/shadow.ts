// Moves what dashboards add up out of the way on spans that are not billed, so that sums over a backend are right and
// nothing is lost: `gen_ai.usage.input_tokens` becomes `spantoll.shadow.gen_ai.usage.input_tokens`.
import type { AttributeKeys } from "../../core/component.ts";
import { type AttributeKey, attributeKey, attributePrefix, attributeUnder } from "../../otlp/attribute-key.ts";
import type { SpanView } from "../../otlp/span-view.ts";

/** Everything below these names is a count or a cost. */
const summedPrefixes = [
  "gen_ai.usage.",
  "gen_ai.cost.",
  "gen_ai.token.cost.",
  "llm.token_count.",
  "llm.usage.",
  "llm.cost.",
  "litellm.cost.",
  "ai.usage.",
  "codex.turn.token_usage.",
  "usage.cost_details.",
];

/** Names by themselves. The objects among them are added up by the product that wrote them. */
const summedNames = [
  "gen_ai.cost",
  "gen_ai.response.prompt_tokens",
  "gen_ai.response.completion_tokens",
  "gen_ai.client.token.usage",
  "llm.prompt_tokens",
  "llm.completion_tokens",
  "llm.total_tokens",
  "llm.cost",
  "llm.cost_usd",
  "usage.cost",
  "cost_usd",
  "response_cost",
  "operation.cost",
  "ai.total_cost",
  "langwatch.span.cost",
  "agw.ai.usage.cost.total",
  "mlflow.chat.tokenUsage",
  "mlflow.llm.cost",
  "langfuse.observation.usage_details",
  "langfuse.observation.cost_details",
  "langsmith.usage_metadata",
];

/** What the normaliser writes: these may have been added on the way, so that they are no rows of the request. */
const normalisedNames = [
  "input_tokens",
  "output_tokens",
  "cache_read.input_tokens",
  "cache_write.input_tokens",
  "cache_creation.input_tokens",
  "reasoning.output_tokens",
  "image.input_tokens",
  "image.output_tokens",
  "audio.input_tokens",
  "audio.output_tokens",
  "audio.cache_read.input_tokens",
];

const shadowPrefix = "spantoll.shadow.";
const under = attributePrefix(shadowPrefix);

interface Normalised {
  readonly now: AttributeKey;
  readonly shadow: AttributeKey;
  readonly aggregated: AttributeKey;
}

const normalised: readonly Normalised[] = normalisedNames.map((name) => ({
  now: attributeKey(`gen_ai.usage.${name}`),
  shadow: attributeKey(`${shadowPrefix}gen_ai.usage.${name}`),
  aggregated: attributeKey(`gen_ai.aggregated_usage.${name}`),
}));

export const shadowKeys: AttributeKeys = {
  exact: [
    ...normalised.flatMap(({ now, shadow, aggregated }) => [now.name, shadow.name, aggregated.name]),
    ...summedNames,
  ],
  prefixes: [...summedPrefixes, under.name],
};

/** A rollup's tokens also become `gen_ai.aggregated_usage.*`, which says what they are. */
export function moveToShadow(view: SpanView, isRollup: boolean): void {
  for (const { now, shadow, aggregated } of normalised) {
    if (!view.has(now)) continue;
    if (isRollup) view.copy(now, aggregated);
    view.rename(now, shadow);
  }
  for (let row = view.rowsStart; row < view.rowsEnd; row++) {
    if (view.rowKey(row) < 0) continue;
    const name = view.rowName(row);
    if (isSummed(name)) view.moveRow(row, attributeUnder(under, name));
  }
}

const isSummedName: ReadonlySet<string> = new Set(summedNames);

function isSummed(name: string): boolean {
  return isSummedName.has(name) || summedPrefixes.some((prefix) => name.startsWith(prefix));
}
