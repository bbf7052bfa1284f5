import { z } from "zod";
import { duration, inert, section } from "../../core/settings.ts";
import { listenerFields } from "./listener.ts";

const serverParameters = section(
  z.strictObject({
    max_connection_idle: duration("1h", "A connection without calls is ended after this time; 0 is never."),
    max_connection_age: duration("0s", "A connection is ended after this time, in order; 0 is never."),
    max_connection_age_grace: duration("0s", "How long its last calls may then take; 0 is for ever."),
    time: duration("2h", "A silent client is pinged after this time."),
    timeout: duration("20s", "How long the answer to a ping may take."),
  }),
  "How long connections live.",
).prefault({});

export const grpcSettings = z.strictObject({
  ...listenerFields("localhost:4317"),
  max_recv_msg_size_mib: z
    .int()
    .min(1)
    .max(1024)
    .default(64)
    .meta({ description: "Largest message in MiB, as received and again when decompressed." }),
  max_concurrent_streams: z
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .default(1_000)
    .meta({ description: "Calls at the same time on one connection; the client keeps the others back." }),
  keepalive: section(
    z.strictObject({
      server_parameters: serverParameters,
      enforcement_policy: inert("Node.js bounds the pings of clients itself"),
    }),
    "Pings and the age of connections.",
  ).prefault({}),
  include_metadata: z
    .boolean()
    .default(false)
    .meta({ description: "Whether request metadata travels with the data, for processors that read `header:` names." }),
  read_buffer_size: inert("Node.js sizes the buffers of sockets itself"),
  write_buffer_size: inert("Node.js sizes the buffers of sockets itself"),
});

export type GrpcSettings = z.output<typeof grpcSettings>;
