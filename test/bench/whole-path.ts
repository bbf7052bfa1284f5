// The built bundle between a sender and a backend on this machine: CPU of its process by span.
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { cpuNs, startProgram } from "./program.ts";

const connections = 4;
const samples = 3;

export interface Load {
  readonly bodies: readonly Uint8Array[];
  readonly spansPerBody: number;
  readonly requests: number;
  readonly compression: "none" | "gzip";
}

/** CPU nanoseconds of the program by span, from the request to the answer of the backend: the least of three rounds. */
export async function wholePathNsPerSpan(load: Load): Promise<number> {
  const backend = await startSink();
  const program = await startProgram(configFor(backend.url, load.compression));
  try {
    await send(program.url, load);
    const figures: number[] = [];
    for (let round = 0; round < samples; round++) {
      const before = cpuNs(program.pid);
      await send(program.url, load);
      await backend.quiet();
      figures.push((cpuNs(program.pid) - before) / (load.requests * load.spansPerBody));
    }
    return Math.min(...figures);
  } finally {
    await program.stop();
    backend.stop();
  }
}

export function configFor(endpoint: string, compression: string): string {
  return `
receivers: { otlp: { protocols: { http: { endpoint: "localhost:0" } } } }
processors: { gen_ai_normalizer: {}, gen_ai_call: {}, gen_ai_cost: {}, gen_ai_budget: {}, batch: {} }
exporters: { otlp_http: { endpoint: "${endpoint}", compression: ${compression} } }
service:
  telemetry: { logs: { encoding: json }, metrics: { level: none } }
  pipelines:
    traces:
      receivers: [otlp]
      processors: [gen_ai_normalizer, gen_ai_call, gen_ai_cost, gen_ai_budget, batch]
      exporters: [otlp_http]
`;
}

export interface Sink {
  readonly url: string;
  /** Of all bodies so far. */
  readonly receivedBytes: () => number;
  /** Resolves when nothing has come for as long as a batch may wait. */
  quiet(): Promise<void>;
  stop(): void;
}

export async function startSink(): Promise<Sink> {
  let lastMs = performance.now();
  let receivedBytes = 0;
  const server = createServer((incoming, outgoing) => {
    incoming.on("data", (chunk: Uint8Array) => {
      receivedBytes += chunk.length;
    });
    incoming.on("end", () => {
      lastMs = performance.now();
      outgoing.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    receivedBytes: () => receivedBytes,
    quiet: () => quietSince(() => lastMs),
    stop: () => server.close(),
  };
}

/** Resolves when now and `lastMs` are longer ago than a batch may wait. */
export async function quietSince(lastMs: () => number): Promise<void> {
  const fromMs = performance.now();
  while (performance.now() - Math.max(fromMs, lastMs()) < 600) await new Promise((done) => setTimeout(done, 100));
}

async function send(url: string, { bodies, requests }: Load): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let sent = 0;
  const lane = async () => {
    while (sent < requests) await post(`${url}/v1/traces`, bodies[sent++ % bodies.length]!, agent);
  };
  await Promise.all(Array.from({ length: connections }, lane));
  agent.destroy();
}

/** A refusal for want of room is sent again at once: the measured program works either way. */
export async function post(url: string, body: Uint8Array, agent: Agent): Promise<void> {
  for (;;) {
    const status = await postOnce(url, body, agent);
    if (status === 200) return;
    if (status !== 503) throw new Error(`${url} answered ${status}`);
  }
}

function postOnce(url: string, body: Uint8Array, agent: Agent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/x-protobuf", "content-length": body.length };
    const outgoing = request(url, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
