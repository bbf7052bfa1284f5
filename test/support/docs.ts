// What is printed from the code: whole pages below docs/, and the settings table in each component's README.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { components } from "../../src/components.ts";
import { describeComponent, settingsTable } from "../../src/config/describe.ts";
import { type JsonSchema, jsonSchemaOf } from "../../src/config/schema-tree.ts";
import type { AnyKind } from "../../src/core/component.ts";
import { metricNames, metrics } from "../../src/core/metrics.ts";
import { dialectsPage } from "../../src/genai/dialects-table.ts";
import { pricesPage } from "./prices-page.ts";

export interface Page {
  readonly path: string;
  /** The page as it should be. */
  print(): string;
}

/** To add a page, add a line. */
export const pages: readonly Page[] = [
  { path: "docs/settings.md", print: settingsPage },
  { path: "docs/metrics.md", print: metricsPage },
  { path: "docs/dialects.md", print: dialectsPage },
  { path: "docs/prices.md", print: pricesPage },
  { path: "README.md", print: () => within("README.md", "components", componentsTable()) },
  ...components.map((kind) => ({ path: readmeOf(kind), print: () => withSettings(readmeOf(kind), kind) })),
];

export function readmeOf({ kind, about }: AnyKind): string {
  return `src/${kind}s/${about.type}/README.md`;
}

const generated = "<!-- Printed by `npm run docs`. -->";

function metricsPage(): string {
  const rows = metricNames.map((name) => {
    const { kind, help, labels } = metrics[name];
    return `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(" ")} | ${help} |`;
  });
  return `# Metrics

${generated}

Prometheus reads them at \`http://localhost:8888/metrics\`; \`service.telemetry.metrics\` says where, and \`level: none\` turns them off.
\`otelcol_*\` are the Collector's names without type suffix, as it writes them by default, so its dashboards and alerts read them.
A metric appears once there is something to tell.
Labels whose values come with the spans are bounded: beyond 2,000 sets of labels a metric counts under \`@other\`.

| metric | kind | labels | meaning |
|---|---|---|---|
${rows.join("\n")}
`;
}

function settingsPage(): string {
  const kinds: readonly AnyKind["kind"][] = ["receiver", "processor", "exporter", "extension"];
  const sections = kinds.map((kind) => {
    const members = components.filter((one) => one.kind === kind);
    return members.length === 0 ? "" : `\n## ${capitalised(kind)}s\n${members.map(componentSection).join("")}`;
  });
  return `# Settings

${generated}

Every key that a component has, with its default.
Durations are written \`1h2m3s\` or \`200ms\`, sizes \`64MiB\`.
\`spantoll schema\` prints the same as JSON Schema for editors.
${sections.join("")}`;
}

function componentSection(kind: AnyKind): string {
  const { type, summary, aliases, signals } = describeComponent(kind);
  const also = aliases.length === 0 ? "" : `\nAlso written ${aliases.map((alias) => `\`${alias}\``).join(", ")}.`;
  const handles = signals.length === 0 ? "" : `\nSignals: ${signals.join(", ")}.`;
  return `\n### ${type}\n\n${summary}${handles}${also}\n\n${settingsOf(kind)}`;
}

function withSettings(path: string, kind: AnyKind): string {
  return within(path, "settings", settingsOf(kind));
}

/** The page at `path` with `text` between its two markers. */
function within(path: string, marker: string, text: string): string {
  const page = readFileSync(path, "utf8");
  const place = new RegExp(`(?<=<!-- ${marker} -->\\n)[\\s\\S]*?(?=<!-- /${marker} -->)`);
  assert(place.test(page), `${path} has no <!-- ${marker} --> and <!-- /${marker} -->`);
  return page.replace(place, () => text);
}

function componentsTable(): string {
  const rows = components.map((kind) => {
    const { type, summary, signals } = describeComponent(kind);
    return `| [\`${type}\`](${readmeOf(kind)}) | ${kind.kind} | ${signals.join(" ")} | ${summary} |\n`;
  });
  return `| component | kind | signals | what it does |\n|---|---|---|---|\n${rows.join("")}`;
}

function settingsOf(kind: AnyKind): string {
  const without = keysWithoutEffect(jsonSchemaOf(kind.about.settings), "");
  const also = "\nKeys of a Collector's file that load and have no effect here:\n\n";
  return settingsTable(kind) + (without.length === 0 ? "" : `${also}${without.join("")}`);
}

function keysWithoutEffect({ properties = {} }: JsonSchema, prefix: string): string[] {
  return Object.entries(properties).flatMap(([key, member]) =>
    member.inert === undefined
      ? keysWithoutEffect(member, `${prefix}${key}.`)
      : [`- \`${prefix}${key}\`: ${member.inert}.\n`],
  );
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
