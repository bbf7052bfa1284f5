// TLS as users write it, with the Collector's keys, for listeners and for clients. Files are read by who opens sockets:
// only types of node come in here.
import type { SecureContextOptions } from "node:tls";
import { z } from "zod";
import type { Files, Objection } from "./component.ts";
import { duration, section } from "./settings.ts";

const versions = { "1.2": "TLSv1.2", "1.3": "TLSv1.3" } as const;
const versionNames = ["1.2", "1.3"] as const;

const file = (description: string) => z.string().min(1).optional().meta({ description });

const sharedFields = {
  cert_file: file("Own certificate with its chain, in PEM. Needs key_file."),
  key_file: file("Key of the own certificate, in PEM."),
  min_version: z
    .enum(versionNames)
    .default("1.2")
    .meta({ description: "Oldest version of TLS that will do, in quotes." }),
  max_version: z.enum(versionNames).optional().meta({ description: "Newest version of TLS that will do, in quotes." }),
};

export const serverTls = section(
  z.strictObject({
    ...sharedFields,
    client_ca_file: file("Who must have signed the certificates of clients, in PEM. Absent: clients need none."),
    reload_interval: duration("0s", "How often the files are read again; 0 is never."),
  }),
  "Certificates. Absent: no TLS.",
);

/** For the `tls` of an exporter, which adds its own `insecure`. */
export const clientTlsFields = {
  ca_file: file("Certificates to trust instead of the system's, in PEM."),
  ...sharedFields,
  insecure_skip_verify: z
    .boolean()
    .default(false)
    .meta({ description: "Whether any certificate of the backend will do." }),
  server_name_override: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Name that the backend's certificate must have, instead of that of the endpoint." }),
};

export type ServerTls = z.output<typeof serverTls>;
export type ClientTls = z.output<z.ZodObject<typeof clientTlsFields>>;
type Tls = Partial<Pick<ServerTls, "client_ca_file"> & Pick<ClientTls, "ca_file">> &
  Pick<ServerTls, "cert_file" | "key_file" | "min_version" | "max_version">;

/** Certificates and versions as node:tls wants them. Throws when a file cannot be read. */
export function secureContextOptions(tls: Tls, read: (path: string) => Uint8Array): SecureContextOptions {
  const ca = tls.ca_file ?? tls.client_ca_file;
  const pem = (path: string): string => new TextDecoder().decode(read(path));
  return {
    minVersion: versions[tls.min_version],
    ...(tls.max_version === undefined ? {} : { maxVersion: versions[tls.max_version] }),
    ...(tls.cert_file === undefined ? {} : { cert: pem(tls.cert_file) }),
    ...(tls.key_file === undefined ? {} : { key: pem(tls.key_file) }),
    ...(ca === undefined ? {} : { ca: pem(ca) }),
  };
}

/**
 * What is wrong with certificates; paths are within the `tls` section. `build` is `createSecureContext` of node:tls,
 * which knows whether a key belongs to its certificate.
 */
export function* tlsObjections(
  tls: Tls,
  files: Files,
  build: (options: SecureContextOptions) => unknown,
): Iterable<Objection> {
  if ((tls.cert_file === undefined) !== (tls.key_file === undefined)) {
    yield { path: [], text: "must name cert_file and key_file, or neither" };
  }
  if (tls.max_version !== undefined && tls.max_version < tls.min_version) {
    yield { path: ["max_version"], text: `must be at least min_version, ${JSON.stringify(tls.min_version)}` };
    return;
  }
  const unreadable = [...unreadableFiles(tls, files)];
  yield* unreadable;
  if (unreadable.length > 0) return;
  try {
    build(secureContextOptions(tls, (path) => files.read(path)));
  } catch (cause) {
    yield { path: [], text: `the certificates cannot be used: ${textOf(cause)}` };
  }
}

function* unreadableFiles(tls: Tls, files: Files): Iterable<Objection> {
  for (const key of ["ca_file", "client_ca_file", "cert_file", "key_file"] as const) {
    const path = tls[key];
    if (path === undefined) continue;
    try {
      files.read(path);
    } catch (cause) {
      yield { path: [key], text: `cannot be read: ${textOf(cause)}` };
    }
  }
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
