// The built program behind real sockets, under requests with bytes that are wrong. Whatever they are: 200 or 400, OK or
// INVALID_ARGUMENT, at once; and what was taken must be what a backend can read.
import { Agent, createServer, request as requestHttp } from "node:http";
import type { AddressInfo } from "node:net";
import { type Signal, signals } from "../../src/core/batch.ts";
import { exportPaths } from "../../src/otlp/services.ts";
import { anonymousBytes, type Program, startProgram } from "../bench/program.ts";
import { FrameClient } from "../support/grpc-frames.ts";
import { decode } from "../support/otlp-oracle.ts";
import { type DoorRequest, doorRequests } from "./doors-requests.ts";

export interface DoorsOptions {
  readonly requests: number;
  readonly seed: number;
  /** Number of the first request. */
  readonly first?: number;
}

export interface DoorsOutcome {
  /** How often which answer came, by `http 200`, `grpc 3` and so on. Wrong frames of gRPC are counted as `frame 12`. */
  readonly answers: ReadonlyMap<string, number>;
  /** Answers that should not have been, and requests that had none; the first hundred. */
  readonly wrong: readonly string[];
  readonly wrongCount: number;
  /** Requests that arrived at the backend and could not be read there. */
  readonly unreadable: readonly string[];
  readonly delivered: number;
  readonly slowestMs: number;
  /** Resident memory in bytes, without mapped files: before, after each quarter, and the most that was seen. */
  readonly memory: { readonly start: number; readonly quarters: readonly number[]; readonly peak: number };
  /** Lines of the program's log that tell of an error. */
  readonly errorLines: number;
  readonly exitCode: number | null;
  readonly tookMs: number;
}

/** So small that a bomb is cheap, and larger than every capture. */
const bodyMiB = 8;
const httpLanes = 8;
const grpcLanes = 8;
const answerTimeoutMs = 30_000;

export async function fuzzDoors({ requests, seed, first = 0 }: DoorsOptions): Promise<DoorsOutcome> {
  const make = doorRequests(seed, bodyMiB * 1024 ** 2);
  const backend = await readingBackend();
  const program = await startProgram(configuration(backend.url));
  const doors = new Doors(program);
  const tally = new Tally();
  const memory = watchMemory(program, requests);
  const began = performance.now();
  let next = first;
  const lane = async () => {
    while (next < first + requests && program.isAlive()) {
      const request = make(next++);
      const sentMs = performance.now();
      tally.note(request, await doors.send(request), performance.now() - sentMs);
      memory.look(next - first);
    }
  };
  await Promise.all(Array.from({ length: httpLanes + grpcLanes }, lane));
  const tookMs = performance.now() - began;
  doors.close();
  const exitCode = await program.stop();
  await backend.stop();
  const { answers, wrong, wrongCount, slowestMs } = tally;
  const { unreadable, delivered } = backend;
  const errorLines = program.errorLines();
  return {
    ...{ answers, wrong, wrongCount, slowestMs, unreadable, delivered: delivered(), exitCode, tookMs, errorLines },
    memory: memory.seen(),
  };
}

function configuration(endpoint: string): string {
  const ours = "gen_ai_normalizer, gen_ai_call, gen_ai_cost, gen_ai_budget";
  return `
receivers:
  otlp:
    protocols:
      http: { endpoint: "127.0.0.1:0", max_request_body_size: ${bodyMiB}MiB }
      grpc: { endpoint: "127.0.0.1:0", max_recv_msg_size_mib: ${bodyMiB} }
processors: { gen_ai_normalizer: {}, gen_ai_call: {}, gen_ai_cost: {}, gen_ai_budget: {} }
exporters: { otlp_http: { endpoint: "${endpoint}", compression: none } }
service:
  telemetry: { logs: { encoding: json }, metrics: { level: none } }
  pipelines:
    traces: { receivers: [otlp], processors: [${ours}], exporters: [otlp_http] }
    metrics: { receivers: [otlp], exporters: [otlp_http] }
    logs: { receivers: [otlp], exporters: [otlp_http] }
`;
}

class Doors {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: httpLanes });
  readonly #clients: readonly FrameClient[];

  constructor({ url, grpc }: Program) {
    this.#url = url;
    this.#clients = Array.from({ length: 4 }, () => new FrameClient(grpc));
  }

  /** The status, or what became of the request instead. */
  async send(request: DoorRequest): Promise<number | string> {
    try {
      return await (request.transport === "http" ? this.#post(request) : this.#call(request));
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  close(): void {
    this.#agent.destroy();
    for (const client of this.#clients) client.close();
  }

  #call({ number, signal, coding, body }: DoorRequest): Promise<number> {
    const client = this.#clients[number % this.#clients.length]!;
    return client.call(exportPaths[signal], body, {
      ...(coding === "identity" ? {} : { coding }),
      timeoutMs: answerTimeoutMs,
    });
  }

  #post({ number, signal, form, coding, body }: DoorRequest): Promise<number> {
    return new Promise((resolve, reject) => {
      const headers = {
        "content-type": form === "json" ? "application/json" : "application/x-protobuf",
        ...(coding === "identity" ? {} : { "content-encoding": coding }),
        ...(number % 2 === 0 ? { "content-length": body.length } : { "transfer-encoding": "chunked" }),
      };
      const options = { method: "POST", agent: this.#agent, headers, timeout: answerTimeoutMs };
      const outgoing = requestHttp(`${this.#url}/v1/${signal}`, options, (response) => {
        response.resume();
        response.on("error", reject);
        response.on("end", () => resolve(response.statusCode ?? 0));
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${answerTimeoutMs} ms`)));
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }
}

class Tally {
  readonly answers = new Map<string, number>();
  readonly wrong: string[] = [];
  wrongCount = 0;
  slowestMs = 0;

  note(request: DoorRequest, answer: number | string, tookMs: number): void {
    this.slowestMs = Math.max(this.slowestMs, tookMs);
    const name = `${request.damage === "frame" ? "frame" : request.transport} ${answer}`;
    this.answers.set(name, (this.answers.get(name) ?? 0) + 1);
    if (isRight(request, answer)) return;
    this.wrongCount++;
    const { number, transport, signal, form, coding, damage } = request;
    if (this.wrong.length < 100)
      this.wrong.push(`${number}: ${transport} ${signal} ${form} ${coding} ${damage}: ${answer}`);
  }
}

const statuses = {
  http: { taken: 200, malformed: 400, tooLarge: 413 },
  grpc: { taken: 0, malformed: 3, tooLarge: 8 },
} as const;

function isRight({ transport, damage, isTooLarge }: DoorRequest, answer: number | string): boolean {
  const { taken, malformed, tooLarge } = statuses[transport];
  if (damage === "none") return answer === taken;
  if (answer === taken || answer === malformed) return true;
  // That there is not one message is found by grpc-js: UNIMPLEMENTED, or RESOURCE_EXHAUSTED by the length it names.
  if (damage === "frame") return answer === 12 || answer === 8;
  return answer === tooLarge && isTooLarge();
}

/** Looks at the process every so many requests. */
function watchMemory(program: Program, requests: number) {
  const start = anonymousBytes(program.pid);
  const quarters: number[] = [];
  let peak = start;
  return {
    look(done: number): void {
      const isQuarter = Math.floor((quarters.length + 1) * (requests / 4)) <= done && quarters.length < 4;
      if (!program.isAlive() || !(isQuarter || done % 100 === 0)) return;
      const now = anonymousBytes(program.pid);
      peak = Math.max(peak, now);
      if (isQuarter) quarters.push(now);
    },
    seen: () => ({ start, quarters, peak }),
  };
}

/** Takes everything, and reads it as protobufjs does. */
async function readingBackend() {
  const unreadable: string[] = [];
  let delivered = 0;
  const server = createServer((incoming, outgoing) => {
    const chunks: Uint8Array[] = [];
    incoming.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    incoming.on("end", () => {
      delivered++;
      const problem = problemOf(
        signals.find((signal) => incoming.url?.endsWith(signal)),
        Buffer.concat(chunks),
      );
      if (problem !== undefined) unreadable.push(problem);
      outgoing.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    unreadable,
    delivered: () => delivered,
    stop: () => new Promise((done) => server.close(done)),
  };
}

function problemOf(signal: Signal | undefined, bytes: Uint8Array): string | undefined {
  try {
    if (signal === undefined) return "came to a path that is none of OTLP";
    decode(signal, bytes);
    return undefined;
  } catch (error) {
    return `${signal}: ${error}`;
  }
}
