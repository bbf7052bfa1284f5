// `docs/dialects.md`, printed from the tables that spans are read with.
import type { Dialect, InsideRule, Rule } from "./dialect.ts";
import { dialects } from "./dialects/dialects.ts";
import { currentNames, earlierNames, usageObject } from "./dialects/shared-rules.ts";
import { readingFlags } from "./flags.ts";
import { callOperations, containerOperations } from "./operations.ts";

export function dialectsPage(): string {
  const rows = dialects.map(({ id, about, layer }) => `| [${code(id)}](#${anchor(id)}) | ${about} | ${layer} |`);
  const flags = Object.entries(readingFlags).map(([flag, meaning]) => `| ${code(flag)} | ${meaning} |`);
  return `# Dialects

<!-- Printed by \`npm run docs\`. -->

How emitters spell a call, and what becomes of it.
\`spantoll.call.dialect\` is the id of the dialect that gave the usage; \`spantoll explain\` shows which rule wrote each attribute.

A span is recognised by the name of its scope, by keys that only one emitter writes, and by names of the conventions, in this order of weight.
It counts only when a dialect finds an operation or a count of tokens on it: a model or a team that came by baggage makes no call.
The best dialect gives the usage; others that recognise the span fill what it leaves open, and nothing is added twice.

| dialect | who writes it | layer |
|---|---|---|
${rows.join("\n")}

Calls are the operations ${list(callOperations)}.
The operations ${list(containerOperations)} restate what is below them, and all others are no calls.

Facts that are no attributes have a name with \`@\`.

## What a reading says of itself

| flag | meaning |
|---|---|
${flags.join("\n")}

## Roles

What becomes of a span is \`spantoll.call.role\`, and why is \`spantoll.call.reason\`; [gen_ai_call](../src/processors/gen_ai_call/README.md) says what each word means.
${dialects.map(dialectSection).join("")}
## Shared rules

${rulesTable(
  "Names of today, and what stands beside them",
  currentNames.filter(({ from, to }) => from !== to),
)}
${rulesTable("Names of earlier conventions and of drafts", earlierNames)}
${rulesTable("Usage objects in a text", usageObject)}`;
}

function dialectSection(dialect: Dialect): string {
  const { id, about, traps } = dialect;
  const own = dialect.rules.filter((rule) => !shared.has(rule));
  return `
## ${id}

${about}

- Recognised by: ${signsText(dialect)}.
- ${tokensText(dialect)}
- Layer: ${layerText(dialect)}.
${constantsText(dialect)}${sharedText(dialect)}
${own.length > 0 ? `${table(own.flatMap(rowsOf))}\n` : ""}
${traps.map((trap) => `- ${trap}`).join("\n")}
`;
}

const shared: ReadonlySet<Rule | InsideRule> = new Set([...currentNames, ...earlierNames]);

function signsText({ signs }: Dialect): string {
  const parts = [
    ...(signs.scopes ? [`scope ${list(signs.scopes)}`] : []),
    ...(signs.keys ? [`key ${list(signs.keys)}`] : []),
    ...(signs.names ? [`name ${list(signs.names)}`] : []),
    ...(signs.hints ? [`between equals ${list(signs.hints)}`] : []),
  ];
  return parts.join("; ");
}

function tokensText({ tokens }: Dialect): string {
  const cache = { true: "includes cache", false: "leaves the cache out", auto: "by arithmetic, else includes cache" };
  const reasoning = {
    true: "includes reasoning",
    false: "leaves reasoning out",
    auto: "by arithmetic, else includes reasoning",
  };
  const exclusive = tokens.exclusiveScopes ? `; leaves it out in ${list(tokens.exclusiveScopes)}` : "";
  const providers = tokens.exclusiveProviders ? `; leaves it out for ${list(tokens.exclusiveProviders)}` : "";
  const apart = tokens.apartReasoningScopes ? `; leaves it out in ${list(tokens.apartReasoningScopes)}` : "";
  return `Tokens: input ${cache[`${tokens.inputIncludesCache}`]}${exclusive}${providers}; output ${reasoning[`${tokens.outputIncludesReasoning}`]}${apart}.`;
}

function layerText({ layer, layerKeys, shape }: Dialect): string {
  const condition = layerKeys ? ` where ${list(layerKeys)} is set, else app` : "";
  return `${layer}${condition}${shape === "copy" ? "; a copy of its parent" : ""}`;
}

function constantsText({ constants = [] }: Dialect): string {
  return constants.map(({ to, value }) => `- Always: ${code(to)} is ${code(value)}.\n`).join("");
}

function sharedText({ rules }: Dialect): string {
  const today = rules.some((rule) => rule === currentNames[0]);
  const earlier = rules.some((rule) => rule === earlierNames[0]);
  if (!today && !earlier) return "";
  return `- Also: names of today${earlier ? " and of earlier conventions" : ""} ([shared rules](#shared-rules)).\n`;
}

function rulesTable(title: string, rules: readonly Rule[]): string {
  return `### ${title}\n\n${table(rules.flatMap(rowsOf))}\n`;
}

function table(rows: readonly string[]): string {
  return `| from | to | values |\n|---|---|---|\n${rows.join("\n")}`;
}

function rowsOf(rule: Rule | InsideRule): string[] {
  if (!("inside" in rule)) return [row(code(rule.from), rule)];
  if (rule.rules === usageObject) return [`| in ${code(rule.inside)} | a [usage object](#usage-objects-in-a-text) | |`];
  return rule.rules.map((member) => row(`in ${code(rule.inside)} ${code(member.from)}`, member));
}

function row(from: string, { to, values, unit }: Rule): string {
  const meant = Object.entries(values ?? {}).map(
    ([word, value]) => `${word === "*" ? "others" : code(word)} ${value === "" ? "nothing" : code(value)}`,
  );
  return `| ${from} | ${code(to)} | ${[...(unit ? ["milliseconds to seconds"] : []), ...meant].join(", ")} |`;
}

function list(words: readonly string[]): string {
  return words.map(code).join(", ");
}

function code(text: string): string {
  return `\`${text}\``;
}

function anchor(id: string): string {
  return id.replaceAll(".", "");
}
