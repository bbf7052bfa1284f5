// Which dialects a span speaks: the keys that it has are added up by table, then the name of its scope.
import type { SpanView } from "../otlp/span-view.ts";
import { type CompiledDialect, type CompiledDialects, scopeWeight, signWeights } from "./compile.ts";

/** How many scope names are remembered; they come from spans. */
const scopesMax = 1024;

export class Recogniser {
  /** The dialects of the last span, best first: the first `rank` entries are valid. */
  readonly order: Uint8Array;
  readonly #compiled: CompiledDialects;
  readonly #scores: Int32Array;
  readonly #scopes = new Map<string, Int32Array>();

  constructor(compiled: CompiledDialects) {
    this.#compiled = compiled;
    this.#scores = new Int32Array(compiled.dialects.length);
    this.order = new Uint8Array(compiled.dialects.length);
  }

  /** Adds up what the keys of the span speak for; false when they speak for nobody. */
  score(span: SpanView): boolean {
    const { starts, dialects, weights } = this.#compiled.signs;
    const scores = this.#scores;
    let any = false;
    for (let row = span.rowsStart; row < span.rowsEnd; row++) {
      const id = span.rowKey(row);
      if (id < 0 || starts.length - 1 <= id) continue;
      const end = starts[id + 1] ?? 0;
      for (let entry = starts[id] ?? 0; entry < end; entry++) {
        if (!any) scores.fill(0);
        any = true;
        const dialect = dialects[entry] ?? 0;
        scores[dialect] = (scores[dialect] ?? 0) + (weights[entry] ?? 0);
      }
    }
    return any;
  }

  /**
   * Orders the dialects whose scope, key or name the span has by their score, equal ones as they are listed.
   * Returns how many there are.
   */
  rank(scope: string): number {
    const extra = this.#scopeWeights(scope);
    const { order } = this;
    const scores = this.#scores;
    let count = 0;
    for (let dialect = 0; dialect < scores.length; dialect++) {
      const own = scores[dialect] ?? 0;
      if (own === 0) continue;
      const score = own + (extra[dialect] ?? 0);
      if (score < signWeights.name) continue;
      scores[dialect] = score;
      let place = count++;
      for (; 0 < place && (scores[order[place - 1] ?? 0] ?? 0) < score; place--) order[place] = order[place - 1] ?? 0;
      order[place] = dialect;
    }
    return count;
  }

  #scopeWeights(scope: string): Int32Array {
    const known = this.#scopes.get(scope);
    if (known) return known;
    if (this.#scopes.size === scopesMax) this.#scopes.clear();
    const found = Int32Array.from(this.#compiled.dialects, (dialect: CompiledDialect) => scopeWeight(dialect, scope));
    this.#scopes.set(scope, found);
    return found;
  }
}
