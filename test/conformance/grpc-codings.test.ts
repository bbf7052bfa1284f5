// Compression of what the gRPC exporter sends, C-45: what the header says is what the frame holds, and gRPC's own server
// reads it. zstd, which grpc-js does not know, is read here by node:zlib.
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import * as zlib from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { otlpGrpc } from "../../src/exporters/otlp_grpc/otlp-grpc.ts";
import { startGrpcBackend } from "../support/grpc-backend.ts";
import { frameOf } from "../support/grpc-frames.ts";
import { problemsOf, startAnyExporter, traces } from "../support/http-path.ts";
import { encode, type Plain } from "../support/otlp-oracle.ts";
import { until } from "../support/until.ts";

const unzstd: ((bytes: Uint8Array) => Buffer) | undefined = Reflect.get(zlib, "zstdDecompressSync");

const readers: Readonly<Record<string, ((bytes: Uint8Array) => Buffer) | undefined>> = {
  gzip: (bytes) => zlib.gunzipSync(bytes),
  deflate: (bytes) => zlib.inflateSync(bytes),
  zstd: unzstd,
};
const here = Object.keys(readers).filter((coding) => readers[coding] !== undefined);

interface Seen {
  readonly coding: unknown;
  readonly flag: number | undefined;
  readonly message: Buffer;
}

interface FrameBackend {
  readonly endpoint: string;
  readonly seen: Seen[];
}

/** A server that shows header and frame as they came. `trailers` answers instead of OK. */
async function startFrameBackend(
  head: IncomingHttpHeaders = {},
  trailersOf: (count: number) => Record<string, string> = () => ({ "grpc-status": "0" }),
): Promise<FrameBackend> {
  const seen: Seen[] = [];
  const server = createServer();
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const frame = Buffer.concat(chunks);
      seen.push({ coding: headers["grpc-encoding"], flag: frame[0], message: frame.subarray(5) });
      const trailers = trailersOf(seen.length);
      stream.respond({ ":status": 200, "content-type": "application/grpc", ...head }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers(trailers));
      stream.end(trailers["grpc-status"] === "0" ? frameOf(new Uint8Array()) : undefined);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { endpoint: `127.0.0.1:${port}`, seen };
}

async function start({ endpoint }: { readonly endpoint: string }, settings: Plain) {
  return startAnyExporter(otlpGrpc, { endpoint, tls: { insecure: true }, ...settings }, "otlp_grpc/test");
}

const plain = (spans: number) => Buffer.from(encode("traces", traces(spans)));

test.each(here)("C-45 %s at a level goes out as the header says, smaller at the higher one", async (coding) => {
  const lengths: number[] = [];
  for (const level of [1, 9]) {
    const backend = await startFrameBackend();
    const { send } = await start(backend, { compression: coding, compression_params: { level } });
    await send("traces", traces(500));
    await until(() => backend.seen.length === 1);
    const [first] = backend.seen;
    expect([first?.coding, first?.flag]).toEqual([coding, 1]);
    expect(readers[coding]?.(first?.message ?? Buffer.alloc(0))).toEqual(plain(500));
    lengths.push(first?.message.length ?? 0);
  }
  expect(lengths[1]).toBeLessThan(lengths[0] ?? 0);
});

test.each(here)("C-45 with %s a message below 1 KiB is not compressed", async (coding) => {
  const backend = await startFrameBackend();
  const { send } = await start(backend, { compression: coding });
  await send("traces", traces(1));
  await until(() => backend.seen.length === 1);
  expect([backend.seen[0]?.flag, backend.seen[0]?.message]).toEqual([0, plain(1)]);
});

test("C-45 with none there is no header", async () => {
  const backend = await startFrameBackend();
  const { send } = await start(backend, { compression: "none" });
  await send("traces", traces(500));
  await until(() => backend.seen.length === 1);
  expect(backend.seen[0]).toEqual({ coding: undefined, flag: 0, message: plain(500) });
});

test.each(["gzip", "deflate"])("C-45 gRPC's own server reads %s", async (compression) => {
  const backend = await startGrpcBackend();
  const { send } = await start({ endpoint: backend.target }, { compression });
  await send("traces", traces(500));
  await until(() => backend.received.length === 1);
  expect(Buffer.from(backend.received[0]?.bytes ?? [])).toEqual(plain(500));
});

test.each(here)("a backend that says it has no %s gets plain messages from then on", async (coding) => {
  const backend = await startFrameBackend({ "grpc-accept-encoding": "identity" });
  const { send } = await start(backend, { compression: coding });
  for (let at = 0; at < 2; at++) {
    await send("traces", traces(500));
    await until(() => backend.seen.length === at + 1);
  }
  expect(backend.seen.map((one) => [one.coding, one.flag])).toEqual([
    [coding, 1],
    [undefined, 0],
  ]);
  expect(backend.seen[1]?.message).toEqual(plain(500));
});

test.each(here)("a backend that answers UNIMPLEMENTED to %s gets the same request again, plain", async (coding) => {
  const unimplemented = {
    "grpc-status": "12",
    "grpc-message": `grpc: Decompressor is not installed for grpc-encoding "${coding}"`,
  };
  const backend = await startFrameBackend({}, (count) => (count === 1 ? unimplemented : { "grpc-status": "0" }));
  const { send, host } = await start(backend, { compression: coding });
  await send("traces", traces(500));
  await until(() => host.logged.some((line) => line.includes(`cannot read ${coding}; goes on without compression`)));
  host.advance(10_000);
  await until(() => backend.seen.length === 2);
  expect([backend.seen[1]?.coding, backend.seen[1]?.message]).toEqual([undefined, plain(500)]);
  await until(() => host.counted.get('otelcol_exporter_sent_spans{"exporter":"otlp_grpc/test"}') === 500);
});

test("UNIMPLEMENTED for another reason stays for good", async () => {
  const backend = await startFrameBackend({}, () => ({ "grpc-status": "12", "grpc-message": "unknown service" }));
  const { send, host } = await start(backend, { compression: "gzip" });
  await send("traces", traces(500));
  await until(() => host.counted.get('otelcol_exporter_send_failed_spans{"exporter":"otlp_grpc/test"}') === 500);
  expect(backend.seen).toHaveLength(1);
});

test("zstd is refused by name where Node.js has none, and another word everywhere", () => {
  const problems = (compression: string) => problemsOf(otlpGrpc, { endpoint: "x:1", compression }).join("\n");
  const expected = unzstd ? "" : "compression: must be gzip, deflate or none: this Node.js has no zstd";
  expect(problems("zstd")).toBe(expected);
  expect(problems("snappy")).toContain("compression:");
});
