// What users write as the endpoint of a gRPC backend, and what grpc-js dials for it.

export interface Endpoint {
  /** A target of grpc-js: https://github.com/grpc/grpc/blob/master/doc/naming.md. */
  readonly target: string;
  /** Whether the scheme says so; undefined leaves it to the `tls` settings. */
  readonly secure: boolean | undefined;
}

const hostPort = String.raw`(?:\[[0-9A-Fa-f:.%]+\]|[^\s:/[\]]+):\d{1,5}`;
const plain = new RegExp(`^${hostPort}$`);
const url = new RegExp(`^(https?)://(${hostPort})/?$`, "i");
const httpsWithoutPort = /^https:\/\/(\[[0-9A-Fa-f:.%]+\]|[^\s:/[\]]+)\/?$/i;
const dns = new RegExp(`^dns:(?://[^/\\s]*/)?${hostPort}$`);
const unix = /^unix:(?:\/\/)?[^\s]+$/;

/**
 * `host:port`, `http://host:port`, `https://host:port`, `dns:///host:port` or `unix:///path`; undefined when it is none.
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter: the scheme http means insecure, and https secure.
 */
export function parseEndpoint(given: string): Endpoint | undefined {
  if (dns.test(given) || unix.test(given)) return { target: given, secure: undefined };
  const [, scheme, address] = url.exec(given) ?? [];
  if (scheme !== undefined) return { target: `dns:${address}`, secure: scheme.toLowerCase() === "https" };
  const [, host] = httpsWithoutPort.exec(given) ?? [];
  if (host !== undefined) return { target: `dns:${host}:443`, secure: true };
  return plain.test(given) ? { target: `dns:${given}`, secure: undefined } : undefined;
}
