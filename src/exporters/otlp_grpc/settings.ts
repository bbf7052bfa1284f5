import { z } from "zod";
import { duration, inert, section } from "../../core/settings.ts";
import { clientTlsFields } from "../../core/tls.ts";
import { codings } from "../../sending/compress.ts";
import { retrySettings, sendingQueueSettings } from "../../sending/settings.ts";
import { parseEndpoint } from "./endpoint.ts";

const bySockets = inert("Node.js sizes the buffers of sockets itself");

export const grpcExporterSettings = z.strictObject({
  endpoint: z
    .string()
    .refine((given) => parseEndpoint(given) !== undefined, {
      error: (issue) =>
        `must be host:port, http://host:port, https://host:port, dns:///host:port or unix:///path, not ${JSON.stringify(issue.input)}`,
    })
    .optional()
    .meta({ description: "The backend. http:// is without TLS and https:// with it, whatever tls says." }),
  headers: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .meta({ description: "Metadata of every request. Values are never printed." }),
  timeout: duration("5s", "How long one attempt may take, answer included."),
  compression: z.enum(codings).default("gzip").meta({ description: "Messages below 1 KiB are never compressed." }),
  compression_params: section(
    z.strictObject({
      level: z.int().min(-1).max(9).default(1).meta({ description: "From 1, fast, to 9, small; -1 is zlib's choice." }),
    }),
    "How to compress.",
  ).prefault({}),
  tls: section(
    z.strictObject({
      insecure: z.boolean().default(false).meta({ description: "Whether to go without TLS." }),
      ...clientTlsFields,
    }),
    "TLS, which is on unless `insecure` or the endpoint turns it off.",
  ).prefault({}),
  retry_on_resource_exhausted: z.boolean().default(false).meta({
    description:
      "Whether RESOURCE_EXHAUSTED without a delay is sent again: some backends, such as Tempo, mean their rate limit.",
  }),
  authority: z.string().min(1).optional().meta({ description: "What is sent as :authority, instead of the endpoint." }),
  balancer_name: z
    .enum(["round_robin", "pick_first"])
    .default("round_robin")
    .meta({ description: "Which addresses of the endpoint get requests: all in turn, or the first that answers." }),
  keepalive: section(
    z.strictObject({
      time: duration("10s", "A silent backend is pinged after this time."),
      timeout: duration("20s", "How long the answer to a ping may take."),
      permit_without_stream: z
        .boolean()
        .default(false)
        .meta({ description: "Whether to ping while no request is on its way." }),
    }),
    "Pings. Absent: none.",
  ).optional(),
  retry_on_failure: retrySettings,
  sending_queue: sendingQueueSettings,
  wait_for_ready: inert("requests wait in the queue"),
  read_buffer_size: bySockets,
  write_buffer_size: bySockets,
});

export type GrpcExporterSettings = z.output<typeof grpcExporterSettings>;
