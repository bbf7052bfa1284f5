// How many traces a sender keeps, as its trace state says it: OpenTelemetry's `ot` entry with a rejection threshold
// (`th`), https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/. Spend of sampled traces is
// that of the traces that came.

/**
 * The share of traces that are kept, above 0 and below 1. Undefined where all are, or where the trace state does not say.
 * `ot=th:c` is a quarter: 14 hexadecimal digits, of which zeros at the end are left out, are what is rejected of 2^56.
 */
export function sampledShare(traceState: string): number | undefined {
  if (!traceState.includes("ot=")) return undefined;
  const digits = /(?:^|,)[ \t]*ot=(?:[^,]*;)?th:([0-9a-f]{1,14})(?=[;, \t]|$)/.exec(traceState)?.[1];
  if (digits === undefined || /^0+$/.test(digits)) return undefined;
  return 1 - Number.parseInt(digits, 16) / 16 ** digits.length;
}
