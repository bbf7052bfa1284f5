// The rows of the codec table. Each gives a function from the bytes of a request to the bytes that leave.
import { resolve } from "node:path";
import protoLoader from "@grpc/proto-loader";
import { components } from "../../src/components.ts";
import type { Kind, Processor } from "../../src/core/component.ts";
import type { Host } from "../../src/core/host.ts";
import { systemClock } from "../../src/core/system-clock.ts";
import { jsonToProto } from "../../src/otlp/json.ts";
import { TraceBatches } from "../../src/otlp/trace-batch.ts";
import { decode, requestTypes, toOtlpJson } from "../support/otlp-oracle.ts";
import { type RequestObject, transformObjects } from "./objects.ts";
import { transformBytes } from "./spans.ts";
import { staticCodec } from "./static-codec.ts";

export type Codec = (bytes: Uint8Array) => unknown;

export interface CodecRow {
  readonly name: string;
  readonly about: string;
  open(): Promise<Codec> | Codec;
  /** What the codec is fed with, when it is not the request in protobuf. */
  readonly input?: (bytes: Uint8Array) => Uint8Array;
}

export const codecRows: readonly CodecRow[] = [
  { name: "memcpy", about: "copy of the request into a batch of 4 MiB", open: memcpy },
  { name: "slice", about: "copy of the request into new memory", open: () => (bytes) => bytes.slice() },
  { name: "ours", about: "index, transform, splice", open: () => transformBytes },
  { name: "ours-index", about: "index alone", open: () => throughProcessors([]) },
  {
    name: "ours-real",
    about: "index, gen_ai_normalizer, gen_ai_call, gen_ai_cost, splice",
    open: () => throughProcessors(["gen_ai_normalizer", "gen_ai_call", "gen_ai_cost"]),
  },
  { name: "protobufjs-static", about: "protobufjs 7, generated classes, transform on objects", open: protobufjsStatic },
  {
    name: "protobufjs-reflection",
    about: "protobufjs 7, reflection, transform on objects",
    open: protobufjsReflection,
  },
  { name: "proto-loader", about: "@grpc/proto-loader, transform on objects", open: throughLoader },
  {
    name: "json",
    about: "OTLP/JSON to protobuf, ours",
    open: () => (json) => jsonToProto("traces", json),
    input: toJson,
  },
  { name: "json-parse", about: "JSON.parse alone", open: () => parse, input: toJson },
];

/** Requests one behind the other, as a batch collects them: what has to be moved whatever the codec does. */
function memcpy(): Codec {
  const batch = new Uint8Array(4 * 1024 * 1024);
  let at = 0;
  return (bytes) => {
    if (batch.length - at < bytes.length) at = 0;
    batch.set(bytes, at);
    at += bytes.length;
  };
}

function throughProcessors(types: readonly string[]): Codec {
  const processors = types.map((type) => create(type));
  const batches = new TraceBatches(processors.flatMap(({ keys }) => (keys ? [keys] : [])));
  return (bytes) => {
    const context = { headers: {}, subject: undefined, peer: "" };
    const batch = batches.read({ signal: "traces", bytes, context, transport: "http" })[0]!;
    for (const processor of processors) processor.process(batch);
    const encoded = batch.encode();
    encoded.release?.();
    return encoded.bytes.length;
  };
}

function create(type: string): Processor {
  const kind = components.find((component) => component.kind === "processor" && component.about.type === type);
  if (kind === undefined) throw new Error(`no processor ${type}`);
  const files = {
    read: (path: string): Uint8Array => {
      throw new Error(`${path}: the bench reads no files`);
    },
  };
  const prepared = (kind as Kind<"processor", [host: Host], Processor>).prepare({}, files);
  if (!prepared.ok) throw new Error(`${type}: its defaults are refused`);
  return prepared.create(idleHost(type));
}

/** A host that counts nothing. */
function idleHost(type: string): Host {
  return {
    id: `processors.${type}`,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    meter: { add: () => undefined, set: () => undefined, watch: () => () => undefined },
    clock: systemClock,
    files: { read: () => new Uint8Array(), stamp: () => undefined },
    random: Math.random,
    pressure: { reason: undefined },
    health: { ready: true, all: () => [] },
    memory: () => ({
      rssBytes: 0,
      anonymousBytes: 0,
      heapBytes: 0,
      heapLimitBytes: 1,
      externalBytes: 0,
      limitBytes: 1,
    }),
    collectGarbage: () => undefined,
    listen: () => Promise.reject(new Error("nothing listens here")),
    print: () => undefined,
    report: () => undefined,
    common: {},
  };
}

async function protobufjsStatic(): Promise<Codec> {
  const type = await staticCodec();
  return (bytes) => {
    const request = type.decode(bytes);
    transformObjects(request as never);
    return type.encode(request).finish();
  };
}

function protobufjsReflection(): Codec {
  const type = requestTypes.traces;
  return (bytes) => {
    const request = type.decode(bytes);
    transformObjects(request as unknown as RequestObject);
    return type.encode(request).finish();
  };
}

function throughLoader(): Codec {
  const folder = resolve("proto");
  const loaded = protoLoader.loadSync("trace_service.proto", { includeDirs: [folder], longs: String, oneofs: false });
  const service = loaded["opentelemetry.proto.collector.trace.v1.TraceService"] as protoLoader.ServiceDefinition;
  const { requestDeserialize, requestSerialize } = service["Export"]!;
  return (bytes) => {
    const request = requestDeserialize(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    transformObjects(request as unknown as RequestObject);
    return requestSerialize(request);
  };
}

function toJson(bytes: Uint8Array): Uint8Array {
  return Buffer.from(JSON.stringify(toOtlpJson(decode("traces", bytes))));
}

/** From bytes, as a request comes. */
const parse: Codec = (json) => JSON.parse(Buffer.from(json.buffer, json.byteOffset, json.length).toString());
