// C-57 of the list in docs/conformance.md: what the exporter trusts, and whom it says it is.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startExporter, traces } from "../support/http-path.ts";
import type { Plain } from "../support/otlp-oracle.ts";
import { until } from "../support/until.ts";

const certificate = (name: string) => join(import.meta.dirname, "../support/certificates", `${name}.pem`);

/** A backend that speaks TLS as `server.test` and says who came. */
async function startSecureBackend(requestCert: boolean): Promise<{ url: string; clients: string[] }> {
  const clients: string[] = [];
  const read = (name: string) => readFileSync(certificate(name));
  const keys = { key: read("server-key"), cert: read("server"), ca: read("authority") };
  const server = createServer({ ...keys, requestCert, rejectUnauthorized: requestCert }, (request, response) => {
    const { socket } = request;
    const subject =
      "getPeerCertificate" in socket ? (socket.getPeerCertificate as () => Plain)()["subject"] : undefined;
    clients.push(String((subject as Plain | undefined)?.["CN"] ?? "nobody"));
    request.resume().on("end", () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, clients };
}

const named = { server_name_override: "server.test" };
const trusting = { ...named, ca_file: certificate("authority") };

test.each([
  { name: "the authority of ca_file, under the overridden name", tls: trusting, requestCert: false, client: "nobody" },
  {
    name: "anything with insecure_skip_verify",
    tls: { insecure_skip_verify: true },
    requestCert: false,
    client: "nobody",
  },
  {
    name: "a backend that wants a certificate",
    tls: { ...trusting, cert_file: certificate("client"), key_file: certificate("client-key") },
    requestCert: true,
    client: "client.test",
  },
])("C-57 data goes to $name", async ({ tls, requestCert, client }) => {
  const backend = await startSecureBackend(requestCert);
  const { send } = await startExporter({ endpoint: backend.url, tls });
  await send("traces", traces(1));
  await until(() => backend.clients.length === 1);
  expect(backend.clients).toEqual([client]);
});

test.each([
  { name: "another authority", tls: { ...named, ca_file: certificate("other-authority") }, requestCert: false },
  { name: "the system's authorities", tls: named, requestCert: false },
  { name: "another name", tls: { ca_file: certificate("authority") }, requestCert: false },
  { name: "no certificate of its own", tls: trusting, requestCert: true },
])("C-57 data is kept and tried again with $name", async ({ tls, requestCert }) => {
  const backend = await startSecureBackend(requestCert);
  const { send, host } = await startExporter({ endpoint: backend.url, tls });
  await send("traces", traces(1));
  await until(() => host.reported.at(-1)?.[0] === "degraded");
  expect(backend.clients).toEqual([]);
  expect(host.logged.join("\n")).toContain("will be tried again");
});
