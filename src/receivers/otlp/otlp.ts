// The door for OTLP. Each protocol is a component of its own: settings here, sockets in its file.
import { validateHeaderName, validateHeaderValue } from "node:http";
import { createSecureContext } from "node:tls";
import { z } from "zod";
import { signals } from "../../core/batch.ts";
import { type Component, type Doors, type Files, type Objection, receiver } from "../../core/component.ts";
import type { Host } from "../../core/host.ts";
import { section } from "../../core/settings.ts";
import { tlsObjections } from "../../core/tls.ts";
import { GrpcServer } from "./grpc-server.ts";
import { grpcSettings } from "./grpc-settings.ts";
import { HttpServer } from "./http-server.ts";
import { type HttpSettings, httpSettings } from "./http-settings.ts";
import { codingOf, codings } from "./inflate.ts";
import { endpointObjections, type ListenerSettings } from "./listener.ts";

const settings = z.strictObject({
  protocols: section(
    z.strictObject({
      grpc: section(grpcSettings, "OTLP over gRPC. Absent: off.").optional(),
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

function* check({ protocols }: Settings, files: Files): Iterable<Objection> {
  const { grpc, http } = protocols;
  if (!grpc && !http) yield { path: ["protocols"], text: "must name a protocol; write `grpc:` or `http:`" };
  if (grpc) yield* below(["protocols", "grpc"], listenerObjections(grpc, files));
  if (http) yield* below(["protocols", "http"], httpObjections(http, files));
}

function* httpObjections(http: HttpSettings, files: Files): Iterable<Objection> {
  yield* listenerObjections(http, files);
  if (http.max_request_body_size < 1) yield { path: ["max_request_body_size"], text: "must be positive" };
  const named = http.compression_algorithms ?? [];
  if (0 < named.length && named.every((name) => codingOf(name) === undefined)) {
    const text = `this Node.js has none of them; it has ${codings.join(", ")}`;
    yield { path: ["compression_algorithms"], text };
  }
  for (const [name, value] of Object.entries(http.response_headers)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      yield { path: ["response_headers", name], text: "must be a header name with a value of one line" };
    }
  }
}

function* listenerObjections(settings: ListenerSettings, files: Files): Iterable<Objection> {
  yield* endpointObjections(settings);
  const { tls } = settings;
  if (tls === undefined) return;
  if (tls.cert_file === undefined && tls.key_file === undefined) {
    yield { path: ["tls"], text: "must name cert_file and key_file" };
  }
  yield* below(["tls"], tlsObjections(tls, files, createSecureContext));
}

function* below(path: readonly string[], objections: Iterable<Objection>): Iterable<Objection> {
  for (const objection of objections) yield { ...objection, path: [...path, ...objection.path] };
}

function create({ protocols }: Settings, doors: Doors, host: Host): Required<Component> {
  const servers: Required<Component>[] = [];
  if (protocols.grpc) servers.push(new GrpcServer(protocols.grpc, doors, host));
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
