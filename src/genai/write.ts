// Writes a reading as attributes of today's convention. Only what differs is written: a span that is already right
// stays as it came, byte for byte.
import { type AttributeKey, attributeKey } from "../otlp/attribute-key.ts";
import type { SpanView } from "../otlp/span-view.ts";
import type { CompiledDialects, CompiledRule } from "./compile.ts";
import { type Convention, renamedFields, spelledIn } from "./convention.ts";
import { at, attributeFields, fieldIndex, fields } from "./fields.ts";
import type { Reading } from "./reading.ts";
import { type AttributeName, attributeTypes, previousNames } from "./semconv.ts";
import type { Trail } from "./trail.ts";
import { asIs, type Value } from "./values.ts";

export interface WriteOptions {
  /** The convention whose names are written. */
  readonly target: Convention;
  /** Keep attributes whose value now stands under today's name. */
  readonly keepOriginal: boolean;
  /** Also write the previous name of an attribute whose name changed last; older targets have no other. */
  readonly aliases: boolean;
}

const isDouble = fields.map((field) => attributeTypes[field as AttributeName] === "double");

const previous = Object.entries(previousNames).map(([name, before]) => ({
  field: fieldIndex(name as AttributeName),
  key: attributeKey(before),
}));

export class ReadingWriter {
  readonly #targets: readonly AttributeKey[];
  /** What has another name in the target than today, by field. */
  readonly #renamed: ReadonlyMap<number, AttributeKey>;
  readonly #options: WriteOptions;

  constructor(compiled: CompiledDialects, options: WriteOptions) {
    this.#renamed = renamedFields(options.target);
    this.#targets = compiled.targets;
    this.#options = { ...options, aliases: options.aliases && options.target === "latest" };
  }

  /** Repairs the span. What is done is told to `trail`, where somebody asked. */
  write(span: SpanView, reading: Reading, trail: Trail | undefined): void {
    let changed = false;
    for (let field = 0; field < attributeFields; field++) {
      const value = reading.values[field];
      const key = this.#targets[field];
      if (value === undefined || value === asIs || reading.unchanged[field] === 1 || key === undefined) continue;
      if (this.#renamed.has(field)) continue;
      if (!put(span, key, value, isDouble[field] ?? false)) continue;
      changed = true;
      trail?.set(span.index, { key: key.name, value, ...sourceOf(reading, field) });
    }
    if (0 < this.#renamed.size && this.#writeRenamed(span, reading, trail)) changed = true;
    if (this.#options.aliases) this.#writeAliases(span, reading, trail);
    if (!this.#options.keepOriginal && this.#removeOriginals(span, reading, trail)) changed = true;
    if (changed) span.clearSchemaUrl();
  }

  /** Values that go under an older name; the name of today is then an original. */
  #writeRenamed(span: SpanView, reading: Reading, trail: Trail | undefined): boolean {
    let changed = false;
    for (const [field, key] of this.#renamed) {
      const found = reading.values[field];
      const today = this.#targets[field];
      if (found === undefined || found === asIs || today === undefined) continue;
      const value = spelledIn(this.#options.target, field, found);
      if (put(span, key, value, false)) {
        changed = true;
        trail?.set(span.index, { key: key.name, value, ...sourceOf(reading, field) });
      }
      if (this.#options.keepOriginal || !span.has(today)) continue;
      span.remove(today);
      trail?.removed(span.index, today.name);
      changed = true;
    }
    return changed;
  }

  #writeAliases(span: SpanView, reading: Reading, trail: Trail | undefined): void {
    for (const { field, key } of previous) {
      const value = reading.values[field];
      if (value === undefined || value === asIs || !put(span, key, value, false)) continue;
      trail?.set(span.index, { key: key.name, value, from: fields[field] ?? "", rule: "aliases" });
    }
  }

  #removeOriginals(span: SpanView, reading: Reading, trail: Trail | undefined): boolean {
    let removed = false;
    for (let place = 0; place < reading.usedCount; place++) {
      const rule = reading.used[place];
      if (!rule || !span.has(rule.key) || this.#stays(rule, reading)) continue;
      span.remove(rule.key);
      trail?.removed(span.index, rule.key.name);
      removed = true;
    }
    return removed;
  }

  #stays({ key, field, skipsZero }: CompiledRule, reading: Reading): boolean {
    if (this.#options.aliases && previous.some((alias) => alias.key === key)) return true;
    if (this.#renamed.get(field) === key) return true;
    if (field === at.total) return !addsUp(reading);
    if (field === at.model) return reading.values[at.requestModel] === undefined;
    return reading.values[field] === undefined && !skipsZero;
  }
}

/** A total says nothing new beside its parts, and everything without them. */
function addsUp(reading: Reading): boolean {
  const { values } = reading;
  if (values[at.input] === undefined) return false;
  return values[at.output] !== undefined || values[at.total] === values[at.input];
}

/** Writes a value unless the attribute already has it. */
function put(span: SpanView, key: AttributeKey, value: Value, double: boolean): boolean {
  if (typeof value === "string") {
    if (span.text(key) === value) return false;
    span.setText(key, value);
  } else if (typeof value === "number" && double) {
    if (span.double(key) === value) return false;
    span.setDouble(key, value);
  } else if (typeof value === "number") {
    if (span.integer(key) === value) return false;
    span.setInteger(key, value);
  } else if (typeof value === "bigint") {
    if (span.bigint(key) === value) return false;
    span.setBigint(key, value);
  } else if (typeof value === "boolean") {
    if (span.boolean(key) === value) return false;
    span.setBoolean(key, value);
  } else {
    if (sameTexts(span.value(key), value)) return false;
    span.setTexts(key, value);
  }
  return true;
}

function sameTexts(present: unknown, wanted: readonly string[]): boolean {
  if (!Array.isArray(present) || present.length !== wanted.length) return false;
  return wanted.every((text, place) => present[place] === text);
}

function sourceOf(reading: Reading, field: number): { readonly from: string; readonly rule: string } {
  const rule = reading.rules[field];
  return { from: rule?.key.name ?? "", rule: reading.derivations[field] ?? rule?.name ?? "" };
}
