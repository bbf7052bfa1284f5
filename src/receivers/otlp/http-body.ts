import type { IncomingMessage } from "node:http";
import { type Held, join } from "./bodies.ts";

/** The client closed the connection before its request was whole. */
export class Interrupted extends Error {}

/** The body of a request while it comes. */
export class Body {
  readonly #request: IncomingMessage;
  #refuse: ((refused: unknown) => void) | undefined;

  constructor(request: IncomingMessage) {
    this.#request = request;
  }

  /** The whole body in memory of its own. Rejects with `Refused` as soon as there is more than `held` allows. */
  read(held: Held): Promise<Uint8Array> {
    const request = this.#request;
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = [];
      let length = 0;
      const onData = (chunk: Uint8Array): void => {
        length += chunk.length;
        try {
          held.grow(chunk.length, length);
          chunks.push(chunk);
        } catch (refused) {
          this.refuse(refused);
        }
      };
      this.#refuse = (refused) => {
        request.off("data", onData);
        request.pause();
        reject(refused);
      };
      request.on("data", onData);
      request.on("end", () => {
        held.arrived();
        resolve(join(chunks, length));
      });
      request.on("error", (cause) => reject(new Interrupted("request cut short", { cause })));
      request.on("close", () => reject(new Interrupted("request cut short")));
    });
  }

  /** Reads no more of it. */
  refuse(refused: unknown): void {
    this.#refuse?.(refused);
  }
}
