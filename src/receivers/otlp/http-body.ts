// Bodies, bounded three times: as received, as decompressed, and all that are in the works together.
import type { IncomingMessage } from "node:http";
import { createGunzip, createInflate, gunzipSync, inflateSync } from "node:zlib";
import { Refused } from "../../core/refused.ts";

export type Coding = "identity" | "gzip" | "deflate";

/** The content coding of a request, or undefined when it is none of ours. */
export function codingOf(header: string | undefined): Coding | undefined {
  switch (header?.trim().toLowerCase()) {
    case undefined:
    case "":
    case "identity":
      return "identity";
    case "gzip":
    case "x-gzip":
      return "gzip";
    case "deflate":
    case "zlib":
      return "deflate";
    default:
      return undefined;
  }
}

/** The client closed the connection before its request was whole. */
export class Interrupted extends Error {}

/** Bytes of all requests that are in the works. What comes on top is refused before it is kept. */
export class BodyBudget {
  readonly #max: number;
  #used = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** The share of one request, whose body may have `limit` bytes. */
  hold(limit: number): Held {
    let own = 0;
    return {
      limit,
      grow: (bytes, length) => {
        if (limit < length) throw tooLarge(limit);
        if (this.#max < this.#used + bytes)
          throw new Refused("overloaded", `requests of ${this.#used} bytes are being read`);
        this.#used += bytes;
        own += bytes;
      },
      release: () => {
        this.#used -= own;
        own = 0;
      },
    };
  }
}

export interface Held {
  readonly limit: number;
  /** Asks for `bytes` more, which make `length` in all. Throws `Refused`. */
  grow(bytes: number, length: number): void;
  release(): void;
}

export function tooLarge(limit: number): Refused {
  const what = `the body is larger than ${limit} bytes`;
  return new Refused("too_large", `${what}; send smaller batches or raise max_request_body_size`);
}

/** The whole body in memory of its own. Rejects with `Refused` as soon as there is more than `held` allows. */
export function readBody(request: IncomingMessage, held: Held): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const onData = (chunk: Uint8Array): void => {
      length += chunk.length;
      try {
        held.grow(chunk.length, length);
        chunks.push(chunk);
      } catch (refused) {
        request.off("data", onData);
        request.pause();
        reject(refused);
      }
    };
    request.on("data", onData);
    request.on("end", () => resolve(join(chunks, length)));
    request.on("error", (cause) => reject(new Interrupted("request cut short", { cause })));
    request.on("close", () => reject(new Interrupted("request cut short")));
  });
}

const small = { receivedMax: 64 * 1024, plainMax: 4 * 1024 ** 2 } as const;

/** The plain body. Rejects with `Refused("malformed")` when it is not of that coding, else as `readBody`. */
export async function inflate(received: Uint8Array, coding: Coding, held: Held): Promise<Uint8Array> {
  if (coding === "identity" || received.length === 0) return received;
  try {
    return inflateSmall(received, coding, held) ?? (await inflateLarge(received, coding, held));
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
function inflateSmall(received: Uint8Array, coding: "gzip" | "deflate", held: Held): Uint8Array | undefined {
  if (small.receivedMax < received.length) return undefined;
  const maxOutputLength = Math.min(held.limit, small.plainMax);
  // One chunk of about the right size saves growing; OTLP compresses 4 to 8 times.
  const chunkSize = Math.max(1024, received.length * 8);
  try {
    const plain = (coding === "gzip" ? gunzipSync : inflateSync)(received, { maxOutputLength, chunkSize });
    held.grow(plain.length, plain.length);
    return plain.buffer.byteLength === plain.length ? new Uint8Array(plain.buffer) : Uint8Array.from(plain);
  } catch (error) {
    if (error instanceof RangeError && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") return undefined;
    throw error;
  }
}

async function inflateLarge(received: Uint8Array, coding: "gzip" | "deflate", held: Held): Promise<Uint8Array> {
  const inflater = (coding === "gzip" ? createGunzip : createInflate)({ chunkSize: 64 * 1024 });
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

/** In memory of its own: chunks are parts of larger buffers, which a queued request must not keep alive. */
function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
