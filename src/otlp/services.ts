import type { Signal } from "../core/batch.ts";

/** Where each signal goes over gRPC: https://opentelemetry.io/docs/specs/otlp/#otlpgrpc and `proto/`. */
export const exportPaths: Readonly<Record<Signal, string>> = {
  traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
  logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
};
