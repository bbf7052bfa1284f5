import { describe, expect, test } from "vitest";
import { Reader } from "../read.ts";
import { dialects } from "./dialects.ts";

describe.each(dialects)("dialect $id", (dialect) => {
  test("is recognised by something and says who writes it", () => {
    const { scopes = [], keys = [], names = [] } = dialect.signs;
    expect(scopes.length + keys.length + names.length).toBeGreaterThan(0);
    expect(dialect.about).toMatch(/^[A-Z].*\.$/);
    expect(dialect.traps.length).toBeGreaterThan(0);
  });

  test("has no rule twice", () => {
    const rules = dialect.rules.map((rule) => ("inside" in rule ? `in ${rule.inside}` : JSON.stringify(rule)));
    expect(rules.filter((rule, at) => rules.indexOf(rule) !== at)).toEqual([]);
  });

  test("finds an operation or a count of tokens, without which nothing is recognised", () => {
    const targets = dialect.rules.flatMap((rule) => ("inside" in rule ? rule.rules.map(({ to }) => to) : [rule.to]));
    expect(targets.some((to) => to === "gen_ai.operation.name" || to === "gen_ai.usage.input_tokens")).toBe(true);
  });
});

test("no two dialects have one id", () => {
  const ids = dialects.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)]);
});

test("no prompt, answer or tool argument is declared", () => {
  const { exact, prefixes } = new Reader(dialects, { services: new Map(), badValue: () => undefined }).keys;
  const content = /messages|input\.value|output\.value|\.prompt\.|\.content|arguments|\.result$|instructions|headers/;
  expect(exact.filter((key) => content.test(key))).toEqual([]);
  expect(prefixes).toEqual([]);
});
