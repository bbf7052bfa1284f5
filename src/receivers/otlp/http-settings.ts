import { z } from "zod";
import { duration, section, size } from "../../core/settings.ts";
import { listenerFields } from "./listener.ts";

const path = (byDefault: string, what: string) =>
  z
    .string()
    .min(1)
    .default(byDefault)
    .meta({ description: `Path that takes ${what}.` });

const cors = section(
  z.strictObject({
    allowed_origins: z
      .array(z.string())
      .default([])
      .meta({ description: "Origins of browsers that may send; `*` stands for any text." }),
    allowed_headers: z
      .array(z.string())
      .default([])
      .meta({ description: "Headers that they may send beside the usual ones; `*` is all." }),
    exposed_headers: z.array(z.string()).default([]).meta({ description: "Headers of the answer that they may read." }),
    max_age: z.int().min(0).default(0).meta({ description: "Seconds that browsers may remember the permission." }),
  }),
  "What browsers may do. Absent: nothing.",
);

export const httpSettings = z.strictObject({
  ...listenerFields("localhost:4318"),
  max_request_body_size: size("64MiB", "Largest body, as received and again when decompressed."),
  traces_url_path: path("/v1/traces", "traces"),
  metrics_url_path: path("/v1/metrics", "metrics"),
  logs_url_path: path("/v1/logs", "logs"),
  include_metadata: z
    .boolean()
    .default(false)
    .meta({ description: "Whether request headers travel with the data, for processors that read `header:` names." }),
  cors: cors.optional(),
  read_header_timeout: duration("10s", "How long a client may take for the headers; 0 is for ever."),
  read_timeout: duration("60s", "How long a client may take for the whole request; 0 is for ever."),
  write_timeout: duration("30s", "How long a client may leave its answers unread; 0 is for ever."),
  idle_timeout: duration("60s", "How long an unused connection is kept open."),
  keep_alives_enabled: z.boolean().default(true).meta({ description: "Whether connections are kept open." }),
  compression_algorithms: z
    .array(z.enum(["", "gzip", "deflate", "zlib", "zstd", "snappy", "x-snappy-framed", "lz4"]))
    .optional()
    .meta({
      description:
        "Content codings that are taken; the empty one is plain. What Node.js does not have is told at the start. Absent: all that it has.",
    }),
  response_headers: z.record(z.string(), z.string()).default({}).meta({ description: "Headers of every answer." }),
});

export type HttpSettings = z.output<typeof httpSettings>;
