// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the language under test is written so
// Whatever stands in a file: a configuration or problems with places, and never an exception.
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { readConfiguration } from "../../src/config/check.ts";
import { fakeKinds, fixedOutside } from "../support/fake-kinds.ts";

const good = `receivers:
  otlp: { protocols: { http: { endpoint: "localhost:1" } } }
processors:
  redact: { names: { a: b }, layers: [bundled, { file: x }], keys: [a, "\${env:LIST}"] }
  charge: { late: 5s }
exporters:
  otlp_http/tempo: { endpoint: "\${env:URL:-http://tempo}", sending_queue: { queue_size: 5 } }
service:
  telemetry: { metrics: { readers: [{ pull: { exporter: { prometheus: { port: 1 } } } }] } }
  pipelines:
    traces: { receivers: [otlp], processors: [redact, charge], exporters: [otlp_http/tempo] }
`;
const words = good.split(/(?<=[\s{}[\],:])/);
const strange = [
  "{",
  "}",
  "[",
  "]",
  ": ",
  "- ",
  "\n",
  "\n  ",
  "&a ",
  "*a",
  "<<: ",
  "!!str ",
  "|\n",
  "'",
  '"',
  "~",
  "#",
];
const values = [
  "${",
  "}",
  "$$",
  "${env:LIST}",
  "${env:SELF}",
  "${file:x}",
  "null",
  "-1",
  "1e999",
  ".nan",
  "__proto__: 1",
  "0x",
  "é",
];
const env = { LIST: "[a, {b: c}]", SELF: "${env:SELF}x" };

const edit = fc.record({
  at: fc.nat(words.length),
  remove: fc.nat(4),
  add: fc.array(fc.constantFrom(...strange, ...values, ...words), { maxLength: 3 }),
});

test("any text is a configuration or a list of placed problems", () => {
  const property = fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
    const changed = [...words];
    for (const { at, remove, add } of edits) changed.splice(at, remove, ...add);
    readsOrTells(changed.join(""));
  });
  fc.assert(property, { numRuns: 500 });
});

test("any value in any place is a configuration or a list of placed problems", () => {
  const scalar = fc.oneof(fc.constantFrom(...values, "otlp", "redact", "a,b"), fc.double(), fc.integer(), fc.boolean());
  const value = fc.oneof(scalar, fc.constant(null), fc.array(scalar), fc.jsonValue());
  const change = fc.record({
    node: fc.nat(40),
    value,
    key: fc.option(fc.constantFrom("x", "endpont", "otlp/", "traecs")),
  });
  const property = fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
    const tree = parse(good);
    for (const one of changes) changeIn(tree, one);
    readsOrTells(JSON.stringify(tree));
  });
  fc.assert(property, { numRuns: 500 });
});

function readsOrTells(text: string): void {
  const sources = { configs: [{ file: "a.yaml", text }], sets: [] };
  const read = readConfiguration(sources, fakeKinds, fixedOutside(env, { x: "1" }));
  if (read.ok) return;
  expect(read.problems.length).toBeGreaterThan(0);
  for (const { file, line, column, text } of read.problems) {
    expect(file).toBe("a.yaml");
    expect(Math.min(line, column)).toBeGreaterThanOrEqual(1);
    expect(text).not.toMatch(/^Invalid|undefined|\[object|Error:|\.$/);
  }
}

interface Change {
  readonly node: number;
  readonly value: unknown;
  readonly key: string | null;
}

/** Puts a value in place of the nth, under its key or another one. */
function changeIn(root: object, { node, value, key }: Change): void {
  let left = node;
  const visit = (parent: Record<string, unknown>): boolean =>
    Object.entries(parent).some(([name, child]) => {
      if (left-- === 0) {
        if (key !== null && !Array.isArray(parent)) delete parent[name];
        parent[Array.isArray(parent) ? name : (key ?? name)] = value;
        return true;
      }
      return typeof child === "object" && child !== null && visit(child as Record<string, unknown>);
    });
  visit(root as Record<string, unknown>);
}
