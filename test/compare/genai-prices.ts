// The bundled table against the calculator of the package that it is made from.
import { calcPrice, findProvider } from "@pydantic/genai-prices";
import type { Usage } from "../../src/genai/usage.ts";
import { parseLayerName, readBook } from "../../src/pricing/layers.ts";
import { explainCost } from "../../src/pricing/price-call.ts";
import { canonicalProvider } from "../../src/pricing/provider-names.ts";
import { policyOf, pricingSettings } from "../../src/pricing/settings.ts";
import { installed } from "../support/bundled-prices.ts";
import type { Compared } from "./compared.ts";
import { usagesFor } from "./usages.ts";

/** A working day and the night before it, and a day before most prices changed. */
const instants = [Date.UTC(2026, 7, 3, 12), Date.UTC(2026, 7, 3, 20), Date.UTC(2025, 0, 15, 12)];

/** Every name of every model of the package, at three instants, for usage of every shape. */
export function compareWithGenaiPrices(): readonly Compared[] {
  const noFiles = { read: () => new Uint8Array() };
  const reading = readBook([parseLayerName("bundled")], noFiles);
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  const { book } = reading;
  const policy = policyOf(pricingSettings.parse({ reported_cost: "ignore", max_call_cost_usd: 1e12 }));
  return installed().providerIds.flatMap((providerId) =>
    (findProvider({ providerId })?.models ?? []).flatMap(({ id }) =>
      instants.flatMap((atMs) =>
        usagesFor(id).map(({ name, usage }): Compared => {
          const record = { provider: canonicalProvider(providerId), model: id, atMs, usage };
          const ours = explainCost(book, record, policy);
          return {
            provider: providerId,
            model: id,
            usageName: name,
            usage,
            atMs,
            ours,
            theirs: theirAnswer(usage, id, providerId, atMs),
          };
        }),
      ),
    ),
  );
}

function theirAnswer(usage: Usage, model: string, providerId: string, atMs: number): Compared["theirs"] {
  const words = {
    input_tokens: usage.input,
    output_tokens: usage.output,
    cache_read_tokens: usage.cache_read,
    cache_write_tokens: usage.cache_write ?? usage.cache_write_1h,
    cache_write_1h_tokens: usage.cache_write_1h,
    input_audio_tokens: usage.audio_in,
    output_audio_tokens: usage.audio_out,
    output_reasoning_tokens: usage.reasoning,
    web_searches: usage.web_searches,
  };
  const given = Object.fromEntries(Object.entries(words).filter(([, quantity]) => quantity !== undefined));
  try {
    const answer = calcPrice(given, model, { providerId, timestamp: new Date(atMs) });
    return answer === null ? { kind: "none" } : { kind: "usd", usd: answer.total_price, row: answer.model.id };
  } catch (error) {
    return { kind: "error", text: error instanceof Error ? error.message : String(error) };
  }
}
