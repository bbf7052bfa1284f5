import { afterEach, describe, expect, test } from "vitest";
import { recordingHost } from "../../test/support/recording-host.ts";
import type { Component } from "../core/component.ts";
import { openMeter } from "./meter.ts";
import { metricsEndpoint } from "./metrics-endpoint.ts";
import { watchProcess } from "./process-figures.ts";

const running: Component[] = [];
afterEach(async () => {
  for (const component of running.splice(0)) await component.stop?.(AbortSignal.abort());
});

async function serving(meter = openMeter(), port = 0): Promise<string> {
  const host = recordingHost();
  const component = metricsEndpoint({ host: "localhost", port }, meter, host);
  running.push(component);
  await component.start?.();
  return `http://${/"endpoint":"([^"]+)"/.exec(host.logged[0] ?? "")?.[1]}`;
}

describe("metrics endpoint", () => {
  test.each([
    { name: "answers a scrape", method: "GET", path: "/metrics", status: 200 },
    { name: "answers a scrape with a query", method: "GET", path: "/metrics?x=1", status: 200 },
    { name: "answers HEAD", method: "HEAD", path: "/metrics", status: 200 },
    { name: "knows no other path", method: "GET", path: "/", status: 404 },
    { name: "knows no other method", method: "POST", path: "/metrics", status: 405 },
  ])("$name", async ({ method, path, status }) => {
    const answer = await fetch((await serving()) + path, { method });
    expect(answer.status).toBe(status);
  });

  test("tells counters in Prometheus' text format", async () => {
    const meter = openMeter();
    meter.add("spantoll_charges_total", 2, { result: "charged" });
    const answer = await fetch(`${await serving(meter)}/metrics`);
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await answer.text()).toContain('spantoll_charges_total{result="charged"} 2\n');
  });

  test("says who is in the way when the address is taken", async () => {
    const { port } = new URL(await serving());
    await expect(serving(openMeter(), Number(port))).rejects.toThrow(
      `listen localhost:${port}: another program listens there; stop it or choose another port`,
    );
  });

  test("stops without start, and twice", async () => {
    const component = metricsEndpoint({ host: "localhost", port: 0 }, openMeter(), recordingHost());
    await component.stop?.(AbortSignal.abort());
    await component.stop?.(AbortSignal.abort());
  });
});

test("the process tells uptime, processor time and memory", async () => {
  let nowMs = 1_000;
  let cpuSeconds = 0.5;
  const memory = {
    rssBytes: 30,
    anonymousBytes: 25,
    heapBytes: 20,
    heapLimitBytes: 90,
    externalBytes: 5,
    limitBytes: 100,
  };
  const meter = openMeter();
  watchProcess(meter, { clock: { monotonic: () => nowMs }, memory: () => memory, cpuSeconds: () => cpuSeconds });
  nowMs = 3_500;
  await meter.exposition();
  nowMs = 4_000;
  cpuSeconds = 1.25;
  const text = await meter.exposition();
  expect(text).toContain("\notelcol_process_uptime 3\n");
  expect(text).toContain("\notelcol_process_cpu_seconds 1.25\n");
  expect(text).toContain("\notelcol_process_memory_rss 30\n");
  expect(text).toContain("\notelcol_process_runtime_total_sys_memory_bytes 25\n");
});
