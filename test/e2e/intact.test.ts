// What leaves is written into memory that was used for requests before. No span may ever show another one's bytes.

import { expect, onTestFinished, test } from "vitest";
import { type Backend, startBackend } from "../support/backend.ts";
import { encode, type Plain } from "../support/otlp-oracle.ts";
import { startProgram } from "../support/program.ts";
import { seededRandom } from "../support/random.ts";
import { until } from "../support/until.ts";

const requests = 300;
const spansOfRequest = 8;

test("spans keep their own contents while memory is used again, whatever the backends do", {
  timeout: 120_000,
}, async () => {
  const random = seededRandom(20261121);
  const backends = await Promise.all([0, 1, 2].map(() => startBackend()));
  for (const backend of backends) onTestFinished(() => backend.stop());
  const [flapping, slow, calm] = backends as [Backend, Backend, Backend];
  flapping.reply = () => (random() < 0.2 ? { status: 503 } : random() < 0.1 ? "cut" : {});
  slow.reply = async () => {
    await new Promise((resolve) => setTimeout(resolve, random() * 20));
    return {};
  };
  const { url, program } = await start([
    `otlp_http/flapping: { endpoint: "${flapping.url}", compression: none, retry_on_failure: { initial_interval: 5ms, max_interval: 20ms } }`,
    `otlp_http/slow: { endpoint: "${slow.url}", compression: none, sending_queue: { batch: { flush_timeout: 20ms, min_size: 64, sizer: items } } }`,
    `otlp_http/calm: { endpoint: "${calm.url}", compression: gzip }`,
  ]);
  const bodies = Array.from({ length: requests }, (_, at) => requestOf(at, random));
  await Promise.all(
    [0, 1, 2, 3].map((first) =>
      sendAll(
        url,
        bodies.filter((_, at) => at % 4 === first),
      ),
    ),
  );
  for (const backend of backends) {
    await until(() => new Set(backend.taken("traces").map(nameOf)).size === requests * spansOfRequest);
    for (const span of backend.taken("traces")) {
      const attributes = attributesOf(span);
      const name = nameOf(span);
      expect(attributes["gen_ai.response.id"]).toBe(`chatcmpl-${name}`);
      expect(attributes["gen_ai.usage.input_tokens"]).toBe(String(tokensOf(name)));
      expect(attributes["gen_ai.input.messages"]).toMatch(new RegExp(`^(${name} )+$`));
      expect(attributes["spantoll.tenant.id"]).toBe(`tenant-${name}`);
    }
  }
  program.signal("SIGTERM");
  expect((await program.end()).code).toBe(0);
});

async function start(exporters: readonly string[]) {
  const names = exporters.map((one) => one.slice(0, one.indexOf(": ")));
  const { started, endpoint } = await startProgram(`
receivers: { otlp: { protocols: { http: { endpoint: "localhost:0" } } } }
processors: { gen_ai_normalizer: , gen_ai_call: }
exporters:
  ${exporters.join("\n  ")}
service:
  telemetry: { metrics: { level: none } }
  pipelines: { traces: { receivers: [otlp], processors: [gen_ai_normalizer, gen_ai_call], exporters: [${names}] } }
`);
  return { program: started, url: await endpoint(/ listening .*(?:http:\/\/)(localhost:\d+)/) };
}

/** Spans of old names, so that all of them are written anew, in requests of many sizes. */
function requestOf(at: number, random: () => number): Uint8Array {
  const spans = Array.from({ length: spansOfRequest }, (_, span) => {
    const name = `span-${at}-${span}`;
    const attributes = [
      text("gen_ai.system", "openai"),
      text("gen_ai.operation.name", "chat"),
      text("gen_ai.response.model", "gpt-4o-mini"),
      text("gen_ai.response.id", `chatcmpl-${name}`),
      text("gen_ai.input.messages", `${name} `.repeat(1 + Math.floor((random() * 12_000) / name.length))),
      text("tenant.id", `tenant-${name}`),
      { key: "gen_ai.usage.prompt_tokens", value: { intValue: String(tokensOf(name)) } },
      { key: "gen_ai.usage.completion_tokens", value: { intValue: "7" } },
    ];
    const id = at * spansOfRequest + span + 1;
    return {
      name,
      traceId: idOf(id, 16),
      spanId: idOf(id, 8),
      startTimeUnixNano: "1790000000000000000",
      endTimeUnixNano: "1790000001000000000",
      attributes,
    };
  });
  return encode("traces", { resourceSpans: [{ scopeSpans: [{ spans }] }] });
}

function text(key: string, stringValue: string) {
  return { key, value: { stringValue } };
}

function idOf(id: number, bytes: number): Uint8Array {
  return Buffer.from(id.toString(16).padStart(bytes * 2, "0"), "hex");
}

function tokensOf(name: string): number {
  return Array.from(name).reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 0) % 100_000;
}

function nameOf(span: Plain): string {
  return String(span["name"]);
}

function attributesOf(span: Plain): Record<string, unknown> {
  const attributes = span["attributes"] as { key: string; value: Record<string, unknown> }[];
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

async function sendAll(url: string, bodies: readonly Uint8Array[]): Promise<void> {
  for (const body of bodies) {
    const answer = await fetch(`${url}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/x-protobuf" },
      body,
    });
    expect(answer.status).toBe(200);
  }
}
