// Compression of our choice. grpc-js knows gzip and deflate, at zlib's level 6, which is five times as dear as level 1
// (docs/performance.md), compresses small messages too, and compresses again for every attempt. So where it frames a
// message, the compressed form that we have already is put into the frame. What is reached for behind its interface is in
// this file only; grpc-js is bundled in one version, and test/conformance holds it.
import assert from "node:assert/strict";
import type { Coding } from "../../sending/compress.ts";

export class FramedCompression {
  readonly #coding: Coding;
  readonly #compressed = new WeakMap<Uint8Array, Uint8Array>();
  #isRefused = false;

  constructor(coding: Coding) {
    this.#coding = coding;
  }

  /** Frames the messages of `channel`, whose options say nothing of compression. */
  install(channel: object): void {
    if (this.#coding === "none") return;
    const factory = memberOf(channel, "internalChannel", "filterStackFactory", "factories", "0");
    const create: unknown = Reflect.get(factory, "createFilter");
    assert(typeof create === "function", "grpc-js has changed");
    Reflect.set(factory, "createFilter", () => {
      const filter: unknown = Reflect.apply(create, factory, []);
      assert(isObject(filter), "grpc-js has changed");
      if (this.#isTakenBy(memberOf(factory, "sharedFilterConfig"))) {
        const frame = async (message: Uint8Array): Promise<Uint8Array> => this.#frame(message);
        Reflect.set(memberOf(filter, "sendCompression"), "writeMessage", frame);
        Reflect.set(filter, "currentCompressionAlgorithm", this.#coding);
      }
      return filter;
    });
  }

  /** The backend cannot read what is compressed: from now on messages are plain. */
  refuse(): void {
    this.#isRefused = true;
  }

  /** Backends that say what they have, and that it is something else, get plain messages without a header. */
  #isTakenBy(known: object): boolean {
    const list: unknown = Reflect.get(known, "serverSupportedEncodingHeader");
    const isListed = typeof list !== "string" || list.split(",").some((name) => name.trim() === this.#coding);
    return isListed && !this.#isRefused;
  }

  /** Says that `message` has a compressed form. */
  set(message: Uint8Array, compressed: Uint8Array): void {
    this.#compressed.set(message, compressed);
  }

  /** Flag and length, then the message: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md. */
  #frame(message: Uint8Array): Uint8Array {
    const compressed = this.#compressed.get(message);
    const body = compressed ?? message;
    const frame = Buffer.allocUnsafe(5 + body.length);
    frame.writeUInt8(compressed === undefined ? 0 : 1, 0);
    frame.writeUInt32BE(body.length, 1);
    frame.set(body, 5);
    return frame;
  }
}

function memberOf(start: object, ...path: readonly string[]): object {
  return path.reduce<object>((inner, key) => {
    const next: unknown = Reflect.get(inner, key);
    assert(isObject(next), `grpc-js has changed: no ${key}`);
    return next;
  }, start);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
