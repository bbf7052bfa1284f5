import { describe, expect, test } from "vitest";
import { plain } from "./node.ts";
import { parseYaml } from "./parse.ts";
import { formatProblem } from "./problems.ts";

function valueIn(text: string): unknown {
  const parsed = parseYaml("a.yaml", text);
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join("\n"));
  return parsed.node && plain(parsed.node);
}

function problemsOf(text: string): string[] {
  const parsed = parseYaml("a.yaml", text);
  return parsed.ok ? [] : parsed.problems.map(formatProblem);
}

describe("YAML", () => {
  test.each([
    ["a: 0123", { a: 83 }],
    ["a: 0x1f", { a: 31 }],
    ["a: yes", { a: "yes" }],
    ["a: ~", { a: null }],
    ["a: 2024-01-01", { a: "2024-01-01" }],
    ["1: x\ntrue: y", { "1": "x", true: "y" }],
    ["a: &x [1]\nb: *x", { a: [1], b: [1] }],
    ["base: &b { x: 1, y: 2 }\nc: { <<: *b, y: 3 }", { base: { x: 1, y: 2 }, c: { x: 1, y: 3 } }],
    ["a: !odd 3", { a: "3" }],
    ["", undefined],
  ])("%s", (text, value) => expect(valueIn(text)).toEqual(value));

  test("a key __proto__ is a key like any other", () => {
    const value = valueIn("__proto__: { polluted: 1 }");
    expect(Object.keys(value as object)).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("what is no YAML, or too much of it, is a located line", () => {
  test.each([
    ["a: [1,\nb: 2", "a.yaml:2:1  is not YAML: flow sequence"],
    ["\t- q", "a.yaml:1:1  is not YAML: tabs are not allowed as indentation"],
    ["a: 1\na: 2", "a.yaml:2:1  a: stands here twice; remove one"],
    ["a: { b: 1, b: 2 }", "a.yaml:1:12  a.b: stands here twice; remove one"],
    ["? [a]\n: 1", "a.yaml:1:3  a key must be a word, not a map or a list"],
    ["a: 1\n---\nb: 2", "a.yaml:2:1  is not YAML: source contains multiple documents"],
    ["a: *no", "a.yaml:1:4  a: there is no anchor &no; write it before *no"],
    ["a: &x [*x]", "is nested more than 100 deep"],
    ["[".repeat(1_000_000), "is nested more than 100 deep"],
    ["- ".repeat(100_000), "is nested more than 100 deep"],
    ["{a: ".repeat(100_000), "is nested more than 100 deep"],
    [Array.from({ length: 500 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n"), "is nested more than 100 deep"],
    [`a: ${"x".repeat(5 * 1024 * 1024)}`, "is larger than 4194304 characters"],
  ])("%.20s", (text, says) => {
    const found = problemsOf(text);
    expect(found[0]).toContain(says);
    expect(found.length).toBeLessThanOrEqual(10);
  });

  test("aliases of aliases do not multiply without bound", () => {
    const lines = Array.from(
      { length: 30 },
      (_, i) =>
        `a${i}: &a${i} [${Array(9)
          .fill(i ? `*a${i - 1}` : "x")
          .join(", ")}]`,
    );
    expect(problemsOf(lines.join("\n"))[0]).toContain("has more than 200000 values; write less");
  });

  test("a hundred thousand errors are ten lines", () => {
    expect(problemsOf(`[${",".repeat(100_000)}`)).toHaveLength(10);
  });
});
