import { describe, expect, test } from "vitest";
import {
  answered,
  chat,
  decided,
  elsewhere,
  type Links,
  type Requests,
  type Row,
} from "../../test/support/decided-roles.ts";

describe("copies", () => {
  const copy = { ...chat, shape: "copy" as const };

  test.each<{ name: string; rows: readonly Row[]; says: Record<string, string> }>([
    {
      name: "of each other are calls",
      rows: [
        { id: "1", below: "2", ...copy },
        { id: "2", below: "1", ...copy },
      ],
      says: { 1: "bill leaf", 2: "bill leaf" },
    },
    { name: "of themselves are calls", rows: [{ id: "1", below: "1", ...copy }], says: { 1: "bill leaf" } },
    {
      name: "of an answer of a gateway's cache are none",
      rows: [
        { id: "1", ...chat, gatewayCacheHit: true },
        { id: "2", below: "1", ...copy },
      ],
      says: { 1: "shadow gateway_cache_hit", 2: "shadow copy" },
    },
    {
      name: "of a span that tells no usage are calls",
      rows: [{ id: "1" }, { id: "2", below: "1", ...copy }],
      says: { 1: "ignore no_usage", 2: "bill leaf" },
    },
  ])("$name", ({ rows, says }) => {
    expect(decided([rows])).toEqual(says);
    expect(decided([rows.toReversed()])).toEqual(says);
    expect(decided(rows.toReversed().map((row) => [row]))).toEqual(says);
  });
});

describe("kin in a trace", () => {
  test.each<{ name: string; rows: readonly Row[]; links?: Links; says: Record<string, string> }>([
    {
      name: "a parent that restates its only child",
      rows: [
        { id: "1", ...chat },
        { id: "2", below: "1", ...chat },
      ],
      says: { 1: "shadow rollup", 2: "bill leaf" },
    },
    {
      name: "a parent that restates the sum of its children",
      rows: [
        { id: "1", in: 2545, out: 128 },
        { id: "2", below: "1", ...chat },
        { id: "3", below: "1", in: 1330, out: 41 },
      ],
      says: { 1: "shadow rollup", 2: "bill leaf", 3: "bill leaf" },
    },
    {
      name: "a parent some of whose children are not here",
      rows: [
        { id: "1", in: 2000, out: 160 },
        { id: "2", below: "1", ...chat },
      ],
      says: { 1: "shadow rollup", 2: "bill leaf" },
    },
    {
      name: "a parent that repeats the last of its children",
      rows: [
        { id: "1", in: 1330, out: 41 },
        { id: "2", below: "1", ...chat },
        { id: "3", below: "1", in: 1330, out: 41 },
      ],
      says: { 1: "shadow rollup", 2: "bill leaf", 3: "bill leaf" },
    },
    {
      name: "a parent with a small call of its own below it",
      rows: [
        { id: "1", in: 9000, out: 500 },
        { id: "2", below: "1", in: 50, out: 5 },
      ],
      says: { 1: "bill leaf", 2: "bill leaf" },
    },
    {
      name: "a parent that used less than its child",
      rows: [
        { id: "1", in: 100, out: 10 },
        { id: "2", below: "1", ...chat },
      ],
      says: { 1: "bill leaf", 2: "bill leaf" },
    },
    {
      name: "a grandparent over spans that tell nothing",
      rows: [
        { id: "1", ...chat },
        { id: "4", below: "3", ...chat },
      ],
      links: [
        ["2", "1"],
        ["3", "2"],
      ],
      says: { 1: "shadow rollup", 4: "bill leaf" },
    },
    {
      name: "three generations",
      rows: [
        { id: "1", ...chat },
        { id: "2", below: "1", ...chat },
        { id: "3", below: "2", ...chat },
      ],
      says: { 1: "shadow rollup", 2: "shadow rollup", 3: "bill leaf" },
    },
    {
      name: "siblings that say the same",
      rows: [
        { id: "1", below: "9", ...chat },
        { id: "2", below: "9", ...chat },
      ],
      says: { 1: "bill leaf", 2: "bill leaf" },
    },
    {
      name: "app, proxy and model server, one below the other, without a common id",
      rows: [
        { id: "1", ...chat },
        { id: "2", below: "1", layer: "proxy", ...chat },
        { id: "3", below: "2", layer: "model_server", ...chat },
      ],
      says: { 1: "shadow lower_layer", 2: "bill leaf", 3: "shadow lower_layer" },
    },
    {
      name: "an agent whose calls the proxy tells",
      rows: [
        { id: "1", in: 2545, out: 128 },
        { id: "2", below: "1", layer: "proxy", ...chat },
        { id: "3", below: "1", layer: "proxy", in: 1330, out: 41 },
      ],
      says: { 1: "shadow rollup", 2: "bill leaf", 3: "bill leaf" },
    },
    {
      name: "choices of a model server below the app's span",
      rows: [
        { id: "1", in: 1215, out: 174 },
        { id: "2", below: "1", layer: "model_server", ...chat },
        { id: "3", below: "1", layer: "model_server", ...chat },
      ],
      says: { 1: "bill leaf", 2: "shadow lower_layer", 3: "shadow lower_layer" },
    },
    {
      name: "a failed parent whose child has the usage",
      rows: [
        { id: "1", failed: true },
        { id: "2", below: "1", ...chat },
      ],
      says: { 1: "ignore failed_without_usage", 2: "bill leaf" },
    },
    {
      name: "an instrumentation over the client's own span, with one id",
      rows: [
        { id: "1", tenant: true, ...answered },
        { id: "2", below: "1", ...answered },
      ],
      says: { 1: "bill leaf", 2: "shadow duplicate" },
    },
    {
      name: "a wrapper over an instrumentation whose call the client tells in another trace",
      rows: [
        { id: "1", ...chat },
        { id: "2", below: "1", ...answered },
        { id: "3", traceId: elsewhere, tenant: true, ...answered },
      ],
      says: { 1: "shadow rollup", 2: "shadow duplicate", 3: "bill leaf" },
    },
    {
      name: "a client's span without an id below a call that another span tells, too",
      rows: [
        { id: "1", tenant: true, ...answered },
        { id: "2", below: "1", ...chat },
        { id: "3", traceId: elsewhere, ...answered },
      ],
      says: { 1: "bill leaf", 2: "shadow duplicate", 3: "shadow duplicate" },
    },
    {
      name: "a parent with the id of the last of its children, the other one with an id of its own",
      rows: [
        { id: "1", tenant: true, answer: "last", ...chat },
        { id: "2", below: "1", answer: "first", ...chat },
        { id: "3", below: "1", answer: "last", ...chat },
      ],
      says: { 1: "bill leaf", 2: "bill leaf", 3: "shadow duplicate" },
    },
    {
      name: "a parent that knows less than the last of its children, whose id it has",
      rows: [
        { id: "1", answer: "last", ...chat },
        { id: "2", below: "1", answer: "first", ...chat },
        { id: "3", below: "1", tenant: true, answer: "last", ...chat },
      ],
      says: { 1: "shadow duplicate", 2: "bill leaf", 3: "bill leaf" },
    },
  ])("$name", ({ rows, links, says }) => {
    expect(decided([rows], links)).toEqual(says);
    expect(decided([rows.toReversed()], links)).toEqual(says);
  });

  test("are not those that are each other's parents", () => {
    const rows: Row[] = [
      { id: "1", below: "2", ...chat },
      { id: "2", below: "1", ...chat },
    ];
    expect(decided([rows])).toEqual({ 1: "bill leaf", 2: "bill leaf" });
  });

  const parent: Row = { id: "1", in: 2545, out: 128 };
  const first: Row = { id: "2", below: "1", ...chat };
  const second: Row = { id: "3", below: "1", in: 1330, out: 41 };

  test.each<{ name: string; requests: Requests; says: Record<string, string> }>([
    {
      name: "children before their parent",
      requests: [[first], [second], [parent]],
      says: { 1: "shadow rollup", 2: "bill leaf", 3: "bill leaf" },
    },
    {
      name: "a parent before its children, which take over once they are half of it",
      requests: [[parent], [first], [second]],
      says: { 1: "shadow rollup", 2: "bill leaf", 3: "bill leaf" },
    },
    {
      name: "a parent between its children",
      requests: [[first], [parent], [second]],
      says: { 1: "shadow rollup", 2: "bill leaf", 3: "bill leaf" },
    },
    {
      name: "a parent before a child that is less than half of it",
      requests: [[parent], [first]],
      says: { 1: "bill leaf", 2: "bill leaf" },
    },
    {
      name: "everything again, in another order",
      requests: [[parent], [first], [second], [second, parent, first]],
      says: { 1: "shadow rollup", 2: "bill leaf", 3: "bill leaf" },
    },
    {
      name: "a model server before its proxy",
      requests: [[{ id: "2", below: "1", layer: "model_server", ...chat }], [{ id: "1", layer: "proxy", ...chat }]],
      says: { 1: "bill leaf", 2: "shadow lower_layer" },
    },
    {
      name: "a proxy with the id of the model server that came before it",
      requests: [
        [{ id: "2", below: "1", layer: "model_server", ...answered }],
        [{ id: "1", layer: "proxy", ...answered }],
      ],
      says: { 1: "bill leaf", 2: "shadow lower_layer" },
    },
    {
      name: "a wrapper with its calls, below an agent that was billed before",
      requests: [
        [parent],
        [
          { id: "5", below: "1", ...chat },
          { id: "6", below: "5", ...chat },
        ],
        [second],
      ],
      says: { 1: "shadow rollup", 3: "bill leaf", 5: "shadow rollup", 6: "bill leaf" },
    },
    {
      name: "app, proxy and model server, one below the other, without a common id",
      requests: [
        [{ id: "1", ...chat }],
        [{ id: "2", below: "1", layer: "proxy", ...chat }],
        [{ id: "3", below: "2", layer: "model_server", ...chat }],
      ],
      says: { 1: "shadow lower_layer", 2: "bill leaf", 3: "shadow lower_layer" },
    },
    {
      name: "the same from below",
      requests: [
        [{ id: "3", below: "2", layer: "model_server", ...chat }],
        [{ id: "2", below: "1", layer: "proxy", ...chat }],
        [{ id: "1", ...chat }],
      ],
      says: { 1: "shadow lower_layer", 2: "bill leaf", 3: "shadow lower_layer" },
    },
    {
      name: "a proxy that asked its model server twice",
      requests: [
        [{ id: "2", below: "1", layer: "model_server", ...chat }],
        [{ id: "1", layer: "proxy", ...chat }],
        [{ id: "3", below: "1", layer: "model_server", ...chat }],
      ],
      says: { 1: "bill leaf", 2: "shadow lower_layer", 3: "shadow lower_layer" },
    },
    {
      name: "another call below a parent that repeats the one whose id it has",
      requests: [
        [{ id: "1", tenant: true, answer: "last", ...chat }],
        [{ id: "3", below: "1", answer: "last", ...chat }],
        [{ id: "2", below: "1", answer: "first", ...chat }],
      ],
      says: { 1: "bill leaf", 2: "bill leaf", 3: "shadow duplicate" },
    },
    {
      name: "a client's span without an id before the instrumentation's with one",
      requests: [[{ id: "2", below: "1", ...chat }], [{ id: "1", ...answered }]],
      says: { 1: "bill leaf", 2: "shadow duplicate" },
    },
  ])("over several requests: $name", ({ requests, says }) => {
    expect(decided(requests)).toEqual(says);
    expect(decided([requests.flat()])).toEqual(says);
  });
});
