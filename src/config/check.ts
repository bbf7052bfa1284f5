// A whole configuration against everything that is compiled in: the settings of a service, or all that is wrong.
import { z } from "zod";
import type { AnyKind } from "../core/component.ts";
import { type Checking, checkComponents, type Findings, inertIn, placed } from "./check-components.ts";
import { checkExtensions, checkPipelines } from "./check-pipelines.ts";
import { checkReferences } from "./check-references.ts";
import { decode } from "./decode.ts";
import type { Outside } from "./expand.ts";
import { tellAll } from "./issues.ts";
import { load, type Sources } from "./load.ts";
import { type ConfigNode, type MapNode, nodeAt } from "./node.ts";
import { inReadingOrder, type Problem, problemAt } from "./problems.ts";
import { jsonSchemaOf, namesAt } from "./schema-tree.ts";
import type { ServiceConfig } from "./service-config.ts";
import { serviceSchema, telemetryOf } from "./service-settings.ts";

export type Configuration =
  | { readonly ok: true; readonly config: ServiceConfig; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads a configuration and checks all of it. Reads the files it names; opens nothing else. */
export function readConfiguration(sources: Sources, registry: readonly AnyKind[], outside: Outside): Configuration {
  const loaded = load(sources, outside);
  if (!loaded.ok) return loaded;
  const findings: Findings = { problems: [], inert: [], renamed: [] };
  const checking: Checking = { root: loaded.root, files: outside.files, findings };

  checkSections(checking);
  const declared = {
    receivers: checkComponents("receivers", kinds(registry, "receiver"), checking),
    processors: checkComponents("processors", kinds(registry, "processor"), checking),
    exporters: checkComponents("exporters", kinds(registry, "exporter"), checking),
    extensions: checkComponents("extensions", kinds(registry, "extension"), checking),
  };
  const service = checkService(checking);
  const extensions = checkExtensions(loaded.root, declared.extensions, findings);
  const pipelines = checkPipelines(loaded.root, declared, findings);
  checkReferences(loaded.root, registry, extensions, findings);
  if (service === undefined || findings.problems.length > 0)
    return { ok: false, problems: inReadingOrder(findings.problems) };

  const config: ServiceConfig = {
    extensions,
    pipelines,
    telemetry: telemetryOf(service),
    shutdownTimeoutMs: service.shutdown_timeout,
  };
  return { ok: true, config, warnings: [...loaded.warnings, ...warningsOf(findings)] };
}

const section = z.record(z.string(), z.unknown()).optional();
const topSchema = z.strictObject({
  receivers: section,
  processors: section,
  exporters: section,
  extensions: section,
  service: section,
});

function checkSections({ root, findings }: Checking): void {
  const read = decode(root, (given) => attempt(topSchema, given));
  const names = Object.keys(topSchema.shape);
  if (!read.ok) findings.problems.push(...tellAll(read.issues, () => names).map((one) => placed(one, [], root)));
  for (const [name, example] of [
    ["receivers", "otlp: {protocols: {http: {}}}"],
    ["exporters", "debug: {}"],
  ] as const) {
    if (isMissing(nodeAt(root, [name])))
      findings.problems.push(
        problemAt(
          root.entries.get(name)?.place ?? root.place,
          [name],
          `no ${name.slice(0, -1)} is configured; write one, such as ${example}`,
        ),
      );
  }
}

function isMissing(node: ConfigNode | undefined): boolean {
  return (
    node === undefined ||
    (node.kind === "scalar" && node.value === null) ||
    (node.kind === "map" && node.entries.size === 0)
  );
}

function checkService({ root, findings }: Checking): z.output<typeof serviceSchema> | undefined {
  const empty: MapNode = { kind: "map", place: root.place, entries: new Map() };
  const node = nodeAt(root, ["service"]) ?? empty;
  const schema = jsonSchemaOf(serviceSchema);
  findings.inert.push(...inertIn(schema, node, ["service"]));
  const read = decode(node, (given) => attempt(serviceSchema, given ?? {}));
  if (read.ok) return read.settings;
  if (node.kind !== "map") return undefined;
  const told = tellAll(read.issues, (path) => namesAt(schema, path));
  findings.problems.push(...told.map((one) => placed(one, ["service"], root)));
  return undefined;
}

function attempt<S extends z.ZodType>(schema: S, given: unknown) {
  const read = schema.safeParse(given, { reportInput: true });
  return read.success ? { ok: true as const, settings: read.data } : { ok: false as const, issues: read.error.issues };
}

function kinds<Name extends AnyKind["kind"]>(registry: readonly AnyKind[], kind: Name) {
  return registry.filter((one): one is Extract<AnyKind, { kind: Name }> => one.kind === kind);
}

function warningsOf({ inert, renamed }: Findings): string[] {
  const without = inert.map(({ path, reason }) => `${path} (${reason})`).join(", ");
  const former = renamed.map(({ path, now }) => `${path} (now ${now})`).join(", ");
  return [
    ...(without === "" ? [] : [`the configuration has keys without effect here: ${without}`]),
    ...(former === "" ? [] : [`the configuration uses former names of components: ${former}`]),
  ];
}
