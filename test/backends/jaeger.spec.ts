// Captured spans through the built program to a real Jaeger, whose query API gives OTLP back as it came: what arrives is
// what was sent, to the last attribute.
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildCommand } from "../support/backends-go.ts";
import { BackendProcess, freePorts, json, scratchFolder } from "../support/backends-process.ts";
import { type Deployed, DeployedSidecar, type SentSpan } from "../support/backends-sidecar.ts";
import { attribute, groupedBy, type PlainSpan, plainSpan, readSpans } from "../support/backends-spans.ts";

// Jaeger 2 under the last version that is valid for its module path.
const jaeger = {
  name: "jaeger",
  module: "github.com/jaegertracing/jaeger",
  main: "github.com/jaegertracing/jaeger/cmd/jaeger",
  version: "v1.76.0",
  sums: [],
};

let binary: string;
beforeAll(async () => {
  binary = await buildCommand(jaeger);
});

describe.each(["http", "grpc"] as const)("the corpus over %s", (transport) => {
  let backend: Jaeger;
  let sent: readonly SentSpan[];

  beforeAll(async () => {
    backend = await Jaeger.start(binary);
    const sidecar = await DeployedSidecar.start(backend.deployed(transport));
    await sidecar.takeCorpus();
    const { code, stderr } = await sidecar.stop();
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/dropped|refused/);
    sent = sidecar.sent();
    expect(sent.length).toBeGreaterThan(300);
  }, 120_000);

  afterAll(() => backend.end());

  test("comes back by trace id exactly as it was sent", async () => {
    for (const [traceId, spans] of groupedBy(sent, (one) => one.traceId))
      expect(sorted(await backend.trace(traceId))).toEqual(sorted(spans.map(plainSpan)));
  });

  test("has a tenant's calls found by their attributes", async () => {
    const billed = sent.filter((one) => attribute(one, "spantoll.call.role") === "bill");
    const [tenant, theirs] = [...groupedBy(billed, (one) => String(attribute(one, "spantoll.tenant.id")))][0]!;
    const services = new Set(theirs.map((one) => String(plainSpan(one).service)));
    const found = new Set<string>();
    for (const service of services)
      for (const id of await backend.search(service, { "spantoll.call.role": "bill", "spantoll.tenant.id": tenant }))
        found.add(id);
    expect([...found].sort()).toEqual([...new Set(theirs.map(({ traceId }) => traceId))].sort());
  });
});

class Jaeger {
  readonly #process: BackendProcess;
  readonly #ports: Readonly<Record<string, number>>;
  readonly #remove: () => void;

  private constructor(running: BackendProcess, ports: Readonly<Record<string, number>>, remove: () => void) {
    this.#process = running;
    this.#ports = ports;
    this.#remove = remove;
  }

  static async start(path: string): Promise<Jaeger> {
    const [folder, remove] = scratchFolder();
    const names = ["HTTP", "GRPC", "HEALTH", "OTLP_GRPC", "OTLP_HTTP"];
    const free = await freePorts(names.length);
    const ports = Object.fromEntries(names.map((name, i) => [name, free[i]!]));
    const env = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));
    const running = new BackendProcess(path, ["--config", resolve("test/backends/jaeger.yaml")], { folder, env });
    await running.answers(`http://127.0.0.1:${ports["HEALTH"]}/status`);
    return new Jaeger(running, ports, remove);
  }

  /** Over gRPC with the file for SigNoz, whose door for OTLP is the same: the Collector's. */
  deployed(transport: "http" | "grpc"): Deployed {
    const endpoint = `http://127.0.0.1:${this.#ports[transport === "http" ? "OTLP_HTTP" : "OTLP_GRPC"]}`;
    return transport === "http"
      ? { file: "deploy/tempo.yaml", env: { TEMPO_ENDPOINT: endpoint }, exporter: "otlp_http/tempo" }
      : { file: "deploy/signoz.yaml", env: { SIGNOZ_ENDPOINT: endpoint }, exporter: "otlp_grpc/signoz" };
  }

  async trace(id: string): Promise<readonly PlainSpan[]> {
    const { result } = await json<{ result: { resourceSpans?: unknown } }>(`${this.#api()}/api/v3/traces/${id}`);
    return readSpans(result.resourceSpans, (hex) => hex).map(withoutRemarks);
  }

  /** Ids of the traces that have a span with these attributes. */
  async search(service: string, tags: Readonly<Record<string, string>>): Promise<readonly string[]> {
    const query = new URLSearchParams({ service, tags: JSON.stringify(tags), limit: "1000" });
    const { data } = await json<{ data: readonly { traceID: string }[] }>(`${this.#api()}/api/traces?${query}`);
    return data.map(({ traceID }) => traceID);
  }

  async end(): Promise<void> {
    await this.#process.end();
    this.#remove();
  }

  #api(): string {
    return `http://127.0.0.1:${this.#ports["HTTP"]}`;
  }
}

/** Jaeger writes what it found odd about a span, such as clocks that differ, beside its attributes. */
function withoutRemarks(span: PlainSpan): PlainSpan {
  const attributes = Object.entries(span.attributes).filter(([key]) => key !== "@jaeger@warnings");
  return { ...span, attributes: Object.fromEntries(attributes) };
}

function sorted(spans: readonly PlainSpan[]): readonly PlainSpan[] {
  return [...spans].sort((a, b) => (a.spanId < b.spanId ? -1 : 1));
}
