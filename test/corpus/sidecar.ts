// The built program between a sender and a backend, with every port free: what a capture meets when it is real.
import { readFileSync } from "node:fs";
import { type Backend, startBackend } from "../support/backend.ts";
import { Started } from "../support/bundle.ts";
import { type ReadSpan, spansOf } from "../support/spans.ts";
import { until } from "../support/until.ts";

export interface Spending {
  readonly spent_nano_usd: string;
  readonly requests: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly unpriced: number;
}

export class Sidecar {
  readonly #program: Started;
  readonly #backend: Backend;
  readonly #receiver: string;
  readonly #budgets: string;

  private constructor(program: Started, backend: Backend, receiver: string, budgets: string) {
    this.#program = program;
    this.#backend = backend;
    this.#receiver = receiver;
    this.#budgets = budgets;
  }

  static async start(): Promise<Sidecar> {
    const backend = await startBackend();
    const program = new Started(["run", "--config", `yaml:${configurationFor(backend.url)}`]);
    const [, receiver = ""] = await program.logged(/listening .*protocol=http address=(\S+)/);
    const [, budgets = ""] = await program.logged(/answering about budgets .*endpoint=(\S+)/);
    await program.logged(/everything is ready/);
    return new Sidecar(program, backend, receiver, `http://${budgets}`);
  }

  /** Sends a request as it is, and gives the spans that reach the backend for it. */
  async pass(request: Uint8Array, isJson: boolean): Promise<readonly ReadSpan[]> {
    const before = this.#backend.received.length;
    const answer = await fetch(`${this.#receiver}/v1/traces`, {
      method: "POST",
      headers: { "content-type": isJson ? "application/json" : "application/x-protobuf" },
      body: Buffer.from(request),
    });
    if (answer.status !== 200) throw new Error(`answered ${answer.status} ${await answer.text()}`);
    await until(() => before < this.#backend.received.length);
    return this.#backend.received.slice(before).flatMap(({ bytes }) => spansOf(bytes));
  }

  async tenants(): Promise<readonly string[]> {
    const { tenants } = await this.#ask<{ tenants: { tenant: string }[] }>("/v1/tenants");
    return tenants.map((entry) => (typeof entry === "string" ? entry : entry.tenant));
  }

  async spendingOf(tenant: string): Promise<Spending> {
    const { budgets } = await this.#ask<{ budgets: Spending[] }>(`/v1/tenants/${encodeURIComponent(tenant)}/budgets`);
    const [budget] = budgets;
    if (!budget) throw new Error(`${tenant} has no budget`);
    return budget;
  }

  async stop(): Promise<void> {
    this.#program.signal("SIGTERM");
    await this.#program.end();
    await this.#backend.stop();
  }

  async #ask<Answer>(path: string): Promise<Answer> {
    const answer = await fetch(this.#budgets + path);
    return (await answer.json()) as Answer;
  }
}

const configuration = readFileSync("test/corpus/sidecar.yaml", "utf8");

function configurationFor(backend: string): string {
  return configuration.replace("http://backend:4318", backend);
}
