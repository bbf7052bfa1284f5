// Trace requests written by hand, and read back: for tests that speak of spans and not of bytes.
import type { Telling } from "../../src/genai/call.ts";
import { decode, encode, type Plain } from "./otlp-oracle.ts";

/** Whole numbers become ints, others doubles; lists hold texts. */
export type AttributeValue = string | number | boolean | readonly string[] | { readonly [key: string]: string };
export type Attributes = Readonly<Record<string, AttributeValue>>;

export interface GivenSpan {
  /** Two hex digits each are enough. */
  readonly trace?: string;
  readonly id: string;
  readonly parent?: string;
  readonly name?: string;
  readonly scope?: string;
  /** After the start of the test's day. */
  readonly startMs?: number;
  readonly endMs?: number;
  readonly failed?: boolean;
  readonly traceState?: string;
  readonly attributes?: Attributes;
  /** Attributes of its resource. */
  readonly resource?: Attributes;
}

export interface ReadSpan {
  readonly name: string;
  readonly spanId: string;
  readonly traceId: string;
  readonly startMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** 2026-11-21T10:00:00Z, as in `recording-host.ts`. */
export const dayMs = Date.UTC(2026, 10, 21, 10);

export function traceId(short = "a1"): string {
  return short.padStart(32, "0");
}

export function spanId(short: string): string {
  return short.padStart(16, "0");
}

/** An ExportTraceServiceRequest with a resource for every span. */
export function traceRequest(spans: readonly GivenSpan[]): Uint8Array {
  return encode("traces", {
    resourceSpans: spans.map((span) => ({
      resource: { attributes: keyValues(span.resource ?? {}) },
      scopeSpans: [{ scope: { name: span.scope ?? "" }, spans: [plainSpan(span)] }],
    })),
  });
}

/** The spans of a request, with attributes as plain values: 64-bit numbers as numbers. */
export function spansOf(request: Uint8Array): readonly ReadSpan[] {
  const { resourceSpans = [] } = decode("traces", request) as { resourceSpans?: Plain[] };
  return resourceSpans
    .flatMap((resource) => (resource["scopeSpans"] ?? []) as Plain[])
    .flatMap((scope) => (scope["spans"] ?? []) as Plain[])
    .map((span) => ({
      name: String(span["name"] ?? ""),
      spanId: hex(span["spanId"]),
      traceId: hex(span["traceId"]),
      startMs: Number(BigInt(String(span["startTimeUnixNano"] ?? 0)) / 1_000_000n),
      attributes: valuesOf(span["attributes"]),
    }));
}

/** A chat call with usage, changed as a test needs it. */
export function tellingOf(given: Partial<Telling> & { readonly span: number }): Telling {
  return {
    traceId: traceId(),
    spanId: spanId(String(given.span + 1)),
    parentSpanId: "",
    startMs: dayMs,
    endMs: dayMs + 1_000,
    service: "shop",
    scope: "test",
    dialect: "otel",
    layer: "app",
    operation: "chat",
    shape: "call",
    provider: "openai",
    requestModel: "gpt-4o-mini",
    responseModel: undefined,
    providerModel: undefined,
    responseIds: [],
    usage: { input: 1215, output: 87 },
    reportedUsd: undefined,
    gatewayCacheHit: false,
    failed: false,
    serviceTier: undefined,
    region: undefined,
    flags: [],
    ...given,
  };
}

function plainSpan(span: GivenSpan): Plain {
  const { startMs = 0, endMs = startMs + 1_000 } = span;
  return {
    traceId: bytes(traceId(span.trace)),
    spanId: bytes(spanId(span.id)),
    ...(span.parent ? { parentSpanId: bytes(spanId(span.parent)) } : {}),
    name: span.name ?? "a span",
    kind: 3,
    startTimeUnixNano: nanoseconds(startMs),
    endTimeUnixNano: nanoseconds(endMs),
    attributes: keyValues(span.attributes ?? {}),
    ...(span.traceState ? { traceState: span.traceState } : {}),
    ...(span.failed ? { status: { code: 2 } } : {}),
  };
}

function nanoseconds(afterMs: number): string {
  return String(BigInt(dayMs + afterMs) * 1_000_000n);
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "hex"));
}

function hex(base64: unknown): string {
  return Buffer.from(String(base64 ?? ""), "base64").toString("hex");
}

function keyValues(attributes: Attributes): Plain[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: AttributeValue): Plain {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: value } : { doubleValue: value };
  if (isList(value)) return { arrayValue: { values: value.map((item) => ({ stringValue: item })) } };
  return { kvlistValue: { values: keyValues(value) } };
}

function isList(value: AttributeValue): value is readonly string[] {
  return Array.isArray(value);
}

function valuesOf(attributes: unknown): Readonly<Record<string, unknown>> {
  const list = (attributes ?? []) as { key: string; value?: Plain }[];
  return Object.fromEntries(list.map(({ key, value }) => [key, plainValue(value ?? {})]));
}

function plainValue(value: Plain): unknown {
  if (value["intValue"] !== undefined) return Number(value["intValue"]);
  const list = value["arrayValue"] as { values?: Plain[] } | undefined;
  if (list) return (list.values ?? []).map(plainValue);
  const map = value["kvlistValue"] as { values?: unknown } | undefined;
  return map ? valuesOf(map.values) : Object.values(value)[0];
}
