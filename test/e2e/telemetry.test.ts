// What the built program tells about itself while it runs: log, health, metrics, and refusals under pressure.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Started } from "../support/bundle.ts";

const configuration = `yaml:
receivers: { otlp: { protocols: { http: { endpoint: "localhost:0" } } } }
processors: { memory_limiter: , batch: }
exporters: { debug: , debug/again: }
extensions: { health_check: { endpoint: "localhost:0" } }
service:
  extensions: [health_check]
  telemetry: { metrics: { address: "localhost:0" } }
  pipelines:
    traces: { receivers: [otlp], processors: [memory_limiter, batch], exporters: [debug, debug/again] }
    logs: { receivers: [otlp], exporters: [debug] }
`;
const oneSpan =
  '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","name":"x"}]}]}]}';

let running: Started | undefined;
afterEach(async () => {
  running?.signal("SIGINT");
  await running?.end();
});

async function started(...sets: string[]) {
  const program = new Started(["run", "--config", configuration, ...sets.flatMap((set) => ["--set", set])]);
  running = program;
  await program.logged(/everything is ready/);
  const placeOf = async (line: RegExp) => `http://${(await program.logged(line))[1]}`;
  return {
    program,
    door: await placeOf(/ listening .*(?:http:\/\/)(localhost:\d+)/),
    health: await placeOf(/answering health checks .*endpoint=(\S+)/),
    metrics: await placeOf(/serving own metrics .*endpoint=(\S+)/),
  };
}

function send(door: string): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return fetch(`${door}/v1/traces`, { method: "POST", headers, body: oneSpan });
}

async function statuses(health: string): Promise<Record<string, string>> {
  const { components } = (await (await fetch(`${health}/health/status`)).json()) as {
    components: Record<string, { status: string }>;
  };
  return Object.fromEntries(Object.entries(components).map(([id, { status }]) => [id, status]));
}

describe("the running program", () => {
  test("is ready, and counts spans in and out under the Collector's names", async () => {
    const { door, health, metrics } = await started();
    expect((await fetch(health)).status).toBe(200);
    expect((await send(door)).status).toBe(200);
    const told = await (await fetch(`${metrics}/metrics`)).text();
    expect(told).toContain('\notelcol_receiver_accepted_spans{receiver="otlp",transport="http"} 1\n');
    expect(told).toContain('\notelcol_exporter_sent_spans{exporter="debug"} 1\n');
    expect(told).toContain('\notelcol_exporter_sent_spans{exporter="debug/again"} 1\n');
    expect(told).toMatch(/\notelcol_process_memory_rss \d{7,}\n/);
    expect(told).toMatch(/\notelcol_process_uptime \d+\.\d+\n/);
  });

  test("refuses retryably while memory is short, and is alive, ready and degraded meanwhile", async () => {
    const { program, door, health } = await started("processors.memory_limiter.limit_mib=1");
    const answer = await send(door);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await fetch(`${health}/livez`)).status).toBe(200);
    expect((await fetch(`${health}/readyz`)).status).toBe(200);
    const told = Object.entries(await statuses(health)).filter(([, status]) => status !== "ok");
    expect(told).toEqual([[expect.stringMatching(/^processors\.memory_limiter/), "degraded"]]);
    expect(program.stderr).toContain("memory is short; refusing requests");
  });

  test("logs one JSON object a line when asked to", async () => {
    const program = new Started(["run", "--config", configuration, "--set", "service.telemetry.logs.encoding=json"]);
    running = program;
    await program.logged(/everything is ready/);
    for (const line of program.stderr.trimEnd().split("\n")) {
      expect(JSON.parse(line)).toMatchObject({ level: "info", ts: expect.any(String), msg: expect.any(String) });
    }
  });

  test("opens no port for metrics with level none", async () => {
    const program = new Started(["run", "--config", configuration, "--set", "service.telemetry.metrics.level=none"]);
    running = program;
    await program.logged(/everything is ready/);
    expect(program.stderr).not.toContain("serving own metrics");
  });
});

test("the bundle needs nothing beside it", () => {
  const folder = mkdtempSync(join(tmpdir(), "spantoll-alone-"));
  const alone = join(folder, "spantoll.mjs");
  copyFileSync("dist/spantoll.mjs", alone);
  const listed = execFileSync(process.execPath, [alone, "components"], { cwd: folder, encoding: "utf8" });
  rmSync(folder, { recursive: true });
  expect(listed).toContain("health_check");
});
