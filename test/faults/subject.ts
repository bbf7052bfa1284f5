// What is put through faults, as a process that can be killed: the built program, or a Collector for comparison.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { join } from "node:path";

export interface SubjectOptions {
  /** For its configuration and data. */
  readonly folder: string;
  /** Where requests are to go, by name of the exporter. */
  readonly backends: Readonly<Record<string, string>>;
  readonly storage: boolean;
  /** In front of `sending_queue`. */
  readonly queue?: string;
  /** Where spend is kept, as the `ledger` of gen_ai_budget; by the process where it is absent. */
  readonly ledger?: string;
  readonly budgets?: string;
}

export class Subject {
  readonly port: number;
  readonly apiPort: number;
  readonly #args: readonly string[];
  readonly #command: string;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  log = "";

  private constructor(folder: string, ports: readonly number[], command: string, args: readonly string[]) {
    this.#folder = folder;
    this.port = ports[0] ?? 0;
    this.apiPort = ports[1] ?? 0;
    this.#command = command;
    this.#args = args;
  }

  /** `otelcol` is the path of a Collector with otlp, otlp_http and file_storage; without it the built program. */
  static async prepare(options: SubjectOptions, otelcol: string | undefined): Promise<Subject> {
    const ports = [await freePort(), await freePort()];
    mkdirSync(join(options.folder, "data"), { recursive: true });
    const file = join(options.folder, "config.yaml");
    writeFileSync(file, configuration(options, ports, otelcol !== undefined));
    if (otelcol !== undefined) return new Subject(options.folder, ports, otelcol, ["--config", file]);
    const bundle = new URL("../../dist/spantoll.mjs", import.meta.url).pathname;
    return new Subject(options.folder, ports, process.execPath, [bundle, "run", "--config", file]);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/v1/traces`;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  launch(): void {
    const child = spawn(this.#command, this.#args, { cwd: this.#folder, stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.log = (this.log + text).slice(-20_000);
    });
    this.#child = child;
    this.#ended = once(child, "close").then(() => {
      if (this.#child === child) this.#child = undefined;
    });
  }

  /** Resolves when it listens. */
  async ready(): Promise<void> {
    while (!(await listens(this.port))) {
      if (!this.isRunning) throw new Error(`ended while it started:\n${this.log}`);
      await pause(10);
    }
  }

  /** Resolves when it has ended. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.#child?.kill(signal);
    await this.#ended;
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function configuration(
  { backends, storage, queue = "", ledger = "{}", budgets = "[{ name: monthly }]" }: SubjectOptions,
  ports: readonly number[],
  isPeer: boolean,
) {
  const names = Object.keys(backends).map((name) => `otlp_http/${name}`);
  const sending = `sending_queue: { ${storage ? "storage: file_storage, " : ""}${queue} }`;
  const retrying = `retry_on_failure: { initial_interval: 100ms, max_interval: 500ms, max_elapsed_time: 0s }`;
  const exporters = Object.entries(backends).map(
    ([name, url]) => `  otlp_http/${name}: { endpoint: "${url}", ${sending}, ${retrying} }`,
  );
  const ours = "gen_ai_normalizer, gen_ai_call, gen_ai_cost, gen_ai_budget";
  const extensions = [...(storage ? ["file_storage"] : []), ...(isPeer ? [] : ["budget_api"])];
  return `receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:${ports[0]}" } } } }
${isPeer ? "" : `processors: { gen_ai_normalizer: {}, gen_ai_call: {}, gen_ai_cost: {}, gen_ai_budget: { ledger: ${ledger}, budgets: ${budgets}, ${storage ? "storage: file_storage" : ""} } }`}
exporters:
${exporters.join("\n")}
extensions:
${storage ? "  file_storage: { directory: data }" : ""}
${isPeer ? "" : `  budget_api: { endpoint: "127.0.0.1:${ports[1]}" }`}
service:
  extensions: [${extensions.join(", ")}]
  telemetry: { metrics: { level: none } }
  pipelines: { traces: { receivers: [otlp], processors: [${isPeer ? "" : ours}], exporters: [${names.join(", ")}] } }
`;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(socket.destroy() !== undefined));
    socket.once("error", () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
