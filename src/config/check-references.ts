// Settings that name an extension, such as `storage`: it must be one that the service starts, and of the right type.
import type { AnyKind } from "../core/component.ts";
import type { Findings } from "./check-components.ts";
import { parseIdentifier } from "./identifier.ts";
import { didYouMean } from "./nearest.ts";
import { type ConfigNode, type MapNode, nodeAt, type Path, placeOf } from "./node.ts";
import { problemAt, quote } from "./problems.ts";
import { alternatives, childrenOf, type JsonSchema, jsonSchemaOf } from "./schema-tree.ts";
import type { ReadyExtension } from "./service-config.ts";

/** Checks every such setting below the four sections of components. */
export function checkReferences(
  root: MapNode,
  registry: readonly AnyKind[],
  started: readonly ReadyExtension[],
  findings: Findings,
): void {
  for (const section of ["receivers", "processors", "exporters", "extensions"]) {
    const written = nodeAt(root, [section]);
    if (written?.kind !== "map") continue;
    for (const [key, { node }] of written.entries) {
      const kind = registry.find((one) => `${one.kind}s` === section && isNamed(one, key));
      if (kind === undefined) continue;
      for (const found of referencesIn(jsonSchemaOf(kind.about.settings), node, [section, key])) {
        const wrong = whatIsWrong(found, started);
        if (wrong) findings.problems.push(problemAt(placeOf(root, found.path, "value"), found.path, wrong));
      }
    }
  }
}

function isNamed({ about }: AnyKind, key: string): boolean {
  const identifier = parseIdentifier(key);
  if (typeof identifier === "string") return false;
  return about.type === identifier.type || (about.aliases?.includes(identifier.type) ?? false);
}

interface Reference {
  readonly path: Path;
  readonly id: string;
  /** Of the extension. */
  readonly type: string;
}

function referencesIn(schema: JsonSchema, node: ConfigNode, path: Path): readonly Reference[] {
  const found: Reference[] = [];
  const visit = (schemas: readonly JsonSchema[], at: ConfigNode, where: Path) => {
    const type = schemas.find((one) => one.extension !== undefined)?.extension;
    if (type !== undefined && at.kind === "scalar" && at.value !== null) found.push({ path: where, id: at.text, type });
    if (at.kind !== "map") return;
    for (const [key, entry] of at.entries) visit(childrenOf(schemas, key), entry.node, [...where, key]);
  };
  visit(alternatives(schema), node, path);
  return found;
}

function whatIsWrong({ id, type }: Reference, started: readonly ReadyExtension[]): string | undefined {
  const fitting = started.filter(({ about }) => about.type === type).map((extension) => extension.id);
  if (fitting.includes(id)) return undefined;
  const instead = didYouMean(id, fitting) ?? `declare ${quote(type)} in extensions and name it in service.extensions`;
  return `must be the id of a ${type} extension that service.extensions names, not ${quote(id)}; ${instead}`;
}
