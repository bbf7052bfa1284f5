// Reads what a span says of a call of a model, whoever wrote it. Dialects are scored by the keys and the scope of the
// span; the best gives the usage, the others fill what it left open, and nothing is added twice.
import type { AttributeKeys } from "../core/component.ts";
import type { SpanView } from "../otlp/span-view.ts";
import type { Telling } from "./call.ts";
import { type CompiledDialect, type CompiledDialects, type CompiledRule, compileDialects } from "./compile.ts";
import type { Dialect } from "./dialect.ts";
import { at } from "./fields.ts";
import { findMembers, type Scalar } from "./literal.ts";
import { Reading } from "./reading.ts";
import { Recogniser } from "./recognise.ts";
import { type ServiceFacts, tell, toldBefore } from "./tell.ts";
import { asIs, bad, meaningOf, rawOf, type Value } from "./values.ts";

export interface ReaderOptions {
  /** What emitters do not say, by `service.name`. */
  readonly services: ReadonlyMap<string, ServiceFacts>;
  /** Told of every value that cannot be read as what its key means. */
  badValue(dialect: string, key: string): void;
}

/** Longest text whose members are read: usage records and request parameters are shorter, prompts are not. */
const insideBytesMax = 16_384;

export class Reader {
  /** What the last span said, while `recognised` is true. */
  readonly reading = new Reading();
  /** Whether a dialect knows the last span: as a call, or as another piece of GenAI work. */
  recognised = false;
  /** Whether the last span only repeats what its parent says, in names of its own. */
  isCopy = false;
  readonly compiled: CompiledDialects;
  readonly #options: ReaderOptions;
  readonly #recogniser: Recogniser;
  readonly #found: (Scalar | undefined)[] = [];
  readonly #badKeys: number[] = [];
  /** The dialect that gave the sums, and the one that named the operation. */
  #base: CompiledDialect | undefined;
  #named: CompiledDialect | undefined;
  /** Whether the value that was read last is, under its own name, what it should be. */
  #asSent = false;
  /** Whether the family that is being read has other sums than the base. */
  #disagrees = false;

  constructor(dialects: readonly Dialect[], options: ReaderOptions) {
    this.compiled = compileDialects(dialects);
    this.#recogniser = new Recogniser(this.compiled);
    this.#options = options;
  }

  get keys(): AttributeKeys {
    const { exact, prefixes } = this.compiled.keys;
    return { exact: [...exact, toldBefore.name], prefixes };
  }

  /**
   * What the span says of a call; undefined when it is none and tells no usage. `recognised` then says whether it has
   * names to repair all the same, as tools and agents have.
   */
  read(span: SpanView): Telling | undefined {
    this.recognised = false;
    if (!this.#recogniser.score(span)) return undefined;
    const scope = span.scopeName;
    this.#readAll(span, this.#recogniser.rank(scope));
    const dialect = this.#base ?? this.#named;
    if (dialect === undefined) return undefined;
    this.recognised = true;
    this.isCopy = dialect.dialect.shape === "copy";
    const service = span.resourceText(this.compiled.serviceName) ?? "";
    return tell(span, this.reading, { dialect, scope, service, facts: this.#options.services.get(service) });
  }

  #readAll(span: SpanView, candidates: number): void {
    this.reading.clear();
    if (0 < this.#badKeys.length) this.#badKeys.length = 0;
    this.#base = undefined;
    this.#named = undefined;
    const { order } = this.#recogniser;
    const first = order[0] ?? 0;
    for (let place = 0; place < candidates; place++) {
      const index = order[place] ?? 0;
      const dialect = this.compiled.dialects[index];
      const rules = place === 0 ? dialect?.rules : this.compiled.beyond[first]?.[index];
      if (dialect === undefined || rules === undefined) continue;
      this.#disagrees = false;
      for (let number = 0; number < rules.length; number++) {
        const rule = rules[number];
        if (rule && span.has(rule.key)) this.#apply(span, rule, dialect);
      }
      if (this.reading.values[at.operation] !== undefined) this.#named ??= dialect;
    }
  }

  #apply(span: SpanView, rule: CompiledRule, dialect: CompiledDialect): void {
    if (rule.inside !== undefined) return this.#applyInside(span, rule, dialect);
    const value = this.#meaningOf(span, rule);
    if (value === undefined) return;
    if (rule.removable) this.reading.use(rule);
    this.#offer(value, rule, dialect);
  }

  #meaningOf(span: SpanView, rule: CompiledRule): Value | typeof asIs | undefined {
    const { reading } = this;
    const known = reading.values[rule.field];
    if (known !== undefined) {
      // What is known is read again only where it is an original, another id, or a sum to compare with.
      if (reading.rules[rule.field]?.key === rule.key) return undefined;
      if (!rule.removable && rule.kind !== "tokens" && !isResponseId(rule)) return undefined;
    }
    if (rule.passiveType !== undefined && span.type(rule.key) === rule.passiveType) return asIs;
    const raw = rawOf(span, rule.key, rule.kind);
    if (raw === undefined) return undefined;
    const value = raw === bad ? bad : meaningOf(raw, rule);
    if (value === bad) {
      this.#countBad(rule);
      return undefined;
    }
    // A word for nothing is an original too, once today's name has a value.
    if (value === undefined && rule.removable) reading.use(rule);
    // A double of 42 is the number 42, and no int: numbers are compared as what they were sent as.
    const isSame =
      typeof value === "string" ? value === raw : rule.kind === "tokens" && span.integer(rule.key) === value;
    this.#asSent = rule.identity && isSame;
    return value;
  }

  /** Reads a text with members, where one of them is still open. */
  #applyInside(span: SpanView, outer: CompiledRule, dialect: CompiledDialect): void {
    const { inside } = outer;
    const open = inside === undefined ? 0 : this.#openPlaces(inside.rules);
    if (inside === undefined || open === 0) return;
    const text = span.text(outer.key, insideBytesMax);
    if (text === undefined || text === "") return;
    this.#asSent = false;
    if (!findMembers(text, inside.wanted, this.#found, open)) return this.#countBad(outer);
    for (let place = 0; place < inside.rules.length; place++) {
      const raw = this.#found[place];
      const rule = inside.rules[place];
      if (rule === undefined || raw === undefined || raw === null) continue;
      const value = meaningOf(raw, rule);
      if (value === bad) this.#countBad(rule);
      else if (value !== undefined && this.reading.values[rule.field] === undefined) this.#offer(value, rule, dialect);
    }
  }

  /** Leaves the places open whose fields are, and closes the others. */
  #openPlaces(rules: readonly CompiledRule[]): number {
    let open = 0;
    for (let place = 0; place < rules.length; place++) {
      const rule = rules[place];
      const known = rule === undefined || this.reading.values[rule.field] !== undefined;
      this.#found[place] = known ? null : undefined;
      if (!known) open++;
    }
    return open;
  }

  #offer(value: Value | typeof asIs, rule: CompiledRule, dialect: CompiledDialect): void {
    const { reading } = this;
    if (rule.kind === "tokens") return this.#offerTokens(value, rule, dialect);
    if (isResponseId(rule) && typeof value === "string" && !reading.responseIds.includes(value)) {
      reading.responseIds.push(value);
    }
    if (reading.values[rule.field] === undefined) reading.find(rule.field, value, rule, this.#asSent);
  }

  /** Takes a count from the family that gave the sums, and from others only parts that no sum contradicts. */
  #offerTokens(value: Value | typeof asIs, rule: CompiledRule, dialect: CompiledDialect): void {
    const { reading } = this;
    const known = reading.values[rule.field];
    const isSum = rule.field === at.input || rule.field === at.output;
    if (known === undefined) {
      if (this.#disagrees || (value === 0 && rule.skipsZero)) return;
      if (isSum || rule.field === at.total) this.#base ??= dialect;
      reading.find(rule.field, value, rule, this.#asSent);
    } else if (known !== value && isSum) {
      reading.flag("usage_names_differ");
      if (reading.rules[rule.field]?.dialect !== rule.dialect) this.#disagrees = true;
    }
  }

  /** Once per span and key, however many dialects read it. */
  #countBad({ dialect, key }: CompiledRule): void {
    if (this.#badKeys.includes(key.id)) return;
    this.#badKeys.push(key.id);
    this.#options.badValue(dialect, key.name);
  }
}

function isResponseId({ field }: CompiledRule): boolean {
  return field === at.responseId || field === at.otherResponseId;
}
