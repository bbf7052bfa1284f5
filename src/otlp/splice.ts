// Writes a request with its edits: one allocation, one pass. What nobody touched is copied in runs as long as possible;
// only the length prefixes around a changed span are written anew.
import { putVarint, varintLength } from "../wire/writer.ts";
import { resourceColumns, rowColumns, scopeColumns, spanColumns } from "./columns.ts";
import { changeColumns, type Edits } from "./edits.ts";
import { Table } from "./table.ts";
import type { TraceIndex } from "./trace-index.ts";

/** By how much a message grows (its content and its whole field), for every resource or scope. */
const growthColumns = { content: 0, field: 1 } as const;

export class Splicer {
  readonly #index: TraceIndex;
  readonly #edits: Edits;
  readonly #scopes = new Table(2);
  readonly #resources = new Table(2);
  #out: Uint8Array = new Uint8Array(0);
  #to = 0;
  /** Up to where the request was copied. */
  #from = 0;

  constructor(index: TraceIndex, edits: Edits) {
    this.#index = index;
    this.#edits = edits;
  }

  /** The request with all edits, as a new array; the received one where there is no edit. */
  encode(): Uint8Array {
    const { bytes } = this.#index;
    if (!this.#edits.any) return bytes;
    this.#out = new Uint8Array(bytes.length + this.#measure());
    this.#to = 0;
    this.#from = 0;
    this.#write();
    this.#copyUntil(bytes.length);
    const out = this.#out;
    this.#out = new Uint8Array(0);
    return out;
  }

  /** Fills the growth tables from the spans outwards. Returns by how much the request grows. */
  #measure(): number {
    const { spans, scopes, resources } = this.#index;
    this.#scopes.clear();
    this.#scopes.appendMany(scopes.length);
    this.#resources.clear();
    this.#resources.appendMany(resources.length);
    for (let span = 0; span < spans.length; span++) {
      if (!this.#edits.touches(span)) continue;
      const length = spans.at(span, spanColumns.end) - spans.at(span, spanColumns.start);
      addTo(
        this.#scopes,
        spans.at(span, spanColumns.scope),
        fieldGrowth(
          spans.at(span, spanColumns.start) - spans.at(span, spanColumns.tag) - 1,
          length,
          this.#edits.growth(span),
        ),
      );
      this.#scopes.set(spans.at(span, spanColumns.scope), growthColumns.field, 1);
    }
    for (let scope = 0; scope < scopes.length; scope++) this.#measureScope(scope);
    let growth = 0;
    for (let resource = 0; resource < resources.length; resource++) {
      const start = resources.at(resource, resourceColumns.start);
      if (this.#resources.at(resource, growthColumns.field) === 0) continue;
      const prefix = start - resources.at(resource, resourceColumns.tag) - 1;
      growth += fieldGrowth(
        prefix,
        resources.at(resource, resourceColumns.end) - start,
        this.#resources.at(resource, growthColumns.content),
      );
    }
    return growth;
  }

  #measureScope(scope: number): void {
    const { scopes } = this.#index;
    if (this.#clears(scope)) {
      addTo(this.#scopes, scope, scopes.at(scope, scopeColumns.schemaTag) - scopes.at(scope, scopeColumns.schemaEnd));
      this.#scopes.set(scope, growthColumns.field, 1);
    }
    if (this.#scopes.at(scope, growthColumns.field) === 0) return;
    const start = scopes.at(scope, scopeColumns.start);
    const prefix = start - scopes.at(scope, scopeColumns.tag) - 1;
    const resource = scopes.at(scope, scopeColumns.resource);
    addTo(
      this.#resources,
      resource,
      fieldGrowth(prefix, scopes.at(scope, scopeColumns.end) - start, this.#scopes.at(scope, growthColumns.content)),
    );
    this.#resources.set(resource, growthColumns.field, 1);
  }

  /** Walks the spans in the order in which they lie, opening the messages around a changed one as it gets there. */
  #write(): void {
    const { spans, scopes } = this.#index;
    let openScope = -1;
    let openResource = -1;
    for (let span = 0; span < spans.length; span++) {
      const scope = spans.at(span, spanColumns.scope);
      if (this.#scopes.at(scope, growthColumns.field) === 0) continue;
      const resource = scopes.at(scope, scopeColumns.resource);
      if (resource !== openResource) this.#openResource(resource);
      openResource = resource;
      if (scope !== openScope) this.#openScope(scope);
      openScope = scope;
      if (this.#clears(scope)) this.#dropSchemaBefore(scope, spans.at(span, spanColumns.tag));
      if (this.#edits.touches(span)) this.#writeSpan(span);
      const isLast = span + 1 === spans.length || spans.at(span + 1, spanColumns.scope) !== scope;
      if (isLast && this.#clears(scope)) this.#dropSchemaBefore(scope, scopes.at(scope, scopeColumns.end));
    }
  }

  #openResource(resource: number): void {
    const { resources } = this.#index;
    const start = resources.at(resource, resourceColumns.start);
    const length =
      resources.at(resource, resourceColumns.end) - start + this.#resources.at(resource, growthColumns.content);
    this.#open(resources.at(resource, resourceColumns.tag), start, length);
  }

  #openScope(scope: number): void {
    const { scopes } = this.#index;
    const start = scopes.at(scope, scopeColumns.start);
    const length = scopes.at(scope, scopeColumns.end) - start + this.#scopes.at(scope, growthColumns.content);
    this.#open(scopes.at(scope, scopeColumns.tag), start, length);
  }

  #writeSpan(span: number): void {
    const { spans, rows } = this.#index;
    const start = spans.at(span, spanColumns.start);
    const end = spans.at(span, spanColumns.end);
    this.#open(spans.at(span, spanColumns.tag), start, end - start + this.#edits.growth(span));
    const rowsEnd = spans.at(span, spanColumns.rowsEnd);
    for (let row = spans.at(span, spanColumns.rowsStart); row < rowsEnd; row++) {
      const replacement = this.#edits.replacement(row);
      if (replacement === -2) continue;
      this.#copyUntil(rows.at(row, rowColumns.tag));
      if (replacement >= 0) this.#copyChange(replacement);
      this.#from = rows.at(row, rowColumns.end);
    }
    this.#copyUntil(end);
    this.#copyAdded(span);
  }

  #copyAdded(span: number): void {
    const { changes, written } = this.#edits;
    let start = 0;
    let until = 0;
    // What was added one after the other lies one after the other, and is copied at once.
    for (let at = this.#edits.firstAdded(span); at >= 0; at = changes.at(at, changeColumns.next)) {
      if (changes.at(at, changeColumns.start) !== until) {
        this.#copy(written.bytes, start, until);
        start = changes.at(at, changeColumns.start);
      }
      until = changes.at(at, changeColumns.end);
    }
    this.#copy(written.bytes, start, until);
  }

  /** Writes a field's tag and its new length; the content follows. Tags of OTLP's nesting take one byte, even if one came padded. */
  #open(tagAt: number, contentAt: number, length: number): void {
    this.#copyUntil(tagAt);
    this.#out[this.#to++] = this.#index.bytes[tagAt]! & 0x7f;
    this.#to = putVarint(this.#out, this.#to, length);
    this.#from = contentAt;
  }

  #copyUntil(until: number): void {
    if (until <= this.#from) return;
    this.#copy(this.#index.bytes, this.#from, until);
    this.#from = until;
  }

  #copyChange(change: number): void {
    const { changes, written } = this.#edits;
    this.#copy(written.bytes, changes.at(change, changeColumns.start), changes.at(change, changeColumns.end));
  }

  #copy(source: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    this.#out.set(source.subarray(start, end), this.#to);
    this.#to += end - start;
  }

  /** Leaves the schema URL of a scope out when it lies between what was copied and `before`. */
  #dropSchemaBefore(scope: number, before: number): void {
    const { scopes } = this.#index;
    const tag = scopes.at(scope, scopeColumns.schemaTag);
    if (tag < this.#from || tag >= before) return;
    this.#copyUntil(tag);
    this.#from = scopes.at(scope, scopeColumns.schemaEnd);
  }

  #clears(scope: number): boolean {
    return this.#edits.clearsSchema(scope) && this.#index.scopes.at(scope, scopeColumns.schemaTag) >= 0;
  }
}

/** By how much a field grows whose content grows by `growth`: its length prefix may take more or fewer bytes. */
function fieldGrowth(prefixLength: number, contentLength: number, growth: number): number {
  return growth + varintLength(contentLength + growth) - prefixLength;
}

function addTo(table: Table, row: number, growth: number): void {
  table.set(row, growthColumns.content, table.at(row, growthColumns.content) + growth);
}
