// LiteLLM's proxy as a process, in one of its telemetry modes.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ModelServer } from "../../support/model-server.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
const startMsMax = 180_000;

export interface ProxySettings {
  /** Folder of the environment's programs. */
  readonly bin: string;
  readonly models: ModelServer;
  /** Where its spans go. */
  readonly receiver: string;
  /** What chooses the mode. */
  readonly mode: Readonly<Record<string, string>>;
}

export class LiteLlmProxy {
  readonly url: string;
  readonly #child: ChildProcess;
  #said = "";

  private constructor(child: ChildProcess, port: number) {
    this.url = `http://127.0.0.1:${port}`;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#said = (this.#said + text).slice(-4000);
      });
    }
  }

  /** Resolves when the proxy answers. */
  static async start({ bin, models, receiver, mode }: ProxySettings): Promise<LiteLlmProxy> {
    const port = await freePort();
    const args = ["--config", join(folder, "config.yaml"), "--host", "127.0.0.1", "--port", String(port)];
    const env = {
      PATH: process.env["PATH"],
      PYTHONPATH: folder,
      MODELS_URL: models.url,
      MODELS_ORIGIN: models.origin,
      LIVE_MASTER_KEY: `sk-${randomBytes(24).toString("hex")}`,
      // Nothing is fetched from elsewhere at start.
      LITELLM_LOCAL_MODEL_COST_MAP: "True",
      OTEL_EXPORTER: "otlp_http",
      OTEL_ENDPOINT: `${receiver}/v1/traces`,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_BSP_SCHEDULE_DELAY: "200",
      ...mode,
    };
    const child = spawn(join(bin, "litellm"), args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    const proxy = new LiteLlmProxy(child, port);
    await proxy.#ready();
    return proxy;
  }

  /** Ends the process; its spans are exported then. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    const kill = setTimeout(() => this.#child.kill("SIGKILL"), 20_000);
    await ended;
    clearTimeout(kill);
  }

  get said(): string {
    return this.#said;
  }

  async #ready(): Promise<void> {
    const end = Date.now() + startMsMax;
    while (Date.now() < end && this.#child.exitCode === null) {
      const answer = await fetch(`${this.url}/health/liveliness`).catch(() => undefined);
      if (answer?.ok === true) return;
      await new Promise((done) => setTimeout(done, 250));
    }
    this.#child.kill("SIGKILL");
    throw new Error(`the proxy did not start:\n${this.#said}`);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
