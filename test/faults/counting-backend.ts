// A backend that remembers which spans it took, and when it said so.
import { type Backend, itemsOf, startBackend } from "../support/backend.ts";
import { decode } from "../support/otlp-oracle.ts";
import { pause } from "./subject.ts";

export interface CountingBackend {
  readonly backend: Backend;
  /** By name of the span: the instants at which it was taken. */
  readonly taken: ReadonlyMap<string, readonly number[]>;
  /** What it answers at present, and how long it takes. */
  status: number;
  delayMs: number;
}

export async function countingBackend(port?: number): Promise<CountingBackend> {
  const taken = new Map<string, number[]>();
  const backend = await startBackend(port);
  const counting: CountingBackend = { backend, taken, status: 200, delayMs: 0 };
  backend.reply = async ({ bytes }) => {
    const { status, delayMs } = counting;
    if (delayMs > 0) await pause(delayMs);
    if (status !== 200) return { status };
    for (const span of itemsOf("traces", decode("traces", bytes))) {
      const name = String(span["name"]);
      taken.set(name, [...(taken.get(name) ?? []), Date.now()]);
    }
    return {};
  };
  return counting;
}
