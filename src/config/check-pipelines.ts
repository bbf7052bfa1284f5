// What runs: the pipelines and extensions that `service` names, against what the other sections declare.
import { type Signal, signals } from "../core/batch.ts";
import type { About, Declared, Findings } from "./check-components.ts";
import { parseIdentifier } from "./identifier.ts";
import { notOneOf } from "./issues.ts";
import { didYouMean } from "./nearest.ts";
import { type ConfigNode, isNull, type MapNode, nodeAt, type Path, type Place, placeOf } from "./node.ts";
import { problemAt, quote } from "./problems.ts";
import type { PipelineConfig, ReadyExporter, ReadyExtension, ReadyProcessor, ReadyReceiver } from "./service-config.ts";

export interface DeclaredComponents {
  readonly receivers: Declared<ReadyReceiver>;
  readonly processors: Declared<ReadyProcessor>;
  readonly exporters: Declared<ReadyExporter>;
  readonly extensions: Declared<ReadyExtension>;
}

/** The pipelines as far as they are right. With problems among the findings, what is returned is not to be used. */
export function checkPipelines(root: MapNode, declared: DeclaredComponents, findings: Findings): PipelineConfig[] {
  const at: Spot = { root, path: ["service", "pipelines"], findings };
  const node = nodeAt(root, at.path);
  const service = nodeAt(root, ["service"]);
  if (service && service.kind !== "map" && !isNull(service)) return [];
  if (node === undefined || isNull(node) || (node.kind === "map" && node.entries.size === 0)) object(at, noPipeline);
  if (node?.kind !== "map") return [];
  const seen = new Set<string>();
  const firsts = new Map<string, ReadyProcessor>();
  return [...node.entries].flatMap(([key, entry]) => {
    const here = within(at, key);
    const identity = identityOf(key);
    if (typeof identity === "string") {
      object(here, identity);
      return [];
    }
    if (seen.has(identity.id))
      object(here, `is the id ${quote(identity.id)} for the second time; give it another name`);
    seen.add(identity.id);
    return entry.node.kind === "map" || isNull(entry.node) ? checkPipeline(here, identity, { declared, firsts }) : [];
  });
}

const noPipeline = "must have at least one pipeline; write one such as traces: {receivers: [otlp], exporters: [debug]}";

/** What `service.extensions` lists, in its order. */
export function checkExtensions(
  root: MapNode,
  declared: Declared<ReadyExtension>,
  findings: Findings,
): readonly ReadyExtension[] {
  return resolve({ root, path: ["service", "extensions"], findings }, "extension", declared).flatMap(
    ({ ready }) => ready ?? [],
  );
}

/** A path that is being checked. */
interface Spot {
  readonly root: MapNode;
  readonly path: Path;
  readonly findings: Findings;
}

function within(at: Spot, key: string): Spot {
  return { ...at, path: [...at.path, key] };
}

function object({ root, path, findings }: Spot, text: string, place = placeOf(root, path, "key")): void {
  findings.problems.push(problemAt(place, path, text));
}

type Identity = Pick<PipelineConfig, "id" | "signal">;

function identityOf(key: string): Identity | string {
  const identifier = parseIdentifier(key);
  if (typeof identifier === "string") return identifier;
  const signal = signals.find((one) => one === identifier.type);
  return signal ? { id: identifier.id, signal } : `signal ${notOneOf(identifier.type, signals)}`;
}

interface Known {
  readonly declared: DeclaredComponents;
  /** By type, the first processor that some pipeline names. */
  readonly firsts: Map<string, ReadyProcessor>;
}

function checkPipeline(at: Spot, identity: Identity, { declared, firsts }: Known): PipelineConfig {
  const receivers = resolve(within(at, "receivers"), "receiver", declared.receivers);
  const processors = resolve(within(at, "processors"), "processor", declared.processors);
  const exporters = resolve(within(at, "exporters"), "exporter", declared.exporters);
  for (const one of [...receivers, ...processors, ...exporters]) checkSignal(one, identity.signal);
  checkOrder(processors);
  for (const one of processors) checkAlike(one, firsts);
  for (const kind of ["receiver", "exporter"]) {
    const spot = within(at, `${kind}s`);
    if (references(spot).length === 0) object(spot, `must have at least one ${kind}; name one that ${kind}s declares`);
  }
  return {
    ...identity,
    receivers: receivers.flatMap(({ ready }) => ready ?? []),
    processors: processors.flatMap(({ ready }) => ready ?? []),
    exporters: exporters.flatMap(({ ready }) => ready ?? []),
  };
}

/** A component that a list names, and where. */
interface Named<R> {
  readonly id: string;
  readonly type: string;
  /** Undefined when there is no such type. */
  readonly about: About | undefined;
  /** Undefined when its own settings have problems. */
  readonly ready: R | undefined;
  readonly spot: Spot;
  readonly place: Place;
}

/** What a list names, each once, whether it is right or not: one mistake is to be told once. */
function resolve<R>(spot: Spot, kind: string, declared: Declared<R>): Named<R>[] {
  const seen = new Set<string>();
  return references(spot).flatMap(({ id, place }) => {
    const named = `references ${kind} ${quote(id)}`;
    if (seen.has(id)) {
      object(spot, `${named} multiple times; name it once`, place);
      return [];
    }
    seen.add(id);
    const found = declared.get(id);
    if (!found) object(spot, `${named} which is not configured; ${whatInstead(id, kind, declared)}`, place);
    const { about, ready } = found ?? {};
    return { id, type: about?.type ?? id.replace(/\/.*$/, ""), about, ready, spot, place };
  });
}

function whatInstead(id: string, kind: string, declared: ReadonlyMap<string, unknown>): string {
  return didYouMean(id, declared.keys()) ?? `declare it in ${kind}s`;
}

function checkSignal({ id, about, spot, place }: Named<unknown>, signal: Signal): void {
  if (about === undefined || about.signals.includes(signal)) return;
  const known = about.signals.join(" and ");
  object(spot, `${id} does not work on ${signal}, only on ${known}; leave it out of this pipeline`, place);
}

function checkOrder(processors: readonly Named<ReadyProcessor>[]): void {
  for (const [index, { id, about, spot, place }] of processors.entries()) {
    const before = processors.slice(0, index).map((one) => one.type);
    for (const type of about?.needs ?? [])
      if (!before.includes(type)) object(spot, `${id} needs ${type} before it; name ${type} first`, place);
  }
}

function checkAlike({ id, type, about, ready, spot, place }: Named<ReadyProcessor>, firsts: Known["firsts"]): void {
  if (about?.alike === undefined || ready === undefined) return;
  const first = firsts.get(type) ?? ready;
  firsts.set(type, first);
  if (first.fingerprint === ready.fingerprint) return;
  object(spot, `${id} says something else than ${first.id}, but ${about.alike}; name one in all pipelines`, place);
}

interface Reference {
  readonly id: string;
  readonly place: Place;
}

/** The ids of a list. One string may name several, as strings may wherever a list is wanted. */
function references({ root, path }: Spot): Reference[] {
  const node = nodeAt(root, path);
  if (node?.kind === "list") return node.items.flatMap((item) => referenceTo(item, textOf(item)));
  return node
    ? textOf(node)
        .split(",")
        .flatMap((part) => referenceTo(node, part))
    : [];
}

function textOf(node: ConfigNode): string {
  return node.kind === "scalar" ? node.text : "";
}

function referenceTo({ place }: ConfigNode, text: string): Reference[] {
  const identifier = parseIdentifier(text);
  if (text.trim() === "") return [];
  return [{ id: typeof identifier === "string" ? text.trim() : identifier.id, place }];
}
