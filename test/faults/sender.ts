// A sender as OTLP wants it: what was not acknowledged is sent again, and what was is kept in mind.
import { Agent, request as requestHttp } from "node:http";
import { encode } from "../support/otlp-oracle.ts";
import { pause, type Subject } from "./subject.ts";

export const spansPerRequest = 5;
/** Of one span, with gpt-4o-mini's 0.15 and 0.60 USD a million: 1000 in, 100 out. */
export const spanNanoUsd = 210_000n;

export class NumberedSender {
  readonly acknowledged = new Set<string>();
  /** Sent more than once: their acknowledgement may have been lost. */
  readonly repeated = new Set<string>();
  refused = 0;
  readonly #subject: Subject;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #workers: Promise<void>[] = [];
  #serial = 0;
  #isOver = false;

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  /** As many callers at a time, each with a request after the other until `finish`. */
  start(callers: number, pauseMs = 0): void {
    for (let at = 0; at < callers; at++) this.#workers.push(this.#work(pauseMs));
  }

  /** Ends when everything that was begun is acknowledged. */
  async finish(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#workers);
    this.#agent.destroy();
  }

  async #work(pauseMs: number): Promise<void> {
    while (!this.#isOver) {
      await this.#deliver(this.#serial++);
      if (pauseMs > 0) await pause(pauseMs);
    }
  }

  async #deliver(serial: number): Promise<void> {
    const names = Array.from({ length: spansPerRequest }, (_, at) => `${serial}-${at}`);
    const body = requestOf(serial, names);
    for (let attempt = 0; ; attempt++) {
      const status = await this.#post(body);
      if (attempt > 0 || status !== 200) for (const name of names) this.repeated.add(name);
      if (status === 200) {
        for (const name of names) this.acknowledged.add(name);
        return;
      }
      if (status !== 0) this.refused++;
      await pause(20);
    }
  }

  /** 0 is no answer. */
  #post(body: Uint8Array): Promise<number> {
    return new Promise((resolve) => {
      const headers = { "content-type": "application/x-protobuf", "content-length": body.length };
      const request = requestHttp(this.#subject.url, { method: "POST", headers, agent: this.#agent, timeout: 10_000 });
      request.on("response", (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
        response.on("error", () => resolve(0));
      });
      request.on("timeout", () => request.destroy());
      request.on("error", () => resolve(0));
      request.end(body);
    });
  }
}

function requestOf(serial: number, names: readonly string[]): Uint8Array {
  const endMs = Date.now();
  const attributes = [
    { key: "gen_ai.operation.name", value: { stringValue: "chat" } },
    { key: "gen_ai.provider.name", value: { stringValue: "openai" } },
    { key: "gen_ai.request.model", value: { stringValue: "gpt-4o-mini" } },
    { key: "gen_ai.usage.input_tokens", value: { intValue: 1000 } },
    { key: "gen_ai.usage.output_tokens", value: { intValue: 100 } },
    { key: "tenant.id", value: { stringValue: "acme" } },
    { key: "filler", value: { stringValue: "x".repeat(1_000) } },
  ];
  const spans = names.map((name, at) => ({
    traceId: id(16, serial),
    spanId: id(8, serial * spansPerRequest + at + 1),
    name,
    kind: 3,
    startTimeUnixNano: `${endMs - 500}000000`,
    endTimeUnixNano: `${endMs}000000`,
    attributes,
  }));
  return encode("traces", { resourceSpans: [{ scopeSpans: [{ spans }] }] });
}

function id(length: number, serial: number): Uint8Array {
  const bytes = Buffer.alloc(length, 1);
  bytes.writeUInt32BE(serial, length - 4);
  return bytes;
}
