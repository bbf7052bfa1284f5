// The built bundle once for each way in and out, with the same load in turns: CPU of each by span, beside the first.
import { Agent } from "node:http";
import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import * as zlib from "node:zlib";
import { exportPaths } from "../../src/otlp/services.ts";
import { FrameClient, frameOf } from "../support/grpc-frames.ts";
import { median } from "./measure.ts";
import { cpuNs, type Program, startProgram } from "./program.ts";
import { post, quietSince, type Sink, startSink } from "./whole-path.ts";

export interface DeliveryLoad {
  readonly bodies: readonly Uint8Array[];
  readonly spansPerBody: number;
  /** In each round. */
  readonly requests: number;
}

export interface DeliveryFigures {
  readonly name: string;
  /** CPU beside that of the first way, round by round: the median, the least and the greatest. */
  readonly ratio: { readonly median: number; readonly least: number; readonly greatest: number };
  readonly nsPerSpan: number;
  /** Bytes that the backend got for each span. */
  readonly bytesPerSpan: number;
}

interface Way {
  readonly name: string;
  readonly transport: "http" | "grpc";
  /** Settings of the exporter. */
  readonly exporter: string;
  /** Of `file_storage`; undefined is a queue in memory. */
  readonly sync?: "interval" | "always";
}

const onDisk = "compression: none, sending_queue: { storage: file_storage }";
const hasZstd = "zstdCompress" in zlib;

const ways: readonly Way[] = [
  { name: "HTTP in and out, queue in memory", transport: "http", exporter: "compression: none" },
  { name: "gRPC in and out", transport: "grpc", exporter: "compression: none, tls: { insecure: true }" },
  { name: "queue on disk, `sync: interval`", transport: "http", exporter: onDisk, sync: "interval" },
  { name: "queue on disk, `sync: always`", transport: "http", exporter: onDisk, sync: "always" },
  { name: "gzip, level 1", transport: "http", exporter: "compression: gzip" },
  { name: "gzip, level 6", transport: "http", exporter: "compression: gzip, compression_params: { level: 6 }" },
  ...(hasZstd ? [{ name: "zstd, level 1", transport: "http", exporter: "compression: zstd" } as const] : []),
];

const lanes = 4;
const rounds = 9;

/** All programs run at the same time and get their rounds in turns, so that what disturbs one disturbs all. */
export async function deliveryFigures(load: DeliveryLoad): Promise<readonly DeliveryFigures[]> {
  const runs = await Promise.all(ways.map(startRun));
  const seen = runs.map((): Round[] => []);
  try {
    for (const run of runs) await run.round(load);
    for (let round = 0; round < rounds; round++)
      for (const [at, run] of runs.entries()) seen[at]?.push(await run.round(load));
  } finally {
    for (const run of runs) await run.stop();
  }
  return runs.map(({ way: { name } }, at) => {
    const rounds = seen[at] ?? [];
    return { name, ratio: ratioOf(rounds, seen[0] ?? []), ...leastDisturbed(rounds) };
  });
}

/** Rounds of one turn were disturbed by the same, so they are compared with each other and not with the best of all. */
function ratioOf(rounds: readonly Round[], first: readonly Round[]): DeliveryFigures["ratio"] {
  const ratios = rounds.map(({ nsPerSpan }, turn) => nsPerSpan / (first[turn]?.nsPerSpan ?? Number.NaN));
  return { median: median(ratios), least: Math.min(...ratios), greatest: Math.max(...ratios) };
}

/** The mean of the least third: a round is short, and the kernel counts in hundredths of a second. */
function leastDisturbed(all: readonly Round[]): Round {
  const least = all.toSorted((a, b) => a.nsPerSpan - b.nsPerSpan).slice(0, Math.ceil(all.length / 3));
  const meanOf = (figure: (round: Round) => number) => least.reduce((sum, one) => sum + figure(one), 0) / least.length;
  return { nsPerSpan: meanOf((one) => one.nsPerSpan), bytesPerSpan: meanOf((one) => one.bytesPerSpan) };
}

type Round = Pick<DeliveryFigures, "nsPerSpan" | "bytesPerSpan">;

interface Run {
  readonly way: Way;
  round(load: DeliveryLoad): Promise<Round>;
  stop(): Promise<void>;
}

async function startRun(way: Way): Promise<Run> {
  const sink = await (way.transport === "grpc" ? startGrpcSink() : startSink());
  const program = await startProgram(configOf(way, sink.url));
  return {
    way,
    async round(load) {
      const cpuBefore = cpuNs(program.pid);
      const bytesBefore = sink.receivedBytes();
      await (way.transport === "grpc" ? callAll(program, load) : postAll(program, load));
      await sink.quiet();
      await idle(program.pid);
      const spans = load.requests * load.spansPerBody;
      return {
        nsPerSpan: (cpuNs(program.pid) - cpuBefore) / spans,
        bytesPerSpan: (sink.receivedBytes() - bytesBefore) / spans,
      };
    },
    async stop() {
      await program.stop();
      sink.stop();
    },
  };
}

/** Resolves when the process has done next to nothing for a moment: large bodies take long to compress. */
async function idle(pid: number): Promise<void> {
  for (let before = 0, now = cpuNs(pid); before + 2e7 < now; now = cpuNs(pid)) {
    before = now;
    await new Promise((done) => setTimeout(done, 500));
  }
}

function configOf({ transport, exporter, sync }: Way, url: string): string {
  const extensions = sync === undefined ? "" : `extensions: { file_storage: { directory: data, sync: ${sync} } }`;
  return `
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0" }, grpc: { endpoint: "127.0.0.1:0" } } } }
processors: { gen_ai_normalizer: {}, gen_ai_call: {}, gen_ai_cost: {}, gen_ai_budget: {}, batch: {} }
exporters: { otlp_${transport}: { endpoint: "${url}", ${exporter} } }
${extensions}
service:
  ${sync === undefined ? "" : "extensions: [file_storage]"}
  telemetry: { logs: { encoding: json }, metrics: { level: none } }
  pipelines:
    traces:
      receivers: [otlp]
      processors: [gen_ai_normalizer, gen_ai_call, gen_ai_cost, gen_ai_budget, batch]
      exporters: [otlp_${transport}]
`;
}

async function postAll({ url }: Program, { bodies, requests }: DeliveryLoad): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: lanes });
  await inLanes(requests, (number) => post(`${url}/v1/traces`, bodies[number % bodies.length]!, agent));
  agent.destroy();
}

async function callAll({ grpc }: Program, { bodies, requests }: DeliveryLoad): Promise<void> {
  const client = new FrameClient(grpc);
  const frames = bodies.map((body) => frameOf(body));
  await inLanes(requests, async (number) => {
    const status = await client.call(exportPaths.traces, frames[number % frames.length]!);
    if (status !== 0) throw new Error(`${grpc} answered ${status}`);
  });
  client.close();
}

async function inLanes(requests: number, send: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < requests) await send(next++);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** OK to every call, as soon as it is whole. */
async function startGrpcSink(): Promise<Sink> {
  let lastMs = performance.now();
  let receivedBytes = 0;
  // The window of grpc-go; 64 KiB, which is the default of Node.js, would measure the sink.
  const server = createServer({ settings: { initialWindowSize: 4 * 1024 ** 2 } });
  server.on("session", (session) => session.setLocalWindowSize(16 * 1024 ** 2));
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.on("data", (chunk: Uint8Array) => {
      receivedBytes += chunk.length;
    });
    stream.on("end", () => {
      lastMs = performance.now();
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(frameOf(new Uint8Array()));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `127.0.0.1:${port}`,
    receivedBytes: () => receivedBytes,
    quiet: () => quietSince(() => lastMs),
    stop: () => server.close(),
  };
}
