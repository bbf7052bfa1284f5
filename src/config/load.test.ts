import { describe, expect, test } from "vitest";
import { fixedOutside } from "../../test/support/fake-kinds.ts";
import { load } from "./load.ts";
import { nodeAt, plain } from "./node.ts";
import { formatProblem } from "./problems.ts";

const files = {
  "a.yaml":
    "processors: { batch: { timeout: 1s }, redact: }\nexporters:\n  debug: { verbosity: basic, paths: [a, b] }\n",
  "b.yaml": "exporters:\n  debug: { paths: [c] }\n  other: 1\n",
  "c.yaml": "processors:\n",
  "empty.yaml": "",
  binary: "\u0000\u0001PK",
};

function loaded(configs: readonly string[], sets: readonly string[] = []) {
  return load({ configs, sets }, fixedOutside({ CONFIG: "exporters: { debug: { verbosity: env } }" }, files));
}

function valueFrom(configs: readonly string[], sets?: readonly string[]): unknown {
  const result = loaded(configs, sets);
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join("\n"));
  return plain(result.root);
}

function problemsOf(configs: readonly string[], sets?: readonly string[]): string[] {
  const result = loaded(configs, sets);
  return result.ok ? [] : result.problems.map(formatProblem);
}

describe("sources are laid over each other", () => {
  const batch = { timeout: "1s" };
  test.each([
    {
      name: "maps merge and lists replace",
      configs: ["a.yaml", "b.yaml"],
      becomes: {
        processors: { batch, redact: null },
        exporters: { debug: { verbosity: "basic", paths: ["c"] }, other: 1 },
      },
    },
    {
      name: "nothing erases a map",
      configs: ["a.yaml", "c.yaml"],
      becomes: { processors: null, exporters: { debug: { verbosity: "basic", paths: ["a", "b"] } } },
    },
    { name: "an empty file changes nothing", configs: ["empty.yaml", "c.yaml"], becomes: { processors: null } },
    {
      name: "a text with a path in its key",
      configs: ["c.yaml", "yaml:exporters::debug::verbosity: detailed"],
      becomes: { processors: null, exporters: { debug: { verbosity: "detailed" } } },
    },
    {
      name: "a text of two lines with paths that meet",
      configs: ["yaml:a::b: 1\na::c: 2"],
      becomes: { a: { b: 1, c: 2 } },
    },
    {
      name: "a variable",
      configs: ["c.yaml", "env:CONFIG"],
      becomes: { processors: null, exporters: { debug: { verbosity: "env" } } },
    },
    { name: "a file with its scheme", configs: ["file:c.yaml"], becomes: { processors: null } },
  ])("$name", ({ configs, becomes }) => expect(valueFrom(configs)).toEqual(becomes));

  test.each([
    { set: "exporters.debug.verbosity=detailed", becomes: { verbosity: "detailed", paths: ["c"] } },
    { set: "exporters.debug.paths=[x]", becomes: { paths: ["x"] } },
    { set: "exporters.debug.deep.er=5", becomes: { paths: ["c"], deep: { er: 5 } } },
    { set: "exporters.debug.verbosity=a=b", becomes: { verbosity: "a=b", paths: ["c"] } },
    { set: "exporters.debug.verbosity=", becomes: { verbosity: null, paths: ["c"] } },
    { set: "exporters.debug={x: 1}", becomes: { paths: ["c"], x: 1 } },
  ])("--set $set", ({ set, becomes }) => {
    expect(valueFrom(["b.yaml"], [set])).toEqual({ exporters: { debug: becomes, other: 1 } });
  });

  test("what stands in the result remembers its source", () => {
    const result = loaded(["a.yaml", "b.yaml"], ["exporters.debug.verbosity=x"]);
    if (!result.ok) throw new Error("has problems");
    expect(nodeAt(result.root, ["exporters", "other"])?.place).toEqual({ file: "b.yaml", line: 3, column: 10 });
    expect(nodeAt(result.root, ["processors", "batch", "timeout"])?.place.file).toBe("a.yaml");
    expect(nodeAt(result.root, ["exporters", "debug", "verbosity"])?.place.file).toBe(
      "--set exporters.debug.verbosity",
    );
  });
});

describe("a source that cannot be used is a problem", () => {
  test.each([
    { configs: ["no.yaml"], says: "no.yaml:1:1  unable to read the file: there is no such file" },
    { configs: ["empty.yaml"], says: "empty.yaml:1:1  empty configuration file" },
    { configs: ["env:NO_SUCH"], says: 'env:NO_SUCH:1:1  the environment variable "NO_SUCH" is not set' },
    { configs: ["https://host/a.yaml"], says: "https://host/a.yaml:1:1  cannot be read from https" },
    { configs: ["yaml:a: [1"], says: "yaml:1:6  is not YAML: flow sequence" },
    { configs: ["a.yaml"], sets: ["x"], says: '--set:1:1  missing equal sign in "x"; write --set a.b=value' },
    { configs: ["a.yaml"], sets: ["=x"], says: "--set:1:1  missing equal sign" },
    { configs: ["binary"], says: 'binary:1:1  must be a map of sections, not "\\u0000\\u0001PK"' },
    { configs: ["yaml:[1]"], says: "yaml:1:1  must be a map of sections, not a list" },
  ])("$configs $sets", ({ configs, sets, says }) => expect(problemsOf(configs, sets)[0]).toContain(says));

  test("all of them are told", () => {
    expect(problemsOf(["no.yaml", "yaml:[", "a.yaml"], ["x"])).toHaveLength(3);
  });
});
