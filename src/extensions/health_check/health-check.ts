// Answers kubelets, load balancers and people who ask how the sidecar is. Alive, ready and degraded are three answers:
// a backend that fails makes a sidecar degraded, and restarting it would only lose what waits for that backend.
import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { z } from "zod";
import { type Component, extension } from "../../core/component.ts";
import type { Health, Host, StatusReport } from "../../core/host.ts";
import { addressText, listen, unlisten } from "../../core/listening.ts";
import { inert, listenAddress, parseAddress } from "../../core/settings.ts";

const connectionsMax = 64;
const requestMs = 10_000;
const fixedHere = "it is fixed, because no request has a body";

const responseText = z.string().max(10_000);

const settings = z.strictObject({
  endpoint: listenAddress("localhost:13133", "Where to listen."),
  path: z
    .string()
    .startsWith("/", { error: "must begin with /" })
    .default("/")
    .meta({ description: "Path that answers 200 while requests are taken, else 503." }),
  response_body: z
    .strictObject({
      healthy: responseText.optional().meta({ description: "Body of the 200 under `path`." }),
      unhealthy: responseText.optional().meta({ description: "Body of the 503 under `path`." }),
    })
    .prefault({})
    .meta({ description: "What `path` answers with, instead of a JSON object." }),
  check_collector_pipeline: inert("the Collector gave it up; `/health/status` tells how every component is"),
  max_request_body_size: inert(fixedHere),
  read_timeout: inert(fixedHere),
  read_header_timeout: inert(fixedHere),
  write_timeout: inert(fixedHere),
  idle_timeout: inert(fixedHere),
});
type Settings = z.output<typeof settings>;

export const healthCheck = extension({
  type: "health_check",
  summary: "Tells over HTTP whether the process lives, takes requests, and how every component is.",
  signals: [],
  settings,
  create: (given, host) => healthServer(given, host),
});

function healthServer(given: Settings, host: Host): Component {
  const address = parseAddress(given.endpoint);
  assert(address, "the schema lets only addresses through");
  const server = createServer({ requestTimeout: requestMs, headersTimeout: requestMs }, answerer(given, host));
  server.maxConnections = connectionsMax;
  return {
    async start() {
      host.log.info("answering health checks", { endpoint: addressText(await listen(server, address, host)) });
    },
    stop: (deadline) => unlisten(server, deadline),
  };
}

function answerer(given: Settings, { health }: Host): RequestListener {
  const { healthy, unhealthy } = given.response_body;
  const answers: Readonly<Record<string, () => Answer>> = {
    "/livez": () => ({ status: 200, body: { alive: true } }),
    "/readyz": () => ({ status: codeOf(health), body: { ready: health.ready } }),
    "/health/status": () => ({ status: codeOf(health), body: statusOf(health) }),
    [given.path]: () => ({
      status: codeOf(health),
      body: (health.ready ? healthy : unhealthy) ?? { ready: health.ready },
    }),
  };
  return ({ method, url = "" }, response) => {
    const path = url.split("?", 1)[0] ?? "";
    const { status, body } = answers[path]?.() ?? notFound;
    const permitted = method === "GET" || method === "HEAD";
    if (!permitted) response.writeHead(405, { allow: "GET, HEAD" }).end();
    else if (typeof body === "string") response.writeHead(status, { "content-type": "text/plain" }).end(body);
    else response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
  };
}

interface Answer {
  readonly status: number;
  /** Text goes out as it is, anything else as JSON. */
  readonly body: unknown;
}

const notFound: Answer = { status: 404, body: { error: "not found; ask /livez, /readyz or /health/status" } };

function codeOf(health: Health): number {
  return health.ready ? 200 : 503;
}

/** From best to worst: the whole is as bad as its worst part. */
const statuses: readonly StatusReport["status"][] = ["ok", "stopped", "starting", "degraded", "failed"];

function statusOf(health: Health): unknown {
  const reports = health.all();
  const worst = Math.max(0, ...reports.map(({ status }) => statuses.indexOf(status)));
  const components = reports.map(({ id, status, since, error, lastError }) => [
    id,
    {
      status,
      since: timeOf(since),
      error,
      last_error: lastError && { text: lastError.text, at: timeOf(lastError.at) },
    },
  ]);
  return { ready: health.ready, status: statuses[worst], components: Object.fromEntries(components) };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
