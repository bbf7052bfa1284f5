// Sends OTLP over gRPC. One attempt is here, and what an answer means in `answer.ts`; queue, batches and retries are
// `sending/`, the same for every exporter.
import { createSecureContext } from "node:tls";
import { type Encoded, signals } from "../../core/batch.ts";
import {
  type Batching,
  type Component,
  type Exporter,
  exporter,
  type Files,
  type Objection,
} from "../../core/component.ts";
import type { Host } from "../../core/host.ts";
import { tlsObjections } from "../../core/tls.ts";
import { attempt } from "../../sending/attempt.ts";
import { compress, isAvailable, withoutCoding } from "../../sending/compress.ts";
import type { PushResult } from "../../sending/delivery.ts";
import { createSender } from "../../sending/sender.ts";
import { sendingObjections } from "../../sending/settings.ts";
import { isCodingUnknown, resultOf } from "./answer.ts";
import { GrpcClient } from "./client.ts";
import { type GrpcExporterSettings, grpcExporterSettings } from "./settings.ts";

export const otlpGrpc = exporter({
  type: "otlp_grpc",
  aliases: ["otlp"],
  summary: "Sends OTLP over gRPC to a backend or another collector.",
  signals,
  settings: grpcExporterSettings,
  check,
  create,
});

function* check(given: GrpcExporterSettings, files: Files): Iterable<Objection> {
  if (given.endpoint === undefined) {
    yield { path: ["endpoint"], text: "must be set; write the address of the backend, such as localhost:4317" };
  }
  for (const [name, value] of Object.entries(given.headers)) {
    // Says nothing of the value: it may be a secret.
    if (/^[0-9a-z_.-]+$/i.test(name) && !/^grpc-/i.test(name) && /^[ -~]*$/.test(String(value))) continue;
    yield {
      path: ["headers", name],
      text: "must be a name of metadata, not of grpc-, with a value in printable ASCII",
    };
  }
  for (const { path, text } of tlsObjections(given.tls, files, createSecureContext)) {
    yield { path: ["tls", ...path], text };
  }
  if (!isAvailable(given.compression)) yield { path: ["compression"], text: withoutCoding(given.compression) };
  yield* sendingObjections(given);
}

function create(
  given: GrpcExporterSettings,
  batching: Batching | undefined,
  host: Host,
): Exporter & Required<Component> {
  const client = new GrpcClient(given);
  const { endpoint = "", compression, compression_params, retry_on_resource_exhausted, timeout } = given;

  async function push({ signal, bytes }: Encoded, over: AbortSignal): Promise<PushResult> {
    const { bytes: body, coding } = await compress(bytes, compression, compression_params.level);
    return attempt({ clock: host.clock, timeoutMs: timeout, over }, async (abort) => {
      const answer = await client.export(signal, bytes, coding === undefined ? undefined : body, abort);
      if (coding === undefined || !isCodingUnknown(answer))
        return resultOf(answer, endpoint, retry_on_resource_exhausted);
      client.goPlain();
      return { kind: "retryable", reason: `${endpoint} cannot read ${coding}; goes on without compression` };
    });
  }

  const sender = createSender(given, batching, push, host);
  return {
    reserve: (bytes, load) => sender.reserve(bytes, load),
    async start() {
      await client.open();
      await sender.start();
    },
    async stop(deadline) {
      await sender.stop(deadline);
      client.close();
    },
  };
}
