// From the start to the end of the built program: readiness, signals, deadlines, and what becomes of spans meanwhile.
import { createServer, request } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Backend, startBackend } from "../support/backend.ts";
import { spantoll } from "../support/bundle.ts";
import { numberedSpan, sendSpan, startLoad, startProgram } from "../support/program.ts";
import { until } from "../support/until.ts";

function yaml(backend: Backend, shutdownTimeout = "20s"): string {
  return `
receivers: { otlp: { protocols: { http: { endpoint: "localhost:0" } } } }
processors: { memory_limiter: , batch: { timeout: 10ms } }
exporters: { otlp_http: { endpoint: "${backend.url}", retry_on_failure: { initial_interval: 20ms, max_interval: 20ms } } }
extensions: { health_check: { endpoint: "localhost:0" } }
service:
  extensions: [health_check]
  shutdown_timeout: ${shutdownTimeout}
  telemetry: { metrics: { address: "localhost:0" } }
  pipelines: { traces: { receivers: [otlp], processors: [memory_limiter, batch], exporters: [otlp_http] } }
`;
}

async function started(shutdownTimeout?: string) {
  const backend = await startBackend();
  onTestFinished(() => backend.stop());
  const { started: program, endpoint } = await startProgram(yaml(backend, shutdownTimeout));
  return {
    backend,
    program,
    url: await endpoint(/ listening .*(?:http:\/\/)(localhost:\d+)/),
    health: await endpoint(/answering health checks .*endpoint=(\S+)/),
    metrics: await endpoint(/serving own metrics .*endpoint=(\S+)/),
  };
}

function namesAt(backend: Backend): string[] {
  return backend.taken("traces").map((span) => String(span["name"]));
}

async function statusOf(health: string) {
  const answer = await fetch(`${health}/health/status`);
  const body = (await answer.json()) as { ready: boolean; status: string; components: Record<string, unknown> };
  return { code: answer.status, ...body };
}

async function untilStatus(health: string, status: string): Promise<void> {
  while ((await statusOf(health)).status !== status);
}

describe("SIGTERM", () => {
  test("makes it unready at once, and what comes a moment later is still taken and delivered", async () => {
    const { backend, program, url, health } = await started();
    expect((await fetch(`${health}/readyz`)).status).toBe(200);
    program.signal("SIGTERM");
    await program.logged(/stopping/);
    expect((await fetch(`${health}/readyz`)).status).toBe(503);
    expect((await fetch(health)).status).toBe(503);
    expect((await fetch(`${health}/livez`)).status).toBe(200);
    expect(await sendSpan(url, 1)).toBe(200);
    expect(await program.end()).toMatchObject({ code: 0 });
    expect(namesAt(backend)).toEqual(["span-1"]);
  });

  test("under load loses nothing that was acknowledged, and ends with 0 (C-75)", async () => {
    const { backend, program, url } = await started("3s");
    const load = startLoad(url);
    await until(() => 100 < load.acknowledged.length);
    program.signal("SIGTERM");
    const ended = program.end();
    await until(() => load.others.length > 0);
    await load.end();
    expect(await ended).toMatchObject({ code: 0 });
    expect(new Set(load.others)).toEqual(new Set(["failed"]));
    expect(namesAt(backend).toSorted()).toEqual(load.acknowledged.toSorted());
  });

  test("lets a request that has begun finish", async () => {
    const { backend, program, url } = await started("6s");
    const body = Buffer.from(numberedSpan(7));
    const headers = { "content-type": "application/json", "content-length": body.length };
    const sending = request(`${url}/v1/traces`, { method: "POST", headers });
    const answered = new Promise<number | undefined>((resolve, reject) => {
      sending.on("response", (response) => resolve(response.resume().statusCode)).on("error", reject);
    });
    sending.write(body.subarray(0, 20));
    program.signal("SIGTERM");
    await until(() => program.stderr.includes("stopping"));
    // The door is closed once nobody new gets in.
    while ((await sendSpan(url, 1)) === 200);
    sending.end(body.subarray(20));
    expect(await answered).toBe(200);
    expect(await program.end()).toMatchObject({ code: 0 });
    expect(namesAt(backend)).toContain("span-7");
  });

  test.each([
    { name: "refuses", reply: { status: 503 } as const },
    { name: "hangs", reply: "hang" as const },
  ])("with a backend that $name ends in time, and tells what is lost (C-76, C-77)", async ({ reply }) => {
    const { backend, program, url } = await started("1500ms");
    backend.reply = () => reply;
    for (let number = 0; number < 3; number++) expect(await sendSpan(url, number)).toBe(200);
    const startMs = performance.now();
    program.signal("SIGTERM");
    const { code, stderr } = await program.end();
    const tookMs = performance.now() - startMs;
    expect(code).toBe(0);
    expect(tookMs).toBeGreaterThan(1_400);
    expect(tookMs).toBeLessThan(4_000);
    const lost = [...stderr.matchAll(/dropped_items=(\d+)/g)].map(([, count]) => Number(count));
    expect(lost.reduce((sum, count) => sum + count, 0)).toBe(3);
  });

  test.each(["SIGTERM", "SIGINT"] as const)("and then %s ends it within a second (C-78)", async (second) => {
    const { backend, program, url } = await started();
    backend.reply = () => "hang";
    expect(await sendSpan(url, 1)).toBe(200);
    program.signal("SIGTERM");
    await program.logged(/stopping/);
    const startMs = performance.now();
    program.signal(second);
    const { code, stderr } = await program.end();
    expect(performance.now() - startMs).toBeLessThan(2_000);
    expect(code).toBe(second === "SIGTERM" ? 143 : 130);
    expect(stderr).toMatch(/dropped_items=1/);
  });
});

describe("the start", () => {
  test("begins with what others lean on, and opens the doors last (C-73)", async () => {
    const { program } = await started();
    const at = (pattern: RegExp) => program.stderr.search(pattern);
    const order = [
      /serving own metrics/,
      /answering health checks/,
      / listening .*protocol=http/,
      /everything is ready/,
    ];
    const places = order.map(at);
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test("fails where an address is taken, and names it and who wants it (C-74)", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void taken.close());
    const address = taken.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const backend = await startBackend();
    onTestFinished(() => backend.stop());
    const { code, stderr } = await spantoll([
      ...["run", "--config", `yaml:${yaml(backend)}`],
      ...["--set", `receivers.otlp/b.protocols.http.endpoint=localhost:${port}`],
      ...["--set", "service.pipelines.traces.receivers=[otlp, otlp/b]"],
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`receivers\\.otlp/b: .*localhost:${port}`));
  });

  test("fails where two parts of the configuration want one address", async () => {
    const backend = await startBackend();
    onTestFinished(() => backend.stop());
    const { code, stderr } = await spantoll([
      ...["run", "--config", `yaml:${yaml(backend)}`],
      ...["--set", "extensions.health_check.endpoint=localhost:45678"],
      ...["--set", "service.telemetry.metrics.address=localhost:45678"],
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/extensions\.health_check: listen localhost:45678/);
  });
});

describe("health", () => {
  test("tells a backend that fails as degraded, not unready, and remembers what it said (C-109)", async () => {
    const { backend, url, health } = await started();
    backend.reply = () => ({ status: 503 });
    expect(await sendSpan(url, 1)).toBe(200);
    await untilStatus(health, "degraded");
    expect(await statusOf(health)).toMatchObject({
      code: 200,
      ready: true,
      components: { "exporters.otlp_http": { status: "degraded", error: expect.stringContaining("503") } },
    });
    expect((await fetch(`${health}/livez`)).status).toBe(200);
    backend.reply = () => ({});
    await untilStatus(health, "ok");
    expect(await statusOf(health)).toMatchObject({
      components: { "exporters.otlp_http": { status: "ok", last_error: { text: expect.stringContaining("503") } } },
    });
  });

  test("counts under the Collector's names what passes processors", async () => {
    const { url, metrics } = await started();
    expect(await sendSpan(url, 1)).toBe(200);
    const told = await (await fetch(`${metrics}/metrics`)).text();
    for (const line of [
      'otelcol_processor_incoming_items{processor="memory_limiter",otel_signal="traces"} 1',
      'otelcol_processor_outgoing_items{processor="batch",otel_signal="traces"} 1',
      'otelcol_processor_memory_limiter_accepted_spans{processor="memory_limiter"} 1',
    ]) {
      expect(told).toContain(`\n${line}\n`);
    }
    expect(told).toMatch(/\notelcol_process_cpu_seconds \d/);
  });
});
