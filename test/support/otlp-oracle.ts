// What protobufjs makes of OTLP bytes, on the files of `proto/`: the second opinion on everything in `src/otlp`.
// Names come in camelCase (`keepCase` is off), because that is how OTLP/JSON spells them. protobufjs 7 drops fields it
// does not know; `fieldsOf` keeps them, so that a test can say they survived.
import { resolve } from "node:path";
import protobuf from "protobufjs";
import type { Signal } from "../../src/core/batch.ts";

export type Plain = { [name: string]: unknown };

// From the working folder: the bench is a bundle, and lies elsewhere than this file.
const folder = resolve("proto");
const files = ["trace_service.proto", "metrics_service.proto", "logs_service.proto"];
const root = new protobuf.Root();
root.resolvePath = (_origin, target) => resolve(folder, target);
root.loadSync(files).resolveAll();

/** The message types by their full name, for tests that walk them. */
export const requestTypes: Readonly<Record<Signal, protobuf.Type>> = {
  traces: root.lookupType("opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest"),
  metrics: root.lookupType("opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest"),
  logs: root.lookupType("opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest"),
};

/** The request as plain objects: 64-bit numbers as decimal text, bytes as base64, NaN and infinities as text. */
export function decode(signal: Signal, bytes: Uint8Array): Plain {
  const type = requestTypes[signal];
  return type.toObject(type.decode(bytes), { longs: String, bytes: String, json: true }) as Plain;
}

/** As `decode`, with the zeros that absence means: equal for requests that say the same in other bytes. */
export function decodeFull(signal: Signal, bytes: Uint8Array): Plain {
  const type = requestTypes[signal];
  return type.toObject(type.decode(bytes), { longs: String, bytes: String, json: true, defaults: true }) as Plain;
}

/** Bytes of a request given as plain objects, in the form that `decode` returns or with numbers, bigints as text, byte arrays. */
export function encode(signal: Signal, request: Plain): Uint8Array {
  const type = requestTypes[signal];
  return Uint8Array.from(type.encode(type.fromObject(request)).finish());
}

/** The same request in OTLP/JSON: what `decode` returns with ids in hexadecimal. */
export function toOtlpJson(request: Plain): Plain {
  return mapNamed(request, (name, value) =>
    idNames.has(name) && typeof value === "string" ? Buffer.from(value, "base64").toString("hex") : undefined,
  );
}

const idNames: ReadonlySet<string> = new Set(["traceId", "spanId", "parentSpanId"]);

function mapNamed(value: Plain, change: (name: string, value: unknown) => unknown): Plain {
  const visit = (name: string, inner: unknown): unknown => {
    const changed = change(name, inner);
    if (changed !== undefined) return changed;
    if (Array.isArray(inner)) return inner.map((item) => visit("", item));
    return typeof inner === "object" && inner !== null ? mapNamed(inner as Plain, change) : inner;
  };
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, visit(name, inner)]));
}

/** One field as it stands on the wire: number, wire type, and a number, bytes in hexadecimal, or nested fields. */
export type WireField = readonly [number: number, wireType: number, value: bigint | string | readonly WireField[]];

/** All fields of a message in their order, known or not; what `type` knows as a message is opened. */
export function fieldsOf(type: protobuf.Type | undefined, bytes: Uint8Array): readonly WireField[] {
  const reader = protobuf.Reader.create(bytes);
  const fields: WireField[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const known = type?.fieldsById[tag >>> 3];
    fields.push([tag >>> 3, tag & 7, fieldValue(reader, tag & 7, known?.resolvedType ?? null)]);
  }
  return fields;
}

function fieldValue(reader: protobuf.Reader, wireType: number, nested: unknown): WireField[2] {
  switch (wireType) {
    case 0:
      return BigInt.asUintN(64, BigInt(reader.uint64().toString()));
    case 1:
      return BigInt(reader.fixed64().toString());
    case 2: {
      const content = reader.bytes();
      return nested instanceof protobuf.Type ? fieldsOf(nested, content) : Buffer.from(content).toString("hex");
    }
    case 5:
      return BigInt(reader.fixed32());
    default: {
      const start = reader.pos;
      reader.skipType(wireType);
      return Buffer.from(reader.buf.slice(start, reader.pos)).toString("hex");
    }
  }
}
