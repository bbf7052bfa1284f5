// Spans with everything on them, laid out as the Collector's detailed form. This is the one place that shows prompts.
import type { Encoded } from "../../core/batch.ts";
import type { AnyValue } from "../../otlp/any-value.ts";
import type { SpanView } from "../../otlp/span-view.ts";
import { TraceBatches } from "../../otlp/trace-batch.ts";

const kinds = ["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"] as const;
const statuses = ["Unset", "Ok", "Error"] as const;
/** Longest value that is printed whole. */
const valueBytesMax = 64 * 1024;

export function spansInDetail(encoded: Encoded): readonly string[] {
  // The empty prefix is every attribute.
  const batches = new TraceBatches([{ exact: [], prefixes: [""] }]);
  return batches.read({ ...encoded, transport: "http" }).flatMap((batch) => {
    const lines = Array.from({ length: batch.items }, (_, at) => linesOf(batch.span(at), at)).flat();
    batch.drop();
    return lines;
  });
}

function linesOf(span: SpanView, at: number): readonly string[] {
  const fixed: readonly (readonly [string, string])[] = [
    ["Scope", `${span.scopeName} ${span.scopeVersion}`],
    ["Trace ID", span.traceId],
    ["Parent ID", span.parentSpanId],
    ["ID", span.spanId],
    ["Name", span.name],
    ["Kind", kinds[span.kind] ?? String(span.kind)],
    ["Start time", new Date(span.startMs).toISOString()],
    ["End time", new Date(span.endMs).toISOString()],
    ["Status code", statuses[span.statusCode] ?? String(span.statusCode)],
  ];
  return [
    `Span #${at}`,
    ...fixed.map(([label, value]) => `    ${label.padEnd(14)} : ${inOneLine(value)}`),
    "Attributes:",
    ...attributesOf(span),
  ];
}

function attributesOf(span: SpanView): readonly string[] {
  const lines: string[] = [];
  for (let row = span.rowsStart; row < span.rowsEnd; row++) {
    const value = span.rowValue(row, valueBytesMax);
    lines.push(`     -> ${inOneLine(span.rowName(row))}: ${span.rowType(row)}(${inOneLine(valueText(value))})`);
  }
  return lines;
}

function valueText(value: AnyValue): string {
  if (typeof value === "string") return value;
  if (value === undefined) return "";
  return JSON.stringify(value, (_, part) => (typeof part === "bigint" ? part.toString() : part));
}

/** Control characters of a sender must not steer the terminal. */
function inOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => JSON.stringify(character).slice(1, -1));
}
