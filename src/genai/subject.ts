// Whose a call is: ordered sources over the span, its trace, its resource, the request's headers and its sender. Only one
// span of a trace has to say it: the others inherit, from a span above them first, and else from the one that began first.
import type { Context } from "../core/batch.ts";
import type { AttributeKeys } from "../core/component.ts";
import { type AttributeKey, attributeKey } from "../otlp/attribute-key.ts";
import type { SpanView } from "../otlp/span-view.ts";
import type { Subject } from "./call.ts";
import { memberOf } from "./subject-bag.ts";
import { sourceOf } from "./subject-source.ts";
import type { SourceValues, Trace } from "./trace-memory.ts";

export interface FieldSettings {
  /** In the order in which they are asked. */
  readonly from: readonly string[];
  readonly default?: string | undefined;
  /** Values that say nothing. */
  readonly empty: readonly string[];
}

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
  readonly #tenant: Field;
  readonly #team: Field;
  readonly #user: Field;
  readonly #key: Field;
  readonly #spanSources: readonly SpanSource[];

  constructor(settings: SubjectSettings) {
    const sources: SpanSource[] = [];
    this.#tenant = fieldOf(settings.tenant, sources);
    this.#team = fieldOf(settings.team, sources);
    this.#user = fieldOf(settings.user, sources);
    this.#key = fieldOf(settings.key, sources);
    this.#spanSources = sources;
    const steps = [this.#tenant, this.#team, this.#user, this.#key].flatMap(({ steps }) => steps);
    const named = [...sources.flatMap(({ key, bag }) => [key, bag]), ...steps.map(({ resourceKey }) => resourceKey)];
    this.keys = { exact: [...new Set(named.flatMap((key) => key?.name ?? []))], prefixes: [] };
  }

  /** What the span itself says, by number of the source; undefined when it says nothing. */
  valuesOf(view: SpanView): SourceValues | undefined {
    let values: (string | undefined)[] | undefined;
    for (let at = 0; at < this.#spanSources.length; at++) {
      const source = this.#spanSources[at];
      const value = source && spanValue(view, source);
      if (value === undefined) continue;
      values ??= [];
      values[at] = value;
    }
    return values;
  }

  /** Whose the call of the span is that the view points at. */
  subjectOf(view: SpanView, values: SourceValues | undefined, trace: Trace | undefined, context: Context): Subject {
    const asked: Asked = { view, values, trace, context };
    const tenant = find(this.#tenant, asked);
    return {
      tenant: tenant?.value ?? this.#tenant.byDefault ?? unknownTenant,
      tenantFrom: tenant?.from ?? "default",
      team: find(this.#team, asked)?.value ?? this.#team.byDefault,
      user: find(this.#user, asked)?.value ?? this.#user.byDefault,
      key: find(this.#key, asked)?.value ?? this.#key.byDefault,
    };
  }
}

/** Puts what a span says among the first values of its trace. */
export function noteFirsts(trace: Trace, values: SourceValues, startMs: number): void {
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (value === undefined) continue;
    const first = trace.firsts[at];
    const isEarlier = !first || startMs < first.startMs || (startMs <= first.startMs && value < first.value);
    if (isEarlier) trace.firsts[at] = { value, startMs };
  }
}

/** An attribute of spans that is a source of some field. Fields with the same words for "nothing" share it. */
interface SpanSource {
  readonly key: AttributeKey;
  /** An attribute that holds an object, of which the source may be a member. */
  readonly bag: AttributeKey | undefined;
  readonly member: string;
  readonly empty: ReadonlySet<string>;
}

interface Field {
  readonly byDefault: string | undefined;
  readonly empty: ReadonlySet<string>;
  readonly steps: readonly Step[];
}

/** One source of one field, with all places that it stands for. */
interface Step {
  readonly name: string;
  /** Number of the span source, -1 when it is none. */
  readonly spanSource: number;
  readonly isInherited: boolean;
  readonly resourceKey: AttributeKey | undefined;
  readonly header: string | undefined;
  readonly isSender: boolean;
}

interface Asked {
  readonly view: SpanView;
  readonly values: SourceValues | undefined;
  readonly trace: Trace | undefined;
  readonly context: Context;
}

interface Found {
  readonly value: string;
  readonly from: string;
}

/** Longest identifier that is read, in bytes; the objects that identifiers stand in may be larger. */
const valueBytesMax = 512;
const bagBytesMax = 16_384;
/** How far up a trace is searched. */
const stepsMax = 256;

function fieldOf(settings: FieldSettings, sources: SpanSource[]): Field {
  const empty = new Set(["", ...settings.empty]);
  return { byDefault: settings.default, empty, steps: settings.from.map((text) => stepOf(text, empty, sources)) };
}

function stepOf(text: string, empty: ReadonlySet<string>, sources: SpanSource[]): Step {
  const { kind, name, bag } = sourceOf(text);
  const isOnSpan = kind === "plain" || kind === "span";
  return {
    name,
    spanSource: isOnSpan ? numberOf({ key: attributeKey(name), ...bagOf(bag, name), empty }, sources) : -1,
    isInherited: kind === "plain",
    resourceKey: kind === "plain" || kind === "resource" ? attributeKey(name) : undefined,
    header: kind === "header" ? name : undefined,
    isSender: kind === "auth",
  };
}

function bagOf(bag: string | undefined, name: string): Pick<SpanSource, "bag" | "member"> {
  if (bag === undefined) return { bag: undefined, member: "" };
  return { bag: attributeKey(bag), member: name.slice(bag.length + 1) };
}

function numberOf(source: SpanSource, sources: SpanSource[]): number {
  const same = ({ key, empty }: SpanSource) =>
    key === source.key && empty.size === source.empty.size && [...empty].every((word) => source.empty.has(word));
  const found = sources.findIndex(same);
  return 0 <= found ? found : sources.push(source) - 1;
}

function spanValue(view: SpanView, { key, bag, member, empty }: SpanSource): string | undefined {
  if (view.has(key)) {
    const value = view.text(key, valueBytesMax) ?? view.bigint(key)?.toString();
    if (value !== undefined && !empty.has(value)) return value;
  }
  if (bag === undefined || !view.has(bag)) return undefined;
  const value = memberOf(view.value(bag, bagBytesMax), member);
  return value !== undefined && value.length <= valueBytesMax && !empty.has(value) ? value : undefined;
}

function find(field: Field, asked: Asked): Found | undefined {
  for (const step of field.steps) {
    const found = onSpan(step, asked) ?? inTrace(step, asked) ?? besideSpan(step, field.empty, asked);
    if (found) return found;
  }
  return undefined;
}

function onSpan({ spanSource, name }: Step, { values }: Asked): Found | undefined {
  const value = values?.[spanSource];
  return value === undefined ? undefined : { value, from: `span:${name}` };
}

function inTrace({ spanSource, isInherited, name }: Step, { view, trace }: Asked): Found | undefined {
  if (!isInherited || !trace || trace.firsts[spanSource] === undefined) return undefined;
  const value = inherited(trace, view.parentSpanId, spanSource) ?? trace.firsts[spanSource].value;
  return { value, from: `trace:${name}` };
}

function inherited(trace: Trace, parentSpanId: string, spanSource: number): string | undefined {
  let at = parentSpanId;
  for (let step = 0; step < stepsMax && at !== ""; step++) {
    const note = trace.spans.get(at);
    if (!note) return undefined;
    const value = note.values?.[spanSource];
    if (value !== undefined) return value;
    at = note.parent;
  }
  return undefined;
}

function besideSpan(step: Step, empty: ReadonlySet<string>, { view, context }: Asked): Found | undefined {
  if (step.isSender) return foundIn(context.subject, "auth:subject", empty);
  if (step.header !== undefined) return foundIn(context.headers[step.header], `header:${step.header}`, empty);
  return step.resourceKey && foundIn(view.resourceText(step.resourceKey), `resource:${step.name}`, empty);
}

function foundIn(value: string | undefined, from: string, empty: ReadonlySet<string>): Found | undefined {
  if (value === undefined || empty.has(value) || valueBytesMax < value.length) return undefined;
  return { value, from };
}
