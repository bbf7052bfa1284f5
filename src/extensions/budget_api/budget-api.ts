// Answers over HTTP what tenants spent and what is left of their budgets.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { z } from "zod";
import { type Component, extension } from "../../core/component.ts";
import type { Host } from "../../core/host.ts";
import { addressText, listen, unlisten } from "../../core/listening.ts";
import { listenAddress, parseAddress } from "../../core/settings.ts";
import { ledgerReaders } from "../../ledger/ledger-reader.ts";
import { budgetRoutes } from "./routes.ts";

const connectionsMax = 128;
const requestMs = 10_000;
/** A tenant of 8,192 characters fits, percent-encoded, where most of them are ASCII. */
const headerBytesMax = 32 * 1024;

export const budgetApi = extension({
  type: "budget_api",
  summary: "Tells over HTTP what tenants spent, and what is left of their budgets.",
  signals: [],
  settings: z.strictObject({
    endpoint: listenAddress(
      "localhost:4319",
      "Where to listen; a loopback address, since anybody who reaches it may read.",
    ),
  }),
  *check({ endpoint }) {
    if (isLoopback(parseAddress(endpoint)?.host ?? "")) return;
    const text = `must be a loopback address such as localhost:4319, not ${JSON.stringify(endpoint)}; there is no authentication that would keep others out`;
    yield { path: ["endpoint"], text };
  },
  create: ({ endpoint }, host) => budgetServer(endpoint, host),
});

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function budgetServer(endpoint: string, host: Host): Component {
  const address = parseAddress(endpoint);
  assert(address, "the schema lets only addresses through");
  const routes = budgetRoutes(() => ledgerReaders.get(host.common) ?? [], host);
  const limits = { requestTimeout: requestMs, headersTimeout: requestMs, maxHeaderSize: headerBytesMax };
  // The types of hono and Node.js differ in HTTP/2, which is not spoken here.
  const listener = getRequestListener((request, env) => routes.fetch(request, env), { overrideGlobalObjects: false });
  const server = createServer(limits, (incoming, outgoing) => {
    // No call takes a body, so none is read: what a body would leave on the connection ends with it.
    if (hasBody(incoming.headers)) outgoing.setHeader("connection", "close");
    void listener(incoming, outgoing);
  });
  server.maxConnections = connectionsMax;
  return {
    async start() {
      host.log.info("answering about budgets", { endpoint: addressText(await listen(server, address, host)) });
    },
    stop: (deadline) => unlisten(server, deadline),
  };
}

function hasBody(headers: Readonly<Record<string, string | string[] | undefined>>): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}
