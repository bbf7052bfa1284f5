// OpenTelemetry's SDK with its own gRPC exporter, into the gRPC door, out of the gRPC exporter, to a gRPC backend.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { otlpGrpc } from "../../src/exporters/otlp_grpc/otlp-grpc.ts";
import { startGrpcBackend } from "../support/grpc-backend.ts";
import { startAnyExporter, startReceiver } from "../support/http-path.ts";
import { until } from "../support/until.ts";

test.each(["none", "gzip"])("what an SDK exports over gRPC with compression %s arrives", async (compression) => {
  const backend = await startGrpcBackend();
  const settings = { endpoint: `http://${backend.target}` };
  const { exporter } = await startAnyExporter(otlpGrpc, settings, "otlp_grpc/test");
  const { target, host } = await startReceiver({ grpc: {}, exporters: [exporter] });
  const app = spawn(process.execPath, [fileURLToPath(new URL("grpc-app.mjs", import.meta.url))], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      PATH: process.env["PATH"],
      OTEL_SERVICE_NAME: "shop",
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${target}`,
      OTEL_EXPORTER_OTLP_COMPRESSION: compression,
      OTEL_TRACES_EXPORTER: "otlp",
      OTEL_METRICS_EXPORTER: "otlp",
      OTEL_LOGS_EXPORTER: "none",
    },
  });
  expect(await once(app, "close")).toEqual([0, null]);
  await until(() => backend.received.length >= 2);
  expect(backend.taken("traces").map((span) => span["name"])).toEqual(["checkout"]);
  expect(backend.taken("metrics").map((metric) => metric["name"])).toEqual(["orders"]);
  expect(host.counted.get('otelcol_receiver_accepted_spans{"receiver":"otlp","transport":"grpc"}')).toBe(1);
});
