// What is written on a billed span about its cost.
import type { AttributeKeys } from "../../core/component.ts";
import type { Call } from "../../genai/call.ts";
import { type AttributeKey, attributeKey } from "../../otlp/attribute-key.ts";
import type { SpanView } from "../../otlp/span-view.ts";
import type { Cost } from "../../pricing/cost.ts";
import { toUsdDouble } from "../../pricing/money.ts";

const usd = attributeKey("spantoll.cost.usd");
const nanoUsd = attributeKey("spantoll.cost.nano_usd");
const status = attributeKey("spantoll.cost.status");
const reason = attributeKey("spantoll.cost.reason");
const flags = attributeKey("spantoll.cost.flags");
const reportedUsd = attributeKey("spantoll.cost.reported_usd");
const priceModel = attributeKey("spantoll.price.model");
const priceMatch = attributeKey("spantoll.price.match");
const priceVersion = attributeKey("spantoll.price.version");
const ours = [usd, nanoUsd, status, reason, flags, reportedUsd, priceModel, priceMatch, priceVersion];

/** The name under which emitters write a cost: what stands there is ours, or nothing. */
const usageCost = attributeKey("gen_ai.usage.cost");

export class CostAttributes {
  readonly keys: AttributeKeys;
  readonly #written: readonly AttributeKey[];
  /** Names under which a foreign amount must not stay. */
  readonly #foreign: readonly AttributeKey[];

  /** `names` carry the cost in USD beside our own attributes. */
  constructor(names: readonly string[]) {
    this.#written = [...new Set(names)].map(attributeKey);
    this.#foreign = [...new Set([usageCost, ...this.#written])];
    this.keys = { exact: [...ours, ...this.#foreign].map(({ name }) => name), prefixes: [] };
  }

  write(span: SpanView, call: Call, cost: Cost): void {
    const reported = call.reportedUsd === undefined ? Number.NaN : Number(call.reportedUsd);
    if (Number.isFinite(reported)) span.setDouble(reportedUsd, reported);
    for (const key of this.#foreign) span.remove(key);
    span.setText(status, cost.status);
    const doubts = call.flags.length === 0 ? cost.flags : [...new Set([...cost.flags, ...call.flags])];
    if (doubts.length > 0) span.setTexts(flags, doubts);
    if (cost.status === "unpriced") {
      span.setText(reason, cost.reason);
      return;
    }
    const amount = toUsdDouble(cost.nanoUsd);
    span.setDouble(usd, amount);
    span.setBigint(nanoUsd, cost.nanoUsd);
    for (const key of this.#written) span.setDouble(key, amount);
    // The provider's own figure has no row.
    if (cost.model === "") return;
    span.setText(priceModel, cost.model);
    span.setText(priceMatch, cost.match);
    span.setText(priceVersion, cost.version);
  }
}
