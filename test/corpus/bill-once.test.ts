// What several emitters tell of one call, and what many calls look like that are not one: each row through the four
// processors with a ledger, as one request, span by span in any order, with resends, and the bill is the same.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type GivenSpan, traceRequest } from "../support/spans.ts";
import { layerScenarios } from "./scenarios-layers.ts";
import { treeScenarios } from "./scenarios-trees.ts";
import { type Bill, Till } from "./till.ts";

describe.each([...layerScenarios, ...treeScenarios])("$name", ({ spans, bill, layers = {}, apart, whole }) => {
  test("as one request, resent to another process span by span", async () => {
    const resent = [spans, ...spans.map((span) => (whole ? spans : [span]))];
    const first = await billed(resent, layers, [0, ...spans.map(() => 1)]);
    expect(first).toEqual(bill);
  });

  test("each service with a process of its own", async () => {
    const services = [...new Set(spans.map(serviceOf))];
    const requests = services.map((service) => spans.filter((span) => serviceOf(span) === service));
    const expected = apart ?? bill;
    expect(await billed(requests, layers, [0, 1, 2])).toEqual(expected);
    expect(await billed(requests.toReversed(), layers, [0, 1, 2])).toEqual(expected);
  });

  test("as one request", async () => {
    expect(await billed([spans], layers)).toEqual(bill);
    expect(await billed([spans.toReversed()], layers)).toEqual(bill);
  });

  test("span by span, in any order, with resends", async () => {
    // What belongs together in one request comes together.
    if (whole)
      return expect(
        await billed(
          spans.map(() => spans),
          layers,
        ),
      ).toEqual(bill);
    const orders = fc.sample(fc.shuffledSubarray([...spans, ...spans], { minLength: spans.length * 2 }), {
      numRuns: 12,
      seed: 20_261_121,
    });
    for (const order of [spans, spans.toReversed(), ...orders]) {
      const bills = await billed(
        order.map((span) => [span]),
        layers,
      );
      expect([order.map(({ id }) => id), bills]).toEqual([order.map(({ id }) => id), bill]);
    }
  });
});

function serviceOf({ resource }: GivenSpan): unknown {
  return resource?.["service.name"];
}

/** Requests go to the processes in turn, or as `to` says. */
async function billed(
  requests: readonly (readonly GivenSpan[])[],
  layers: object,
  to: readonly number[] = [0],
): Promise<Bill> {
  const till = await Till.open(3, { layers });
  for (const [at, spans] of requests.entries()) await till.pass(traceRequest(spans), to[at % to.length]);
  const bill = await till.bill();
  await till.stop();
  return bill;
}
