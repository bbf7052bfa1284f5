// One field of a subject (tenant, team, user, key): its sources in the order in which they are asked, and the places that
// each of them stands for.
import type { Context } from "../core/batch.ts";
import { type AttributeKey, attributeKey } from "../otlp/attribute-key.ts";
import type { SpanView } from "../otlp/span-view.ts";
import { sourceOf } from "./subject-source.ts";
import type { SourceValues, Trace } from "./trace-memory.ts";

export interface FieldSettings {
  /** In the order in which they are asked. */
  readonly from: readonly string[];
  readonly default?: string | undefined;
  /** Values that say nothing. */
  readonly empty: readonly string[];
}

/** An attribute of spans that is a source of some field. Fields with the same words for "nothing" share it. */
export interface SpanSource {
  readonly key: AttributeKey;
  /** An attribute that holds an object, of which the source may be a member. */
  readonly bag: AttributeKey | undefined;
  readonly member: string;
  readonly empty: ReadonlySet<string>;
}

/** Longest identifier that is read, in bytes: what a request's headers have room for. */
export const valueBytesMax = 8192;

export class SubjectField {
  /** Where the last value was found: `span:tenant.id`, `trace:…`, `default`. */
  foundIn = "default";
  readonly #default: string | undefined;
  readonly #empty: ReadonlySet<string>;
  readonly #steps: readonly Step[];
  /** By span source: the first step that asks it on the span, and the first that asks it in the trace. */
  readonly #onSpan: (number | undefined)[] = [];
  readonly #inTrace: (number | undefined)[] = [];
  // What stands beside all spans of a resource: the first step that has something, and what it has.
  #besideStep: number;
  #besideValue = "";
  #besideName = "";

  readonly #tooLong: (source: string) => void;

  /** Adds the attributes of spans that it asks to `sources`, which all fields share. */
  constructor(settings: FieldSettings, sources: SpanSource[], tooLong: (source: string) => void) {
    this.#tooLong = tooLong;
    const empty = new Set(["", ...settings.empty]);
    this.#default = settings.default;
    this.#empty = empty;
    this.#steps = settings.from.map((text) => stepOf(text, empty, sources));
    this.#besideStep = this.#steps.length;
    for (const [at, { spanSource, isInherited }] of this.#steps.entries()) {
      if (0 <= spanSource) this.#onSpan[spanSource] ??= at;
      if (0 <= spanSource && isInherited) this.#inTrace[spanSource] ??= at;
    }
  }

  get resourceKeys(): readonly (AttributeKey | undefined)[] {
    return this.#steps.map(({ resourceKey }) => resourceKey);
  }

  /** Looks at the resource of the view, and at the request, for what `find` may need. */
  lookBeside(view: SpanView, context: Context): void {
    for (const [at, step] of this.#steps.entries()) {
      const { name, value } = besideSpan(step, view, context);
      if (value === undefined || this.#empty.has(value)) continue;
      if (valueBytesMax < value.length) {
        this.#tooLong(name);
        continue;
      }
      this.#besideStep = at;
      this.#besideValue = value;
      this.#besideName = name;
      return;
    }
    this.#besideStep = this.#steps.length;
  }

  /** What the span, its trace, or what stands beside it says at the first step where one of them says something. */
  find(parentSpanId: string, values: SourceValues | undefined, trace: Trace | undefined): string | undefined {
    const step = this.#steps[this.#firstStep(values, trace)];
    const own = step && values ? valueFrom(values, step.spanSource) : undefined;
    if (step && own !== undefined) {
      this.foundIn = step.spanName;
      return own;
    }
    const first = step?.isInherited && trace ? valueFrom(trace.firsts, step.spanSource) : undefined;
    if (step && trace && first !== undefined) {
      this.foundIn = step.traceName;
      return inherited(trace, parentSpanId, step.spanSource) ?? first;
    }
    this.foundIn = step ? this.#besideName : "default";
    return step ? this.#besideValue : this.#default;
  }

  /** What the trace says, above the span or anywhere, at the first step where it says something. */
  inherit(parentSpanId: string, trace: Trace): string | undefined {
    let first = this.#steps.length;
    for (const { source } of trace.firsts) first = Math.min(first, this.#inTrace[source] ?? first);
    const step = this.#steps[first];
    if (!step) return undefined;
    this.foundIn = step.traceName;
    return inherited(trace, parentSpanId, step.spanSource) ?? valueFrom(trace.firsts, step.spanSource);
  }

  /** Few sources say something and many are asked, so that what is said is looked up among the steps. */
  #firstStep(values: SourceValues | undefined, trace: Trace | undefined): number {
    let first = this.#besideStep;
    if (values) for (const { source } of values) first = Math.min(first, this.#onSpan[source] ?? first);
    if (trace) for (const { source } of trace.firsts) first = Math.min(first, this.#inTrace[source] ?? first);
    return first;
  }
}

/** One source, with all places that it stands for. */
interface Step {
  /** Number of the span source, -1 when it is none. */
  readonly spanSource: number;
  readonly isInherited: boolean;
  readonly resourceKey: AttributeKey | undefined;
  readonly header: string | undefined;
  readonly isSender: boolean;
  // The places, as they are named where a value was found there.
  readonly spanName: string;
  readonly traceName: string;
  readonly resourceName: string;
}

function stepOf(text: string, empty: ReadonlySet<string>, sources: SpanSource[]): Step {
  const { kind, name, bag } = sourceOf(text);
  const isOnSpan = kind === "plain" || kind === "span";
  return {
    spanSource: isOnSpan ? numberOf({ key: attributeKey(name), ...bagOf(bag, name), empty }, sources) : -1,
    isInherited: kind === "plain",
    resourceKey: kind === "plain" || kind === "resource" ? attributeKey(name) : undefined,
    header: kind === "header" ? name : undefined,
    isSender: kind === "auth",
    spanName: `span:${name}`,
    traceName: `trace:${name}`,
    resourceName: `resource:${name}`,
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

function valueFrom(values: SourceValues, source: number): string | undefined {
  for (let at = 0; at < values.length; at++) if (values[at]?.source === source) return values[at]?.value;
  return undefined;
}

/** How far up a trace is searched. */
const stepsMax = 256;

function inherited(trace: Trace, parentSpanId: string, source: number): string | undefined {
  let at = parentSpanId;
  for (let step = 0; step < stepsMax && at !== ""; step++) {
    const note = trace.span(at);
    if (!note) return undefined;
    const value = note.values && valueFrom(note.values, source);
    if (value !== undefined) return value;
    at = note.parent;
  }
  return undefined;
}

function besideSpan(step: Step, view: SpanView, { subject, headers }: Context) {
  if (step.isSender) return { name: "auth:subject", value: subject };
  if (step.header !== undefined) return { name: `header:${step.header}`, value: headers[step.header] };
  return { name: step.resourceName, value: step.resourceKey && view.resourceText(step.resourceKey) };
}
