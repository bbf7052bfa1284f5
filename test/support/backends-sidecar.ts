// The built program with a file of deploy/ as it is shipped, but for its ports, between the captures and a backend. A
// second exporter tells what was sent, so that what the backend made of it can be compared.
import { stringify } from "yaml";
import { captures } from "../corpus/captures.ts";
import { sentNow } from "../corpus/recent.ts";
import { type Backend, startBackend } from "./backend.ts";
import { scratchFolder } from "./backends-process.ts";
import { type Ended, Started } from "./bundle.ts";
import { decode, type Plain } from "./otlp-oracle.ts";

/** What a tenant spent, as the budget API tells it. */
export interface Spent {
  readonly spent_nano_usd: string;
  readonly requests: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
}

export interface Deployed {
  /** Path of the configuration. */
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  /** The exporter for traces, and its settings where they differ from the file's. */
  readonly exporter: string;
  readonly settings?: Plain;
}

/** A span that was sent, with the resource and the scope that it stands in; attributes as protobufjs reads them. */
export interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly span: Plain;
  readonly resource: Plain;
  readonly scope: Plain;
}

interface Places {
  /** Addresses, with the ports that were free. */
  readonly receiver: string;
  readonly budgets: string;
  /** Throws away what it kept on disk. */
  readonly remove: () => void;
}

export class DeployedSidecar {
  readonly #program: Started;
  readonly #copy: Backend;
  readonly #places: Places;

  private constructor(program: Started, copy: Backend, places: Places) {
    this.#program = program;
    this.#copy = copy;
    this.#places = places;
  }

  static async start(deployed: Deployed): Promise<DeployedSidecar> {
    const copy = await startBackend();
    const [data, remove] = scratchFolder();
    const over = stringify(overlay(deployed, copy.url, data));
    const program = new Started(["run", "--config", deployed.file, "--config", `yaml:${over}`], { env: deployed.env });
    const [, receiver = ""] = await program.logged(/listening .*protocol=http address=(\S+)/);
    const [, budgets = ""] = await program.logged(/answering about budgets .*endpoint=(\S+)/);
    await program.logged(/everything is ready/);
    return new DeployedSidecar(program, copy, { receiver, budgets: `http://${budgets}`, remove });
  }

  /** Every capture of the corpus, each as if it had been made seconds ago: Tempo counts nothing that is older. */
  async takeCorpus(): Promise<void> {
    const nowMs = Date.now();
    for (const { body, isJson } of captures().flatMap((one) => sentNow([one], nowMs + beforeMs))) {
      const answer = await fetch(`${this.#places.receiver}/v1/traces`, {
        method: "POST",
        headers: { "content-type": isJson ? "application/json" : "application/x-protobuf" },
        body: Buffer.from(body),
      });
      if (answer.status !== 200) throw new Error(`answered ${answer.status} ${await answer.text()}`);
    }
  }

  async spent(): Promise<ReadonlyMap<string, Spent>> {
    const { tenants } = await this.#ask<{ tenants: readonly string[] }>("/v1/tenants");
    const spent = await Promise.all(
      tenants.map(async (tenant) => {
        const path = `/v1/tenants/${encodeURIComponent(tenant)}/budgets`;
        const { budgets } = await this.#ask<{ budgets: readonly Spent[] }>(path);
        return [tenant, budgets[0]!] as const;
      }),
    );
    return new Map(spent);
  }

  /** Asks it to stop, which sends what waits: afterwards the backend has everything, or has refused it. */
  async stop(): Promise<Ended> {
    this.#program.signal("SIGTERM");
    const ended = await this.#program.end();
    await this.#copy.stop();
    this.#places.remove();
    return ended;
  }

  /** Complete once it has stopped. */
  sent(): readonly SentSpan[] {
    return this.#copy.received.flatMap(({ bytes }) => sentSpans(decode("traces", bytes)));
  }

  async #ask<Answer>(path: string): Promise<Answer> {
    const answer = await fetch(this.#places.budgets + path);
    return (await answer.json()) as Answer;
  }
}

/** `sentNow` leaves an hour between a capture and now; a capture lasts a few seconds. */
const beforeMs = 3_600_000 - 10_000;

function overlay({ exporter, settings = {} }: Deployed, copy: string, data: string): Plain {
  return {
    receivers: { otlp: { protocols: { grpc: { endpoint: "localhost:0" }, http: { endpoint: "localhost:0" } } } },
    // A month may end between the first capture and the last.
    processors: { gen_ai_budget: { budgets: [{ name: "all", scope: "tenant", window: "lifetime" }] } },
    exporters: { [exporter]: settings, "otlp_http/copy": { endpoint: copy } },
    extensions: {
      file_storage: { directory: data },
      health_check: { endpoint: "localhost:0" },
      budget_api: { endpoint: "localhost:0" },
    },
    service: {
      telemetry: { metrics: { level: "none" } },
      pipelines: { traces: { exporters: [exporter, "otlp_http/copy"] } },
    },
  };
}

function sentSpans({ resourceSpans = [] }: { resourceSpans?: Plain[] } & Plain): readonly SentSpan[] {
  return resourceSpans.flatMap(({ resource = {}, scopeSpans = [] }) =>
    (scopeSpans as Plain[]).flatMap(({ scope = {}, spans = [] }) =>
      (spans as Plain[]).map((span) => ({
        traceId: hex(span["traceId"]),
        spanId: hex(span["spanId"]),
        span,
        resource: resource as Plain,
        scope: scope as Plain,
      })),
    ),
  );
}

function hex(base64: unknown): string {
  return Buffer.from(String(base64 ?? ""), "base64").toString("hex");
}
