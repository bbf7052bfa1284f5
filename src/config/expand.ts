// `${…}` in values, as the Collector expands it: innermost first, again in what came out, `$$` is a dollar.
// Sources: go.opentelemetry.io/collector/confmap (expand.go, provider/envprovider) and its end-to-end tables.
import type { Files } from "../core/component.ts";
import type { ConfigNode, Entry, Path, Place } from "./node.ts";
import { parseYaml } from "./parse.ts";
import { type Problem, problemAt, quote } from "./problems.ts";

/** What a configuration may read besides its own text. */
export interface Outside {
  env(name: string): string | undefined;
  readonly files: Files;
}

export interface Expanded {
  readonly node: ConfigNode;
  readonly problems: readonly Problem[];
  /** Variables that are not set and have no default, in the order of the file. */
  readonly unset: readonly string[];
}

/** Replaces every `${…}` in the values of a tree. Keys are left as they are. */
export function expand(root: ConfigNode, outside: Outside): Expanded {
  const expansion = new Expansion(outside);
  const node = expansion.node(root, [], 0);
  return { node, problems: expansion.problems, unset: [...expansion.unset] };
}

const roundsMax = 5_000;
const nestingMax = 100;
const textCharsMax = 1024 * 1024;
const nodesMax = 200_000;
const recursive = "too many recursive expansions; does a variable lead back to itself?";
const nameForm = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Why an expansion cannot be made. Caught where the value stands, so that it is told with a place. */
class Unexpandable extends Error {}

interface Where {
  readonly place: Place;
  readonly path: Path;
  /** How many values of variables and files this one stands in. */
  readonly depth: number;
}

class Expansion {
  readonly problems: Problem[] = [];
  readonly unset = new Set<string>();
  readonly #outside: Outside;
  #rounds = 0;
  #nodes = 0;

  constructor(outside: Outside) {
    this.#outside = outside;
  }

  node(given: ConfigNode, path: Path, depth: number): ConfigNode {
    this.#nodes++;
    if (nodesMax < this.#nodes) throw new Unexpandable(`has more than ${nodesMax} values once expanded; write less`);
    if (nestingMax < depth) throw new Unexpandable(recursive);
    if (given.kind === "list")
      return { ...given, items: given.items.map((item, i) => this.#guarded(item, [...path, i], depth)) };
    if (given.kind === "map") {
      const entries = new Map<string, Entry>();
      for (const [key, entry] of given.entries)
        entries.set(key, { place: entry.place, node: this.#guarded(entry.node, [...path, key], depth) });
      return { ...given, entries };
    }
    return typeof given.value === "string" ? this.#text(given.value, { place: given.place, path, depth }) : given;
  }

  /** At the top a value that cannot be expanded is a problem; inside of another one it spoils that one. */
  #guarded(given: ConfigNode, path: Path, depth: number): ConfigNode {
    if (depth > 0) return this.node(given, path, depth);
    try {
      return this.node(given, path, depth);
    } catch (cause) {
      if (!(cause instanceof Unexpandable)) throw cause;
      this.problems.push(problemAt(given.place, path, cause.message));
      return given;
    }
  }

  #text(given: string, where: Where): ConfigNode {
    let text = given;
    let whole = false;
    for (let found = innermost(text); found !== undefined; found = innermost(text)) {
      const source = this.#resolve(text.slice(found.open + 2, found.close));
      if (found.open > 0 || found.close < text.length - 1) {
        text = spliced(text, found, source);
        continue;
      }
      const value = parseValue(source);
      if (value && !(value.kind === "scalar" && typeof value.value === "string"))
        return this.#typed(value, source, where);
      text = source;
      whole = true;
    }
    const value = unescaped(text);
    return { kind: "scalar", place: where.place, value, text: value, ...(whole ? { original: value } : {}) };
  }

  /** A value that is no text: the setting decides whether it wants the value or the text that it was read from. */
  #typed(value: ConfigNode, source: string, { place, path, depth }: Where): ConfigNode {
    const node = this.node(moved(value, place), path, depth + 1);
    try {
      return { ...node, original: unescaped(this.#inline(source)) };
    } catch (cause) {
      // A `${…}` in a comment of the value, for instance, spoils the text but not the value.
      if (cause instanceof Unexpandable) return node;
      throw cause;
    }
  }

  #inline(source: string): string {
    let text = source;
    for (let found = innermost(text); found !== undefined; found = innermost(text))
      text = spliced(text, found, this.#resolve(text.slice(found.open + 2, found.close)));
    return text;
  }

  #resolve(uri: string): string {
    this.#rounds++;
    if (roundsMax < this.#rounds) throw new Unexpandable(recursive);
    const [, scheme, rest] = /^([A-Za-z][A-Za-z0-9+.-]+):(.*)$/s.exec(uri) ?? [];
    if (scheme === undefined || rest === undefined) return this.#variable(uri);
    if (scheme === "env") return this.#variable(rest);
    if (scheme === "file") return this.#file(rest);
    if (scheme === "yaml") return rest;
    // `${NAME:-default}` reads like a scheme, and can be nothing else than what shells mean by it.
    if (rest.startsWith("-")) return this.#variable(uri);
    throw new Unexpandable(
      `${quote(`\${${uri}}`)} has an unknown scheme ${quote(scheme)}; use env, file or yaml, or $$ for a dollar`,
    );
  }

  #variable(reference: string): string {
    const split = reference.indexOf(":-");
    const name = split < 0 ? reference : reference.slice(0, split);
    if (!nameForm.test(name))
      throw new Unexpandable(
        `environment variable ${quote(name)} has an invalid name; use letters, digits and _, or $$ for a dollar`,
      );
    const value = this.#outside.env(name);
    if (value === undefined && split < 0) this.unset.add(name);
    // The default stands for an unset variable only: an empty one stays empty, other than in a shell.
    return value ?? (split < 0 ? "" : reference.slice(split + 2));
  }

  #file(path: string): string {
    try {
      // A secret in a file ends with a newline that nobody means.
      return new TextDecoder("utf-8", { fatal: true }).decode(this.#outside.files.read(path)).replace(/\r?\n$/, "");
    } catch (cause) {
      throw new Unexpandable(
        `the file ${quote(path)} cannot be read: ${cause instanceof Error ? cause.message : cause}`,
      );
    }
  }
}

/** Where a `${…}` stands in a text: the index of its dollar and that of its closing brace. */
interface Found {
  readonly open: number;
  readonly close: number;
}

/** The first `${…}` that has no other inside of it and is not escaped: an odd number of dollars before it is an escape. */
function innermost(text: string): Found | undefined {
  let from = 0;
  for (let close = text.indexOf("}"); close >= 0; close = text.indexOf("}", from)) {
    const open = text.lastIndexOf("${", close);
    if (from <= open) {
      let dollars = 0;
      while (text[open - 1 - dollars] === "$") dollars++;
      if (dollars % 2 === 0) return { open, close };
    }
    from = close + 1;
  }
  return undefined;
}

function spliced(text: string, { open, close }: Found, replacement: string): string {
  const result = text.slice(0, open) + replacement + text.slice(close + 1);
  if (textCharsMax < result.length) throw new Unexpandable(`is longer than ${textCharsMax} characters once expanded`);
  return result;
}

function unescaped(text: string): string {
  return text.replaceAll("$$", () => "$");
}

/** What a text means as YAML; undefined when it is none, and then it is the text itself. */
function parseValue(source: string): ConfigNode | undefined {
  const parsed = parseYaml("", source);
  if (!parsed.ok) return undefined;
  return parsed.node ?? { kind: "scalar", place: { file: "", line: 1, column: 1 }, value: null, text: "" };
}

/** Whatever a variable holds stands where the variable is named. */
function moved(node: ConfigNode, place: Place): ConfigNode {
  if (node.kind === "scalar") return { ...node, place };
  if (node.kind === "list") return { ...node, place, items: node.items.map((item) => moved(item, place)) };
  const entries = new Map<string, Entry>();
  for (const [key, entry] of node.entries) entries.set(key, { place, node: moved(entry.node, place) });
  return { ...node, place, entries };
}
