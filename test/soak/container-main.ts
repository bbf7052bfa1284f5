// `npm run test:container`: the built program in a container's 256 MiB with a backend that is not there, at 10,000 spans
// a second. It must refuse and live; and when the backend comes, everything acknowledged must arrive. Needs root, for the
// group of processes. `-- --minutes 5 --limit 512 --rate 200 --queue disk` are its parameters. Ends with 1 when it did not hold.
import { parseArgs } from "node:util";
import { startProgram } from "../bench/program.ts";
import { countingBackend } from "../faults/counting-backend.ts";
import { freePort } from "../support/program.ts";
import { memoryGroup } from "./memory-group.ts";
import { SteadySender } from "./steady-sender.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "2" },
    limit: { type: "string", default: "256" },
    rate: { type: "string", default: "100" },
    spans: { type: "string", default: "100" },
    queue: { type: "string", default: "" },
  },
});
const minutes = Number(values.minutes);
const load = { requestsPerSecond: Number(values.rate), spansPerRequest: Number(values.spans), calls: 4_000 };

const queues = [
  { name: "memory, 64 MiB by default", queue: "", storage: false },
  { name: "memory, 1 GiB", queue: "queue_size: 1GiB", storage: false },
  { name: "disk", queue: "queue_size: 1GiB, storage: file_storage", storage: true },
] as const;

interface Outcome {
  readonly acknowledged: number;
  readonly refusedRequests: number;
  /** Acknowledged, and not delivered once the backend was there. */
  readonly lost: number;
  /** MiB. */
  readonly peak: number;
  readonly kills: number;
  readonly exitCode: number | null;
  /** How often the memory limiter closed the doors. */
  readonly closings: number;
}

print(
  `${values.limit} MiB, ${minutes} min of ${load.requestsPerSecond * load.spansPerRequest} spans a second without a backend, then with one`,
);
print("| queue | acknowledged | refused requests | lost | most memory | killed by the kernel | doors closed | exit |");
print("|---|---:|---:|---:|---:|---:|---:|---:|");
for (const { name, queue, storage } of queues.filter((one) => one.name.startsWith(values.queue))) {
  const outcome = await inContainer(queue, storage);
  const { acknowledged, refusedRequests, lost, peak, kills, closings, exitCode } = outcome;
  const cells = [name, acknowledged, refusedRequests, lost, `${Math.round(peak)} MiB`, kills, closings, exitCode];
  print(`| ${cells.join(" | ")} |`);
  if (lost > 0 || kills > 0 || exitCode !== 0 || acknowledged === 0) process.exitCode = 1;
}

async function inContainer(queue: string, storage: boolean): Promise<Outcome> {
  const group = memoryGroup(Number(values.limit) * 1024 ** 2);
  const port = await freePort();
  const program = await startProgram(configuration(port, queue, storage), { through: group.through });
  const sender = new SteadySender(program.url, load);
  for (let waited = 0; waited < minutes * 60 && program.isAlive(); waited++) await pause(1_000);
  const backend = await countingBackend(port);
  const refusedRequests = sender.refused;
  if (program.isAlive()) await sender.finish();
  const missing = () => [...sender.acknowledged].filter((name) => !backend.taken.has(name)).length;
  for (let waited = 0; missing() > 0 && program.isAlive() && waited < 120; waited++) await pause(1_000);
  const closings = program.log().split("refusing requests").length - 1;
  const exitCode = await program.stop();
  await backend.backend.stop();
  const outcome = { refusedRequests, closings, exitCode, peak: group.peakBytes() / 1024 ** 2, kills: group.kills() };
  group.remove();
  return { acknowledged: sender.acknowledged.size, lost: missing(), ...outcome };
}

function configuration(port: number, queue: string, storage: boolean): string {
  return `
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0" } } } }
processors:
  memory_limiter: {}
  gen_ai_normalizer: {}
  gen_ai_call: {}
  gen_ai_cost: {}
  gen_ai_budget: { ${storage ? "storage: file_storage" : ""} }
exporters:
  otlp_http:
    endpoint: "http://127.0.0.1:${port}"
    retry_on_failure: { initial_interval: 200ms, max_interval: 2s, max_elapsed_time: 0 }
    sending_queue: { ${queue} }
${storage ? "extensions: { file_storage: { directory: data } }" : ""}
service:
  ${storage ? "extensions: [file_storage]" : ""}
  telemetry: { logs: { encoding: json }, metrics: { level: none } }
  pipelines:
    traces:
      receivers: [otlp]
      processors: [memory_limiter, gen_ai_normalizer, gen_ai_call, gen_ai_cost, gen_ai_budget]
      exporters: [otlp_http]
`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
