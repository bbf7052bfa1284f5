// Captured spans through the built program with deploy/tempo.yaml to a real Tempo, and back out of it: by trace id, by
// TraceQL, and as the sums of TraceQL metrics that docs/backends.md recommends.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { buildCommand } from "../support/backends-go.ts";
import { BackendProcess, eventually, freePorts, json, scratchFolder } from "../support/backends-process.ts";
import { type Deployed, DeployedSidecar, type SentSpan, type Spent } from "../support/backends-sidecar.ts";
import {
  type Attributes,
  attribute,
  groupedBy,
  type PlainSpan,
  plainSpan,
  readSpans,
  sumsBy,
} from "../support/backends-spans.ts";
import type { Plain } from "../support/otlp-oracle.ts";

// v2.9.0. Its tag is not valid for a module path without /v2, so the version is that of its commit; the checksum
// database does not know it, and the sums are those of the commit's tree (golang.org/x/mod/sumdb/dirhash).
const version = "v1.5.1-0.20251008140505-607c7fb69662";
const tempo = {
  name: "tempo",
  module: "github.com/grafana/tempo",
  main: "github.com/grafana/tempo/cmd/tempo",
  version,
  sums: [
    `github.com/grafana/tempo ${version} h1:E7rWquxIYRsCCPCglH55by5aRr/yIX2dCTBqpKzVBO8=`,
    `github.com/grafana/tempo ${version}/go.mod h1:CU2l4SW4HWU07FagZdr1skKOXwi0U2uk6G2sDuoqnWY=`,
  ],
};

let binary: string;
beforeAll(async () => {
  binary = await buildCommand(tempo);
});

describe.each(["http", "grpc"] as const)("the corpus over %s", (transport) => {
  let backend: Tempo;
  let sent: readonly SentSpan[];
  let spent: ReadonlyMap<string, Spent>;

  beforeAll(async () => {
    backend = await Tempo.start(binary);
    const sidecar = await DeployedSidecar.start(backend.deployed(transport));
    await sidecar.takeCorpus();
    spent = await sidecar.spent();
    const { code, stderr } = await sidecar.stop();
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/dropped|refused/);
    sent = sidecar.sent();
    expect(sent.length).toBeGreaterThan(300);
    expect(billed(sent).length).toBeGreaterThan(80);
    await backend.hasCounted(billed(sent).length);
  }, 180_000);

  afterAll(() => backend.end());

  test("comes back by trace id with every span, every attribute and its type", async () => {
    for (const [traceId, spans] of groupedBy(sent, (one) => one.traceId))
      expect(sorted(await backend.trace(traceId))).toEqual(sorted(spans.map((one) => asStored(plainSpan(one)))));
  });

  test("has the traces of a tenant's calls found by TraceQL", async () => {
    for (const tenant of spent.keys()) {
      const wanted = billed(sent).filter((one) => attribute(one, "spantoll.tenant.id") === tenant);
      const query = `{ span.spantoll.call.role = "bill" && span.spantoll.tenant.id = "${tenant}" }`;
      await backend.finds(query, traceIds(wanted));
    }
  });

  test("has unpriced and dear calls found by TraceQL", async () => {
    const costing = (usd: number) => sent.filter((one) => usd < Number(attribute(one, "gen_ai.usage.cost") ?? 0));
    await backend.finds("{ span.gen_ai.usage.cost > 0.0 }", traceIds(costing(0)));
    await backend.finds("{ span.gen_ai.usage.cost > 0.001 }", traceIds(costing(0.001)));
    const unpriced = sent.filter((one) => attribute(one, "spantoll.cost.status") === "unpriced");
    await backend.finds('{ span.spantoll.cost.status = "unpriced" }', traceIds(unpriced));
  });

  test("finds no cost when the number in the query is whole: Tempo compares no integer with a double", async () => {
    expect(await backend.search("{ span.gen_ai.usage.cost > 0 }")).toEqual(new Set());
  });

  test("adds up to what the ledger has, for each tenant: cost, calls and tokens", async () => {
    const ledger = [...spent].map(([tenant, sum]) => [tenant, sum] as const);
    const by = "by (span.spantoll.tenant.id)";
    const cost = `{ span.gen_ai.usage.cost > 0.0 } | sum_over_time(span.gen_ai.usage.cost) ${by}`;
    const calls = `{ span.spantoll.call.role = "bill" } | count_over_time() ${by}`;
    const input = `{ span.gen_ai.usage.input_tokens > 0 } | sum_over_time(span.gen_ai.usage.input_tokens) ${by}`;
    const output = `{ span.gen_ai.usage.output_tokens > 0 } | sum_over_time(span.gen_ai.usage.output_tokens) ${by}`;
    expect(inNanoUsd(await backend.sums(cost))).toEqual(
      some(ledger.map(([key, sum]) => [key, Number(sum.spent_nano_usd)])),
    );
    expect(await backend.sums(calls)).toEqual(some(ledger.map(([key, { requests }]) => [key, requests])));
    expect(await backend.sums(input)).toEqual(some(ledger.map(([key, { input_tokens }]) => [key, input_tokens])));
    expect(await backend.sums(output)).toEqual(some(ledger.map(([key, { output_tokens }]) => [key, output_tokens])));
  });

  test.each(documentedQueries())("answers the documented query %s", async (query) => {
    if (query.includes("_over_time")) expect(Object.values(await backend.sums(query))).not.toEqual([]);
    else expect((await backend.search(query)).size).toBeGreaterThan(0);
  });

  test("adds up by model, and the dearest models are found", async () => {
    const wanted = [...sumsBy("gen_ai.request.model", sent)].map(
      ([key, sum]) => [key, Number(sum.spent_nano_usd)] as const,
    );
    const query =
      "{ span.gen_ai.usage.cost > 0.0 } | sum_over_time(span.gen_ai.usage.cost) by (span.gen_ai.request.model)";
    expect(inNanoUsd(await backend.sums(query))).toEqual(some(wanted));
    const dearest = [...wanted].sort(([, a], [, b]) => b - a).slice(0, 2);
    expect(inNanoUsd(await backend.sums(`${query} | topk(2)`))).toEqual(some(dearest));
  });
});

/** The queries of the guide, each on a line of its own. */
function documentedQueries(): readonly string[] {
  const guide = readFileSync("docs/backends.md", "utf8");
  return [...guide.matchAll(/```traceql\n([\s\S]*?)```/g)].flatMap(([, lines = ""]) => lines.trim().split("\n"));
}

describe("a Tempo with tenants of its own", () => {
  test("takes the spans under TEMPO_ORG_ID, and gives them to nobody else", async () => {
    const backend = await Tempo.start(binary, true);
    onTestFinished(() => backend.end());
    const sidecar = await DeployedSidecar.start(backend.deployed("http", { TEMPO_ORG_ID: "team-a" }));
    await sidecar.takeCorpus();
    expect(await sidecar.stop()).toMatchObject({ code: 0, stderr: expect.not.stringContaining("no org id") });
    const [one] = sidecar.sent();
    expect(await backend.trace(one!.traceId, "team-a")).not.toEqual([]);
    expect(await backend.trace(one!.traceId, "team-b")).toEqual([]);
  });
});

interface Receivers {
  readonly http: string;
  readonly grpc: string;
}

class Tempo {
  readonly #process: BackendProcess;
  readonly #api: string;
  readonly #receivers: Receivers;
  readonly #remove: () => void;

  private constructor(running: BackendProcess, api: string, receivers: Receivers, remove: () => void) {
    this.#process = running;
    this.#api = api;
    this.#receivers = receivers;
    this.#remove = remove;
  }

  static async start(path: string, multitenancy = false): Promise<Tempo> {
    const [folder, remove] = scratchFolder();
    const names = ["HTTP", "GRPC", "GOSSIP", "OTLP_GRPC", "OTLP_HTTP"];
    const ports = await freePorts(names.length);
    const env = Object.fromEntries(names.map((name, i) => [name, String(ports[i])]));
    const config = `-config.file=${resolve("test/backends/tempo.yaml")}`;
    const running = new BackendProcess(path, [config, "-config.expand-env=true"], {
      folder,
      env: { ...env, MULTITENANCY: String(multitenancy) },
    });
    const api = `http://127.0.0.1:${env["HTTP"]}`;
    await running.answers(`${api}/ready`);
    const receivers = { http: `http://127.0.0.1:${env["OTLP_HTTP"]}`, grpc: `http://127.0.0.1:${env["OTLP_GRPC"]}` };
    return new Tempo(running, api, receivers, remove);
  }

  deployed(transport: "http" | "grpc", env: Readonly<Record<string, string>> = {}): Deployed {
    const file = "deploy/tempo.yaml";
    const { http, grpc } = this.#receivers;
    if (transport === "http") return { file, env: { TEMPO_ENDPOINT: http, ...env }, exporter: "otlp_http/tempo" };
    return { file, env, exporter: "otlp_grpc/tempo", settings: { endpoint: grpc, retry_on_resource_exhausted: true } };
  }

  /** The spans of a trace. Tempo answers 200 for one that it does not have. */
  async trace(id: string, tenant?: string): Promise<readonly PlainSpan[]> {
    const headers: Record<string, string> = tenant === undefined ? {} : { "x-scope-orgid": tenant };
    const { trace = {} } = await json<{ trace?: Plain }>(`${this.#api}/api/v2/traces/${id}`, headers);
    return readSpans(trace["resourceSpans"], (base64) => Buffer.from(base64, "base64").toString("hex"));
  }

  /** Ids of the traces that a query finds. */
  async search(query: string): Promise<ReadonlySet<string>> {
    const found = await json<{ traces?: readonly { traceID: string }[] }>(
      `${this.#api}/api/search?${new URLSearchParams({ q: query, limit: "1000" })}`,
    );
    // Search leaves out the zeros at the beginning of an id.
    return new Set((found.traces ?? []).map(({ traceID }) => traceID.padStart(32, "0")));
  }

  /** Fails unless a query finds these traces and no others. */
  async finds(query: string, wanted: ReadonlySet<string>): Promise<void> {
    const found = await this.search(query);
    expect({ query, found: [...found].sort() }).toEqual({ query, found: [...wanted].sort() });
  }

  /** What a query of metrics adds up to over the last minutes, by the value of its only label. */
  async sums(query: string): Promise<Readonly<Record<string, number>>> {
    const nowS = Math.floor(Date.now() / 1000);
    const over = { start: String(nowS - 600), end: String(nowS + 60), step: "60s" };
    const { series = [] } = await json<{ series?: readonly Series[] }>(
      `${this.#api}/api/metrics/query_range?${new URLSearchParams({ q: query, ...over })}`,
    );
    return Object.fromEntries(
      series.map(({ labels = [], samples = [] }) => [
        labels.map(({ value }) => value.stringValue).join(),
        samples.reduce((sum, { value = 0 }) => sum + value, 0),
      ]),
    );
  }

  /** Traces are found by id at once, by search after seconds, and in metrics once their blocks are cut. */
  async hasCounted(calls: number): Promise<void> {
    const query = '{ span.spantoll.call.role = "bill" } | count_over_time()';
    await eventually(`Tempo counts ${calls} calls`, 90_000, async () => {
      const counted = Object.values(await this.sums(query)).reduce((sum, count) => sum + count, 0);
      return calls <= counted ? true : undefined;
    });
  }

  async end(): Promise<void> {
    await this.#process.end();
    this.#remove();
  }
}

interface Series {
  readonly labels?: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
  readonly samples?: readonly { readonly value?: number }[];
}

/** `max_attribute_bytes` by default: what is longer is cut, and answered as if it had been taken. */
const attributeBytesMax = 2048;

function asStored(span: PlainSpan): PlainSpan {
  return {
    ...span,
    attributes: cutShort(span.attributes),
    events: span.events.map(({ name, attributes }) => ({ name, attributes: cutShort(attributes) })),
  };
}

function cutShort(attributes: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => {
      const text = value["stringValue"];
      if (typeof text !== "string" || Buffer.byteLength(text) <= attributeBytesMax) return [key, value];
      return [key, { stringValue: Buffer.from(text).subarray(0, attributeBytesMax).toString() }];
    }),
  );
}

function billed(sent: readonly SentSpan[]): readonly SentSpan[] {
  return sent.filter((one) => attribute(one, "spantoll.call.role") === "bill");
}

function traceIds(spans: readonly SentSpan[]): ReadonlySet<string> {
  return new Set(spans.map(({ traceId }) => traceId));
}

function sorted(spans: readonly PlainSpan[]): readonly PlainSpan[] {
  return [...spans].sort((a, b) => (a.spanId < b.spanId ? -1 : 1));
}

/** Tempo adds doubles: what it says in dollars is right to far less than a nano-dollar. */
function inNanoUsd(sums: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(sums).map(([key, usd]) => [key, Math.round(usd * 1e9)]));
}

/** Those that are not 0: what nobody spent is no series. */
function some(entries: readonly (readonly [key: string, value: number])[]): Readonly<Record<string, number>> {
  return Object.fromEntries(entries.filter(([, value]) => value !== 0));
}
