// `/metrics` for Prometheus.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Component } from "../core/component.ts";
import type { Host } from "../core/host.ts";
import { type Address, addressText, listen, unlisten } from "../core/listening.ts";
import type { ReadableMeter } from "./meter.ts";

const connectionsMax = 32;
const requestMs = 10_000;

type EndpointHost = Pick<Host, "log" | "listen">;

/** Answers scrapes on `address`; the line of its start names the real port. */
export function metricsEndpoint(address: Address, meter: ReadableMeter, host: EndpointHost): Component {
  const server: Server = createServer({ requestTimeout: requestMs, headersTimeout: requestMs }, (request, response) => {
    answer(request, response, meter).catch((error: unknown) => {
      host.log.error("cannot tell own metrics", { error });
      response.writeHead(500).end();
    });
  });
  server.maxConnections = connectionsMax;
  return {
    async start() {
      const endpoint = addressText(await listen(server, address, host));
      host.log.info("serving own metrics", { endpoint, path: "/metrics" });
    },
    stop: (deadline) => unlisten(server, deadline),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, meter: ReadableMeter): Promise<void> {
  if (request.url?.split("?")[0] !== "/metrics") {
    response.writeHead(404).end("not found; metrics are at /metrics\n");
  } else if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
  } else {
    const text = await meter.exposition();
    response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text);
  }
}
