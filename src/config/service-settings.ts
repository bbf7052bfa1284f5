// The `service` section: what runs, and how the program tells about itself. Keys and defaults are the Collector's.
import { z } from "zod";
import { duration, inert, optionalListenAddress, parseAddress } from "../core/settings.ts";
import { logEncodings, logLevels, metricsLevels, type TelemetrySettings } from "./service-config.ts";

const ids = (description: string) => z.array(z.string()).meta({ description });

const pipeline = z.strictObject({
  receivers: ids("Where data comes in; at least one.").optional(),
  processors: ids("What data passes, in this order.").prefault([]),
  exporters: ids("Where data goes; at least one.").optional(),
});

const logs = z.strictObject({
  level: z.enum(logLevels).prefault("info").meta({ description: "What is logged: this level and those above it." }),
  encoding: z
    .enum(logEncodings)
    .prefault("console")
    .meta({ description: "`console` for people, `json` for machines." }),
  development: inert("there is no development mode"),
  disable_caller: inert("log lines name the component, not the line of code"),
  disable_stacktrace: inert("only bugs are logged with a stack trace"),
  error_output_paths: inert("logs go to stderr"),
  initial_fields: inert("logs carry no fields of their own choice"),
  output_paths: inert("logs go to stderr"),
  processors: inert("logs go to stderr"),
  sampling: inert("nothing is logged once per item, so nothing has to be sampled"),
});

const prometheus = z.strictObject({
  host: z.string().min(1).prefault("localhost").meta({ description: "Interface on which `/metrics` listens." }),
  port: z.int().min(0).max(65_535).prefault(8888).meta({ description: "Its port; 0 takes a free one." }),
  with_resource_constant_labels: inert("metrics carry no resource labels"),
  without_scope_info: inert("metrics carry no scope labels"),
  without_type_suffix: inert("metric names are fixed"),
  without_units: inert("metric names are fixed"),
});

const reader = z.strictObject({
  pull: z.strictObject({ exporter: z.strictObject({ prometheus: prometheus.prefault({}) }) }),
});

const metrics = z
  .strictObject({
    level: z.enum(metricsLevels).prefault("normal").meta({ description: "How much is measured; `none` turns it off." }),
    readers: z
      .array(reader)
      .max(1, { error: "can have one reader: this program has one `/metrics`" })
      .optional()
      .meta({ description: "Where metrics can be read, as the Collector writes it; localhost:8888 by default." }),
    address: optionalListenAddress("The same as one `host:port`."),
    views: inert("metrics have no views"),
  })
  .refine((given) => given.readers === undefined || given.address === undefined, {
    path: ["address"],
    error: "says the same as readers; remove one of the two",
  });

/** The section as users write it. */
export const serviceSchema = z.strictObject({
  extensions: ids("The extensions to start, in this order. What is not listed is not started.").prefault([]),
  pipelines: z
    .record(z.string(), pipeline)
    .prefault({})
    .meta({ description: "Pipelines by `signal[/name]`; the signals are traces, metrics and logs." }),
  telemetry: z
    .strictObject({
      logs: logs.prefault({}),
      metrics: metrics.prefault({}),
      resource: inert("metrics carry no resource labels"),
      traces: inert("the program makes no spans of its own"),
    })
    .prefault({}),
  shutdown_timeout: duration("25s", "How long stopping may take; what is unsent then is counted and given up."),
});

type ServiceSettings = z.output<typeof serviceSchema>;

/** Where `/metrics` listens and what is logged. */
export function telemetryOf({ telemetry }: ServiceSettings): TelemetrySettings {
  const { level, address, readers } = telemetry.metrics;
  return {
    logs: { level: telemetry.logs.level, encoding: telemetry.logs.encoding },
    metrics: { level, address: level === "none" ? undefined : addressOf(address, readers) },
  };
}

function addressOf(address: string | undefined, readers: readonly z.output<typeof reader>[] | undefined) {
  if (address !== undefined) return parseAddress(address);
  if (readers === undefined) return { host: "localhost", port: 8888 };
  const found = readers[0]?.pull.exporter.prometheus;
  return found && { host: found.host, port: found.port };
}
