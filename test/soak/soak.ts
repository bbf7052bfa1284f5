// Minutes at a fixed load with a backend that comes and goes: what was acknowledged arrives, and nothing grows.
import { anonymousBytes, openDescriptors, type Program, startProgram } from "../bench/program.ts";
import { calmMs, cycleMs, startFlappingBackend } from "./flapping-backend.ts";
import type { Point } from "./series.ts";
import { type SteadyLoad, SteadySender } from "./steady-sender.ts";

export type Queue = "memory" | "disk";

export interface SoakOptions {
  readonly minutes: number;
  readonly queue: Queue;
  readonly load: SteadyLoad;
}

export interface SoakOutcome {
  /** Spans. */
  readonly acknowledged: number;
  /** Acknowledged and never delivered. */
  readonly lost: number;
  /** Delivered more than once, and of these, those that the sender had not sent again. */
  readonly doubled: number;
  readonly doubledForNothing: number;
  readonly refusedRequests: number;
  readonly skippedRequests: number;
  /**
   * Bytes in use on the heap and in buffers outside it, after a collection of garbage, once in each cycle while the
   * backend is there and the queue is empty.
   */
  readonly live: readonly Point[];
  /** Resident bytes without mapped files, every second. */
  readonly resident: readonly Point[];
  /** Open file descriptors, with `live`. */
  readonly descriptors: readonly Point[];
  readonly errorLines: number;
  readonly exitCode: number | null;
}

export async function soak({ minutes, queue, load }: SoakOptions): Promise<SoakOutcome> {
  const startMs = performance.now();
  const backend = await startFlappingBackend(startMs);
  const watch = new Watch(startMs);
  const program = await startProgram(configuration(backend.url, queue), {
    nodeArgs: tellsWhatIsLive,
    onMessage: (bytes) => watch.noteLive(Number(bytes)),
  });
  const sender = new SteadySender(program.url, load);
  await watch.until(startMs + minutes * 60_000, program);
  backend.calm();
  await sender.finish();
  const isComplete = () => [...sender.acknowledged].every((name) => backend.taken.has(name));
  for (let waited = 0; !isComplete() && waited < 60; waited++) await pause(1_000);
  const exitCode = await program.stop();
  await backend.stop();
  const doubled = [...backend.taken].flatMap(([name, times]) => (times > 1 ? [name] : []));
  return {
    acknowledged: sender.acknowledged.size,
    lost: [...sender.acknowledged].filter((name) => !backend.taken.has(name)).length,
    doubled: doubled.length,
    doubledForNothing: doubled.filter((name) => !sender.repeated.has(name)).length,
    refusedRequests: sender.refused,
    skippedRequests: sender.skipped,
    ...{ live: watch.live, resident: watch.resident, descriptors: watch.descriptors },
    errorLines: program.errorLines(),
    exitCode,
  };
}

function configuration(endpoint: string, queue: Queue): string {
  const isDisk = queue === "disk";
  const storage = isDisk ? "storage: file_storage" : "";
  return `
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0" } } } }
processors: { gen_ai_normalizer: {}, gen_ai_call: {}, gen_ai_cost: {}, gen_ai_budget: { ${storage} } }
exporters:
  otlp_http:
    endpoint: "${endpoint}"
    timeout: 1s
    retry_on_failure: { initial_interval: 200ms, max_interval: 1s }
    sending_queue: { ${storage} }
${isDisk ? "extensions: { file_storage: { directory: data } }" : ""}
service:
  ${isDisk ? "extensions: [file_storage]" : ""}
  telemetry: { logs: { encoding: json }, metrics: { level: none } }
  pipelines:
    traces:
      receivers: [otlp]
      processors: [gen_ai_normalizer, gen_ai_call, gen_ai_cost, gen_ai_budget]
      exporters: [otlp_http]
`;
}

/** Makes the program collect its garbage and tell what is left, when it gets SIGUSR2. */
const tellsWhatIsLive = [
  "--expose-gc",
  "--import",
  `data:text/javascript,${encodeURIComponent(`process.on("SIGUSR2", () => {
    globalThis.gc();
    const { heapUsed, external } = process.memoryUsage();
    process.send(heapUsed + external);
  });`)}`,
];

/** What is seen of a process from outside, every second. */
class Watch {
  readonly live: Point[] = [];
  readonly resident: Point[] = [];
  readonly descriptors: Point[] = [];
  readonly #startMs: number;

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  noteLive(value: number): void {
    this.live.push(this.#point(value));
  }

  /** Ends early when the process does. */
  async until(endMs: number, program: Program): Promise<void> {
    let cycles = 0;
    while (performance.now() < endMs && program.isAlive()) {
      this.resident.push(this.#point(anonymousBytes(program.pid)));
      if (cycles * cycleMs + calmMs <= performance.now() - this.#startMs) {
        cycles++;
        this.descriptors.push(this.#point(openDescriptors(program.pid)));
        program.kill("SIGUSR2");
      }
      await pause(1_000);
    }
  }

  #point(value: number): Point {
    return { minutes: (performance.now() - this.#startMs) / 60_000, value };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
