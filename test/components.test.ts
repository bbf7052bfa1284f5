// The contract that every registered component keeps, whatever it does. Its README is read too: the example in it is
// what a new user tries first.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { components } from "../src/components.ts";
import { describeComponent } from "../src/config/describe.ts";
import type { AnyKind, Component, Files } from "../src/core/component.ts";
import { readmeOf } from "./support/docs.ts";
import { recordingHost } from "./support/recording-host.ts";

const files: Files = { read: (path) => readFileSync(path) };

describe.each(components.map((kind) => ({ name: `${kind.kind} ${kind.about.type}`, kind })))("$name", ({ kind }) => {
  test("is called in snake_case, after its folder, and tells what it is for in a sentence", () => {
    expect(kind.about.type).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
    expect(existsSync(`src/${kind.kind}s/${kind.about.type}`)).toBe(true);
    expect(kind.about.summary).toMatch(/^[A-Z].*\.$/);
  });

  test("is valid without settings, or names what is missing", () => {
    const prepared = kind.prepare(undefined, files);
    const named = prepared.ok ? [] : [...prepared.issues, ...prepared.objections].map(({ path }) => path.join("."));
    const known = describeComponent(kind).settings.map(({ name }) => name);
    expect(prepared.ok).toBe(named.length === 0);
    expect(known).toEqual(expect.arrayContaining(named));
  });

  test("refuses a key that it does not know", () => {
    const prepared = kind.prepare({ ...example(kind), contnt: 1 }, files);
    const issues = prepared.ok ? [] : prepared.issues;
    expect(issues).toContainEqual(expect.objectContaining({ code: "unrecognized_keys", keys: ["contnt"] }));
  });

  test("describes every setting", () => {
    const silent = describeComponent(kind).settings.filter(({ description }) => description === "");
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  test("has a README with a smallest example that is valid", () => {
    expect(readFileSync(readmeOf(kind), "utf8")).toContain(`# ${kind.about.type}\n`);
    expect(kind.prepare(example(kind), files)).toMatchObject({ ok: true });
  });

  test("stops without start, and twice", async () => {
    const component = created(kind);
    await component.stop?.(AbortSignal.timeout(1_000));
    await component.stop?.(AbortSignal.timeout(1_000));
  });

  test("starts, stops, stops again, and leaves no timer", async () => {
    const host = recordingHost();
    const component = created(kind, host);
    await component.start?.();
    await component.stop?.(AbortSignal.timeout(1_000));
    await component.stop?.(AbortSignal.timeout(1_000));
    expect(host.timers()).toBe(0);
  });
});

test("no two components answer to one name", () => {
  const names = components.flatMap(({ kind, about }) =>
    [about.type, ...(about.aliases ?? [])].map((n) => `${kind} ${n}`),
  );
  expect(names).toEqual([...new Set(names)]);
});

/** The settings of the first YAML block of the README. */
function example(kind: AnyKind): object {
  const [, text = ""] = /```yaml\n([\s\S]*?)```/.exec(readFileSync(readmeOf(kind), "utf8")) ?? [];
  return parse(text)?.[`${kind.kind}s`]?.[kind.about.type] ?? {};
}

function created(kind: AnyKind, host = recordingHost()): Component {
  const settings = kind.kind === "exporter" ? example(kind) : onFreePorts(kind, example(kind));
  if (kind.kind === "receiver") return made(kind.prepare(settings, files)).create(new Map(), host);
  if (kind.kind === "exporter") return made(kind.prepare(settings, files)).create(undefined, host);
  return made(kind.prepare(settings, files)).create(host);
}

function made<P extends { readonly ok: boolean }>(prepared: P): Extract<P, { ok: true }> {
  assert(prepared.ok, "the settings of its README are refused");
  return prepared as Extract<P, { ok: true }>;
}

/** The same settings, with port 0 wherever the component would listen by default. */
function onFreePorts(kind: AnyKind, given: object): object {
  const settings: Record<string, unknown> = structuredClone({ ...given });
  for (const { name, default: endpoint } of describeComponent(kind).settings) {
    if (!/(?:^|\.)endpoint$/.test(name) || !/^localhost:\d+$/.test(String(endpoint))) continue;
    let block: Record<string, unknown> | undefined = settings;
    for (const key of name.split(".").slice(0, -1)) {
      if (!block || !Object.hasOwn(block, key)) block = undefined;
      else block = block[key] = { ...(block[key] ?? {}) };
    }
    if (block) block["endpoint"] = "localhost:0";
  }
  return settings;
}
