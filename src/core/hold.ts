// Spans that wait, because what is said of them may change within seconds. A processor says which and for how long, the
// pipeline parts them from their request and stamps them again when they leave, and exporters keep them meanwhile as
// safe as what they queue: as they would be sent now, so that a crash loses nothing but the second look.
import type { Encoded } from "./batch.ts";
import { Note } from "./note.ts";

/** Which spans of a batch wait. Left by the processor that knows why. */
export interface Hold {
  /** Positions of the spans, ascending. */
  readonly spans: readonly number[];
  /** Takes it upon itself to end the wait. False where there is no room for more: then nothing waits. */
  begin(wait: Wait): boolean;
  /**
   * Told once, when the wait is over, whoever ended it. Undefined when nothing else is to be said than before; else
   * leaves what is to be said now on a batch of these spans alone, numbered anew, for `Processor.stampAgain`.
   */
  end(): ((notes: object) => void) | undefined;
}

export const holds = new Note<Hold>("holds");

/** The waiting spans of one request. */
export interface Wait {
  readonly spans: number;
  /** What they take in memory, outside of queues too. */
  readonly bytes: number;
  /** They leave now. Safe twice. */
  end(): void;
}

/** Spans in the care of an exporter that do not leave yet. */
export interface Held {
  /** Resolves when they are as safe as the exporter makes them, rejects with `Refused`. */
  readonly safe: Promise<void> | undefined;
  /** They leave: the very request that was given, or the same spans stamped again. Called once. */
  leave(encoded: Encoded): void;
}
