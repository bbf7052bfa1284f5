// Whose a call is: ordered sources over the span, its trace, its resource, the request's headers and its sender. Only one
// span of a trace has to say it: the others inherit, from a span above them first, and else from the one that began first.
import type { Context } from "../core/batch.ts";
import type { AttributeKeys } from "../core/component.ts";
import type { SpanView } from "../otlp/span-view.ts";
import type { Subject } from "./call.ts";
import { memberOf } from "./subject-bag.ts";
import { type FieldSettings, type SpanSource, SubjectField, valueBytesMax } from "./subject-field.ts";
import type { SourceValues, Trace } from "./trace-memory.ts";

export interface SubjectSettings {
  readonly tenant: FieldSettings;
  readonly team: FieldSettings;
  readonly user: FieldSettings;
  readonly key: FieldSettings;
}

/** What a call without any tenant belongs to, unless the settings say otherwise. */
export const unknownTenant = "@unknown";

export class SubjectFinder {
  readonly keys: AttributeKeys;
  readonly #tenant: SubjectField;
  readonly #team: SubjectField;
  readonly #user: SubjectField;
  readonly #key: SubjectField;
  readonly #spanSources: readonly SpanSource[];
  /** By id of a key: 1 where it may say something. Most spans have none of them. */
  readonly #marks: Uint8Array;
  readonly #seen = new ValueLists();
  #last: Subject | undefined;
  /** The resource of the request at hand for which it is known what stands beside its spans. */
  #resource = -1;

  readonly #tooLong: (source: string) => void;

  /** `tooLong` is told of every value that is longer than an identifier may be: it counts as none. */
  constructor(settings: SubjectSettings, tooLong: (source: string) => void) {
    this.#tooLong = tooLong;
    const sources: SpanSource[] = [];
    const fieldOf = (given: FieldSettings) => new SubjectField(given, sources, tooLong);
    this.#tenant = fieldOf(settings.tenant);
    this.#team = fieldOf(settings.team);
    this.#user = fieldOf(settings.user);
    this.#key = fieldOf(settings.key);
    this.#spanSources = sources;
    const fields = [this.#tenant, this.#team, this.#user, this.#key];
    const named = [...sources.flatMap(({ key, bag }) => [key, bag]), ...fields.flatMap((field) => field.resourceKeys)];
    const spanKeys = sources.flatMap(({ key, bag }) => (bag ? [key.id, bag.id] : [key.id]));
    this.#marks = new Uint8Array(Math.max(-1, ...spanKeys) + 1);
    for (const id of spanKeys) this.#marks[id] = 1;
    this.keys = { exact: [...new Set(named.flatMap((key) => key?.name ?? []))], prefixes: [] };
  }

  /** Begins a request: what stood beside the spans of another one is forgotten. */
  begin(): void {
    this.#resource = -1;
  }

  /** What the span itself says; undefined when it says nothing. */
  valuesOf(view: SpanView): SourceValues | undefined {
    if (!view.mayHave(this.#marks)) return undefined;
    const seen = this.#seen;
    for (let at = 0; at < this.#spanSources.length; at++) {
      const source = this.#spanSources[at];
      const value = source && this.#spanValue(view, source);
      if (value !== undefined) seen.add(at, value);
    }
    return seen.take();
  }

  #spanValue(view: SpanView, { key, bag, member, empty }: SpanSource): string | undefined {
    if (view.has(key)) {
      const value = view.text(key, valueBytesMax) ?? view.bigint(key)?.toString();
      if (value !== undefined && !empty.has(value)) return value;
      if (value === undefined && valueBytesMax < (view.textBytes(key) ?? 0)) this.#tooLong(key.name);
    }
    if (bag === undefined || !view.has(bag)) return undefined;
    const value = memberOf(view.value(bag, bagBytesMax), member);
    if (value === undefined || empty.has(value)) return undefined;
    if (value.length <= valueBytesMax) return value;
    this.#tooLong(key.name);
    return undefined;
  }

  /** Has the view point at a span, so that `subjectOf` knows what stands beside all spans of its resource. */
  isBesideKnown(resource: number): boolean {
    return this.#resource === resource;
  }

  lookBeside(view: SpanView, context: Context): void {
    this.#resource = view.resource;
    for (const field of [this.#tenant, this.#team, this.#user, this.#key]) field.lookBeside(view, context);
  }

  /** What its trace says by now of a call of an earlier request, where nothing else said whose it is. */
  inherited(parentSpanId: string, before: Subject, trace: Trace): Subject {
    const tenant = this.#tenant.inherit(parentSpanId, trace);
    if (tenant === undefined) return before;
    return {
      tenant,
      tenantFrom: this.#tenant.foundIn,
      team: before.team ?? this.#team.inherit(parentSpanId, trace),
      user: before.user ?? this.#user.inherit(parentSpanId, trace),
      key: before.key ?? this.#key.inherit(parentSpanId, trace),
    };
  }

  /** Whose the call of a span is, of the resource that was looked at last. */
  subjectOf(parentSpanId: string, values: SourceValues | undefined, trace: Trace | undefined): Subject {
    const tenant = this.#tenant.find(parentSpanId, values, trace) ?? unknownTenant;
    const tenantFrom = this.#tenant.foundIn;
    const team = this.#team.find(parentSpanId, values, trace);
    const user = this.#user.find(parentSpanId, values, trace);
    const key = this.#key.find(parentSpanId, values, trace);
    const last = this.#last;
    // Most spans belong to whom the one before them belonged to; subjects are kept with spans.
    const isSame = last?.tenant === tenant && last.tenantFrom === tenantFrom && last.team === team;
    if (isSame && last.user === user && last.key === key) return last;
    this.#last = { tenant, tenantFrom, team, user, key };
    return this.#last;
  }
}

/** The objects that identifiers stand in may be larger than identifiers. */
const bagBytesMax = 16_384;

/** Lists of values that came lately, so that spans that say the same share one. */
class ValueLists {
  readonly #lists: SourceValues[] = new Array<SourceValues>(listsKept).fill([]);
  // What was added, in the first `count` places: an array that is emptied would have to grow again for every span.
  readonly #sources: number[] = [];
  readonly #values: string[] = [];
  #count = 0;
  #hash = 0;

  add(source: number, value: string): void {
    this.#sources[this.#count] = source;
    this.#values[this.#count++] = value;
    const last = value.charCodeAt(value.length - 1) * 7 + value.charCodeAt(value.length - 2);
    this.#hash = (this.#hash * 31 + source * 131 + value.length * 17 + last) | 0;
  }

  /** What was added since it was asked last; undefined for nothing. */
  take(): SourceValues | undefined {
    if (this.#count === 0) return undefined;
    const slot = this.#hash & (listsKept - 1);
    let list = this.#lists[slot];
    if (!list || !this.#isSame(list)) {
      list = this.#sources.slice(0, this.#count).map((source, at) => ({ source, value: this.#values[at] ?? "" }));
      this.#lists[slot] = list;
    }
    this.#count = 0;
    this.#hash = 0;
    return list;
  }

  #isSame(list: SourceValues): boolean {
    if (list.length !== this.#count) return false;
    for (let at = 0; at < list.length; at++) {
      const said = list[at];
      if (said?.source !== this.#sources[at] || said?.value !== this.#values[at]) return false;
    }
    return true;
  }
}

/** A power of two. */
const listsKept = 256;
