// The built program under an attack, with a good client beside it that sends over both protocols all the while.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { exportPaths } from "../../src/otlp/services.ts";
import { anonymousBytes, openDescriptors, type Program, startProgram } from "../bench/program.ts";
import { FrameClient, frameOf } from "../support/grpc-frames.ts";
import { encode } from "../support/otlp-oracle.ts";
import { type Attack, attackFor, type Ended } from "./attacks.ts";

export interface FloodOutcome extends Ended {
  /** Answers with success that the good client had, over HTTP and gRPC. */
  readonly good: number;
  /** What else it had; the first ten. */
  readonly bad: readonly string[];
  readonly badCount: number;
  readonly medianMs: number;
  readonly slowestMs: number;
  /** Resident bytes without mapped files, more than before the attack: at most, and two seconds after its end. */
  readonly peakBytes: number;
  readonly afterBytes: number;
  /** Open file descriptors more than before it. */
  readonly descriptorsAfter: number;
  readonly errorLines: number;
  /** From the request to stop, which comes while the attack goes on, to the end; undefined when not asked for. */
  readonly exitCode: number | null;
}

export interface FloodOptions {
  readonly attack: Attack;
  readonly ms: number;
  /** Settings of the two protocols, instead of the defaults. */
  readonly settings?: { readonly http?: string; readonly grpc?: string };
}

export async function flood({ attack, ms, settings }: FloodOptions): Promise<FloodOutcome> {
  const backend = await startSink();
  const program = await startProgram(configuration(backend.url, settings));
  const front = { http: new URL(program.url), grpc: new URL(`http://${program.grpc}`), ...secureFront(program) };
  const good = new GoodClient(program);
  try {
    good.start();
    await pause(500);
    const before = anonymousBytes(program.pid);
    const descriptorsBefore = openDescriptors(program.pid);
    const memory = watchMemory(program);
    const ended = await attackFor(attack, front, ms);
    await pause(2_000);
    const after = program.isAlive() ? anonymousBytes(program.pid) : 0;
    const descriptorsAfter = program.isAlive() ? openDescriptors(program.pid) - descriptorsBefore : 0;
    const peak = memory.end();
    await good.end();
    return {
      ...ended,
      ...good.outcome(),
      peakBytes: peak - before,
      afterBytes: after - before,
      descriptorsAfter,
      errorLines: program.errorLines(),
      exitCode: await program.stop(),
    };
  } finally {
    if (program.isAlive()) program.kill("SIGKILL");
    await backend.stop();
  }
}

function configuration(endpoint: string, { http = "", grpc = "" }: FloodOptions["settings"] = {}): string {
  return `
receivers:
  otlp:
    protocols:
      http: { endpoint: "127.0.0.1:0", ${http} }
      grpc: { endpoint: "127.0.0.1:0", ${grpc} }
  otlp/tls:
    protocols:
      http: { endpoint: "127.0.0.1:0", tls: ${certificates} }
      grpc: { endpoint: "127.0.0.1:0", tls: ${certificates} }
exporters: { otlp_http: { endpoint: "${endpoint}" } }
service:
  telemetry: { logs: { encoding: json }, metrics: { level: none } }
  pipelines: { traces: { receivers: [otlp, otlp/tls], exporters: [otlp_http] } }
`;
}

const certificate = (name: string): string => resolve("test/support/certificates", `${name}.pem`);
const certificates = `{ cert_file: ${certificate("server")}, key_file: ${certificate("server-key")} }`;

function secureFront(program: Program) {
  const placeOf = (protocol: string) => {
    const found = new RegExp(`"protocol":"${protocol}","address":"(https:[^"]+)"`).exec(program.log())?.[1];
    return new URL(found ?? "missing address");
  };
  return { https: placeOf("http"), grpcs: placeOf("grpc") };
}

const span = encode("traces", {
  resourceSpans: [
    { scopeSpans: [{ spans: [{ traceId: Buffer.alloc(16, 1), spanId: Buffer.alloc(8, 2), name: "s" }] }] },
  ],
});
const answerTimeoutMs = 5_000;

/** Sends one request over each protocol every 20 ms, each as soon as the one before it is answered. */
class GoodClient {
  readonly #url: string;
  readonly #grpc: FrameClient;
  readonly #tookMs: number[] = [];
  readonly #bad: string[] = [];
  #lanes: Promise<void>[] = [];
  #isOver = false;

  constructor({ url, grpc }: Program) {
    this.#url = `${url}/v1/traces`;
    this.#grpc = new FrameClient(grpc);
  }

  start(): void {
    this.#lanes = [this.#lane(() => this.#post()), this.#lane(() => this.#call())];
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#lanes);
    this.#grpc.close();
  }

  outcome(): Pick<FloodOutcome, "good" | "bad" | "badCount" | "medianMs" | "slowestMs"> {
    const sorted = this.#tookMs.toSorted((a, b) => a - b);
    return {
      good: sorted.length,
      bad: this.#bad.slice(0, 10),
      badCount: this.#bad.length,
      medianMs: sorted[sorted.length >> 1] ?? Number.NaN,
      slowestMs: sorted.at(-1) ?? Number.NaN,
    };
  }

  async #lane(send: () => Promise<string>): Promise<void> {
    while (!this.#isOver) {
      const began = performance.now();
      const answer = await send().catch((error: unknown) => String(error));
      if (answer === "good") this.#tookMs.push(performance.now() - began);
      else this.#bad.push(answer);
      await pause(20);
    }
  }

  async #post(): Promise<string> {
    const headers = { "content-type": "application/x-protobuf" };
    const signal = AbortSignal.timeout(answerTimeoutMs);
    const { status } = await fetch(this.#url, { method: "POST", headers, body: Buffer.from(span), signal });
    return status === 200 ? "good" : `http ${status}`;
  }

  async #call(): Promise<string> {
    const code = await this.#grpc.call(exportPaths.traces, frameOf(span), { timeoutMs: answerTimeoutMs });
    return code === 0 ? "good" : `grpc ${code}`;
  }
}

function watchMemory(program: Program) {
  let peak = 0;
  const timer = setInterval(() => {
    if (program.isAlive()) peak = Math.max(peak, anonymousBytes(program.pid));
  }, 50);
  return {
    end: () => {
      clearInterval(timer);
      return peak;
    },
  };
}

async function startSink() {
  const server = createServer((incoming, outgoing) => {
    incoming.resume().on("end", () => outgoing.writeHead(200).end());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const stop = () => new Promise((done) => server.close(done).closeAllConnections());
  return { url: `http://127.0.0.1:${port}`, stop };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
