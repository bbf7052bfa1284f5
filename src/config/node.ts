// Configuration between YAML and settings: a tree in which every node remembers where it was written.

/** Where something stands. Lines and columns start at 1. */
export interface Place {
  /** Path of the file as given, or the name of another source: `env:NAME`, `yaml`, `--set a.b`. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

interface Common {
  readonly place: Place;
  /** The text that a `${…}` gave, when it is the whole value: a setting that wants a string gets this. */
  readonly original?: string;
}

export interface ScalarNode extends Common {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  /** As written, without quotes. */
  readonly text: string;
}

export interface ListNode extends Common {
  readonly kind: "list";
  readonly items: readonly ConfigNode[];
}

export interface Entry {
  /** Where the key stands. */
  readonly place: Place;
  readonly node: ConfigNode;
}

export interface MapNode extends Common {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, Entry>;
}

export type ConfigNode = ScalarNode | ListNode | MapNode;
export type Path = readonly (string | number)[];

/** The same without places, as schemas read it. Fresh, so that the caller may change it. */
export function plain(node: ConfigNode): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(plain);
  // Without a prototype, so that a key `__proto__` is a key like any other.
  const value: Record<string, unknown> = Object.create(null);
  for (const [key, entry] of node.entries) value[key] = plain(entry.node);
  return value;
}

/** What stands at a path, or undefined. */
export function nodeAt(root: ConfigNode, path: Path): ConfigNode | undefined {
  let node: ConfigNode | undefined = root;
  for (const step of path) node = node && childOf(node, step)?.node;
  return node;
}

/** Where to point for a path: at the value, at the key, or, when nothing is written there, at the nearest parent. */
export function placeOf(root: ConfigNode, path: Path, point: "key" | "value"): Place {
  let node: ConfigNode = root;
  let key = root.place;
  for (const [depth, step] of path.entries()) {
    const child: Entry | undefined = childOf(node, step);
    if (child === undefined) return key;
    if (depth === path.length - 1 && point === "value" && !isNull(child.node)) return child.node.place;
    node = child.node;
    key = child.place;
  }
  return key;
}

export function isNull(node: ConfigNode): boolean {
  return node.kind === "scalar" && node.value === null;
}

function childOf(node: ConfigNode, step: string | number): Entry | undefined {
  if (node.kind === "map") return node.entries.get(String(step));
  const item = node.kind === "list" ? node.items[Number(step)] : undefined;
  return item && { place: item.place, node: item };
}
