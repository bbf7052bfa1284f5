// The four sections of components: ids, types, and each one's settings against its own declaration.
import { createHash, type Hash } from "node:crypto";
import type { Files, Kind } from "../core/component.ts";
import { decode } from "./decode.ts";
import { parseIdentifier } from "./identifier.ts";
import { type Told, tellAll } from "./issues.ts";
import { didYouMean } from "./nearest.ts";
import { type ConfigNode, type MapNode, type Path, placeOf } from "./node.ts";
import { type Problem, problemAt } from "./problems.ts";
import { alternatives, childrenOf, type JsonSchema, jsonSchemaOf, namesAt } from "./schema-tree.ts";
import type { Ready } from "./service-config.ts";

/** Where checks leave what they find. */
export interface Findings {
  readonly problems: Problem[];
  /** Keys that load and have no effect, with the reason. */
  readonly inert: { readonly path: string; readonly reason: string }[];
  /** Ids whose type has another name now. */
  readonly renamed: { readonly path: string; readonly now: string }[];
}

/** What a section declares, by id. A component with problems is there too, so that references to it are right. */
export type Declared<R> = ReadonlyMap<string, { readonly about: About | undefined; readonly ready: R | undefined }>;

/** What a declaration says of every component of its type. */
export type About = Kind<string, never, unknown>["about"];

export interface Checking {
  readonly root: MapNode;
  readonly files: Files;
  readonly findings: Findings;
}

/** Checks one section of a configuration and prepares what stands in it. */
export function checkComponents<Wiring extends unknown[], C>(
  section: string,
  kinds: readonly Kind<string, Wiring, C>[],
  checking: Checking,
): Declared<Ready<Wiring, C>> {
  const declared = new Map<string, { about: About | undefined; ready: Ready<Wiring, C> | undefined }>();
  const written = checking.root.entries.get(section)?.node;
  if (written?.kind !== "map") return declared;
  for (const [key, entry] of written.entries) {
    const path = [section, key];
    const object = (text: string) => checking.findings.problems.push(problemAt(entry.place, path, text));
    const identifier = parseIdentifier(key);
    if (typeof identifier === "string") {
      object(identifier);
      continue;
    }
    const { id, type } = identifier;
    if (declared.has(id)) object(`is the id ${JSON.stringify(id)} for the second time; give it another name`);
    const kind = kinds.find(({ about }) => about.type === type || about.aliases?.includes(type));
    if (kind === undefined) object(unknownType(type, kinds));
    else if (kind.about.type !== type) checking.findings.renamed.push({ path: path.join("."), now: kind.about.type });
    const ready = kind && prepare(kind, { id, path, node: entry.node }, checking);
    declared.set(id, { about: kind?.about, ready });
  }
  return declared;
}

function unknownType<Wiring extends unknown[], C>(type: string, kinds: readonly Kind<string, Wiring, C>[]): string {
  const types = kinds.map(({ about }) => about.type);
  const meant = didYouMean(type, [...types, ...kinds.flatMap(({ about }) => about.aliases ?? [])]);
  const wrong = `unknown type ${JSON.stringify(type)}`;
  return `${wrong}; ${meant === undefined ? "" : `${meant} `}valid types are ${types.join(", ") || "none"}`;
}

interface Written {
  readonly id: string;
  readonly path: Path;
  readonly node: ConfigNode;
}

function prepare<Wiring extends unknown[], C>(
  kind: Kind<string, Wiring, C>,
  { id, path, node }: Written,
  { root, files, findings }: Checking,
): Ready<Wiring, C> | undefined {
  const schema = jsonSchemaOf(kind.about.settings);
  findings.inert.push(...inertIn(schema, node, path));
  const witness = new Witness(kind.about.type, files);
  const prepared = decode(node, (given) => kind.prepare(witness.given(given), witness));
  if (prepared.ok) {
    const { settings, create } = prepared;
    return { id, about: kind.about, settings, fingerprint: witness.fingerprint, create };
  }
  const told = [
    ...tellAll(prepared.issues, (at) => namesAt(schema, at)),
    ...prepared.objections.map(({ path, text }): Told => ({ path, text, point: "value" })),
  ];
  findings.problems.push(...told.map((one) => placed(one, path, root)));
  return undefined;
}

/** Sees what a component is made of: what is written, and what stands in the files that its settings name. */
class Witness implements Files {
  readonly #type: string;
  readonly #files: Files;
  #seen: Hash;

  constructor(type: string, files: Files) {
    this.#type = type;
    this.#files = files;
    this.#seen = createHash("sha256");
  }

  /** Settings that are tried. What was seen of others before them does not count. */
  given(given: unknown): unknown {
    this.#seen = createHash("sha256").update(`${this.#type} ${JSON.stringify(given)}`);
    return given;
  }

  read(path: string): Uint8Array {
    const bytes = this.#files.read(path);
    this.#seen.update(` ${path} ${bytes.length} `).update(bytes);
    return bytes;
  }

  get fingerprint(): string {
    return this.#seen.copy().digest("hex");
  }
}

/** A finding about settings as a problem of the file. */
export function placed({ path, text, point }: Told, under: Path, root: MapNode): Problem {
  const full = [...under, ...path];
  return problemAt(placeOf(root, full, point), full, text);
}

/** The keys that are written although they have no effect. */
export function inertIn(schema: JsonSchema, node: ConfigNode, path: Path): Findings["inert"] {
  const found: Findings["inert"] = [];
  const visit = (schemas: readonly JsonSchema[], at: ConfigNode, where: Path) => {
    const reason = schemas.find((one) => one.inert !== undefined)?.inert;
    if (reason !== undefined) found.push({ path: where.join("."), reason });
    else if (at.kind === "list")
      for (const [index, item] of at.items.entries()) visit(childrenOf(schemas, index), item, [...where, index]);
    else if (at.kind === "map")
      for (const [key, entry] of at.entries) visit(childrenOf(schemas, key), entry.node, [...where, key]);
  };
  visit(alternatives(schema), node, path);
  return found;
}
