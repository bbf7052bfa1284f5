// The tables of docs/prices.md, printed from the code.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type FieldUse, litellmFields } from "../../src/pricing/litellm-fields.ts";
import { priceWords, unitsOf } from "../../src/pricing/price-file.ts";
import { type DifferenceClass, genaiPricesClasses, litellmClasses } from "../compare/classes.ts";

export function pricesPage(): string {
  const tables = { words: wordsTable(), litellm: fieldsTable(), differences: differencesTable() };
  return Object.entries(tables).reduce(
    (page, [marker, table]) => {
      const place = new RegExp(`(?<=<!-- ${marker} -->\\n)[\\s\\S]*?(?=<!-- /${marker} -->)`);
      assert(place.test(page), `docs/prices.md has no <!-- ${marker} --> and <!-- /${marker} -->`);
      return page.replace(place, () => table);
    },
    readFileSync("docs/prices.md", "utf8"),
  );
}

function wordsTable(): string {
  const rows = priceWords.map((word) => {
    const [first, ...others] = unitsOf(word).map((unit) => `\`${unit}\``);
    return `| \`${word}\` | ${first} | ${others.join(" ")} |\n`;
  });
  return `| word | per, when nothing is said | other units |\n|---|---|---|\n${rows.join("")}`;
}

function fieldsTable(): string {
  const rows = Object.entries(litellmFields).map(([name, use]) => `| \`${name}\` | ${meaningOf(use)} |\n`);
  return `| field | becomes |\n|---|---|\n${rows.join("")}`;
}

function meaningOf(use: FieldUse): string {
  if ("word" in use) return `\`${use.word}\``;
  if ("as" in use) return use.as;
  return "used" in use ? use.used : `nothing: ${use.ignored}`;
}

function differencesTable(): string {
  const rows = (name: string, classes: readonly DifferenceClass[]) =>
    classes.map(({ id, side, text }) => `| ${name} | \`${id}\` | ${side} | ${text} |\n`);
  const all = [...rows("genai-prices", genaiPricesClasses), ...rows("LiteLLM", litellmClasses)];
  return `| with | difference | whose | why |\n|---|---|---|---|\n${all.join("")}`;
}
