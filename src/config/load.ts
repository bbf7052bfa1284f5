// Where a configuration comes from: files and other sources, laid over each other in order, then expanded.
import { expand, type Outside } from "./expand.ts";
import { merge } from "./merge.ts";
import type { ConfigNode, MapNode, Place } from "./node.ts";
import { parseYaml } from "./parse.ts";
import { inReadingOrder, type Problem, problemAt, quote } from "./problems.ts";

/** A text that is no file of the user's, and how problems name it. */
export interface NamedText {
  readonly file: string;
  readonly text: string;
}

export interface Sources {
  /** A path, `file:path`, `yaml:text` or `env:NAME` each; later ones are laid over earlier ones. */
  readonly configs: readonly (string | NamedText)[];
  /** `a.b=value` each, laid over everything else. */
  readonly sets: readonly string[];
}

export type Loaded =
  | { readonly ok: true; readonly root: MapNode; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads, merges and expands. Knows no setting. */
export function load(sources: Sources, outside: Outside): Loaded {
  const layers = [
    ...sources.configs.map((config) => readConfig(config, outside)),
    ...sources.sets.map((set) => readSet(set)),
  ];
  const problems = layers.flatMap((layer) => layer.problems);
  if (problems.length > 0) return { ok: false, problems };

  const nodes = layers.flatMap((layer) => layer.node ?? []);
  const merged = nodes.reduce<ConfigNode | undefined>((under, over) => (under ? merge(under, over) : over), undefined);
  const file = layers[0]?.file ?? "configuration";
  if (merged === undefined) return { ok: false, problems: [problemAt({ file, line: 1, column: 1 }, [], emptyText)] };

  const { node: root, problems: unexpandable, unset } = expand(merged, outside);
  if (unexpandable.length > 0) return { ok: false, problems: inReadingOrder(unexpandable) };
  if (root.kind !== "map")
    return { ok: false, problems: [problemAt(root.place, [], `must be a map of sections, not ${describeNode(root)}`)] };
  // What is missing at the top has no line of its own.
  return { ok: true, root: { ...root, place: { file, line: 1, column: 1 } }, warnings: warningsOf(unset) };
}

const emptyText = "empty configuration file; write receivers, exporters and service, or run without --config";

interface Layer {
  readonly file: string;
  readonly node?: ConfigNode;
  readonly problems: readonly Problem[];
}

function readConfig(config: string | NamedText, outside: Outside): Layer {
  if (typeof config !== "string") return readText(config.file, config.text, false);
  const [, scheme, rest = ""] = /^([A-Za-z][A-Za-z0-9+.-]+):(.*)$/s.exec(config) ?? [];
  if (scheme === "yaml") return readText("yaml", rest, true);
  if (scheme === "env") {
    const text = outside.env(rest);
    if (text !== undefined) return readText(config, text, false);
    return refuse(config, `the environment variable ${quote(rest)} is not set; set it to the configuration's YAML`);
  }
  if (scheme === "http" || scheme === "https")
    return refuse(config, `cannot be read from ${scheme}; give a path, yaml:… or env:NAME`);
  const path = scheme === "file" ? rest : config;
  try {
    return readText(path, decodeUtf8(outside.files.read(path)), false);
  } catch (cause) {
    return refuse(path, `unable to read the file: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function readText(file: string, text: string, pathsInKeys: boolean): Layer {
  const parsed = parseYaml(file, text);
  if (!parsed.ok) return { file, problems: parsed.problems };
  if (parsed.node === undefined) return { file, problems: [] };
  return { file, node: pathsInKeys ? unfold(parsed.node) : parsed.node, problems: [] };
}

/** `a.b=v` is `{a: {b: v}}`. A key that contains a dot cannot be named so. */
function readSet(set: string): Layer {
  const split = set.indexOf("=");
  if (split <= 0) return refuse("--set", `missing equal sign in ${quote(set)}; write --set a.b=value`);
  const path = set.slice(0, split);
  const file = `--set ${path}`;
  const parsed = parseYaml(file, set.slice(split + 1));
  if (!parsed.ok) return { file, problems: parsed.problems };
  const place = { file, line: 1, column: 1 };
  const nothing: ConfigNode = { kind: "scalar", place, value: null, text: "" };
  return { file, node: wrap(path.split(/\.|::/), parsed.node ?? nothing, place), problems: [] };
}

function refuse(file: string, text: string): Layer {
  return { file, problems: [problemAt({ file, line: 1, column: 1 }, [], text)] };
}

/** `{"a::b": v}` as `{a: {b: v}}`: how the Collector writes a path in `yaml:…`. */
function unfold(node: ConfigNode): ConfigNode {
  if (node.kind !== "map") return node;
  const maps = [...node.entries].map(([key, { place, node: value }]) => wrap(key.split("::"), unfold(value), place));
  const empty: ConfigNode = { ...node, entries: new Map() };
  return maps.reduce(merge, empty);
}

function wrap(path: readonly string[], value: ConfigNode, place: Place): ConfigNode {
  return path.reduceRight<ConfigNode>(
    (node, key) => ({ kind: "map", place, entries: new Map([[key.trim(), { place, node }]]) }),
    value,
  );
}

function decodeUtf8(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

function describeNode(node: ConfigNode): string {
  return node.kind === "list" ? "a list" : quote(node.kind === "scalar" ? node.value : undefined);
}

function warningsOf(unset: readonly string[]): string[] {
  if (unset.length === 0) return [];
  return [`the configuration names environment variables that are not set: ${unset.join(", ")}`];
}
