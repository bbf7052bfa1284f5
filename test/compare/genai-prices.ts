// The bundled table against the calculator of the package that it is made from.
import { calcPrice, findProvider } from "@pydantic/genai-prices";
import type { Usage } from "../../src/genai/usage.ts";
import { parseLayerName, readBook } from "../../src/pricing/layers.ts";
import { compileBook } from "../../src/pricing/price-book.ts";
import { explainCost } from "../../src/pricing/price-call.ts";
import { canonicalProvider } from "../../src/pricing/provider-names.ts";
import { policyOf, pricingSettings } from "../../src/pricing/settings.ts";
import { installed, packagePrices } from "../support/bundled-prices.ts";
import type { Compared } from "./compared.ts";
import { type Generated, measuresFor, usagesFor } from "./usages.ts";

/** A working day and the night before it, and a day before most prices changed. */
const instants = [Date.UTC(2026, 7, 3, 12), Date.UTC(2026, 7, 3, 20), Date.UTC(2025, 0, 15, 12)];

/** Every name of every model of the package, at three instants, for usage of every shape. */
export function compareWithGenaiPrices(): readonly Compared[] {
  const noFiles = { read: () => new Uint8Array() };
  const reading = readBook([parseLayerName("bundled")], noFiles);
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  const { book } = reading;
  const packageFile = packagePrices();
  const packageBook = compileBook([{ name: "package", version: "", mode: "override", file: packageFile }]);
  const policy = policyOf(pricingSettings.parse({ reported_cost: "ignore", max_call_cost_usd: 1e12 }));
  return installed().providerIds.flatMap((providerId) =>
    (findProvider({ providerId })?.models ?? []).flatMap(({ id, prices }) =>
      instants.flatMap((atMs) =>
        [...usagesFor(id), ...measuredUsages(id, prices)].map(({ name, usage }): Compared => {
          const record = { provider: canonicalProvider(providerId), model: id, atMs, usage };
          const ours = explainCost(book, record, policy);
          const withoutOwnFiles = explainCost(packageBook, record, policy);
          return {
            provider: providerId,
            model: id,
            usageName: name,
            usage,
            atMs,
            ours,
            withoutOwnFiles,
            theirs: theirAnswer(usage, id, providerId, atMs),
          };
        }),
      ),
    ),
  );
}

/** What is counted instead of tokens, where the row has a price for it. */
function measuredUsages(id: string, prices: unknown): readonly Generated[] {
  const written = JSON.stringify(prices);
  const measures = measuresFor(id);
  return [
    ...(written.includes("audio_hours") ? [measures.audio_seconds] : []),
    ...(written.includes("input_document_kpages") ? [measures.pages] : []),
  ];
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
    input_image_tokens: usage.image_in,
    output_image_tokens: usage.image_out,
    audio_seconds: usage.audio_seconds,
    input_audio_seconds: usage.audio_seconds,
    input_document_pages: usage.pages,
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
