// Clients that send and never read: what they are answered would stay in memory, and their connections for ever.
import type { Socket } from "node:net";
import type { Host } from "../../core/host.ts";

interface Look {
  /** Bytes that the kernel has not taken yet, at the last look. */
  waiting: number;
  /** When they were fewer than before for the last time; monotonic milliseconds. */
  since: number;
}

/** The open connections of a server, with a look at them from time to time. */
export class UnreadAnswers {
  readonly #looks = new Map<Socket, Look>();

  add(socket: Socket): void {
    this.#looks.set(socket, { waiting: 0, since: 0 });
    socket.once("close", () => this.#looks.delete(socket));
  }

  /** Ends connections whose client has read nothing of what waits for it for so long. Returns the way to stop. */
  watch(host: Host, timeoutMs: number): () => void {
    if (timeoutMs === 0) return () => undefined;
    return host.clock.every(Math.max(1, timeoutMs / 4), () => {
      const now = host.clock.monotonic();
      for (const [socket, look] of this.#looks) {
        const waiting = socket.writableLength;
        if (waiting === 0 || waiting < look.waiting) look.since = now;
        look.waiting = waiting;
        if (waiting > 0 && look.since + timeoutMs <= now) socket.destroy();
      }
    });
  }
}
