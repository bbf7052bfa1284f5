// Writes a request with its edits in one pass. What nobody touched is copied in runs as long as possible. Only the length
// prefixes around a changed span are written anew: room of their old width is left, and filled when the message is over.
import { putVarint, varintLength } from "../wire/writer.ts";
import * as column from "./columns.ts";
import type { Edits } from "./edits.ts";
import type { OutputMemory } from "./output-memory.ts";
import type { TraceIndex } from "./trace-index.ts";

/** Most bytes that a length of 32 bits grows by when it is written anew: five, where one was. */
const prefixGrowthMax = 4;
const nothing = new Uint8Array(0);

export class Splicer {
  readonly #index: TraceIndex;
  readonly #edits: Edits;
  readonly #memory: OutputMemory;
  #out: Uint8Array = nothing;
  #to = 0;
  /** Up to where the request was copied. */
  #from = 0;
  // The messages that are open, and where their contents start in `#out`.
  #resource = column.none;
  #resourceAt = 0;
  #scope = column.none;
  #scopeAt = 0;

  constructor(index: TraceIndex, edits: Edits, memory: OutputMemory) {
    this.#index = index;
    this.#edits = edits;
    this.#memory = memory;
  }

  /** The request with all edits, in memory of the pool; the received one where there is no edit. */
  encode(): Uint8Array {
    const { bytes, spans, scopes, resources } = this.#index;
    if (!this.#edits.any) return bytes;
    const prefixes = spans.length + scopes.length + resources.length;
    this.#out = this.#memory.take(bytes.length + this.#edits.written.position + prefixes * prefixGrowthMax);
    this.#to = 0;
    this.#from = 0;
    for (let span = 0; span < spans.length; span++) if (this.#edits.touches(span)) this.#writeSpan(span);
    this.#closeResource();
    this.#copyUntil(bytes.length);
    const out = this.#out.subarray(0, this.#to);
    this.#out = nothing;
    return out;
  }

  #writeSpan(span: number): void {
    const { spans, rows } = this.#index;
    const base = span * column.spanWidth;
    const tag = spans.values[base + column.spanTag]!;
    const start = spans.values[base + column.spanStart]!;
    const end = spans.values[base + column.spanEnd]!;
    this.#enterScope(spans.values[base + column.spanScope]!, tag);
    const contentAt = this.#open(tag, start, end);
    const states = this.#edits.rowStates;
    const { values } = rows;
    const rowsEnd = spans.values[base + column.spanRowsEnd]!;
    for (let row = spans.values[base + column.spanRowsStart]!; row < rowsEnd; row++) {
      const state = states[row]!;
      if (state === column.rowUnchanged) continue;
      this.#copyUntil(values[row * column.rowWidth + column.rowTag]!);
      if (state > column.rowUnchanged) this.#copyChange(state - 1);
      this.#from = values[row * column.rowWidth + column.rowEnd]!;
    }
    this.#copyUntil(end);
    this.#copyAdded(span);
    this.#close(contentAt, varintLength(end - start));
  }

  /** Opens the messages around a span that starts at `spanTag`, and closes those of another. */
  #enterScope(scope: number, spanTag: number): void {
    if (scope !== this.#scope) {
      const { scopes, resources } = this.#index;
      this.#closeScope();
      const resource = scopes.at(scope, column.scopeResource);
      if (resource !== this.#resource) {
        this.#closeResource();
        this.#resourceAt = this.#open(
          resources.at(resource, column.resourceTag),
          resources.at(resource, column.resourceStart),
          resources.at(resource, column.resourceEnd),
        );
        this.#resource = resource;
      }
      this.#scopeAt = this.#open(
        scopes.at(scope, column.scopeTag),
        scopes.at(scope, column.scopeStart),
        scopes.at(scope, column.scopeEnd),
      );
      this.#scope = scope;
    }
    if (this.#edits.clearsSchema(scope)) this.#dropSchemaBefore(scope, spanTag);
  }

  #closeScope(): void {
    const scope = this.#scope;
    if (scope === column.none) return;
    const { scopes } = this.#index;
    const end = scopes.at(scope, column.scopeEnd);
    if (this.#edits.clearsSchema(scope)) this.#dropSchemaBefore(scope, end);
    this.#copyUntil(end);
    this.#close(this.#scopeAt, varintLength(end - scopes.at(scope, column.scopeStart)));
    this.#scope = column.none;
  }

  #closeResource(): void {
    this.#closeScope();
    const resource = this.#resource;
    if (resource === column.none) return;
    const { resources } = this.#index;
    const end = resources.at(resource, column.resourceEnd);
    this.#copyUntil(end);
    this.#close(this.#resourceAt, varintLength(end - resources.at(resource, column.resourceStart)));
    this.#resource = column.none;
  }

  /** Leaves the schema URL of a scope out when it lies between what was copied and `before`. */
  #dropSchemaBefore(scope: number, before: number): void {
    const { scopes } = this.#index;
    const tag = scopes.at(scope, column.scopeSchemaTag);
    if (tag < this.#from || tag >= before) return;
    this.#copyUntil(tag);
    this.#from = scopes.at(scope, column.scopeSchemaEnd);
  }

  /**
   * Writes the tag of a field whose content was `[start, end)` and leaves room for its length; the content follows.
   * Tags of OTLP's nesting take one byte, even if one came padded. Returns where the content starts.
   */
  #open(tagAt: number, start: number, end: number): number {
    this.#copyUntil(tagAt);
    this.#out[this.#to] = this.#index.bytes[tagAt]! & 0x7f;
    this.#to += 1 + varintLength(end - start);
    this.#from = start;
    return this.#to;
  }

  /** Fills in the length of a field whose content started at `contentAt`, behind room of `width` bytes for it. */
  #close(contentAt: number, width: number): void {
    const length = this.#to - contentAt;
    const widthNow = varintLength(length);
    if (widthNow !== width) {
      this.#out.copyWithin(contentAt + widthNow - width, contentAt, this.#to);
      this.#to += widthNow - width;
    }
    putVarint(this.#out, contentAt - width, length);
  }

  #copyAdded(span: number): void {
    const { changes, written } = this.#edits;
    const { values } = changes;
    let start = 0;
    let until = 0;
    // What was added one after the other lies one after the other, and is copied at once.
    for (let at = this.#edits.firstAdded(span); at >= 0; at = values[at * column.changeWidth + column.changeNext]!) {
      const changeStart = values[at * column.changeWidth + column.changeStart]!;
      if (changeStart !== until) {
        this.#copy(written.bytes, start, until);
        start = changeStart;
      }
      until = values[at * column.changeWidth + column.changeEnd]!;
    }
    this.#copy(written.bytes, start, until);
  }

  #copyChange(change: number): void {
    const { changes, written } = this.#edits;
    this.#copy(written.bytes, changes.at(change, column.changeStart), changes.at(change, column.changeEnd));
  }

  #copyUntil(until: number): void {
    if (until <= this.#from) return;
    this.#copy(this.#index.bytes, this.#from, until);
    this.#from = until;
  }

  #copy(source: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    this.#out.set(source.subarray(start, end), this.#to);
    this.#to += end - start;
  }
}
