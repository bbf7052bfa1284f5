// What OpenTelemetry's own JavaScript exporters write: the same telemetry in JSON and in protobuf must be the same
// request here, and its spans, records and points must be counted.
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import { logs, metrics, tracing } from "@opentelemetry/sdk-node";
import { expect, test } from "vitest";
import { type Signal, signals } from "../../src/core/batch.ts";
import { jsonToProto } from "../../src/otlp/json.ts";
import { OpaqueBatch } from "../../src/otlp/opaque-batch.ts";
import { TraceBatches } from "../../src/otlp/trace-batch.ts";
import { decodeFull } from "../support/otlp-oracle.ts";

interface Serialized {
  readonly json: Uint8Array;
  readonly proto: Uint8Array;
  readonly items: number;
}

const oddTexts = ["", "plain", 'quote " backslash \\ tab \t', "é€😀", "\u0000", "a".repeat(20_000)];

const attributes = {
  text: "value",
  empty: "",
  yes: true,
  no: false,
  zero: 0,
  whole: 1215,
  wide: Number.MAX_SAFE_INTEGER,
  negative: -7,
  fraction: 0.1,
  texts: oddTexts,
  numbers: [1, 2.5, -3],
};

const serialize: Readonly<Record<Signal, () => Promise<Serialized> | Serialized>> = {
  traces,
  logs: records,
  metrics: points,
};

test.each(signals)("%s of the JavaScript SDK are the same request in JSON and in protobuf", async (signal) => {
  const { json, proto, items } = await serialize[signal]();
  const fromJson = jsonToProto(signal, json);
  expect(decodeFull(signal, fromJson)).toEqual(decodeFull(signal, proto));
  for (const bytes of [fromJson, proto]) {
    const arrival = {
      signal,
      bytes,
      context: { headers: {}, subject: undefined, peer: "" },
      transport: "http",
    } as const;
    const batch = signal === "traces" ? new TraceBatches([]).read(arrival)[0] : new OpaqueBatch(arrival);
    expect(batch?.items).toBe(items);
    expect(batch?.encode().bytes).toEqual(bytes);
  }
});

function traces(): Serialized {
  const memory = new tracing.InMemorySpanExporter();
  const provider = new tracing.BasicTracerProvider({ spanProcessors: [new tracing.SimpleSpanProcessor(memory)] });
  const tracer = provider.getTracer("tracer", "1.0.0", { schemaUrl: "https://opentelemetry.io/schemas/1.41.0" });
  const linked = tracer.startSpan("linked", { kind: 2, attributes });
  linked.end();
  const span = tracer.startSpan("span", { kind: 3, links: [{ context: linked.spanContext(), attributes }] });
  for (const text of oddTexts) span.addEvent(text, { text });
  span.recordException(new Error("boom"));
  span.setStatus({ code: 2, message: "boom" });
  span.end();
  const spans = memory.getFinishedSpans();
  return {
    json: JsonTraceSerializer.serializeRequest(spans)!,
    proto: ProtobufTraceSerializer.serializeRequest(spans)!,
    items: 2,
  };
}

function records(): Serialized {
  const memory = new logs.InMemoryLogRecordExporter();
  const provider = new logs.LoggerProvider({ processors: [new logs.SimpleLogRecordProcessor({ exporter: memory })] });
  const logger = provider.getLogger("logger", "1.0.0");
  for (const body of [...oddTexts, 7, { nested: [{ deep: "value" }, 1] }]) {
    logger.emit({ body, severityNumber: 14, severityText: "WARN2", eventName: "event", attributes });
  }
  const emitted = memory.getFinishedLogRecords();
  return {
    json: JsonLogsSerializer.serializeRequest(emitted)!,
    proto: ProtobufLogsSerializer.serializeRequest(emitted)!,
    items: oddTexts.length + 2,
  };
}

async function points(): Promise<Serialized> {
  const reader = new OnDemandReader();
  const exponential = { type: metrics.AggregationType.EXPONENTIAL_HISTOGRAM } as const;
  const provider = new metrics.MeterProvider({
    readers: [reader],
    views: [{ instrumentName: "exponential", aggregation: exponential }],
  });
  const meter = provider.getMeter("meter", "1.0.0");
  meter.createCounter("counter").add(3, { text: "a" });
  meter.createCounter("counter").add(4.5, { text: "b" });
  meter.createUpDownCounter("up-down").add(-3);
  meter.createGauge("gauge").record(0);
  for (const value of [0, 0.25, 3, 1e9]) {
    meter.createHistogram("histogram").record(value);
    meter.createHistogram("exponential").record(value);
  }
  const { resourceMetrics } = await reader.collect();
  await provider.shutdown();
  return {
    json: JsonMetricsSerializer.serializeRequest(resourceMetrics)!,
    proto: ProtobufMetricsSerializer.serializeRequest(resourceMetrics)!,
    items: 6,
  };
}

class OnDemandReader extends metrics.MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}
