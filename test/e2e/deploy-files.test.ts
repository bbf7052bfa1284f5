// Every configuration in deploy/ is one that the built program runs, with and without the variables that it names.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { spantoll } from "../support/bundle.ts";

const files = readdirSync("deploy")
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => `deploy/${name}`);

test("deploy/ has a file for Tempo, SigNoz and Honeycomb", () => {
  expect(files).toEqual(expect.arrayContaining(["deploy/honeycomb.yaml", "deploy/signoz.yaml", "deploy/tempo.yaml"]));
});

describe.each(files)("%s", (file) => {
  const variables = variablesOf(file);

  test("is valid as it stands", async () => {
    expect(await spantoll(["validate", "--config", file])).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("is valid with a value for each of its variables", async () => {
    const env = Object.fromEntries(variables.map(({ name }) => [name, exampleOf(name)]));
    expect(await spantoll(["validate", "--config", file], { env })).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("reads its variables where it says so: a wrong endpoint is refused", async () => {
    const endpoint = variables.find(({ name }) => name.endsWith("_ENDPOINT"))?.name ?? "";
    const { code, stderr } = await spantoll(["validate", "--config", file], { env: { [endpoint]: "not an address" } });
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^${file}:\\d+:\\d+ .*endpoint`));
  });

  test("explains every variable, with its default, in the table at its top", () => {
    const [head = ""] = readFileSync(file, "utf8").split(/^receivers:/m);
    const rows = [...head.matchAll(/^# \| ([A-Z_]+) +\| (\S+) +\|/gm)].map(([, name = "", standard = ""]) => ({
      name,
      standard,
    }));
    expect(sorted(rows)).toEqual(sorted(variables));
  });
});

interface Variable {
  readonly name: string;
  /** `none` where nothing stands for a variable that is not set. */
  readonly standard: string;
}

function variablesOf(file: string): readonly Variable[] {
  const found = readFileSync(file, "utf8").matchAll(/\$\{env:([A-Z_]+)(?::-([^}]*))?\}/g);
  const standards = new Map(
    [...found].map(([, name = "", standard = ""]) => [name, standard === "" ? "none" : standard]),
  );
  return [...standards].map(([name, standard]) => ({ name, standard }));
}

function sorted(variables: readonly Variable[]): readonly string[] {
  return variables.map(({ name, standard }) => `${name} ${standard}`).sort();
}

function exampleOf(name: string): string {
  if (name.endsWith("_ENDPOINT")) return "https://example.com:4318";
  return name.endsWith("_HOST") ? "0.0.0.0" : "abcdefghijklmnopqrstuv";
}
