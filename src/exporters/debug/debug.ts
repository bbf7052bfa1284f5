// The pipeline on a terminal: one line a call, for the person who wants to see that it works and what it costs.
import { z } from "zod";
import type { Encoded } from "../../core/batch.ts";
import { exporter } from "../../core/component.ts";
import { itemWord } from "../../core/metrics.ts";
import { inert } from "../../core/settings.ts";
import { type Call, calls } from "../../genai/call.ts";
import { charges } from "../../ledger/charging.ts";
import { costs } from "../../pricing/cost.ts";
import { callLine } from "./call-line.ts";
import { spansInDetail } from "./detail.ts";

export const debug = exporter({
  type: "debug",
  summary: "Prints to the terminal: one line for each call, with its cost and what is left of the budget.",
  signals: ["traces", "metrics", "logs"],
  settings: z.strictObject({
    verbosity: z.enum(["basic", "normal", "detailed"]).default("basic").meta({
      description:
        "`basic`: billed and failed calls. `normal`: also what is not billed, and why. `detailed`: also every span with its attributes, prompts among them.",
    }),
    sampling_initial: inert("a line that is left out would look like a call that is lost"),
    sampling_thereafter: inert("a line that is left out would look like a call that is lost"),
    use_internal_logger: inert("lines go to standard output, the log to standard error"),
    output_paths: inert("lines go to standard output"),
  }),
  create({ verbosity }, _batching, host) {
    const self = host.id.slice(host.id.indexOf(".") + 1);
    const reserve = () => ({
      commit(encoded: Encoded) {
        host.print(textOf(encoded, verbosity));
        host.meter.add(`otelcol_exporter_sent_${itemWord[encoded.signal]}`, encoded.items, { exporter: self });
        encoded.release?.();
      },
      release() {},
    });
    return { reserve };
  },
});

type Verbosity = "basic" | "normal" | "detailed";

function textOf(encoded: Encoded, verbosity: Verbosity): string {
  const told = calls.get(encoded.notes) ?? [];
  const lines = told.flatMap((call, at) => (isShown(call, verbosity) ? [lineOf(encoded, call, at)] : []));
  if (told.length === 0 || verbosity !== "basic") lines.push(countLine(encoded, told.length));
  if (verbosity === "detailed" && encoded.signal === "traces") lines.push(...spansInDetail(encoded));
  return lines.map((line) => `${line}\n`).join("");
}

/** A failed attempt belongs to what a person looks for; a span that restates another does not. */
function isShown(call: Call, verbosity: Verbosity): boolean {
  return verbosity !== "basic" || call.role === "bill" || call.reason === "failed_without_usage";
}

function lineOf(encoded: Encoded, call: Call, at: number): string {
  return callLine(call, costs.get(encoded.notes)?.[at], charges.get(encoded.notes)?.[at]);
}

function countLine({ signal, items }: Encoded, callCount: number): string {
  const word = { traces: "span", metrics: "data point", logs: "log record" }[signal];
  const told = callCount === 0 && signal === "traces" ? ", none of an LLM call" : "";
  return `          ${items} ${word}${items === 1 ? "" : "s"}${told}`;
}
