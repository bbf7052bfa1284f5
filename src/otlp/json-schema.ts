// OTLP/JSON as data: which name in an object is which field of which message. `proto/` has the same with comments;
// test/conformance/wire-schema.test.ts compares the two field by field.
import type { Signal } from "../core/batch.ts";

export type Scalar =
  | "string"
  | "bytes"
  | "traceId"
  | "spanId"
  | "bool"
  | "int32"
  | "uint32"
  | "sint32"
  | "fixed32"
  | "int64"
  | "uint64"
  | "fixed64"
  | "sfixed64"
  | "double";

/** `one`: zero is absent. `optional`: zero is told. `many`: a list. `choice`: one of the choices of its message. */
type Cardinality = "one" | "optional" | "many" | "choice";

/** Field number, then a scalar, an enum or a message, then how many. */
export type FieldEntry = readonly [number: number, type: string, cardinality?: Cardinality];

/** Values of enums by name. OTLP/JSON sends the numbers; names are taken too, as the Collector does. */
export const enums: Readonly<Record<string, readonly string[]>> = {
  SpanKind: ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"].map((kind) => `SPAN_KIND_${kind}`),
  StatusCode: ["UNSET", "OK", "ERROR"].map((code) => `STATUS_CODE_${code}`),
  AggregationTemporality: ["UNSPECIFIED", "DELTA", "CUMULATIVE"].map((kind) => `AGGREGATION_TEMPORALITY_${kind}`),
  SeverityNumber: [
    "UNSPECIFIED",
    ...["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"].flatMap((level) =>
      ["", "2", "3", "4"].map((n) => level + n),
    ),
  ].map((severity) => `SEVERITY_NUMBER_${severity}`),
};

export const messages: Readonly<Record<string, Readonly<Record<string, FieldEntry>>>> = {
  ExportTraceServiceRequest: { resourceSpans: [1, "ResourceSpans", "many"] },
  ExportMetricsServiceRequest: { resourceMetrics: [1, "ResourceMetrics", "many"] },
  ExportLogsServiceRequest: { resourceLogs: [1, "ResourceLogs", "many"] },

  ResourceSpans: { resource: [1, "Resource"], scopeSpans: [2, "ScopeSpans", "many"], schemaUrl: [3, "string"] },
  ResourceMetrics: { resource: [1, "Resource"], scopeMetrics: [2, "ScopeMetrics", "many"], schemaUrl: [3, "string"] },
  ResourceLogs: { resource: [1, "Resource"], scopeLogs: [2, "ScopeLogs", "many"], schemaUrl: [3, "string"] },
  ScopeSpans: { scope: [1, "InstrumentationScope"], spans: [2, "Span", "many"], schemaUrl: [3, "string"] },
  ScopeMetrics: { scope: [1, "InstrumentationScope"], metrics: [2, "Metric", "many"], schemaUrl: [3, "string"] },
  ScopeLogs: { scope: [1, "InstrumentationScope"], logRecords: [2, "LogRecord", "many"], schemaUrl: [3, "string"] },

  Resource: {
    attributes: [1, "KeyValue", "many"],
    droppedAttributesCount: [2, "uint32"],
    entityRefs: [3, "EntityRef", "many"],
  },
  EntityRef: {
    schemaUrl: [1, "string"],
    type: [2, "string"],
    idKeys: [3, "string", "many"],
    descriptionKeys: [4, "string", "many"],
  },
  InstrumentationScope: {
    name: [1, "string"],
    version: [2, "string"],
    attributes: [3, "KeyValue", "many"],
    droppedAttributesCount: [4, "uint32"],
  },
  KeyValue: { key: [1, "string"], value: [2, "AnyValue"], keyStrindex: [3, "int32"] },
  KeyValueList: { values: [1, "KeyValue", "many"] },
  ArrayValue: { values: [1, "AnyValue", "many"] },
  AnyValue: {
    stringValue: [1, "string", "choice"],
    boolValue: [2, "bool", "choice"],
    intValue: [3, "int64", "choice"],
    doubleValue: [4, "double", "choice"],
    arrayValue: [5, "ArrayValue", "choice"],
    kvlistValue: [6, "KeyValueList", "choice"],
    bytesValue: [7, "bytes", "choice"],
    stringValueStrindex: [8, "int32", "choice"],
  },

  Span: {
    traceId: [1, "traceId"],
    spanId: [2, "spanId"],
    traceState: [3, "string"],
    parentSpanId: [4, "spanId"],
    name: [5, "string"],
    kind: [6, "SpanKind"],
    startTimeUnixNano: [7, "fixed64"],
    endTimeUnixNano: [8, "fixed64"],
    attributes: [9, "KeyValue", "many"],
    droppedAttributesCount: [10, "uint32"],
    events: [11, "Event", "many"],
    droppedEventsCount: [12, "uint32"],
    links: [13, "Link", "many"],
    droppedLinksCount: [14, "uint32"],
    status: [15, "Status"],
    flags: [16, "fixed32"],
  },
  Event: {
    timeUnixNano: [1, "fixed64"],
    name: [2, "string"],
    attributes: [3, "KeyValue", "many"],
    droppedAttributesCount: [4, "uint32"],
  },
  Link: {
    traceId: [1, "traceId"],
    spanId: [2, "spanId"],
    traceState: [3, "string"],
    attributes: [4, "KeyValue", "many"],
    droppedAttributesCount: [5, "uint32"],
    flags: [6, "fixed32"],
  },
  Status: { message: [2, "string"], code: [3, "StatusCode"] },

  LogRecord: {
    timeUnixNano: [1, "fixed64"],
    severityNumber: [2, "SeverityNumber"],
    severityText: [3, "string"],
    body: [5, "AnyValue"],
    attributes: [6, "KeyValue", "many"],
    droppedAttributesCount: [7, "uint32"],
    flags: [8, "fixed32"],
    traceId: [9, "traceId"],
    spanId: [10, "spanId"],
    observedTimeUnixNano: [11, "fixed64"],
    eventName: [12, "string"],
  },

  Metric: {
    name: [1, "string"],
    description: [2, "string"],
    unit: [3, "string"],
    gauge: [5, "Gauge", "choice"],
    sum: [7, "Sum", "choice"],
    histogram: [9, "Histogram", "choice"],
    exponentialHistogram: [10, "ExponentialHistogram", "choice"],
    summary: [11, "Summary", "choice"],
    metadata: [12, "KeyValue", "many"],
  },
  Gauge: { dataPoints: [1, "NumberDataPoint", "many"] },
  Sum: {
    dataPoints: [1, "NumberDataPoint", "many"],
    aggregationTemporality: [2, "AggregationTemporality"],
    isMonotonic: [3, "bool"],
  },
  Histogram: {
    dataPoints: [1, "HistogramDataPoint", "many"],
    aggregationTemporality: [2, "AggregationTemporality"],
  },
  ExponentialHistogram: {
    dataPoints: [1, "ExponentialHistogramDataPoint", "many"],
    aggregationTemporality: [2, "AggregationTemporality"],
  },
  Summary: { dataPoints: [1, "SummaryDataPoint", "many"] },
  NumberDataPoint: {
    startTimeUnixNano: [2, "fixed64"],
    timeUnixNano: [3, "fixed64"],
    asDouble: [4, "double", "choice"],
    exemplars: [5, "Exemplar", "many"],
    asInt: [6, "sfixed64", "choice"],
    attributes: [7, "KeyValue", "many"],
    flags: [8, "uint32"],
  },
  HistogramDataPoint: {
    startTimeUnixNano: [2, "fixed64"],
    timeUnixNano: [3, "fixed64"],
    count: [4, "fixed64"],
    sum: [5, "double", "optional"],
    bucketCounts: [6, "fixed64", "many"],
    explicitBounds: [7, "double", "many"],
    exemplars: [8, "Exemplar", "many"],
    attributes: [9, "KeyValue", "many"],
    flags: [10, "uint32"],
    min: [11, "double", "optional"],
    max: [12, "double", "optional"],
  },
  ExponentialHistogramDataPoint: {
    attributes: [1, "KeyValue", "many"],
    startTimeUnixNano: [2, "fixed64"],
    timeUnixNano: [3, "fixed64"],
    count: [4, "fixed64"],
    sum: [5, "double", "optional"],
    scale: [6, "sint32"],
    zeroCount: [7, "fixed64"],
    positive: [8, "Buckets"],
    negative: [9, "Buckets"],
    flags: [10, "uint32"],
    exemplars: [11, "Exemplar", "many"],
    min: [12, "double", "optional"],
    max: [13, "double", "optional"],
    zeroThreshold: [14, "double"],
  },
  Buckets: { offset: [1, "sint32"], bucketCounts: [2, "uint64", "many"] },
  SummaryDataPoint: {
    startTimeUnixNano: [2, "fixed64"],
    timeUnixNano: [3, "fixed64"],
    count: [4, "fixed64"],
    sum: [5, "double"],
    quantileValues: [6, "ValueAtQuantile", "many"],
    attributes: [7, "KeyValue", "many"],
    flags: [8, "uint32"],
  },
  ValueAtQuantile: { quantile: [1, "double"], value: [2, "double"] },
  Exemplar: {
    timeUnixNano: [2, "fixed64"],
    asDouble: [3, "double", "choice"],
    spanId: [4, "spanId"],
    traceId: [5, "traceId"],
    asInt: [6, "sfixed64", "choice"],
    filteredAttributes: [7, "KeyValue", "many"],
  },
};

/** The message that a request of a signal is. */
export const requestMessages: Readonly<Record<Signal, string>> = {
  traces: "ExportTraceServiceRequest",
  metrics: "ExportMetricsServiceRequest",
  logs: "ExportLogsServiceRequest",
};
