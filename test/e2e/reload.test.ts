// SIGHUP: another configuration takes the place of the one that runs, and nothing is lost on the way.
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Backend, startBackend } from "../support/backend.ts";
import { grpcClient } from "../support/grpc-client.ts";
import { freePort, listeningPorts, sendSpan, startLoad, startProgram } from "../support/program.ts";
import { spansOf, traceRequest } from "../support/spans.ts";
import { until } from "../support/until.ts";

interface Given {
  readonly port: number;
  readonly backend: Backend;
  readonly http?: string;
  readonly exporter?: string;
  readonly processors?: string;
  readonly more?: string;
  readonly pipelines?: string;
}

function yaml({ port, backend, http = "", exporter = "", processors = "", more = "", pipelines = "" }: Given): string {
  return `
receivers: { otlp: { protocols: { http: { endpoint: "localhost:${port}"${http} } } } }
processors: { memory_limiter: { limit_mib: 4000 }, batch: { timeout: 10ms } }
exporters: { otlp_http: { endpoint: "${backend.url}", retry_on_failure: { initial_interval: 20ms, max_interval: 20ms }${exporter} }, debug: }
extensions: { health_check: { endpoint: "localhost:0" } }
service:
  extensions: [health_check]
  telemetry: { metrics: { address: "localhost:0" } }
  pipelines:
    traces: { receivers: [otlp], processors: [${processors}], exporters: [otlp_http] }
${pipelines}
${more}`;
}

async function backendOf(): Promise<Backend> {
  const backend = await startBackend();
  onTestFinished(() => backend.stop());
  return backend;
}

async function started(more: Partial<Given> = {}) {
  const given: Given = { port: await freePort(), backend: await backendOf(), ...more };
  const program = await startProgram(yaml(given));
  return {
    program,
    given,
    url: `http://localhost:${given.port}`,
    health: await program.endpoint(/answering health checks .*endpoint=(\S+)/),
    metrics: await program.endpoint(/serving own metrics .*endpoint=(\S+)/),
  };
}

function namesAt(...backends: readonly Backend[]): string[] {
  return backends.flatMap((backend) => backend.taken("traces").map((span) => String(span["name"])));
}

/** Everything that was acknowledged arrived, once. */
async function expectAll(acknowledged: readonly string[], ...backends: readonly Backend[]): Promise<void> {
  await until(() => acknowledged.length <= namesAt(...backends).length);
  expect(namesAt(...backends).toSorted()).toEqual(acknowledged.toSorted());
}

async function statusOf(
  health: string,
): Promise<{ ready: boolean; status: string; components: Record<string, object> }> {
  return (await (await fetch(`${health}/health/status`)).json()) as never;
}

describe("a reload under load", () => {
  test.each<{ name: string; next: (given: Given) => Partial<Given> }>([
    { name: "of the same file", next: () => ({}) },
    { name: "of the receiver's settings on its port", next: () => ({ http: ", max_request_body_size: 1MiB" }) },
    { name: "of processors", next: () => ({ processors: "memory_limiter, batch" }) },
    { name: "of the exporter's settings", next: () => ({ exporter: ", timeout: 7s" }) },
    {
      name: "that adds a pipeline",
      next: () => ({ pipelines: "    logs: { receivers: [otlp], exporters: [debug] }" }),
    },
  ])("$name answers every request and loses none", async ({ next }) => {
    const { program, given, url } = await started();
    const load = startLoad(url);
    await until(() => 50 < load.acknowledged.length);
    expect(await program.reload(yaml({ ...given, ...next(given) }))).toBe("runs");
    const before = load.acknowledged.length;
    await until(() => before + 50 < load.acknowledged.length);
    await load.end();
    expect(load.others).toEqual([]);
    await expectAll(load.acknowledged, given.backend);
  });

  test("of the exporter's endpoint brings what comes then to the new backend (C-67)", async () => {
    const { program, given, url } = await started();
    const next = await backendOf();
    const load = startLoad(url);
    await until(() => 50 < namesAt(given.backend).length);
    expect(await program.reload(yaml({ ...given, backend: next }))).toBe("runs");
    expect(await sendSpan(url, 1_000_000)).toBe(200);
    await until(() => 50 < namesAt(next).length);
    await load.end();
    expect(load.others).toEqual([]);
    await expectAll([...load.acknowledged, "span-1000000"], given.backend, next);
    expect(namesAt(next)).toContain("span-1000000");
  });
});

describe("a reload that cannot be", () => {
  test.each<{ name: string; next: (given: Given, taken: number) => string; says: RegExp[] }>([
    { name: "no YAML", next: () => "receivers: [", says: [/config\.yaml:1:/] },
    {
      name: "unknown keys",
      next: (given) => yaml({ ...given, http: ", max_body: 1", exporter: ", endpoit: x" }),
      says: [/max_body/, /endpoit/],
    },
    {
      name: "a port that is taken",
      next: (given, taken) => yaml({ ...given, port: taken }),
      says: [/receivers\.otlp: .*(in use|another program)/],
    },
    {
      name: "a certificate that is not there",
      next: (given) => yaml({ ...given, exporter: ", tls: { ca_file: /no/such.pem }" }),
      says: [/no\/such\.pem|ca_file/],
    },
    {
      name: "a second component of a port that cannot start, after a first that could",
      next: (given, taken) =>
        yaml({ ...given, http: ", max_request_body_size: 1MiB" })
          .replace(
            "receivers: { otlp:",
            `receivers: { otlp/b: { protocols: { http: { endpoint: "localhost:${taken}" } } }, otlp:`,
          )
          .replace("receivers: [otlp]", "receivers: [otlp, otlp/b]"),
      says: [/receivers\.otlp\/b: /],
    },
  ])("because of $name changes nothing, and is told (C-66)", async ({ next, says }) => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void blocker.close());
    const address = blocker.address();
    const taken = typeof address === "object" && address ? address.port : 0;

    const { program, given, url, health, metrics } = await started();
    const load = startLoad(url);
    await until(() => 20 < load.acknowledged.length);
    expect(await program.reload(next(given, taken))).toBe("refused");
    const before = load.acknowledged.length;
    await until(() => before + 20 < load.acknowledged.length);
    for (const pattern of says) expect(program.started.stderr).toMatch(pattern);
    expect(await statusOf(health)).toMatchObject({
      ready: true,
      status: "degraded",
      components: { "service.configuration": { status: "degraded", error: expect.any(String) } },
    });
    expect(await (await fetch(`${metrics}/metrics`)).text()).toContain("\nspantoll_config_reload_failed_total 1\n");

    expect(await program.reload(yaml(given))).toBe("runs");
    expect(await statusOf(health)).toMatchObject({ status: "ok" });
    await load.end();
    expect(load.others).toEqual([]);
    await expectAll(load.acknowledged, given.backend);
  });
});

describe("a reload", () => {
  test("of the receiver's port listens on the new one, and leaves the old one by and by", async () => {
    const { program, given, url } = await started();
    const port = await freePort();
    expect(await program.reload(yaml({ ...given, port }))).toBe("runs");
    expect(await sendSpan(`http://localhost:${port}`, 1)).toBe(200);
    // Who has not heard yet is still served for a moment.
    expect(await sendSpan(url, 2)).toBe(200);
    const pid = program.started.pid;
    await until(() => !listeningPorts(pid).includes(given.port));
    expect(await sendSpan(url, 3)).toBe("failed");
    await expectAll(["span-1", "span-2"], given.backend);
  });

  test("that removes a pipeline answers 404 for its signal, and nothing else changes", async () => {
    const logs = "    logs: { receivers: [otlp], exporters: [debug] }";
    const { program, given, url, health } = await started({ pipelines: logs });
    const sendLog = async () => {
      const headers = { "content-type": "application/json" };
      return (await fetch(`${url}/v1/logs`, { method: "POST", headers, body: '{"resourceLogs":[]}' })).status;
    };
    expect(await sendLog()).toBe(200);
    expect(await program.reload(yaml({ ...given, pipelines: "" }))).toBe("runs");
    await until(() => listeningPorts(program.started.pid).length === 3);
    expect(Object.keys((await statusOf(health)).components)).not.toContain("exporters.debug");
    // Who keeps a connection to the receiver from before is still served for a moment.
    let answer = 200;
    while (answer === 200) answer = await sendLog();
    expect(answer).toBe(404);
    expect(await sendSpan(url, 1)).toBe(200);
    await expectAll(["span-1"], given.backend);
  });

  test("keeps the queue of an exporter that did not change", async () => {
    const { program, given, url } = await started();
    given.backend.reply = () => ({ status: 503 });
    for (let number = 0; number < 5; number++) expect(await sendSpan(url, number)).toBe(200);
    expect(await program.reload(yaml({ ...given, processors: "memory_limiter" }))).toBe("runs");
    given.backend.reply = () => ({});
    await expectAll(["span-0", "span-1", "span-2", "span-3", "span-4"], given.backend);
  });

  test("of an exporter whose backend is gone brings what waits to the new one", async () => {
    const { program, given, url } = await started();
    given.backend.reply = () => ({ status: 503 });
    const names = Array.from({ length: 20 }, (_, number) => `span-${number}`);
    for (const number of names.keys()) expect(await sendSpan(url, number)).toBe(200);
    const next = await backendOf();
    expect(await program.reload(yaml({ ...given, backend: next }))).toBe("runs");
    await expectAll(names, next);
    expect(program.started.stderr).not.toContain("dropped");
  });

  test("of an exporter that goes away leaves its queue to nobody, and tells what is lost", async () => {
    const { program, given, url } = await started({ more: "  shutdown_timeout: 1s\n" });
    given.backend.reply = () => ({ status: 503 });
    for (let number = 0; number < 3; number++) expect(await sendSpan(url, number)).toBe(200);
    const next = yaml({ ...given }).replace("exporters: [otlp_http]", "exporters: [debug]");
    expect(await program.reload(next)).toBe("runs");
    await program.started.logged(/data dropped.*dropped_items=3/);
    expect(await sendSpan(url, 3)).toBe(200);
  });

  test("hands the queue on disk to what replaces its exporter", async () => {
    const storing = (given: Given, exporter: string) =>
      yaml({ ...given, exporter: `, sending_queue: { storage: file_storage }${exporter}` })
        .replace("extensions: {", "extensions: { file_storage: { directory: ./data },")
        .replace("extensions: [", "extensions: [file_storage, ");
    const { program, given, url } = await started();
    expect(await program.reload(storing(given, ""))).toBe("runs");
    given.backend.reply = () => ({ status: 503 });
    const names = Array.from({ length: 20 }, (_, number) => `span-${number}`);
    for (const number of names.keys()) expect(await sendSpan(url, number)).toBe(200);
    const next = await backendOf();
    expect(await program.reload(storing({ ...given, backend: next }, ", timeout: 9s"))).toBe("runs");
    await expectAll(names, next);
    const elsewhere = storing(given, "").replace("./data", "./elsewhere");
    expect(await program.reload(elsewhere)).toBe("refused");
    expect(program.started.stderr).toMatch(/extensions\.file_storage: cannot be changed while the program runs/);
    expect(await sendSpan(url, 20)).toBe(200);
    await expectAll([...names, "span-20"], next);
  });

  test("that fails after it had started what replaces an exporter leaves the queue on disk to the old one", async () => {
    const storing = (given: Given, exporter: string) =>
      yaml({ ...given, exporter: `, sending_queue: { storage: file_storage }${exporter}` })
        .replace("extensions: {", "extensions: { file_storage: { directory: ./data },")
        .replace("extensions: [", "extensions: [file_storage, ");
    const { program, given, url } = await started();
    expect(await program.reload(storing(given, ""))).toBe("runs");
    given.backend.reply = () => ({ status: 503 });
    const names = Array.from({ length: 20 }, (_, number) => `span-${number}`);
    for (const number of names.keys()) expect(await sendSpan(url, number)).toBe(200);
    // A certificate that is there when it is checked, and not any more when its exporter starts: between the two another
    // component waits five seconds for who seems to hold its directory.
    const folder = mkdtempSync(join(tmpdir(), "spantoll-reload-"));
    const certificate = join(folder, "ca.pem");
    cpSync(new URL("../support/certificates/authority.pem", import.meta.url), certificate);
    writeFileSync(join(folder, "lock"), JSON.stringify({ pid: 1, started: "1", place: "elsewhere" }));
    const failing = storing(given, ", timeout: 9s")
      .replace(
        "extensions: {",
        `extensions: { file_storage/made: { directory: "${folder}/made" }, file_storage/slow: { directory: "${folder}" },`,
      )
      .replace("extensions: [", "extensions: [file_storage/made, file_storage/slow, ")
      .replace(
        "exporters: {",
        `exporters: { otlp_grpc: { endpoint: "localhost:1", tls: { ca_file: "${certificate}" } },`,
      )
      .replace("exporters: [otlp_http]", "exporters: [otlp_grpc, otlp_http]");
    const reloaded = program.reload(failing);
    await until(() => existsSync(join(folder, "made", "lock")));
    rmSync(certificate);
    expect(await reloaded).toBe("refused");
    expect(program.started.stderr).toMatch(/exporters\.otlp_grpc: /);
    expect(await sendSpan(url, 20)).toBe(200);
    given.backend.reply = () => ({});
    await expectAll([...names, "span-20"], given.backend);
  });

  test("of the gRPC door fails no call, and senders keep their port", async () => {
    const grpcPort = await freePort();
    const door = (more: string) => ` }, grpc: { endpoint: "localhost:${grpcPort}"${more}`;
    const { program, given } = await started({ http: door("") });
    const client = grpcClient(`localhost:${grpcPort}`);
    const codes: number[] = [];
    let over = false;
    let number = 0;
    const send = async () => {
      while (!over) codes.push((await client.call(traceRequest([{ id: (++number).toString(16) }]))).code);
    };
    const all = Promise.all([send(), send(), send()]);
    for (const size of [1, 2, 3]) {
      const before = codes.length;
      await until(() => before + 30 < codes.length);
      const next = yaml({ ...given, http: door(`, max_recv_msg_size_mib: ${size}`) });
      expect(await program.reload(next)).toBe("runs");
    }
    const before = codes.length;
    await until(() => before + 30 < codes.length);
    over = true;
    await all;
    expect(new Set(codes)).toEqual(new Set([0]));
    await until(() => given.backend.taken("traces").length === codes.length);
  });

  test("twenty times in a row leaks no listener, and the last one counts", async () => {
    const { program, given, url, health } = await started();
    const pid = program.started.pid;
    const before = listeningPorts(pid).toSorted();
    for (let round = 1; round <= 20; round++) {
      const next = { ...given, http: `, max_request_body_size: ${round}MiB`, exporter: `, timeout: ${round}s` };
      expect(await program.reload(yaml(next))).toBe("runs");
      expect(await sendSpan(url, round)).toBe(200);
    }
    expect(listeningPorts(pid).toSorted()).toEqual(before);
    expect(await statusOf(health)).toMatchObject({ status: "ok" });
    await expectAll(
      Array.from({ length: 20 }, (_, at) => `span-${at + 1}`),
      given.backend,
    );
  });

  test("reads files again that the settings name, where their names stayed the same", async () => {
    const { program, given, url } = await started();
    const file = `${program.folder}/prices.yaml`;
    const priced = yaml(given)
      .replace(
        "processors: {",
        `processors: { gen_ai_normalizer: , gen_ai_call: , gen_ai_cost: { prices: [{ file: "${file}" }] },`,
      )
      .replace("processors: []", "processors: [gen_ai_normalizer, gen_ai_call, gen_ai_cost]");
    for (const [id, price] of [
      ["a1", "2.10"],
      ["a2", "4.20"],
    ] as const) {
      writeFileSync(file, pricesOf(price));
      expect(await program.reload(priced)).toBe("runs");
      const body = traceRequest([{ id, attributes: call }]);
      const headers = { "content-type": "application/x-protobuf" };
      expect((await fetch(`${url}/v1/traces`, { method: "POST", headers, body: new Uint8Array(body) })).status).toBe(
        200,
      );
    }
    writeFileSync(file, "providers: 5\n");
    expect(await program.reload(priced)).toBe("refused");
    await until(() => given.backend.taken("traces").length === 2);
    const costs = given.backend.received.flatMap(({ bytes }) => spansOf(bytes).map(({ attributes }) => attributes));
    expect(costs.map((attributes) => attributes["spantoll.cost.nano_usd"])).toEqual([2_100_000, 4_200_000]);
  });
});

const call = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "openai",
  "gen_ai.response.model": "gpt-4o",
  "gen_ai.usage.input_tokens": 1_000,
  "gen_ai.usage.output_tokens": 0,
};

/** For a million tokens of input. */
function pricesOf(price: string): string {
  return `
schema: 1
version: test
providers:
  - id: openai
    models: [{ id: gpt-4o, prices: [{ cells: { default: { input: ${price}, output: 8.40 } }, source: { name: test } }] }]
`;
}
