// C-06, C-08 and C-45 of the list in docs/conformance.md where settings or the runtime decide about content codings.
import * as zlib from "node:zlib";
import { describe, expect, test } from "vitest";
import { otlpHttp } from "../../src/exporters/otlp_http/otlp-http.ts";
import { otlp } from "../../src/receivers/otlp/otlp.ts";
import { startBackend } from "../support/backend.ts";
import { call, problemsOf, protobufType, startExporter, startReceiver, traces } from "../support/http-path.ts";
import { encode } from "../support/otlp-oracle.ts";
import { until } from "../support/until.ts";

const oneSpan = encode("traces", traces(1));
/** Node.js has it since 22.15. */
const zstd: ((bytes: Uint8Array) => Buffer) | undefined = Reflect.get(zlib, "zstdCompressSync");
const unzstd: ((bytes: Uint8Array) => Buffer) | undefined = Reflect.get(zlib, "zstdDecompressSync");
const coded = {
  gzip: { headers: { "content-encoding": "gzip" }, body: zlib.gzipSync(oneSpan) },
  deflate: { headers: { "content-encoding": "deflate" }, body: zlib.deflateSync(oneSpan) },
  zstd: { headers: { "content-encoding": "zstd" }, body: zstd?.(oneSpan) ?? Buffer.from("28b52ffd", "hex") },
  identity: { headers: {}, body: oneSpan },
} as const;

async function statusesOf(http: Record<string, unknown>): Promise<Record<string, number>> {
  const { url } = await startReceiver({ http });
  const statuses: Record<string, number> = {};
  for (const [name, { headers, body }] of Object.entries(coded)) {
    statuses[name] = (await call(`${url}/v1/traces`, { headers: { ...protobufType, ...headers }, body })).status;
  }
  return statuses;
}

describe("the codings that are taken", () => {
  test("C-06 are those that Node.js has", async () => {
    expect(await statusesOf({})).toEqual({ gzip: 200, deflate: 200, zstd: zstd ? 200 : 415, identity: 200 });
  });

  test.each([
    { algorithms: ["gzip"], taken: { gzip: 200, deflate: 415, zstd: 415, identity: 415 } },
    { algorithms: ["", "zlib"], taken: { gzip: 415, deflate: 200, zstd: 415, identity: 200 } },
    { algorithms: [], taken: { gzip: 415, deflate: 415, zstd: 415, identity: 415 } },
  ])("C-08 are those of compression_algorithms: $algorithms", async ({ algorithms, taken }) => {
    expect(await statusesOf({ compression_algorithms: algorithms })).toEqual(taken);
  });

  test("C-06 that Node.js does not have are told at the start, as a Collector's file may name them", async () => {
    const compression_algorithms = ["", "gzip", "zstd", "zlib", "snappy", "deflate", "lz4"];
    const { host } = await startReceiver({ http: { compression_algorithms } });
    const missing = JSON.stringify({ missing: [...(zstd ? [] : ["zstd"]), "snappy", "lz4"] });
    expect(host.logged.filter((line) => line.startsWith("warn"))).toEqual([expect.stringContaining(missing)]);
    const statuses = await statusesOf({ compression_algorithms });
    expect(statuses).toEqual({ gzip: 200, deflate: 200, zstd: zstd ? 200 : 415, identity: 200 });
    const none = { protocols: { http: { compression_algorithms: ["snappy", "lz4"] } } };
    expect(problemsOf(otlp, none).join("\n")).toContain("compression_algorithms: this Node.js has none of them");
  });

  test("C-08 are named to who sends another", async () => {
    const { url } = await startReceiver({ http: { compression_algorithms: ["", "gzip"] } });
    const { status, headers, body } = await call(`${url}/v1/traces`, {
      headers: { ...protobufType, "content-encoding": "deflate" },
      body: oneSpan,
    });
    expect([status, headers["accept-encoding"]]).toEqual([415, "gzip"]);
    expect(body.toString()).toContain('415 unsupported Content-Encoding "deflate", supported: [gzip, identity]');
  });
});

test("response_headers are on every answer", async () => {
  const { url } = await startReceiver({ http: { response_headers: { "X-Door": "north" } } });
  const good = await call(`${url}/v1/traces`, { headers: protobufType, body: oneSpan });
  const bad = await call(`${url}/v1/nothing`);
  expect([good.status, good.headers["x-door"], bad.status, bad.headers["x-door"]]).toEqual([
    200,
    "north",
    404,
    "north",
  ]);
});

test("C-45 zstd goes out where Node.js has it, and is refused by name where it has not", async () => {
  const backend = await startBackend();
  const settings = { endpoint: backend.url, compression: "zstd" };
  if (unzstd === undefined) {
    expect(problemsOf(otlpHttp, settings)).toEqual([
      "compression: must be gzip, deflate or none: this Node.js has no zstd",
    ]);
  } else {
    const { send } = await startExporter(settings);
    await send("traces", traces(100));
    await until(() => backend.received.length === 1);
    const [request] = backend.received;
    expect(request?.headers["content-encoding"]).toBe("zstd");
    expect(unzstd(request!.bytes)).toEqual(Buffer.from(encode("traces", traces(100))));
  }
  await backend.stop();
});
