// Bodies in memory: how much of them there may be, whichever protocol they come by.
import { Refused } from "../../core/refused.ts";

/** Bodies that are being read or handed in may together take this many times the largest one. */
const bodiesAtOnce = 4;

/** What one body may have, in bytes, and the setting that says so. */
export interface BodyLimit {
  readonly bytes: number;
  readonly setting: string;
}

/** Bytes of all requests that are in the works. What comes on top is refused before it is kept. */
export class BodyBudget {
  readonly #limit: BodyLimit;
  #used = 0;

  constructor(limit: BodyLimit) {
    this.#limit = limit;
  }

  /** The share of one request. */
  hold(): Held {
    let own = 0;
    return {
      limit: this.#limit.bytes,
      grow: (bytes, length) => {
        if (this.#limit.bytes < length) throw tooLarge(this.#limit);
        if (bodiesAtOnce * this.#limit.bytes < this.#used + bytes)
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
  /** Largest body, in bytes. */
  readonly limit: number;
  /** Asks for `bytes` more, which make a body of `length` in all. Throws `Refused`. */
  grow(bytes: number, length: number): void;
  release(): void;
}

export function tooLarge({ bytes, setting }: BodyLimit): Refused {
  return new Refused("too_large", `the body is larger than ${bytes} bytes; send smaller batches or raise ${setting}`);
}

/** In memory of its own: chunks are parts of larger buffers, which a queued request must not keep alive. */
export function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
