// `spantoll explain`: what a configuration would do to each span of a request, and why. Nothing is sent or charged, and
// prompts and answers are not shown.
import type { ServiceConfig } from "../src/config/service-config.ts";
import type { Files } from "../src/core/component.ts";
import { Refused } from "../src/core/refused.ts";
import { jsonToProto } from "../src/otlp/json.ts";
import { recordOf } from "../src/pricing/call-record.ts";
import { type CostJson, costJson } from "../src/pricing/cost-json.ts";
import { explainCost } from "../src/pricing/price-call.ts";
import { policyOf, pricingSettings, readSettingsBook } from "../src/pricing/settings.ts";
import { settingsOf } from "./configuration.ts";
import { type ExplainedSpan, explainedJson, explainedText } from "./explained.ts";
import { type RehearsedSpan, rehearse } from "./rehearsal.ts";

export interface ExplainRequest {
  /** The first traces pipeline is rehearsed. */
  readonly config: ServiceConfig;
  /** An ExportTraceServiceRequest, in protobuf or in JSON. */
  readonly input: Uint8Array;
  readonly format: "text" | "json";
  readonly files: Files;
  readonly nowMs: number;
}

export interface ExplainAnswer {
  /** For stdout: one line a span in JSON, a paragraph a span as text. */
  readonly output: string;
  /** For stderr. */
  readonly errors: readonly string[];
  /** 0, or 1 when there is nothing to explain. */
  readonly exitCode: 0 | 1;
}

export function explainCommand({ config, input, format, files, nowMs }: ExplainRequest): ExplainAnswer {
  const pipeline = config.pipelines.find(({ signal }) => signal === "traces");
  if (!pipeline) return failure("service.pipelines: has no traces pipeline to explain; add one");
  let spans: readonly RehearsedSpan[];
  try {
    spans = rehearse(pipeline, protobufOf(input), nowMs);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return failure(`input: is no OTLP trace request, neither protobuf nor JSON: ${error.message}`);
  }
  const priced = pricesFor(config, files, nowMs);
  const explained = spans.map((span): ExplainedSpan => ({ ...span, cost: priced(span) }));
  return { output: (format === "json" ? explainedJson : explainedText)(explained), errors: [], exitCode: 0 };
}

function failure(error: string): ExplainAnswer {
  return { output: "", errors: [error], exitCode: 1 };
}

/** JSON begins with a brace. A protobuf request begins with a line feed, which may also stand before a brace. */
function protobufOf(input: Uint8Array): Uint8Array {
  const first = input.find((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
  if (first !== openingBrace) return input;
  try {
    return jsonToProto("traces", input);
  } catch (error) {
    if (input[0] === openingBrace) throw error;
    return input;
  }
}

const openingBrace = 0x7b;

/** The cost of a billed span with its arithmetic; undefined where the pipeline prices nothing. */
function pricesFor(config: ServiceConfig, files: Files, nowMs: number): (span: RehearsedSpan) => CostJson | undefined {
  const given = settingsOf(config, "gen_ai_cost");
  if (given === undefined) return () => undefined;
  const settings = pricingSettings.parse(given);
  const reading = readSettingsBook(settings, files);
  if (!reading.ok) return () => undefined;
  const policy = policyOf(settings);
  return ({ call }) => {
    if (call?.role !== "bill") return undefined;
    return costJson(explainCost(reading.book, recordOf(call, nowMs), policy));
  };
}
