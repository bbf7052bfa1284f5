// The real LiteLLM proxy in each of its telemetry modes, an application in front of it, a model server behind it that
// knows what every call used, and the built sidecar beside them. Every call must be charged once, with the server's own
// counts, to the team whose key was used, to the nano.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Backend, startBackend } from "../../support/backend.ts";
import { Started } from "../../support/bundle.ts";
import { type ModelServer, startModelServer } from "../../support/model-server.ts";
import { environmentWith } from "../python.ts";
import { LiteLlmProxy } from "./proxy.ts";
import { type Bill, billOf, billsOfJournal, settled } from "./truth.ts";

const legacy = { mode: "the otel callback", env: {}, dialect: "litellm-v1" };
const optIn = {
  mode: "the otel callback and the newest conventions",
  env: { OTEL_SEMCONV_STABILITY_OPT_IN: "gen_ai_latest_experimental" },
  dialect: "litellm-v1-optin",
};
const second = { mode: "its second tracing", env: { LITELLM_OTEL_V2: "true" }, dialect: "litellm-v2" };

/** The app's spans have the ids of the answers, but are in traces of their own. */
const withIds = { instrumentation: "otel", traces: "apart", layers: "{}" };
/** They have no ids; the proxy's spans are in their traces. */
const withTraces = { instrumentation: "openinference", traces: "joined", layers: "{}" };
/** Neither: the second tracing does not go on with a client's trace. Then the service has to be named. */
const named = { instrumentation: "openinference", traces: "apart", layers: "{ checkout: ignore }" };

const cases = [
  ...[legacy, optIn, second].map((mode) => ({ ...mode, ...withIds })),
  ...[legacy, optIn].map((mode) => ({ ...mode, ...withTraces })),
  { ...second, ...named },
];

const bin = environmentWith(fileURLToPath(new URL("./requirements.txt", import.meta.url)));

describe.each(cases)("LiteLLM with $mode behind $instrumentation, traces $traces", (given) => {
  let models: ModelServer;
  let backend: Backend;
  let sidecar: Started;
  let proxy: LiteLlmProxy;
  let budgets: string;
  let billed: Readonly<Record<string, Bill>>;

  beforeAll(async () => {
    models = await startModelServer({ usage: "growing" });
    backend = await startBackend();
    sidecar = new Started(["run", "--config", `yaml:${configFor(backend.url, given.layers)}`]);
    const [, receiver = ""] = await sidecar.logged(/"address":"(http:[^"]+)","msg":"listening"/);
    [, budgets = ""] = await sidecar.logged(/"endpoint":"([^"]+)","msg":"answering about budgets"/);
    proxy = await LiteLlmProxy.start({ bin, models, receiver, mode: given.env });
    await runApp(given.instrumentation, given.traces, { proxy: proxy.url, receiver });
    await proxy.stop();
    billed = await settled(() => billOf(budgets));
  });

  afterAll(async () => {
    await proxy?.stop();
    sidecar.signal("SIGTERM");
    await sidecar.end();
    await Promise.all([models.stop(), backend.stop()]);
  });

  test("each call is charged once, with the model server's counts, to the team that made it", async () => {
    expect(billed).toEqual(await billsOfJournal(models.journal));
  });

  test("and is told by the dialect of the mode", () => {
    const dialects = backend
      .taken("traces")
      .flatMap(({ attributes = [] }) => attributes as { key: string; value: object }[])
      .filter(({ key }) => key === "spantoll.call.dialect")
      .map(({ value }) => Object.values(value)[0]);
    expect(dialects).toContain(given.dialect);
  });
});

async function runApp(instrumentation: string, traces: string, at: { proxy: string; receiver: string }): Promise<void> {
  const app = spawn(process.execPath, [fileURLToPath(new URL("./app.mjs", import.meta.url)), instrumentation, traces], {
    stdio: ["ignore", "inherit", "inherit"],
    timeout: 120_000,
    env: {
      PATH: process.env["PATH"],
      PROXY_URL: at.proxy,
      OTEL_EXPORTER_OTLP_ENDPOINT: at.receiver,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_SERVICE_NAME: "checkout",
      OTEL_NODE_RESOURCE_DETECTORS: "env",
      OTEL_METRICS_EXPORTER: "none",
      OTEL_LOGS_EXPORTER: "none",
    },
  });
  const [code] = await once(app, "exit");
  expect(code).toBe(0);
}

function configFor(endpoint: string, layers: string): string {
  return `
receivers: { otlp: { protocols: { http: { endpoint: "localhost:0" } } } }
processors: { gen_ai_normalizer: {}, gen_ai_call: { layers: ${layers} }, gen_ai_cost: {}, gen_ai_budget: {} }
exporters: { otlp_http: { endpoint: "${endpoint}" } }
extensions: { budget_api: { endpoint: "localhost:0" } }
service:
  extensions: [budget_api]
  telemetry: { logs: { encoding: json }, metrics: { level: none } }
  pipelines:
    traces: { receivers: [otlp], processors: [gen_ai_normalizer, gen_ai_call, gen_ai_cost, gen_ai_budget], exporters: [otlp_http] }
`;
}
