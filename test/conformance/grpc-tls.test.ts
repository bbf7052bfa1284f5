// C-33, C-35 and C-57 of the list in docs/conformance.md: certificates and socket files of both doors, and certificates of
// the gRPC exporter.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { credentials, ServerCredentials } from "@grpc/grpc-js";
import { describe, expect, onTestFinished, test } from "vitest";
import { otlpGrpc } from "../../src/exporters/otlp_grpc/otlp-grpc.ts";
import { otlp } from "../../src/receivers/otlp/otlp.ts";
import { startGrpcBackend } from "../support/grpc-backend.ts";
import { grpcClient } from "../support/grpc-client.ts";
import { problemsOf, protobufType, startAnyExporter, startReceiver, traces } from "../support/http-path.ts";
import { encode, type Plain } from "../support/otlp-oracle.ts";
import { until } from "../support/until.ts";

const oneSpan = encode("traces", traces(1));
const certificate = (name: string) => join(import.meta.dirname, "../support/certificates", `${name}.pem`);
const pem = (name: string) => readFileSync(certificate(name));
const server = { cert_file: certificate("server"), key_file: certificate("server-key") };
const trusting = { ca: pem("authority") };
const known = { ...trusting, cert: pem("client"), key: pem("client-key") };
const freshFolder = () => mkdtempSync(join(tmpdir(), "spantoll-"));

interface Client {
  readonly name: string;
  readonly tls: Plain;
  readonly client: SecureContextOptions;
  readonly ok: boolean;
}

const mutual = { client_ca_file: certificate("authority") };
const clients: readonly Client[] = [
  { name: "who trusts its authority", tls: {}, client: trusting, ok: true },
  { name: "who trusts another", tls: {}, client: { ca: pem("other-authority") }, ok: false },
  { name: "with the right certificate", tls: mutual, client: known, ok: true },
  { name: "without a certificate", tls: mutual, client: trusting, ok: false },
  { name: "of another authority", tls: { client_ca_file: certificate("other-authority") }, client: known, ok: false },
  { name: "of TLS 1.2", tls: {}, client: { ...trusting, maxVersion: "TLSv1.2" }, ok: true },
  {
    name: "of TLS 1.2 where 1.3 is asked",
    tls: { min_version: "1.3" },
    client: { ...trusting, maxVersion: "TLSv1.2" },
    ok: false,
  },
  {
    name: "of TLS 1.3 where at most 1.2 is",
    tls: { max_version: "1.2" },
    client: { ...trusting, minVersion: "TLSv1.3" },
    ok: false,
  },
];

function secureCall(url: string, tls: SecureContextOptions): Promise<number | string> {
  return new Promise((resolve) => {
    const options = { ...tls, servername: "server.test", method: "POST", headers: protobufType, agent: false } as const;
    const request = requestHttps(url, options, (response) => resolve(response.resume().statusCode ?? 0));
    request.on("error", (error) => resolve(error.message));
    request.end(oneSpan);
  });
}

function secureClient(target: string, tls: SecureContextOptions) {
  const options = { "grpc.ssl_target_name_override": "server.test" };
  return grpcClient(target, options, credentials.createFromSecureContext(createSecureContext(tls)));
}

describe("TLS", () => {
  test.each(clients)("C-33 over HTTP lets a client $name in: $ok", async ({ tls, client, ok }) => {
    const { url } = await startReceiver({ http: { tls: { ...server, ...tls } } });
    expect(url).toMatch(/^https:/);
    const answer = await secureCall(`${url}/v1/traces`, client);
    if (ok) expect(answer).toBe(200);
    else expect(answer).toEqual(expect.any(String));
    expect(await secureCall(`${url}/v1/traces`, { ...known, minVersion: "TLSv1.2" })).toEqual(
      tls["client_ca_file"] === certificate("other-authority") ? expect.any(String) : 200,
    );
  });

  test.each(clients)("C-33 over gRPC lets a client $name in: $ok", async ({ tls, client, ok }) => {
    const { target, host } = await startReceiver({ grpc: { tls: { ...server, ...tls } } });
    expect(host.logged.join()).toContain(`"protocol":"grpc","address":"https://${target}"`);
    expect((await secureClient(target, client).call(oneSpan)).code).toBe(ok ? 0 : 14);
  });

  test("C-33 is spoken, and nothing else", async () => {
    const { target, url } = await startReceiver({ grpc: { tls: server }, http: { tls: server } });
    expect((await grpcClient(target).call(oneSpan)).code).toBe(14);
    await expect(fetch(url.replace("https", "http"), { method: "POST" })).rejects.toThrow();
    expect((await secureClient(target, trusting).call(oneSpan)).code).toBe(0);
  });

  test("C-33 takes new certificates from the files, and keeps the old ones when they are broken", async () => {
    const folder = freshFolder();
    const files = { cert_file: join(folder, "cert.pem"), key_file: join(folder, "key.pem") };
    const install = (name: string) => {
      copyFileSync(certificate(name), files.cert_file);
      copyFileSync(certificate(`${name}-key`), files.key_file);
    };
    install("server");
    const tls = { ...files, reload_interval: "1m" };
    const { url, target, host, receiver } = await startReceiver({ grpc: { tls }, http: { tls } });
    const both = async (name: string) => [
      await secureCall(`${url}/v1/traces`, trusting).then((answer) => answer === 200),
      (await grpcClient(target, { "grpc.ssl_target_name_override": name }, secure).call(oneSpan)).code === 0,
    ];
    const secure = credentials.createFromSecureContext(createSecureContext(trusting));
    expect(await both("server.test")).toEqual([true, true]);
    install("client");
    host.advance(60_000);
    expect(await both("client.test")).toEqual([false, true]);
    writeFileSync(files.key_file, "no key");
    host.advance(60_000);
    expect(host.logged.filter((line) => line.includes("certificates could not be read again"))).toHaveLength(2);
    expect(await both("client.test")).toEqual([false, true]);
    await receiver.stop?.(AbortSignal.abort());
    expect(host.timers()).toBe(0);
  });

  test.each([
    { tls: {}, says: "tls: must name cert_file and key_file" },
    { tls: { cert_file: certificate("server") }, says: "tls: must name cert_file and key_file, or neither" },
    { tls: { ...server, key_file: "/nowhere" }, says: "tls.key_file: cannot be read: ENOENT" },
    { tls: { ...server, key_file: certificate("client-key") }, says: "tls: the certificates cannot be used: " },
    { tls: { ...server, cert_file: "package.json" }, says: "tls: the certificates cannot be used: " },
    {
      tls: { ...server, min_version: "1.3", max_version: "1.2" },
      says: "tls.max_version: must be at least min_version",
    },
    { tls: { ...server, cipher_suites: [] }, says: 'Unrecognized key: "cipher_suites"' },
  ])("C-33 $tls is refused before anything listens: $says", ({ tls, says }) => {
    for (const protocol of ["grpc", "http"]) {
      expect(problemsOf(otlp, { protocols: { [protocol]: { tls } } }).join("\n")).toContain(says);
    }
  });
});

describe("a socket file", () => {
  test("C-35 serves both protocols, and is gone at the end", async () => {
    const [grpcPath, httpPath] = [join(freshFolder(), "grpc.sock"), join(freshFolder(), "http.sock")];
    const host = await startReceiver().then(({ host }) => host);
    const settings = {
      protocols: { grpc: { transport: "unix", endpoint: grpcPath }, http: { transport: "unix", endpoint: httpPath } },
    };
    const receiver = await startedAt(settings, host);
    expect(host.logged.join("\n")).toContain(`"protocol":"grpc","address":"unix:${grpcPath}"`);
    expect((await grpcClient(`unix:${grpcPath}`).call(oneSpan)).code).toBe(0);
    expect(await callSocket(httpPath)).toBe(200);
    await receiver.stop?.(AbortSignal.abort());
    await until(() => !existsSync(grpcPath) && !existsSync(httpPath));
  });

  test("C-35 that nobody listens on any more is replaced", async () => {
    const path = join(freshFolder(), "stale.sock");
    // A process that is killed leaves its file behind.
    const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`;
    expect(() => execFileSync(process.execPath, ["-e", script], { stdio: "ignore" })).toThrow();
    expect(existsSync(path)).toBe(true);
    const host = await startReceiver().then(({ host }) => host);
    await startedAt({ protocols: { http: { transport: "unix", endpoint: path } } }, host);
    expect(await callSocket(path)).toBe(200);
  });

  test.each(["grpc", "http"])(
    "C-35 that somebody listens on is left alone by %s, and so is any other file",
    async (protocol) => {
      const folder = freshFolder();
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(join(folder, "taken.sock"), resolve));
      onTestFinished(() => void other.close());
      writeFileSync(join(folder, "letter"), "dear");
      const host = await startReceiver().then(({ host }) => host);
      for (const name of ["taken.sock", "letter"]) {
        const settings = { protocols: { [protocol]: { transport: "unix", endpoint: join(folder, name) } } };
        await expect(startedAt(settings, host)).rejects.toThrow(`cannot listen on ${join(folder, name)}: `);
      }
      expect(readFileSync(join(folder, "letter"), "utf8")).toBe("dear");
      expect(existsSync(join(folder, "taken.sock"))).toBe(true);
    },
  );
});

async function startedAt(settings: Plain, host: Awaited<ReturnType<typeof startReceiver>>["host"]) {
  const prepared = otlp.prepare(settings, { read: (path) => readFileSync(path) });
  if (!prepared.ok) throw new Error("refused");
  const receiver = prepared.create(new Map([["traces", async () => 1]]), host);
  onTestFinished(async () => receiver.stop?.(AbortSignal.abort()));
  await receiver.start?.();
  return receiver;
}

function callSocket(socketPath: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { socketPath, path: "/v1/traces", method: "POST", headers: protobufType };
    requestHttp(options, (response) => resolve(response.resume().statusCode ?? 0))
      .on("error", reject)
      .end(oneSpan);
  });
}

/** A backend that speaks TLS as `server.test`, and wants to know its clients. */
function secureBackend(wantsCertificate: boolean) {
  const pair = [{ private_key: pem("server-key"), cert_chain: pem("server") }];
  return startGrpcBackend({ credentials: ServerCredentials.createSsl(pem("authority"), pair, wantsCertificate) });
}

const named = { server_name_override: "server.test" };
const pinned = { ...named, ca_file: certificate("authority") };
const own = { cert_file: certificate("client"), key_file: certificate("client-key") };

test.each([
  { name: "the authority of ca_file, under the overridden name", tls: pinned, asks: false, client: undefined },
  { name: "anything with insecure_skip_verify", tls: { insecure_skip_verify: true }, asks: false, client: undefined },
  { name: "a backend that wants a certificate", tls: { ...pinned, ...own }, asks: true, client: "client.test" },
  { name: "https:// though insecure is set", tls: { ...pinned, insecure: true }, asks: false, scheme: "https://" },
])("C-57 over gRPC data goes to $name", async ({ tls, asks, client, scheme = "" }) => {
  const backend = await secureBackend(asks);
  const endpoint = `${scheme}127.0.0.1:${backend.port}`;
  const { send } = await startAnyExporter(otlpGrpc, { endpoint, tls }, "otlp_grpc/test");
  await send("traces", traces(1));
  await until(() => backend.received.length === 1);
  expect(backend.received[0]?.client).toBe(client);
});

test.each([
  { name: "another authority", tls: { ...named, ca_file: certificate("other-authority") }, asks: false },
  { name: "the system's authorities", tls: named, asks: false },
  { name: "another name", tls: { ca_file: certificate("authority") }, asks: false },
  { name: "no certificate of its own", tls: pinned, asks: true },
  { name: "no TLS at all", tls: { insecure: true }, asks: false },
  { name: "a backend that speaks no TLS", tls: pinned, asks: false, plain: true },
])("C-57 over gRPC data is kept and tried again with $name", async ({ tls, asks, plain }) => {
  const backend = plain ? await startGrpcBackend() : await secureBackend(asks);
  const settings = { endpoint: `127.0.0.1:${backend.port}`, tls };
  const { send, host } = await startAnyExporter(otlpGrpc, settings, "otlp_grpc/test");
  await send("traces", traces(1));
  await until(() => host.reported.at(-1)?.[0] === "degraded");
  expect(backend.received).toEqual([]);
  expect(host.logged.join("\n")).toContain("will be tried again");
});
