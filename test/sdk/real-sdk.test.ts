// Real SDKs against the built program: an application with OpenTelemetry's SDK and a real instrumentation calls a model
// server and exports over HTTP to spantoll, which must charge what was used and pass on what it was sent.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Backend, startBackend } from "../support/backend.ts";
import { Started } from "../support/bundle.ts";
import { type ModelServer, startModelServer } from "../support/model-server.ts";
import type { Plain } from "../support/otlp-oracle.ts";
import { until } from "../support/until.ts";

/** What the calls of `app.mjs` are worth, in the prices of 2024 of the models that answer, in nano-USD a token. */
const miniPrice = { input: 150n, cached: 75n, output: 600n };
const fullPrice = { input: 2500n, output: 10_000n };
const embeddingPrice = 20n;

/** Every call of `app.mjs`, as the model server saw it. */
const calls = ["chat gpt-4o-mini", "chat gpt-4o", "chat gpt-4o", "embeddings text-embedding-3-small", "chat boom 429"];

interface Instrumented {
  readonly name: string;
  readonly encoding: "http/protobuf" | "http/json";
  readonly compression: "none" | "gzip";
  /** What the instrumentation tells, and so what can be charged. */
  readonly budget: Record<string, unknown>;
  readonly metrics: readonly string[];
  /** `name | tenant | role | reason | nano-USD` of every span that arrives. */
  readonly spans: readonly string[];
}

const miniWithoutCache = 1215n * miniPrice.input + 87n * miniPrice.output;
const miniWithCache = 191n * miniPrice.input + 1024n * miniPrice.cached + 87n * miniPrice.output;
const full = 1215n * fullPrice.input + 87n * fullPrice.output;
const embedding = 8n * embeddingPrice;

const instrumentations: readonly Instrumented[] = [
  {
    // It tells no cached tokens, so they are charged as fresh ones; the second stream has no usage to tell.
    name: "otel",
    encoding: "http/protobuf",
    compression: "gzip",
    budget: {
      spent_nano_usd: String(miniWithoutCache + full + embedding),
      requests: 3,
      input_tokens: 2438,
      output_tokens: 174,
    },
    metrics: ["gen_ai.client.operation.duration", "gen_ai.client.token.usage"],
    spans: [
      `chat gpt-4o-mini | acme | bill | leaf | ${miniWithoutCache}`,
      `chat gpt-4o | acme | bill | leaf | ${full}`,
      "chat gpt-4o | acme | ignore | no_usage | -",
      `embeddings text-embedding-3-small | acme | bill | leaf | ${embedding}`,
      "chat boom | acme | ignore | failed_without_usage | -",
    ],
  },
  {
    // It tells no usage of streams and embeddings, and no span of a call that failed.
    name: "openinference",
    encoding: "http/json",
    compression: "none",
    budget: { spent_nano_usd: String(miniWithCache), requests: 1, input_tokens: 1215, output_tokens: 87 },
    metrics: [],
    spans: [
      `OpenAI Chat Completions | acme | bill | leaf | ${miniWithCache}`,
      "OpenAI Chat Completions | acme | ignore | no_usage | -",
      "OpenAI Chat Completions | acme | ignore | no_usage | -",
      "OpenAI Embeddings | acme | ignore | no_usage | -",
    ],
  },
];

describe.each(instrumentations)("an application with $name over $encoding", (instrumented) => {
  let models: ModelServer;
  let backend: Backend;
  let program: Started;
  let budgets: string;

  beforeAll(async () => {
    models = await startModelServer();
    backend = await startBackend();
    program = new Started(["run", "--config", `yaml:${configFor(backend.url)}`]);
    const [, receiver = ""] = await program.logged(/"address":"(http:[^"]+)","msg":"listening"/);
    [, budgets = ""] = await program.logged(/"endpoint":"([^"]+)","msg":"answering about budgets"/);
    await program.logged(/everything is ready/);
    await runApplication(instrumented, models.url, receiver);
  });

  afterAll(async () => {
    program.signal("SIGTERM");
    await program.end();
    await Promise.all([models.stop(), backend.stop()]);
  });

  test("makes its calls and loses no span on the way to the backend", async () => {
    expect(models.answered).toEqual(calls);
    await until(() => instrumented.spans.length <= backend.taken("traces").length);
    expect(backend.taken("traces").map(summary)).toEqual(instrumented.spans);
  });

  test("has its metrics passed on", async () => {
    const names = () => new Set(backend.taken("metrics").map((metric) => metric["name"]));
    await until(() => instrumented.metrics.length <= names().size);
    expect([...names()].sort()).toEqual(instrumented.metrics);
  });

  test("is charged what its spans tell, once", async () => {
    const response = await fetch(new URL("/v1/tenants/acme/budgets", withScheme(budgets)));
    const answer = (await response.json()) as { known: boolean; budgets: Plain[] };
    expect(answer.known).toBe(true);
    expect(answer.budgets).toHaveLength(1);
    expect(answer.budgets[0]).toMatchObject(instrumented.budget);
  });
});

function withScheme(address: string): string {
  return address.startsWith("http") ? address : `http://${address}`;
}

function configFor(endpoint: string): string {
  return `
receivers: { otlp: { protocols: { http: { endpoint: "localhost:0" } } } }
processors: { gen_ai_normalizer: {}, gen_ai_call: {}, gen_ai_cost: {}, gen_ai_budget: {} }
exporters: { otlp_http: { endpoint: "${endpoint}" } }
extensions: { budget_api: { endpoint: "localhost:0" } }
service:
  extensions: [budget_api]
  telemetry: { logs: { encoding: json }, metrics: { level: none } }
  pipelines:
    traces: { receivers: [otlp], processors: [gen_ai_normalizer, gen_ai_call, gen_ai_cost, gen_ai_budget], exporters: [otlp_http] }
    logs: { receivers: [otlp], exporters: [otlp_http] }
    metrics: { receivers: [otlp], exporters: [otlp_http] }
`;
}

/** Runs the application to its end; by then the SDK has exported everything and was answered. */
async function runApplication({ name, encoding, compression }: Instrumented, models: string, receiver: string) {
  const application = spawn(process.execPath, [fileURLToPath(new URL("./app.mjs", import.meta.url)), name], {
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      PATH: process.env["PATH"],
      OPENAI_BASE_URL: models,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver,
      OTEL_EXPORTER_OTLP_PROTOCOL: encoding,
      OTEL_EXPORTER_OTLP_COMPRESSION: compression,
      OTEL_SERVICE_NAME: "shop",
      OTEL_RESOURCE_ATTRIBUTES: "tenant.id=acme",
      OTEL_NODE_RESOURCE_DETECTORS: "env",
      OTEL_METRICS_EXPORTER: "otlp",
      OTEL_LOGS_EXPORTER: "otlp",
    },
  });
  const [code] = await once(application, "exit");
  expect(code).toBe(0);
}

function summary(span: Plain): string {
  const attributes = new Map(
    (span["attributes"] as { key: string; value: Plain }[]).map(({ key, value }) => [key, Object.values(value)[0]]),
  );
  const told = ["spantoll.tenant.id", "spantoll.call.role", "spantoll.call.reason", "spantoll.cost.nano_usd"].map(
    (key) => attributes.get(key) ?? "-",
  );
  return [span["name"], ...told].join(" | ");
}
