// Requests that wait for room in a full queue, in the order in which they came: `block_on_overflow`. Their senders are
// not answered meanwhile. How long and how many is bounded, so that a backend that is down does not fill the memory.
import type { Clock } from "../core/host.ts";
import { Refused } from "../core/refused.ts";
import type { Load, Room } from "./queue.ts";

export interface OverflowOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Bytes of all requests that may wait. */
  readonly bytesMax: number;
  /** Room in the queue, or `Refused`. */
  reserve(bytes: number, load: Load | undefined): Room;
  /** Told of every request that waited in vain. */
  refused(reason: Refused, load: Load | undefined): void;
}

/** A place in the line. */
export interface Turn {
  /** Resolves when there is room, rejects with `Refused` when there was none in time. */
  readonly ready: Promise<void>;
  /** The room. Asked for once `ready` has resolved. */
  readonly room: Room;
  /** Leaves the line, or gives the room back. */
  release(): void;
}

interface Waiting {
  readonly bytes: number;
  readonly load: Load | undefined;
  grant(room: Room): void;
  refuse(reason: Refused): void;
}

export class Overflow {
  readonly #options: OverflowOptions;
  /** Oldest first. */
  readonly #line = new Set<Waiting>();
  #bytes = 0;

  constructor(options: OverflowOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#line.size === 0;
  }

  /** Throws `Refused` when too much waits already. */
  wait(bytes: number, load: Load | undefined): Turn {
    const { clock, timeoutMs, bytesMax } = this.#options;
    if (bytesMax < this.#bytes + bytes)
      throw new Refused("overloaded", `the sending queue is full, and ${this.#bytes} bytes wait for room already`);
    const left = new AbortController();
    let granted: Room | undefined;
    let waiting: Waiting | undefined;
    const leave = (): void => {
      left.abort();
      if (waiting && this.#line.delete(waiting)) this.#bytes -= bytes;
    };
    const ready = new Promise<void>((resolve, reject) => {
      waiting = {
        ...{ bytes, load },
        grant(room) {
          leave();
          granted = room;
          resolve();
        },
        refuse(reason) {
          leave();
          reject(reason);
        },
      };
      this.#line.add(waiting);
      this.#bytes += bytes;
    });
    // Who asked may have been refused elsewhere, and does not look at it any more.
    ready.catch(() => undefined);
    void clock.sleep(timeoutMs, left.signal).then(() => {
      if (!left.signal.aborted) this.#refuse(waiting, `the sending queue had no room within ${timeoutMs} ms`);
    });
    return {
      ready,
      get room(): Room {
        if (granted === undefined) throw new Error("there is no room yet");
        return granted;
      },
      release: () => {
        leave();
        granted?.release();
      },
    };
  }

  /** Looks whether there is room by now. */
  serve(): void {
    for (const waiting of this.#line) {
      try {
        waiting.grant(this.#options.reserve(waiting.bytes, waiting.load));
      } catch (cause) {
        if (!(cause instanceof Refused)) throw cause;
        if (cause.code === "overloaded") return;
        this.#options.refused(cause, waiting.load);
        waiting.refuse(cause);
      }
    }
  }

  /** There will be no room any more. */
  end(): void {
    for (const waiting of this.#line) waiting.refuse(new Refused("unavailable", "stopping"));
  }

  #refuse(waiting: Waiting | undefined, text: string): void {
    if (waiting === undefined) return;
    const reason = new Refused("overloaded", text);
    this.#options.refused(reason, waiting.load);
    waiting.refuse(reason);
  }
}
