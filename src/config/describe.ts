// What is compiled in, told from the declarations: for the `components` command and for the tables in the documents.
import { stringify } from "yaml";
import type { z } from "zod";
import type { AnyKind } from "../core/component.ts";
import { type JsonSchema, jsonSchemaOf } from "./schema-tree.ts";

/** One key that a user may write. */
export interface SettingAbout {
  /** Keys joined with dots; `*` is any key, `[]` each entry of a list. */
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly required: boolean;
  readonly default?: unknown;
}

export interface ComponentAbout {
  readonly type: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly signals: readonly string[];
  readonly needs: readonly string[];
  readonly settings: readonly SettingAbout[];
}

export interface RegistryAbout {
  readonly receivers: readonly ComponentAbout[];
  readonly processors: readonly ComponentAbout[];
  readonly exporters: readonly ComponentAbout[];
  readonly extensions: readonly ComponentAbout[];
}

/** Every component with its settings, in the order of the registry. */
export function describe(registry: readonly AnyKind[]): RegistryAbout {
  const of = (name: AnyKind["kind"]) => registry.filter(({ kind }) => kind === name).map(describeComponent);
  return {
    receivers: of("receiver"),
    processors: of("processor"),
    exporters: of("exporter"),
    extensions: of("extension"),
  };
}

/** The same as text, with the program's name and version before it. */
export function describeAsText(registry: readonly AnyKind[], version: string, format: "yaml" | "json"): string {
  const all = { buildinfo: { command: "spantoll", version }, ...mapComponents(describe(registry)) };
  return format === "json" ? `${JSON.stringify(all, undefined, 2)}\n` : stringify(all, { lineWidth: 0 });
}

/** As the Collector lists components: by name; settings by their key. What is empty is left out. */
function mapComponents(about: RegistryAbout): Record<string, unknown> {
  const listed = (components: readonly ComponentAbout[]) =>
    components.map(({ type, aliases, summary, signals, needs, settings }) => ({
      name: type,
      ...(aliases.length > 0 ? { aliases } : {}),
      summary,
      ...(signals.length > 0 ? { signals } : {}),
      ...(needs.length > 0 ? { needs } : {}),
      settings: Object.fromEntries(
        settings.map(({ name, required, ...rest }) => [name, required ? { ...rest, required } : rest]),
      ),
    }));
  return Object.fromEntries(Object.entries(about).map(([section, components]) => [section, listed(components)]));
}

export function describeComponent({ about }: AnyKind): ComponentAbout {
  return {
    type: about.type,
    aliases: about.aliases ?? [],
    summary: about.summary,
    signals: about.signals,
    needs: about.needs ?? [],
    settings: describeSettings(about.settings),
  };
}

/** The settings of a schema, the ones within maps and lists after the one that holds them; without inert keys. */
export function describeSettings(settings: z.ZodType): SettingAbout[] {
  return settingsIn(jsonSchemaOf(settings), "");
}

/** A Markdown table of a component's settings, as its README shows it. */
export function settingsTable(kind: AnyKind): string {
  const rows = describeSettings(kind.about.settings).map(({ name, type, description, required, ...rest }) => {
    const byDefault = "default" in rest ? `\`${JSON.stringify(rest.default)}\`` : required ? "required" : "";
    return `| \`${name}\` | ${cell(type)} | ${cell(byDefault)} | ${cell(description)} |`;
  });
  if (rows.length === 0) return "It has no settings.\n";
  return ["| setting | type | default | meaning |", "|---|---|---|---|", ...rows, ""].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function settingsIn(schema: JsonSchema, prefix: string): SettingAbout[] {
  const own = Object.entries(schema.properties ?? {})
    .filter(([, member]) => member.inert === undefined)
    .flatMap(([key, member]) => settingsOf(member, prefix + key, schema.required?.includes(key) ?? false));
  return [...own, ...(schema.anyOf ?? schema.oneOf ?? []).flatMap((choice) => settingsIn(choice, prefix))];
}

function settingsOf(member: JsonSchema, name: string, required: boolean): SettingAbout[] {
  const about: SettingAbout = {
    name,
    type: typeOf(member),
    description: member.description ?? "",
    required,
    ...("default" in member ? { default: member.default } : {}),
  };
  if (member.describedIn !== undefined) return [about];
  const rest = member.additionalProperties;
  return [
    about,
    ...settingsIn(member, `${name}.`),
    ...(typeof rest === "object" ? settingsIn(rest, `${name}.*.`) : []),
    ...(typeof member.items === "object" ? settingsIn(member.items, `${name}[].`) : []),
  ];
}

const typeWords: Readonly<Record<string, string>> = {
  object: "map",
  array: "list",
  integer: "whole number",
  boolean: "true or false",
};

function typeOf(schema: JsonSchema): string {
  if (schema.format === "duration" || schema.format === "size") return schema.format;
  if (schema.enum) return schema.enum.join(" | ");
  if ("const" in schema) return String(schema.const);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return [...new Set(choices.map(typeOf))].join(" | ");
  if (schema.type === "array" && typeof schema.items === "object") return `list of ${typeOf(schema.items)}`;
  const types = [schema.type ?? "anything"].flat();
  return types.map((type) => typeWords[type] ?? type).join(" | ");
}
