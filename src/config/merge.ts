import type { ConfigNode, Entry, MapNode } from "./node.ts";

/** Lays `over` on `under` as the Collector does: maps merge, everything else replaces, and so does null. */
export function merge(under: ConfigNode, over: ConfigNode): ConfigNode {
  return under.kind === "map" && over.kind === "map" ? mergeMaps(under, over) : over;
}

function mergeMaps(under: MapNode, over: MapNode): MapNode {
  const entries = new Map<string, Entry>(under.entries);
  for (const [key, entry] of over.entries) {
    const below = entries.get(key);
    entries.set(key, below ? mergeEntries(below, entry) : entry);
  }
  return { kind: "map", place: under.place, entries };
}

function mergeEntries(below: Entry, above: Entry): Entry {
  const node = merge(below.node, above.node);
  // What is replaced stands where the new value does; what is only added to, where it was first written.
  return { place: node === above.node ? above.place : below.place, node };
}
