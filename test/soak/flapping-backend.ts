// A backend that comes and goes by the clock, and counts how often it took each span.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { itemsOf } from "../support/backend.ts";
import { decode } from "../support/otlp-oracle.ts";

/** Takes requests, refuses them with 503, ends their connections, or never answers. */
type Mood = "takes" | "refuses" | "closes" | "hangs";

const moods: readonly { readonly mood: Mood; readonly untilMs: number }[] = [
  { mood: "takes", untilMs: 9_000 },
  { mood: "refuses", untilMs: 11_000 },
  { mood: "closes", untilMs: 13_000 },
  { mood: "hangs", untilMs: 15_000 },
];
export const cycleMs = 15_000;
/** Into the cycle: what had to wait in the one before has been sent. */
export const calmMs = 8_000;

export interface FlappingBackend {
  readonly url: string;
  /** How often each span was taken, by its name. */
  readonly taken: ReadonlyMap<string, number>;
  /** Takes everything from now on. */
  calm(): void;
  stop(): Promise<void>;
}

/** Goes through its moods from `startMs` on, of the monotonic clock. */
export async function startFlappingBackend(startMs: number): Promise<FlappingBackend> {
  const taken = new Map<string, number>();
  let isCalm = false;
  const moodNow = (): Mood => {
    const atMs = (performance.now() - startMs) % cycleMs;
    return isCalm ? "takes" : (moods.find(({ untilMs }) => atMs < untilMs)?.mood ?? "takes");
  };
  const take = (bytes: Uint8Array): void => {
    for (const span of itemsOf("traces", decode("traces", bytes))) {
      const name = String(span["name"]);
      taken.set(name, (taken.get(name) ?? 0) + 1);
    }
  };
  const server = createServer((incoming, outgoing) => {
    const chunks: Uint8Array[] = [];
    incoming.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    incoming.on("end", () => {
      const body = Buffer.concat(chunks);
      const mood = moodNow();
      if (mood === "takes") take(incoming.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body);
      answer(outgoing, mood);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    taken,
    calm: () => {
      isCalm = true;
    },
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function answer(outgoing: ServerResponse, mood: Mood): void {
  if (mood === "closes") outgoing.destroy();
  else if (mood !== "hangs")
    outgoing.writeHead(mood === "takes" ? 200 : 503, { "content-type": "application/x-protobuf" }).end();
}
