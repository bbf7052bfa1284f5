// Where the ledger in Redis is.
import { z } from "zod";
import { duration, section } from "../../core/settings.ts";
import { clientTlsFields } from "../../core/tls.ts";
import type { RedisSettings } from "../../ledger/redis/connect.ts";

export const redisSection = section(
  z.strictObject({
    url: z
      .string()
      .refine((given) => /^rediss?:$/.test(URL.canParse(given) ? new URL(given).protocol : ""), {
        error: "must be a URL such as redis://localhost:6379, or rediss:// for TLS",
      })
      .meta({
        description: "Redis, a sentinel, or a node of the cluster; `rediss://` is TLS, a path is the database.",
      }),
    mode: z
      .enum(["single", "sentinel", "cluster"])
      .default("single")
      .meta({ description: "What the url names: a server, one of its sentinels, or a node of a cluster." }),
    nodes: z
      .array(z.string().regex(/^[^\s/@]+$/, { error: "must be host:port" }))
      .default([])
      .meta({ description: "Further sentinels or nodes, as `host:port`." }),
    master_name: z.string().min(1).default("mymaster").meta({ description: "What sentinels call the primary." }),
    username: z.string().min(1).optional().meta({ description: "User of the access control list." }),
    password_file: z.string().min(1).optional().meta({ description: "File with the password." }),
    tls: section(z.strictObject(clientTlsFields), "TLS, for a url that starts with rediss.").optional(),
    key_prefix: z
      .string()
      .regex(/^[\w.-]{1,64}$/, { error: "must be 1 to 64 letters, digits, _, . or -" })
      .default("spantoll")
      .meta({ description: "Before every key. Who shares it shares the ledger." }),
    timeout: duration("5s", "How long a charge may wait for Redis before the sender is asked to send again."),
  }),
  "A Redis that several processes share. Absent: a ledger of this process alone.",
);

export type RedisSection = z.output<typeof redisSection>;

export function redisSettings(given: RedisSection): RedisSettings {
  const { url, mode, nodes, master_name, username, password_file, tls, timeout } = given;
  return {
    url,
    mode,
    nodes,
    masterName: master_name,
    username,
    passwordFile: password_file,
    tls,
    timeoutMs: timeout,
  };
}
