// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test is written so
// The command line of the built program: what it says where, and the number that the shell gets.
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { Started, spantoll } from "../support/bundle.ts";

const folder = mkdtempSync(join(tmpdir(), "spantoll-command-line-"));

/** Writes a file and gives its path. */
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const good = `receivers:
  otlp:
    protocols:
      http: { endpoint: "localhost:0" }
exporters:
  debug:
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    traces: { receivers: [otlp], exporters: [debug] }
`;

// As the Collector's own documents write one, with old and new names.
const collectorFile = `receivers:
  otlp:
    protocols:
      http:
        endpoint: 0.0.0.0:4318
        cors: { allowed_origins: ["http://*.example.com"] }
  otlp/second: { protocols: { http: { endpoint: "\${env:HOST:-localhost}:4328" } } }
processors:
  memory_limiter:
    check_interval: 1s
    limit_mib: 4000
    spike_limit_mib: 800
  batch:
  batch/2:
    send_batch_size: 10000
    timeout: 10s
exporters:
  otlphttp:
    endpoint: https://example.com:4318
    headers: { authorization: "Bearer \${env:TOKEN:-none}" }
    sending_queue: { enabled: true, num_consumers: 4, queue_size: 100 }
    retry_on_failure: { enabled: true, initial_interval: 10s, max_interval: 60s, max_elapsed_time: 10m }
  debug:
    verbosity: detailed
    sampling_initial: 5
    sampling_thereafter: 200
extensions:
  health_check:
service:
  extensions: [health_check]
  telemetry:
    logs: { level: DEBUG, initial_fields: { service: my-instance } }
    metrics:
      level: detailed
      readers: [{ pull: { exporter: { prometheus: { host: 0.0.0.0, port: 8888, without_units: true } } } }]
  pipelines:
    traces: { receivers: [otlp, otlp/second], processors: [memory_limiter, batch], exporters: [otlphttp, debug] }
    metrics: { receivers: [otlp], processors: [memory_limiter, batch/2], exporters: [debug] }
    logs/2: { receivers: [otlp], exporters: [debug] }
`;

describe("words that are not understood are one line on stderr and exit 2", () => {
  test.each([
    { args: ["rn"], says: 'spantoll: unknown command "rn"; did you mean "run"?' },
    { args: ["valdiate"], says: 'spantoll: unknown command "valdiate"; did you mean "validate"?' },
    { args: ["budgets"], says: 'spantoll: unknown command "budgets"; did you mean "budget"?' },
    { args: ["tenants"], says: 'spantoll: unknown command "tenants"; the commands are run, validate,' },
    { args: ["run", "--confg", "x"], says: 'spantoll: unknown option "--confg"; did you mean "--config"?' },
    { args: ["--versoin"], says: 'spantoll: unknown option "--versoin"; did you mean "--version"?' },
    { args: ["components", "--zzz"], says: 'spantoll: unknown option "--zzz"; the options are --format, --help' },
    {
      args: ["validate", "--config"],
      says: 'spantoll: option "--config <source>" needs a value; see spantoll validate --help',
    },
    { args: ["run", "gateway.yaml"], says: "spantoll: run takes no such argument; see spantoll run --help" },
    { args: ["components", "--format", "xml"], says: "Allowed choices are yaml, json; see spantoll components --help" },
    { args: ["price", "a.jsonl", "b.jsonl"], says: "spantoll: price reads one file of records" },
  ])("$args", async ({ args, says }) => {
    const { code, stdout, stderr } = await spantoll(args);
    expect(stderr).toContain(says);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  test("no words at all show how to use it", async () => {
    expect(await spantoll([])).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("Commands:") });
  });
});

describe("machine output goes to stdout", () => {
  test("--version", async () => {
    expect(await spantoll(["--version"])).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: "",
    });
  });

  test("--help", async () => {
    const { code, stdout, stderr } = await spantoll(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const command of ["run", "validate", "price", "components", "schema"])
      expect(stdout).toContain(`  ${command}`);
  });

  test.each(["yaml", "json"])("components as %s", async (format) => {
    const { code, stdout, stderr } = await spantoll(["components", "--format", format]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const listed = format === "json" ? JSON.parse(stdout) : parse(stdout);
    expect(Object.keys(listed)).toEqual(["buildinfo", "receivers", "processors", "exporters", "extensions"]);
    expect(listed.receivers[0]).toMatchObject({ name: "otlp", settings: expect.any(Object) });
  });

  test("schema", async () => {
    const { code, stdout, stderr } = await spantoll(["schema"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ type: "object", required: ["receivers", "exporters", "service"] });
  });

  test.each([
    { name: "from standard input", args: ["--format", "json"] },
    { name: "with layers", args: ["--prices", "bundled", "--format", "json", "-"] },
  ])("price $name", async ({ args }) => {
    const record = { provider: "anthropic", model: "claude-sonnet-4-5", usage: { input: 10, output: 1 } };
    const { code, stdout, stderr } = await spantoll(["price", ...args], {
      input: `${JSON.stringify(record)}\nno record\n`,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const answers = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(answers).toMatchObject([{ status: "priced", nano_usd: "45000" }, { status: "invalid" }]);
  });

  test("price of a file that is not there", async () => {
    const { code, stdout, stderr } = await spantoll(["price", "no-such.jsonl"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("no-such.jsonl: cannot be read");
  });
});

describe("validate", () => {
  test.each([
    { name: "the built-in configuration", args: [] },
    { name: "a good file", args: ["--config", file("good.yaml", good)] },
    {
      name: "two files and a value",
      args: [
        "--config",
        file("base.yaml", good),
        "--config",
        "yaml:exporters::debug::verbosity: detailed",
        "--set",
        "exporters.debug.verbosity=normal",
      ],
    },
    { name: "a Collector's file", args: ["--config", "env:G"], env: { G: collectorFile } },
    { name: "a variable as the source", args: ["--config", "env:GATEWAY"], env: { GATEWAY: good } },
    {
      name: "a variable as a value",
      args: ["--config", "env:GATEWAY"],
      env: { GATEWAY: good.replace("  debug:\n", "  debug: { verbosity: '${env:LEVEL:-detailed}' }\n") },
    },
  ])("is silent about $name", async ({ args, env = {} }) => {
    expect(await spantoll(["validate", ...args], { env })).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test.each([
    {
      name: "a missing file",
      args: ["--config", "/no/such.yaml"],
      says: ["/no/such.yaml:1:1  unable to read the file"],
    },
    {
      name: "an empty file",
      args: ["--config", file("empty.yaml", "")],
      says: ["empty.yaml:1:1  empty configuration file"],
    },
    {
      name: "no YAML",
      args: ["--config", file("broken.yaml", "receivers: [\n")],
      says: ["broken.yaml:2:1  is not YAML"],
    },
    {
      name: "a value without an equal sign",
      args: ["--config", "yaml:a: 1", "--set", "x"],
      says: ["missing equal sign"],
    },
    {
      name: "an unknown protocol",
      args: ["--config", "env:G"],
      env: { G: good.replace("      http: {", "      grcp: {}\n      http: {") },
      says: ["env:G:4:7  receivers.otlp.protocols.grcp: is not a setting here"],
    },
    {
      name: "three mistakes",
      args: ["--config", "env:G"],
      env: {
        G: good
          .replace("      http: {", "      htttp: {")
          .replace("  debug:\n", "  debgu:\n")
          .replace("pipelines:", "pipelines:\n    metric: {}"),
      },
      says: [
        'env:G:4:7  receivers.otlp.protocols.htttp: is not a setting here; did you mean "http"?',
        'env:G:6:3  exporters.debgu: unknown type "debgu"; did you mean "debug"?',
        'env:G:10:5  service.pipelines.metric: signal must be one of traces, metrics, logs, not "metric"',
        'env:G:11:46  service.pipelines.traces.exporters: references exporter "debug" which is not configured; did you mean "debgu"?',
      ],
    },
  ])("tells all about $name", async ({ args, env = {}, says }) => {
    const { code, stdout, stderr } = await spantoll(["validate", ...args], { env });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    const lines = stderr.trimEnd().split("\n");
    expect(lines).toHaveLength(says.length);
    for (const [index, text] of says.entries()) expect(lines[index]).toContain(text);
  });

  describe("while the ports are taken", () => {
    const servers: Server[] = [];
    beforeAll(async () => {
      for (const port of [4317, 4318, 4319, 8888, 13133]) {
        const server = createServer().on("error", () => {});
        servers.push(server);
        await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve).once("error", () => resolve()));
      }
    });
    afterAll(() => {
      for (const server of servers) server.close();
    });

    test("opens none, and makes no folder", async () => {
      const cwd = mkdtempSync(join(tmpdir(), "spantoll-validate-"));
      expect(await spantoll(["validate"], { cwd })).toEqual({ code: 0, stdout: "", stderr: "" });
      expect(readdirSync(cwd)).toEqual([]);
    });
  });
});

describe("run", () => {
  const free = [
    ...["receivers.otlp.protocols.grpc.endpoint=localhost:0", "receivers.otlp.protocols.http.endpoint=localhost:0"],
    "extensions.health_check.endpoint=localhost:0",
    ...["extensions.budget_api.endpoint=localhost:0", "service.telemetry.metrics.address=localhost:0"],
  ].flatMap((value) => ["--set", value]);

  test("says first that it runs the built-in configuration and where to point an exporter, and stops in order", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "spantoll-run-"));
    const started = new Started(["run", ...free], { cwd });
    await started.logged(/everything is ready/);
    expect(started.stderr.split("\n")[0]).toMatch(
      /built-in configuration; point an OTLP exporter at the addresses below/,
    );
    started.signal("SIGTERM");
    const { code, stderr } = await started.end();
    expect(code).toBe(0);
    expect(stderr).toMatch(/stopping[\s\S]*stopped/);
    expect(readdirSync(cwd)).toEqual(["spantoll-data"]);
    rmSync(cwd, { recursive: true });
  });

  test("stops at SIGINT too, with a file", async () => {
    const started = new Started(["run", "--config", file("run.yaml", good)]);
    await started.logged(/everything is ready/);
    expect(started.stderr.split("\n")[0]).toContain("run.yaml");
    started.signal("SIGINT");
    expect(await started.end()).toMatchObject({ code: 0 });
  });

  test("a second signal ends it at once, however long stopping would take", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const yaml = good
      .replace("debug:\n", `otlp_http: { endpoint: "http://127.0.0.1:${portOf(silent)}" }\n`)
      .replace("exporters: [debug]", "exporters: [otlp_http]");
    const started = new Started(["run", "--config", "env:G"], { env: { G: yaml } });
    const [, door] = await started.logged(
      /(http:\/\/127\.0\.0\.1:\d+|http:\/\/localhost:\d+)[\s\S]*everything is ready/,
    );
    const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ name: "x" }] }] }] });
    await fetch(`${door}/v1/traces`, { method: "POST", body, headers: { "content-type": "application/json" } });
    await once(silent, "connection");
    started.signal("SIGTERM");
    await started.logged(/stopping/);
    started.signal("SIGTERM");
    expect((await started.end()).code).toBe(143);
    silent.close();
  });

  test.each([
    { name: "an exception", fault: 'throw new Error("boom")' },
    { name: "a rejection", fault: 'Promise.reject(new Error("boom"))' },
  ])("survives $name that nobody catches, and logs it", async ({ fault }) => {
    const preload = `data:text/javascript,process.on("SIGUSR2", () => { ${fault} })`;
    const env = { G: good, NODE_OPTIONS: `--import ${encodeURI(preload)}` };
    const started = new Started(["run", "--config", "env:G"], { env });
    await started.logged(/everything is ready/);
    started.signal("SIGUSR2");
    await started.logged(/a bug was caught where nobody expected it.*boom/);
    started.signal("SIGINT");
    expect(await started.end()).toMatchObject({ code: 0 });
  });

  test("warns once about variables that are not set", async () => {
    const started = new Started(["run", "--config", "env:G"], {
      env: { G: good.replace("  debug:\n", "  debug: { verbosity: '${env:NO_SUCH}' }\n") },
    });
    await started.logged(/environment variables that are not set: NO_SUCH/);
    started.signal("SIGINT");
    expect(await started.end()).toMatchObject({ code: 0 });
  });

  test("with a wrong configuration tells every problem and exits 1", async () => {
    const { code, stdout, stderr } = await spantoll(["run", "--config", "yaml:receivers: {}"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr.trimEnd().split("\n")).toHaveLength(3);
  });

  test("that cannot start names the component and the address, and exits 1", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const endpoint = `localhost:${portOf(taken)}`;
    const { code, stderr } = await spantoll(
      ["run", "--config", "env:G", "--set", `receivers.otlp.protocols.http.endpoint=${endpoint}`],
      { env: { G: good } },
    );
    taken.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`could not start: receivers\\.otlp: .*${endpoint}`));
  });
});

function portOf(server: Server): number {
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
}
