// Prices every call that is billed, leaves the costs for the budget, and writes them on the spans.
import type { Batch } from "../../core/batch.ts";
import { type Files, type Objection, processor } from "../../core/component.ts";
import type { Host } from "../../core/host.ts";
import { Note } from "../../core/note.ts";
import { type Call, calls, revisions } from "../../genai/call.ts";
import { traceBatch } from "../../otlp/trace-batch.ts";
import { recordOf } from "../../pricing/call-record.ts";
import { type Cost, costs, revisedCosts } from "../../pricing/cost.ts";
import type { PriceBook } from "../../pricing/price-book.ts";
import { costOf } from "../../pricing/price-call.ts";
import { type PricingSettings, policyOf, pricingSettings, readSettingsBook } from "../../pricing/settings.ts";
import { CostAttributes } from "./cost-attributes.ts";
import { Figures } from "./figures.ts";
import { LiveBook } from "./live-book.ts";

export const genAiCost = processor({
  type: "gen_ai_cost",
  summary: "Prices billed calls, exactly, and writes the cost on their spans; a price that is not known stays unknown.",
  signals: ["traces"],
  needs: ["gen_ai_call"],
  settings: pricingSettings,
  check: readPrices,
  create(settings, host) {
    const book = books.get(settings);
    if (!book) throw new Error("settings were not checked");
    return costProcessor(settings, book, host);
  },
});

/** Books by the settings that name their files: `check` reads files, `create` has none. */
const books = new Note<PriceBook>("price books");

function* readPrices(settings: PricingSettings, files: Files): Iterable<Objection> {
  const reading = readSettingsBook(settings, files);
  if (reading.ok) books.set(settings, reading.book);
  else for (const { index, text } of reading.problems) yield { path: ["prices", index], text };
}

function costProcessor(settings: PricingSettings, book: PriceBook, host: Host) {
  const policy = policyOf(settings);
  const attributes = new CostAttributes(settings.write);
  const figures = new Figures(host);
  const live = new LiveBook(book, settings, host);
  return {
    keys: attributes.keys,
    async start() {
      live.start();
    },
    async stop() {
      live.stop();
    },
    /** What they cost was counted when they came. */
    stampAgain(batch: Batch): Batch {
      const traces = traceBatch(batch);
      const nowMs = host.clock.now();
      for (const call of calls.get(batch.notes) ?? []) {
        const cost = call.role === "bill" ? costOf(live.book, recordOf(call, nowMs), policy) : undefined;
        if (cost) attributes.write(traces.span(call.span), call, cost);
      }
      return batch;
    },
    process(batch: Batch): Batch {
      const nowMs = host.clock.now();
      const prices = live.book;
      const price = (call: Call) => (call.role === "bill" ? costOf(prices, recordOf(call, nowMs), policy) : undefined);
      const revised = revisions.get(batch.notes);
      if (revised) revisedCosts.set(batch.notes, revised.map(price));
      const found = calls.get(batch.notes);
      if (!found || found.length === 0) return batch;
      const traces = traceBatch(batch);
      const priced: (Cost | undefined)[] = [];
      for (const call of found) {
        const cost = price(call);
        priced.push(cost);
        if (!cost) continue;
        attributes.write(traces.span(call.span), call, cost);
        figures.count(call, cost);
      }
      costs.set(batch.notes, priced);
      figures.tell();
      return batch;
    },
  };
}
