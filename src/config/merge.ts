import type { ConfigNode, Entry, MapNode } from "./node.ts";

/** Lays `over` on `under` as the Collector does: maps merge, everything else replaces, and so does null. */
export function merge(under: ConfigNode, over: ConfigNode): ConfigNode {
  return under.kind === "map" && over.kind === "map" ? mergeMaps(under, over) : over;
}

function mergeMaps(under: MapNode, over: MapNode): MapNode {
  const entries = new Map<string, Entry>(under.entries);
  for (const [key, entry] of over.entries) {
    const below = entries.get(key);
    entries.set(key, below ? { place: entry.place, node: merge(below.node, entry.node) } : entry);
  }
  return { kind: "map", place: under.place, entries };
}
