// Requests for the doors: captured and generated ones, with something wrong in the message, in its compression or in
// both. The same number of the same seed is the same request, so that what went wrong can be had again.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as zlib from "node:zlib";
import fc from "fast-check";
import { type Signal, signals } from "../../src/core/batch.ts";
import { requests } from "../support/arbitrary-otlp.ts";
import { frameOf } from "../support/grpc-frames.ts";
import { mutated, mutatedOnce } from "../support/mutations.ts";
import { decode, toOtlpJson } from "../support/otlp-oracle.ts";
import { seededRandom } from "../support/random.ts";

export type Coding = "identity" | "gzip" | "deflate" | "zstd";
/**
 * `none`: as an emitter sent it. `message`, `packed`, `both`: bytes are wrong before compression, after it, or twice.
 * `bomb`: more than the limit once it is decompressed. `frame`: the five bytes before a gRPC message are wrong.
 */
export type Damage = "none" | "message" | "packed" | "both" | "bomb" | "frame";

export interface DoorRequest {
  readonly number: number;
  readonly transport: "http" | "grpc";
  readonly signal: Signal;
  readonly form: "protobuf" | "json";
  readonly coding: Coding;
  readonly damage: Damage;
  /** The body over HTTP; over gRPC the frame. */
  readonly body: Uint8Array;
  /** Whether the body, decompressed as far as that goes, is larger than the limit. */
  readonly isTooLarge: () => boolean;
}

/** Makes the request of a number. `limitBytes` is that of the doors. */
export function doorRequests(seed: number, limitBytes: number): (number: number) => DoorRequest {
  const originals = { protobuf: byForm((_, bytes) => bytes), json: byForm(jsonOf) };
  const bomb = new Uint8Array(limitBytes + 1);
  return (number) => {
    const random = seededRandom(Math.imul(seed, 0x9e3779b1) + number);
    const transport = random() < 0.5 ? "http" : "grpc";
    const form = transport === "http" && random() < 0.5 ? "json" : "protobuf";
    const damage = damageOf(random, transport);
    const signal = damage === "none" || random() < 0.8 ? "traces" : pick(random, signals);
    const coding = damage === "bomb" ? "gzip" : pick(random, codings);
    const { captured, generated } = originals[form][signal];
    const original = pick(random, damage === "none" ? captured : [...captured, ...generated]);
    const message = damage === "message" || damage === "both" ? mutated(original, random) : original;
    const whole = packed(damage === "bomb" ? bomb : message, coding);
    const sent = damage === "packed" || damage === "both" ? mutatedOnce(whole, random) : whole;
    const frame = transport === "grpc" ? frameOf(sent, { compressed: coding !== "identity" }) : sent;
    const body = damage === "frame" ? withWrongHead(frame, random) : frame;
    return {
      number,
      transport,
      signal,
      form,
      coding,
      damage,
      body,
      isTooLarge: () => isLarger(sent, coding, limitBytes),
    };
  };
}

interface Originals {
  /** As emitters sent them. */
  readonly captured: readonly Uint8Array[];
  /** Right, and as nobody sends them. */
  readonly generated: readonly Uint8Array[];
}

function byForm(form: (signal: Signal, bytes: Uint8Array) => Uint8Array): Readonly<Record<Signal, Originals>> {
  const of = (signal: Signal): Originals => ({
    captured: signal === "traces" ? captures().map((bytes) => form(signal, bytes)) : [],
    generated: fc
      .sample(requests[signal], { numRuns: 100, seed: 7 })
      .filter((bytes) => bytes.length > 20)
      .map((bytes) => form(signal, bytes)),
  });
  return { traces: of("traces"), metrics: of("metrics"), logs: of("logs") };
}

function captures(): readonly Uint8Array[] {
  // From the working folder: `npm run test:doors` is a bundle, and lies elsewhere than this file.
  const folder = resolve("test/corpora");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".pb"))
    .sort()
    .map((name) => new Uint8Array(readFileSync(join(folder, name))));
}

function jsonOf(signal: Signal, bytes: Uint8Array): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(toOtlpJson(decode(signal, bytes))));
}

function damageOf(random: () => number, transport: DoorRequest["transport"]): Damage {
  const dice = random();
  if (dice < 0.02) return "none";
  if (dice < 0.021) return "bomb";
  if (dice < 0.031 && transport === "grpc") return "frame";
  if (dice < 0.7) return "message";
  return dice < 0.9 ? "packed" : "both";
}

// Node.js has zstd since 22.15; the types are those of the oldest that we run on.
const zstd: { pack?: (bytes: Uint8Array) => Uint8Array; unpack?: Unpack } = {
  pack: Reflect.get(zlib, "zstdCompressSync"),
  unpack: Reflect.get(zlib, "zstdDecompressSync"),
};
type Unpack = (bytes: Uint8Array, options: zlib.ZlibOptions) => Uint8Array;

/** Half of all requests are plain. */
const codings: readonly Coding[] = [
  ...Array<Coding>(6).fill("identity"),
  ...Array<Coding>(4).fill("gzip"),
  "deflate",
  zstd.pack ? "zstd" : "deflate",
];

function packed(bytes: Uint8Array, coding: Coding): Uint8Array {
  if (coding === "gzip") return zlib.gzipSync(bytes, { level: 1 });
  if (coding === "deflate") return zlib.deflateSync(bytes, { level: 1 });
  return coding === "zstd" && zstd.pack ? zstd.pack(bytes) : bytes;
}

function isLarger(bytes: Uint8Array, coding: Coding, limitBytes: number): boolean {
  const unpack: Unpack | undefined = {
    identity: undefined,
    gzip: zlib.gunzipSync,
    deflate: zlib.inflateSync,
    zstd: zstd.unpack,
  }[coding];
  if (unpack === undefined) return limitBytes < bytes.length;
  try {
    unpack(bytes, { maxOutputLength: limitBytes });
    return false;
  } catch (error) {
    return error instanceof RangeError && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
  }
}

function withWrongHead(frame: Uint8Array, random: () => number): Uint8Array {
  const copy = frame.slice();
  copy[Math.floor(random() * 5)] = Math.floor(random() * 256);
  return random() < 0.5 ? copy : copy.slice(0, Math.floor(random() * copy.length));
}

function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!;
}
