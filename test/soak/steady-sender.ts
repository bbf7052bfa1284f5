// So many requests a second, whatever becomes of them. What is refused or not answered is sent again.
import { Agent, request as requestHttp } from "node:http";
import { encode } from "../support/otlp-oracle.ts";

export interface SteadyLoad {
  readonly requestsPerSecond: number;
  readonly spansPerRequest: number;
  /**
   * Calls that the spans speak of in turn; 0 is a new call for each span. What is remembered of a call is kept for days
   * by design, so only spans of the same calls show whether anything else grows.
   */
  readonly calls: number;
}

/** More requests at a time than this are not begun: they would measure the sender. */
const openMax = 200;

export class SteadySender {
  /** Names of spans. */
  readonly acknowledged = new Set<string>();
  /** Sent more than once, because an answer was a refusal or none. */
  readonly repeated = new Set<string>();
  /** Answers that were no success. */
  refused = 0;
  /** Requests that were not begun in time. */
  skipped = 0;
  readonly #url: string;
  readonly #load: SteadyLoad;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #open = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #serial = 0;

  constructor(url: string, load: SteadyLoad) {
    this.#url = `${url}/v1/traces`;
    this.#load = load;
    const startMs = performance.now();
    let begun = 0;
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - startMs) / 1000) * load.requestsPerSecond);
      for (; begun < due; begun++) this.#begin();
    }, 20);
  }

  /** Begins no more; resolves when everything is acknowledged. */
  async finish(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    this.#agent.destroy();
  }

  #begin(): void {
    if (openMax <= this.#open.size) {
      this.skipped++;
      return;
    }
    const delivery: Promise<void> = this.#deliver(this.#serial++).finally(() => this.#open.delete(delivery));
    this.#open.add(delivery);
  }

  async #deliver(serial: number): Promise<void> {
    const { spansPerRequest, calls } = this.#load;
    const numbers = Array.from({ length: spansPerRequest }, (_, at) => serial * spansPerRequest + at);
    const spans = numbers.map((number) => spanOf(number, calls === 0 ? number : number % calls));
    const body = encode("traces", { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "soak" }, spans }] }] });
    for (;;) {
      const status = await this.#post(body);
      if (status === 200) break;
      this.refused++;
      for (const number of numbers) this.repeated.add(String(number));
      await new Promise((done) => setTimeout(done, 250));
    }
    for (const number of numbers) this.acknowledged.add(String(number));
  }

  /** The status; 0 is no answer. */
  #post(body: Uint8Array): Promise<number> {
    return new Promise((resolve) => {
      const headers = { "content-type": "application/x-protobuf", "content-length": body.length };
      const outgoing = requestHttp(this.#url, { method: "POST", headers, agent: this.#agent, timeout: 10_000 });
      outgoing.on("response", (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
        response.on("error", () => resolve(0));
      });
      outgoing.on("timeout", () => outgoing.destroy());
      outgoing.on("error", () => resolve(0));
      outgoing.end(body);
    });
  }
}

const resource = { attributes: [{ key: "service.name", value: { stringValue: "soak" } }] };

/** An LLM span with its number as the name, about `call`. */
function spanOf(number: number, call: number) {
  const endMs = Date.now();
  const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const count = (key: string, intValue: number) => ({ key, value: { intValue } });
  return {
    traceId: idOf(16, call),
    spanId: idOf(8, call),
    name: String(number),
    kind: 3,
    startTimeUnixNano: `${endMs - 500}000000`,
    endTimeUnixNano: `${endMs}000000`,
    attributes: [
      text("gen_ai.operation.name", "chat"),
      text("gen_ai.provider.name", "openai"),
      text("gen_ai.request.model", "gpt-4o-mini"),
      text("gen_ai.response.id", `chatcmpl-${call.toString(36).padStart(24, "0")}`),
      count("gen_ai.usage.input_tokens", 1000),
      count("gen_ai.usage.output_tokens", 100),
      text("tenant.id", `tenant-${call % 40}`),
      text("gen_ai.input.messages", prompt),
    ],
  };
}

const prompt = "What did the customer say, and what do we answer? ".repeat(20);

function idOf(length: number, call: number): Uint8Array {
  const bytes = Buffer.alloc(length, 1);
  bytes.writeUInt32BE(call, length - 4);
  return bytes;
}
