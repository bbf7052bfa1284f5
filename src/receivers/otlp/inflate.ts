// Decompression, bounded while it goes on. Both protocols use the same codings.
import * as zlib from "node:zlib";
import { Refused } from "../../core/refused.ts";
import { type Held, join } from "./bodies.ts";

export type Coding = "identity" | "gzip" | "deflate" | "zstd";
type Compressed = Exclude<Coding, "identity">;

interface Inflater {
  readonly inOneCall: (received: Uint8Array, options: zlib.ZlibOptions) => Buffer;
  readonly stream: (options: zlib.ZlibOptions) => zlib.Gunzip;
}

// Node.js has zstd since 22.15; the types are those of the oldest that we run on.
const zstd: Partial<Inflater> = {
  inOneCall: Reflect.get(zlib, "zstdDecompressSync"),
  stream: Reflect.get(zlib, "createZstdDecompress"),
};
const inflaters: Readonly<Record<Compressed, Partial<Inflater>>> = {
  gzip: { inOneCall: zlib.gunzipSync, stream: zlib.createGunzip },
  deflate: { inOneCall: zlib.inflateSync, stream: zlib.createInflate },
  zstd,
};

/** The codings that this runtime has, as they are named on the wire. */
export const codings: readonly Coding[] = [
  "gzip",
  "deflate",
  ...(zstd.inOneCall && zstd.stream ? (["zstd"] as const) : []),
  "identity",
];

const otherNames: Readonly<Record<string, Coding>> = { "": "identity", "x-gzip": "gzip", zlib: "deflate" };

/** The coding that a header names, or undefined when this runtime has none of that name. */
export function codingOf(header: string | undefined): Coding | undefined {
  const name = header?.trim().toLowerCase() ?? "";
  return codings.find((coding) => coding === name) ?? (Object.hasOwn(otherNames, name) ? otherNames[name] : undefined);
}

const small = { receivedMax: 64 * 1024, plainMax: 4 * 1024 ** 2 } as const;

/** The plain body. Rejects with `Refused`: "malformed" when it is not of that coding, else what `held` throws. */
export async function inflate(received: Uint8Array, coding: Coding, held: Held): Promise<Uint8Array> {
  if (coding === "identity" || received.length === 0) return received;
  const { inOneCall, stream } = inflaters[coding];
  if (!inOneCall || !stream) throw new Refused("malformed", `the body is ${coding}, which this runtime does not have`);
  try {
    return inflateSmall(received, inOneCall, held) ?? (await inflateLarge(received, stream, held));
  } catch (error) {
    if (error instanceof Refused) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new Refused("malformed", `the body is no ${coding}: ${why}`, { cause: error });
  }
}

/**
 * In one call: for usual bodies a stream costs up to twice as much (docs/performance.md), and 4 MiB take 7 ms at most.
 * Undefined when there is more than that.
 */
function inflateSmall(received: Uint8Array, inOneCall: Inflater["inOneCall"], held: Held): Uint8Array | undefined {
  if (small.receivedMax < received.length) return undefined;
  const maxOutputLength = Math.min(held.limit, small.plainMax);
  // One chunk of about the right size saves growing; OTLP compresses 4 to 8 times.
  const chunkSize = Math.max(1024, received.length * 8);
  try {
    const plain = inOneCall(received, { maxOutputLength, chunkSize });
    held.grow(plain.length, plain.length);
    return plain.buffer.byteLength === plain.length ? new Uint8Array(plain.buffer) : new Uint8Array(plain);
  } catch (error) {
    if (error instanceof RangeError && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") return undefined;
    throw error;
  }
}

async function inflateLarge(received: Uint8Array, stream: Inflater["stream"], held: Held): Promise<Uint8Array> {
  const inflater = stream({ chunkSize: 64 * 1024 });
  const chunks: Uint8Array[] = [];
  let length = 0;
  inflater.end(received);
  // Leaving the loop by an exception destroys the stream, so that a bomb costs no more than the limit.
  for await (const chunk of inflater) {
    length += chunk.length;
    held.grow(chunk.length, length);
    chunks.push(chunk);
  }
  return join(chunks, length);
}
