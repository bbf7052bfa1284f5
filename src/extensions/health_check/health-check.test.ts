import { afterEach, describe, expect, test } from "vitest";
import { recordingHost } from "../../../test/support/recording-host.ts";
import type { Component } from "../../core/component.ts";
import type { Health, StatusReport } from "../../core/host.ts";
import { healthCheck } from "./health-check.ts";

const noFiles = { read: () => new Uint8Array() };
const running: Component[] = [];
afterEach(async () => {
  for (const component of running.splice(0)) await component.stop?.(AbortSignal.abort());
});

async function serving(given: object = {}, health: Partial<Health> = {}): Promise<string> {
  const read = healthCheck.prepare({ endpoint: "localhost:0", ...given }, noFiles);
  if (!read.ok) throw new Error(JSON.stringify([...read.issues, ...read.objections]));
  const host = recordingHost({ health: { ready: true, all: () => [], ...health } });
  const component = read.create(host);
  running.push(component);
  await component.start?.();
  return `http://${/"endpoint":"([^"]+)"/.exec(host.logged[0] ?? "")?.[1]}`;
}

const atTen = Date.UTC(2026, 10, 21, 10);

function report(id: string, status: StatusReport["status"], error?: string): StatusReport {
  return { id, status, since: atTen, error, lastError: error === undefined ? undefined : { text: error, at: atTen } };
}

describe("health_check", () => {
  test.each([
    { path: "/", ready: true, status: 200 },
    { path: "/", ready: false, status: 503 },
    { path: "/?verbose", ready: true, status: 200 },
    { path: "/readyz", ready: true, status: 200 },
    { path: "/readyz", ready: false, status: 503 },
    { path: "/livez", ready: true, status: 200 },
    { path: "/livez", ready: false, status: 200 },
    { path: "/health/status", ready: true, status: 200 },
    { path: "/health/status", ready: false, status: 503 },
    { path: "/healthz", ready: true, status: 404 },
    { path: "/__proto__", ready: true, status: 404 },
    { path: "/constructor", ready: true, status: 404 },
  ])("answers $path with $status while ready is $ready", async ({ path, ready, status }) => {
    const answer = await fetch((await serving({}, { ready })) + path);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toBeTypeOf("object");
  });

  test("stays ready while a backend fails, and says which", async () => {
    const all = () => [
      report("receivers.otlp", "ok"),
      report("exporters.otlp_http/tempo", "degraded", "503 from http://tempo:4318"),
    ];
    const answer = await fetch(`${await serving({}, { all })}/health/status`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      ready: true,
      status: "degraded",
      components: {
        "receivers.otlp": { status: "ok", since: "2026-11-21T10:00:00.000Z" },
        "exporters.otlp_http/tempo": {
          status: "degraded",
          since: "2026-11-21T10:00:00.000Z",
          error: "503 from http://tempo:4318",
          last_error: { text: "503 from http://tempo:4318", at: "2026-11-21T10:00:00.000Z" },
        },
      },
    });
  });

  test.each([
    { statuses: ["ok", "ok"], whole: "ok" },
    { statuses: ["ok", "starting"], whole: "starting" },
    { statuses: ["starting", "degraded"], whole: "degraded" },
    { statuses: ["stopped", "starting"], whole: "starting" },
    { statuses: ["failed", "degraded", "ok"], whole: "failed" },
    { statuses: [], whole: "ok" },
  ] as const)("calls $statuses together $whole", async ({ statuses, whole }) => {
    const all = () => statuses.map((status, n) => report(`exporters.e${n}`, status));
    const answer = await fetch(`${await serving({}, { all })}/health/status`);
    expect(await answer.json()).toMatchObject({ status: whole });
  });

  test("answers under another path, with other words", async () => {
    const given = { path: "/health", response_body: { healthy: "fine", unhealthy: "busy" } };
    const fine = await fetch(`${await serving(given)}/health`);
    expect([fine.status, await fine.text()]).toEqual([200, "fine"]);
    const busy = await fetch(`${await serving(given, { ready: false })}/health`);
    expect([busy.status, await busy.text()]).toEqual([503, "busy"]);
    expect((await fetch(`${await serving(given)}/`)).status).toBe(404);
  });

  test.each(["POST", "DELETE", "PUT"])("refuses %s", async (method) => {
    const answer = await fetch(`${await serving()}/`, { method });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test.each([
    { given: { endpoint: "13133" }, says: "host:port" },
    { given: { endpoint: "localhost:99999" }, says: "port" },
    { given: { path: "health" }, says: "must begin with /" },
    { given: { tls: { cert_file: "x" } }, says: "tls" },
  ])("refuses $given", async ({ given, says }) => {
    await expect(serving(given)).rejects.toThrow(says);
  });

  test("does not start on an address that is taken", async () => {
    const { host } = new URL(await serving());
    await expect(serving({ endpoint: host })).rejects.toThrow("another program listens there");
  });
});
