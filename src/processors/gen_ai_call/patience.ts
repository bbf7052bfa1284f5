// How long a span waits for what other spans may say of its call: as long as was set, or, where that is left to the
// process, a few seconds while a higher layer is about.
import type { Layer } from "../../genai/call.ts";
import { isHigher } from "../../genai/layers.ts";

/** `hold: auto`. Exporters of SDKs send every second to every five seconds. */
const autoMs = 5_000;

/** A layer that was silent for so long is not about any more: as long as traces are remembered. */
const silenceMsMax = 600_000;

const layers = ["proxy", "app", "model_server"] as const satisfies readonly Layer[];

export class Patience {
  readonly #set: "auto" | number;
  /** When spans of a layer that tell usage came last. */
  readonly #seenMs: Partial<Record<Layer, number>> = {};

  constructor(set: "auto" | number) {
    this.#set = set;
  }

  /** Milliseconds that spans wait, where they do. */
  get ms(): number {
    return this.#set === "auto" ? autoMs : this.#set;
  }

  see(layer: Layer, nowMs: number): void {
    this.#seenMs[layer] = nowMs;
  }

  isFor(layer: Layer, nowMs: number): boolean {
    if (this.#set !== "auto") return 0 < this.#set;
    return layers.some((other) => isHigher(other, layer) && nowMs <= (this.#seenMs[other] ?? -Infinity) + silenceMsMax);
  }
}
