// The door for OTLP. Each protocol is a component of its own: settings here, sockets in its file.
import { z } from "zod";
import { signals } from "../../core/batch.ts";
import { type Component, type Doors, type Objection, receiver } from "../../core/component.ts";
import type { Host } from "../../core/host.ts";
import { section } from "../../core/settings.ts";
import { HttpServer } from "./http-server.ts";
import { httpSettings } from "./http-settings.ts";

const settings = z.strictObject({
  protocols: section(
    z.strictObject({
      http: section(httpSettings, "OTLP over HTTP, protobuf and JSON. Absent: off.").optional(),
    }),
    "What to listen for, at least one.",
  ).prefault({}),
});

type Settings = z.output<typeof settings>;

export const otlp = receiver({
  type: "otlp",
  summary: "Takes OTLP from applications and collectors.",
  signals,
  settings,
  check,
  create,
});

function* check({ protocols }: Settings): Iterable<Objection> {
  if (protocols.http === undefined) yield { path: ["protocols"], text: "must name a protocol; write `http:`" };
  else if (protocols.http.max_request_body_size < 1) {
    yield { path: ["protocols", "http", "max_request_body_size"], text: "must be positive" };
  }
}

function create({ protocols }: Settings, doors: Doors, host: Host): Required<Component> {
  const servers: Required<Component>[] = [];
  if (protocols.http) servers.push(new HttpServer(protocols.http, doors, host));
  return {
    async start() {
      for (const server of servers) await server.start();
    },
    async stop(deadline) {
      await Promise.all(servers.map((server) => server.stop(deadline)));
    },
  };
}
