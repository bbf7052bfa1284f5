// YAML text to a tree with places. Whatever the text is, the work and the tree are bounded.
import {
  CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
} from "yaml";
import type { ConfigNode, Entry, MapNode, Path, Place } from "./node.ts";
import { type Problem, problemAt } from "./problems.ts";

/** A price list is the largest thing that anybody writes into a configuration. */
const textCharsMax = 4 * 1024 * 1024;
const nestingMax = 100;
const nodesMax = 200_000;
const parserProblemsMax = 10;

export type Parsed =
  | { readonly ok: true; readonly node: ConfigNode | undefined }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** The tree of a text; undefined for a text in which nothing stands. */
export function parseYaml(file: string, text: string): Parsed {
  const start: Place = { file, line: 1, column: 1 };
  const refused = (why: string): Parsed => ({ ok: false, problems: [problemAt(start, [], why)] });
  if (textCharsMax < text.length) return refused(`is larger than ${textCharsMax} characters; split it or write less`);
  if (nestingMax < nestingOf(text)) return refused(tooDeep);

  const lines = new LineCounter();
  // Both options cost quadratic time on hostile text; keys are compared in `TreeReading`.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    customTags: (tags) => [legacyOctal, ...tags],
  });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (document.errors.length > 0) {
    const first = document.errors.slice(0, parserProblemsMax);
    return {
      ok: false,
      problems: first.map((error) => problemAt(placeAt(error.pos[0]), [], `is not YAML: ${lowerFirst(error.message)}`)),
    };
  }
  const reading = new TreeReading(document, placeAt);
  const node = document.contents ? reading.node(document.contents as Node, []) : undefined;
  return reading.problems.length > 0 ? { ok: false, problems: reading.problems } : { ok: true, node };
}

const tooDeep = `is nested more than ${nestingMax} deep; a configuration needs less`;

// go-yaml, which reads a Collector's files, takes 0123 for octal, as YAML 1.1 did.
const legacyOctal = {
  tag: "tag:yaml.org,2002:int",
  default: true,
  test: /^[-+]?0[0-7]+$/,
  resolve: (text: string) => Number.parseInt(text, 8),
} as const;

/**
 * How deep a text may nest, from its tokens alone, and never less than it does.
 * The parser calls itself for each level: 100,000 open brackets end the process before it can object.
 */
function nestingOf(text: string): number {
  let deepest = 0;
  let flow = 0;
  let indicators = 0;
  let atLineStart = true;
  const indents: number[] = [];
  for (const token of new Lexer().lex(text)) {
    const type = CST.tokenType(token);
    if (type === "newline") {
      atLineStart = true;
      indicators = 0;
      continue;
    }
    if (atLineStart) {
      const indent = type === "space" ? token.length : 0;
      while ((indents.at(-1) ?? -1) >= indent) indents.pop();
      indents.push(indent);
      atLineStart = false;
    }
    if (type === "flow-map-start" || type === "flow-seq-start") flow++;
    else if (type === "flow-map-end" || type === "flow-seq-end") flow = Math.max(0, flow - 1);
    else if (flow === 0 && blockIndicators.has(type ?? "")) indicators++;
    deepest = Math.max(deepest, flow + indicators + indents.length);
    if (nestingMax < deepest) return deepest;
  }
  return deepest;
}

const blockIndicators: ReadonlySet<string> = new Set(["seq-item-ind", "explicit-key-ind", "map-value-ind"]);

class TreeReading {
  readonly problems: Problem[] = [];
  readonly #document: Document;
  readonly #placeAt: (offset: number) => Place;
  #nodes = 0;

  constructor(document: Document, placeAt: (offset: number) => Place) {
    this.#document = document;
    this.#placeAt = placeAt;
  }

  node(given: Node | null, path: Path): ConfigNode {
    const place = this.#placeAt(given?.range?.[0] ?? 0);
    const nothing: ConfigNode = { kind: "scalar", place, value: null, text: "" };
    this.#nodes++;
    if (nodesMax < this.#nodes) return this.#object(place, [], `has more than ${nodesMax} values; write less`, nothing);
    if (nestingMax < path.length) return this.#object(place, [], tooDeep, nothing);
    if (isAlias(given)) {
      const target = given.resolve(this.#document);
      if (target) return this.node(target, path);
      return this.#object(
        place,
        path,
        `there is no anchor &${given.source}; write it before *${given.source}`,
        nothing,
      );
    }
    if (isMap(given)) return { kind: "map", place, entries: this.#entries(given.items, path) };
    if (isSeq(given))
      return { kind: "list", place, items: given.items.map((item, i) => this.node(item as Node, [...path, i])) };
    if (!isScalar(given)) return nothing;
    const { value } = given;
    const text = given.source ?? String(value ?? "");
    const known = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
    return { kind: "scalar", place, value: known ? value : null, text };
  }

  #entries(pairs: readonly Pair[], path: Path): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    const inherited: MapNode[] = [];
    for (const pair of pairs) {
      const place = this.#placeAt((pair.key as Node | null)?.range?.[0] ?? 0);
      if (!isScalar(pair.key)) {
        this.#object(place, path, "a key must be a word, not a map or a list", undefined);
        continue;
      }
      const key = pair.key.source ?? String(pair.key.value ?? "");
      const node = this.node(pair.value as Node | null, [...path, key]);
      if (key === "<<" && pair.key.type === "PLAIN") inherited.push(...mapsOf(node));
      else if (entries.has(key)) this.#object(place, [...path, key], "stands here twice; remove one", undefined);
      else entries.set(key, { place, node });
    }
    for (const map of inherited) for (const [key, entry] of map.entries) if (!entries.has(key)) entries.set(key, entry);
    return entries;
  }

  #object<T>(place: Place, path: Path, text: string, instead: T): T {
    // The first says it: a text beyond a bound is beyond it at each of its nodes.
    if (this.problems.length < parserProblemsMax) this.problems.push(problemAt(place, path, text));
    return instead;
  }
}

function mapsOf(node: ConfigNode): MapNode[] {
  if (node.kind === "list") return node.items.flatMap(mapsOf);
  return node.kind === "map" ? [node] : [];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
