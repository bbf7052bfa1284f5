// Takes away what was said and what is secret, by names alone: no value is decoded for it. It comes
// last, when usage and cost that live inside such attributes are read.
import type { AttributeKeys } from "../core/component.ts";
import { attributeKey, attributePrefix } from "../otlp/attribute-key.ts";
import type { EventJudge } from "../otlp/event-cut.ts";
import type { LogJudge } from "../otlp/log-cut.ts";
import type { SpanView } from "../otlp/span-view.ts";
import {
  contentKeys,
  keptInMessages,
  messageEvents,
  notContent,
  type SensitiveKeys,
  tellingNames,
} from "./content-keys.ts";
import { matchesScope } from "./dialect.ts";
import { literalKeys, secretKeys, secretMembers } from "./secret-keys.ts";
import { withoutMembers } from "./secret-members.ts";
import type { Trail } from "./trail.ts";

export interface SensitiveOptions {
  readonly dropContent: boolean;
  readonly dropSecrets: boolean;
}

/** Longest literal that is searched for secrets; a longer one goes whole. */
const literalBytesMax = 65_536;
/** How many scope names are remembered; they come from spans. */
const scopesMax = 1024;

export class SensitiveDropper {
  readonly keys: AttributeKeys;
  readonly #groups: readonly SensitiveKeys[];
  readonly #options: SensitiveOptions;
  readonly #idsEnd: number;
  /** By key id: 1 where the key goes on some spans. */
  readonly #candidates: Uint8Array;
  readonly #marks = new Map<string, Uint8Array>();
  readonly #known = new Map<string, Uint8Array>();
  readonly #messageEvents: ReadonlySet<string> = new Set(messageEvents);
  readonly #literals = literalKeys.map(attributeKey);

  constructor(options: SensitiveOptions) {
    this.#options = options;
    this.#groups = [...(options.dropContent ? contentKeys : []), ...(options.dropSecrets ? secretKeys : [])];
    const exact = this.#groups.flatMap(({ exact = [] }) => exact);
    const prefixes = this.#groups.flatMap(({ prefixes = [] }) => prefixes);
    this.keys = {
      exact: [
        ...new Set([
          ...exact,
          ...(options.dropSecrets ? literalKeys : []),
          ...(options.dropContent ? [...notContent, ...keptInMessages] : []),
        ]),
      ],
      prefixes: [...new Set(prefixes)],
      events: options.dropContent,
    };
    const ids = [...exact.map(attributeKey), ...prefixes.map(attributePrefix)].map(({ id }) => id);
    this.#idsEnd = Math.max(-1, ...ids) + 1;
    this.#candidates = marked(ids, this.#idsEnd);
  }

  /** Takes away what the settings say; `isKnown` tells of a span that some dialect knows. */
  drop(span: SpanView, isKnown: boolean, trail: Trail | undefined): void {
    if (this.#options.dropSecrets) this.#cutLiterals(span, trail);
    const some = this.#hasCandidate(span);
    if (!some && !this.#options.dropContent) return;
    const marks = this.#marksOf(span.scopeName, isKnown);
    if (some) {
      if (trail) this.#tell(span, marks, trail);
      span.removeMarked(marks);
    }
    if (this.#options.dropContent) this.#dropTexts(span, marks, trail);
  }

  /**
   * What goes of the log records of a scope. Bodies of messages go whole where they are no maps; a literal that holds
   * secrets among other things goes whole, too.
   */
  judgeLogs(scope: string): LogJudge {
    const { dropContent, dropSecrets } = this.#options;
    const plain = this.#marksOf(scope, false);
    const known = this.#marksOf(scope, true);
    const isMessage = (event: string) => dropContent && this.#messageEvents.has(event);
    return {
      bodyGoes: isMessage,
      goes: (event, key) => {
        if ((isGenAi(event) ? known : plain)[key] === 1) return true;
        return (key < 0 || this.#candidates[key] === 1) && isMessage(event);
      },
      isMixed: (key) => dropSecrets && this.#literals.some(({ id }) => id === key),
      isClean: (text) => withoutMembers(text, secretMembers) === text,
    };
  }

  #hasCandidate(span: SpanView): boolean {
    const candidates = this.#candidates;
    for (let row = span.rowsStart; row < span.rowsEnd; row++) {
      const id = span.rowKey(row);
      if (0 <= id && candidates[id] === 1) return true;
    }
    return false;
  }

  /** Headers and keys go out of the literals that hold them among what stays. */
  #cutLiterals(span: SpanView, trail: Trail | undefined): void {
    for (const key of this.#literals) {
      const bytes = span.has(key) ? (span.textBytes(key) ?? 0) : 0;
      if (bytes === 0) continue;
      const text = span.text(key, literalBytesMax);
      const rest = text === undefined ? undefined : withoutMembers(text, secretMembers);
      if (rest !== undefined && rest === text) continue;
      if (rest === undefined) span.remove(key);
      else span.setText(key, rest);
      if (rest === undefined) trail?.removed(span.index, key.name);
      else trail?.set(span.index, { key: key.name, value: rest, from: key.name, rule: "secrets" });
    }
  }

  /** What is said elsewhere than in attributes: in events, by the status beside its code, and in some names. */
  #dropTexts(span: SpanView, marks: Uint8Array, trail: Trail | undefined): void {
    span.removeFromEvents(this.#judge(marks));
    if (span.removeStatusMessage()) trail?.removed(span.index, "status message");
    for (const { on, end, name } of tellingNames) {
      if (!isOneOf(on, span.scopeName)) continue;
      if (span.replaceName(end, name)) trail?.removed(span.index, "span name");
    }
  }

  #tell(span: SpanView, marks: Uint8Array, trail: Trail): void {
    for (let row = span.rowsStart; row < span.rowsEnd; row++) {
      const id = span.rowKey(row);
      if (0 <= id && marks[id] === 1) trail.removed(span.index, span.rowName(row));
    }
  }

  #judge(marks: Uint8Array): EventJudge {
    return (event, key) => {
      if (marks[key] === 1) return true;
      return (key < 0 || this.#candidates[key] === 1) && this.#messageEvents.has(event);
    };
  }

  #marksOf(scope: string, isKnown: boolean): Uint8Array {
    const memory = isKnown ? this.#known : this.#marks;
    const remembered = memory.get(scope);
    if (remembered) return remembered;
    if (memory.size === scopesMax) memory.clear();
    const groups = this.#groups.filter(({ on }) => holds(on, scope, isKnown));
    const ids = groups.flatMap(({ exact = [], prefixes = [] }) => [
      ...exact.map((name) => attributeKey(name).id),
      ...prefixes.map((prefix) => attributePrefix(prefix).id),
    ]);
    const marks = marked(ids, this.#idsEnd);
    memory.set(scope, marks);
    return marks;
  }
}

function isGenAi(event: string): boolean {
  return event.startsWith("gen_ai.");
}

function holds(on: SensitiveKeys["on"], scope: string, isKnown: boolean): boolean {
  if (on === "every span") return true;
  if (on === "known spans") return isKnown;
  return isOneOf(on, scope);
}

function isOneOf(patterns: readonly string[], scope: string): boolean {
  return patterns.some((pattern) => matchesScope(pattern, scope));
}

function marked(ids: readonly number[], end: number): Uint8Array {
  const marks = new Uint8Array(end);
  for (const id of ids) marks[id] = 1;
  return marks;
}
