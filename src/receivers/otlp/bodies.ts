// Bodies in memory: how much of them there may be, whichever protocol they come by.
import type { Clock, Host } from "../../core/host.ts";
import { Refused } from "../../core/refused.ts";

/** Bodies that are being read or handed in may together take this many times the largest one, */
const bodiesAtOnce = 4;
/** and of the memory that there is no more than this part, unless there is only one. */
const memoryShare = 1 / 8;
/** Who takes longer than this gives way when there is no room for another. */
const unhurriedMs = 5_000;

/** What one body may have, in bytes, and the setting that says so. */
export interface BodyLimit {
  readonly bytes: number;
  readonly setting: string;
}

/**
 * Bytes of all requests that are in the works. What comes on top is refused before it is kept; but a client that takes
 * its time cannot keep the others out: when there is no room, its request gives way.
 */
export class BodyBudget {
  readonly #limit: BodyLimit;
  readonly #clock: Clock;
  /** Bytes of all together. */
  readonly #most: number;
  /** Bodies that are not whole, in the order of their beginning. */
  readonly #arriving = new Set<Share>();
  #used = 0;

  constructor(limit: BodyLimit, host: Host) {
    this.#limit = limit;
    this.#clock = host.clock;
    this.#most = Math.min(bodiesAtOnce * limit.bytes, host.memory().limitBytes * memoryShare);
  }

  /** The share of one request. `giveWay` is called, at most once, when it has to end for the sake of others. */
  hold(giveWay: (refused: Refused) => void): Held {
    const share: Share = { bytes: 0, since: this.#clock.monotonic(), giveWay };
    this.#arriving.add(share);
    return {
      limit: this.#limit.bytes,
      grow: (bytes, length) => {
        if (this.#limit.bytes < length) throw tooLarge(this.#limit);
        if (!this.#hasRoom(bytes, share)) this.#makeRoom(bytes, share);
        if (!this.#hasRoom(bytes, share))
          throw new Refused("overloaded", `requests of ${this.#used} bytes are being read`);
        this.#used += bytes;
        share.bytes += bytes;
      },
      arrived: () => void this.#arriving.delete(share),
      release: () => this.#release(share),
    };
  }

  #hasRoom(bytes: number, own: Share): boolean {
    return this.#used + bytes <= this.#most || this.#used === own.bytes;
  }

  #makeRoom(bytes: number, own: Share): void {
    for (const share of this.#arriving) {
      if (this.#clock.monotonic() < share.since + unhurriedMs || this.#hasRoom(bytes, own)) return;
      if (share === own) continue;
      this.#release(share);
      share.giveWay(
        new Refused("overloaded", `the request took longer than ${unhurriedMs} ms, and others need the room`),
      );
    }
  }

  #release(share: Share): void {
    this.#arriving.delete(share);
    this.#used -= share.bytes;
    share.bytes = 0;
  }
}

interface Share {
  bytes: number;
  /** Monotonic milliseconds. */
  readonly since: number;
  readonly giveWay: (refused: Refused) => void;
}

export interface Held {
  /** Largest body, in bytes. */
  readonly limit: number;
  /** Asks for `bytes` more, which make a body of `length` in all. Throws `Refused`. */
  grow(bytes: number, length: number): void;
  /** The body is whole, and does not give way any more. */
  arrived(): void;
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
