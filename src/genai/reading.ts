// What was found on one span, by field. One reading serves all spans, one after the other.
import type { CompiledRule } from "./compile.ts";
import { fields } from "./fields.ts";
import type { ReadingFlag } from "./flags.ts";
import type { asIs, Value } from "./values.ts";

export class Reading {
  readonly values: (Value | typeof asIs | undefined)[] = new Array(fields.length).fill(undefined);
  /** The rule that gave the value; undefined where none did. */
  readonly rules: (CompiledRule | undefined)[] = new Array(fields.length).fill(undefined);
  /** How a value came about that no rule gave as it stands. */
  readonly derivations: (string | undefined)[] = new Array(fields.length).fill(undefined);
  /** 1 where the attribute already has this value. */
  readonly unchanged = new Uint8Array(fields.length);
  /** Rules whose sources are readable originals of attributes of today: the first `usedCount` entries. */
  readonly used: CompiledRule[] = [];
  usedCount = 0;
  readonly responseIds: string[] = [];
  readonly flags: ReadingFlag[] = [];

  /** Fields that are set, so that clearing costs what was found and not what could be. One may stand there twice. */
  readonly #set: number[] = [];
  #setCount = 0;

  clear(): void {
    for (let at = 0; at < this.#setCount; at++) {
      const field = this.#set[at] ?? 0;
      this.values[field] = undefined;
      this.rules[field] = undefined;
      this.derivations[field] = undefined;
      this.unchanged[field] = 0;
    }
    // An array that is emptied would have to grow again for every span.
    this.#setCount = 0;
    this.usedCount = 0;
    if (0 < this.responseIds.length) this.responseIds.length = 0;
    if (0 < this.flags.length) this.flags.length = 0;
  }

  /** A value that a rule gave. `unchanged` says that the attribute of this name has it already. */
  find(field: number, value: Value | typeof asIs, rule: CompiledRule, unchanged: boolean): void {
    this.#set[this.#setCount++] = field;
    this.values[field] = value;
    this.rules[field] = rule;
    this.unchanged[field] = unchanged ? 1 : 0;
  }

  /** A value that follows from the one in `source`: `how` is what `explain` shows as its rule. */
  derive(field: number, value: Value | undefined, how: string, source = field): void {
    if (this.values[field] === value) return;
    this.#set[this.#setCount++] = field;
    this.values[field] = value;
    this.derivations[field] = how;
    this.rules[field] = this.rules[source];
    this.unchanged[field] = 0;
  }

  /** Notes that the source of a rule could be read. */
  use(rule: CompiledRule): void {
    this.used[this.usedCount++] = rule;
  }

  flag(flag: ReadingFlag): void {
    if (!this.flags.includes(flag)) this.flags.push(flag);
  }

  text(field: number): string | undefined {
    const value = this.values[field];
    return typeof value === "string" ? value : undefined;
  }

  count(field: number): number | undefined {
    const value = this.values[field];
    return typeof value === "number" ? value : undefined;
  }
}
