// How `explain` shows a span: as JSON for programs, as a paragraph for people and bug reports.
import { type Call, reasonTexts } from "../src/genai/call.ts";
import type { PlannedCharge } from "../src/ledger/charge-plan.ts";
import type { AnyValue } from "../src/otlp/any-value.ts";
import type { CostJson } from "../src/pricing/cost-json.ts";
import { costLines } from "./cost-text.ts";
import type { RehearsedSpan, SetAttribute } from "./rehearsal.ts";

export interface ExplainedSpan extends RehearsedSpan {
  readonly cost: CostJson | undefined;
}

/** One line a span. */
export function explainedJson(spans: readonly ExplainedSpan[]): string {
  return spans.map((span) => `${JSON.stringify(jsonOf(span), plain)}\n`).join("");
}

/** A paragraph a span. */
export function explainedText(spans: readonly ExplainedSpan[]): string {
  return spans.map((span) => `${paragraphOf(span).join("\n")}\n\n`).join("");
}

function jsonOf({ traceId, spanId, name, call, set, removed, cost, charges }: ExplainedSpan) {
  return {
    trace_id: traceId,
    span_id: spanId,
    name,
    dialect: call?.dialect ?? null,
    role: call?.role ?? null,
    reason: call?.reason ?? null,
    tenant: call ? { id: call.subject.tenant, from: call.subject.tenantFrom } : null,
    set,
    removed,
    usage: call?.usage ?? null,
    cost: cost ?? null,
    charges: charges.map(chargeJson),
  };
}

function chargeJson({ budget, tenant, window, nanoUsd }: PlannedCharge) {
  return { budget, scope: { tenant }, window: { id: window.id }, nano_usd: String(nanoUsd) };
}

/** Integers beyond 2^53 as text, bytes in base64, numbers that JSON has not as text. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

function paragraphOf(span: ExplainedSpan): readonly string[] {
  const { traceId, spanId, call, charges, set, removed } = span;
  return [
    `${shortened(span.name)}  span ${spanId || "without id"} of trace ${traceId || "without id"}`,
    ...(call ? callLines(call) : ["  tells of no call"]),
    ...costParagraph(span.cost),
    ...charges.map(({ budget, tenant, window, nanoUsd }) => {
      return `  charge   budget ${budget} of tenant ${tenant}, window ${window.id}: ${nanoUsd} nano-USD`;
    }),
    ...set.map(setLine),
    ...removed.map((key) => `  removed  ${key}`),
  ];
}

function callLines({ role, reason, dialect, subject, usage, flags }: Call): readonly string[] {
  return [
    `  role     ${role}, ${reason}: ${reasonTexts[reason]}`,
    `  dialect  ${dialect}`,
    `  tenant   ${subject.tenant} (${subject.tenantFrom})`,
    ...(usage ? [`  usage    ${usageText(usage)}`] : []),
    ...(flags.length > 0 ? [`  flags    ${flags.join(", ")}`] : []),
  ];
}

function usageText(usage: NonNullable<Call["usage"]>): string {
  return Object.entries(usage)
    .map(([bucket, quantity]) => `${bucket} ${quantity}`)
    .join(", ");
}

function costParagraph(cost: CostJson | undefined): readonly string[] {
  if (!cost) return [];
  const head = cost.status === "unpriced" ? `no price, ${cost.reason}` : `${cost.usd} USD, ${cost.status}`;
  return [`  cost     ${head}`, ...costLines(cost).map((line) => `           ${line}`)];
}

function setLine({ key, value, from, rule }: SetAttribute): string {
  const origin = [from ? `from ${from}` : "", rule ? `by ${rule}` : ""].filter((part) => part !== "").join(", ");
  return `  set      ${key} = ${shortened(valueText(value))}${origin ? `  (${origin})` : ""}`;
}

function valueText(value: AnyValue): string {
  return JSON.stringify(value, plain) ?? "empty";
}

const lengthMax = 120;

function shortened(text: string): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax)}…`;
}
