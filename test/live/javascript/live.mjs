// What every program of this folder shares: packages from the folder that LIVE_PACKAGES names, the SDK, its exporter, and
// scenarios that are told apart. Before each the receiver is told its name, and after each everything is exported.
import { createRequire } from "node:module";

/** A `require` of that folder; under another name, because these are no packages of the project. */
export const load = createRequire(`${process.env.LIVE_PACKAGES}/package.json`);
export const origin = process.env.MODEL_ORIGIN;
export const openaiUrl = `${origin}/v1`;
export const receiver = process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
export const messages = [{ role: "user", content: "Say something short. PLANTED-PROMPT" }];
export const user = "user-42";

/** A tracer provider that exports, registered as the global one. */
export function provider(more = {}) {
  const { NodeTracerProvider, BatchSpanProcessor } = load("@opentelemetry/sdk-trace-node");
  const { OTLPTraceExporter } = load("@opentelemetry/exporter-trace-otlp-proto");
  const { resourceFromAttributes } = load("@opentelemetry/resources");
  const made = new NodeTracerProvider({
    resource: resourceFromAttributes({ "service.name": "checkout", "tenant.id": "tenant-acme" }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
    ...more,
  });
  made.register();
  return made;
}

/** Runs the scenarios one after the other; a provider's failure is a scenario too. */
export async function run(scenarios, flush) {
  const wanted = process.argv.slice(process.env.LIVE_ARGUMENTS ?? 2);
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    await tell("begin", name);
    try {
      await scenario();
    } catch (error) {
      console.error(`${name}: ${String(process.env.LIVE_TRACEBACK ? error.stack : error).slice(0, 600)}`);
    }
    await flush();
    await tell("end", name);
  }
  process.exit(0);
}

function tell(what, name) {
  return fetch(`${receiver}/${what}/${name}`, { method: "POST" });
}

export async function readAll(stream) {
  for await (const chunk of stream) if (chunk === undefined) throw new Error("a chunk without content");
}
