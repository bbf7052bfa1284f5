// Redis over TLS, as servers on the internet are: certificates are looked at, names too, and clients may need their own.
import { describe, expect, test } from "vitest";
import type { ClientTls } from "../../src/core/tls.ts";
import { freePort } from "../support/redis.ts";
import { calls, opened, server, spentByAll } from "./redis-support.ts";

const certificates = "test/support/certificates";
const trusted: ClientTls = {
  ca_file: `${certificates}/authority.pem`,
  server_name_override: "server.test",
  min_version: "1.2",
  insecure_skip_verify: false,
};
const ownCertificate = { cert_file: `${certificates}/client.pem`, key_file: `${certificates}/client-key.pem` };

async function secureServer(clients: "yes" | "no"): Promise<string> {
  const port = await freePort();
  const files = [
    ["cert", "server.pem"],
    ["key", "server-key.pem"],
    ["ca-cert", "authority.pem"],
  ].flatMap(([what, file]) => [`--tls-${what}-file`, `${process.cwd()}/${certificates}/${file}`]);
  await server("--tls-port", String(port), "--tls-auth-clients", clients, ...files);
  return `rediss://127.0.0.1:${port}`;
}

describe("a ledger on redis over TLS", () => {
  test.each([
    { name: "the authority that signed it", clients: "no", tls: trusted },
    { name: "TLS 1.3 alone", clients: "no", tls: { ...trusted, min_version: "1.3" } },
    { name: "any certificate", clients: "no", tls: { ...trusted, ca_file: undefined, insecure_skip_verify: true } },
    { name: "a certificate of its own", clients: "yes", tls: { ...trusted, ...ownCertificate } },
  ] as const)("charges where it trusts $name", async ({ clients, tls }) => {
    const { bench, host } = await opened(await secureServer(clients), { tls: withoutAbsent(tls) });
    await bench.charge(...calls(20));
    expect(await spentByAll(bench)).toBe(20n * 6_000_000n);
    expect(host.logged).toEqual([]);
  });

  test.each([
    {
      name: "another authority signed the certificate",
      clients: "no",
      tls: { ...trusted, ca_file: `${certificates}/other-authority.pem` },
      says: /certificate|signature/,
    },
    {
      name: "the certificate is for another name",
      clients: "no",
      tls: { ...trusted, server_name_override: "other.test" },
      says: /does not match certificate|altnames/,
    },
    { name: "the authority is not known to the system", clients: "no", tls: undefined, says: /certificate/ },
    { name: "it has no certificate of its own", clients: "yes", tls: trusted, says: /certificate|closed|ECONNRESET/i },
  ] as const)("tells nothing to a server where $name", async ({ clients, tls, says }) => {
    const url = await secureServer(clients);
    const { bench, host } = await opened(url, { timeoutMs: 400, tls: tls && withoutAbsent(tls) });
    await expect(bench.charge(...calls(1))).rejects.toMatchObject({ code: "unavailable" });
    expect(host.logged.join("\n")).toMatch(says);
  });
});

function withoutAbsent(tls: { readonly [K in keyof ClientTls]?: ClientTls[K] | undefined }): ClientTls {
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined)) as ClientTls;
}
