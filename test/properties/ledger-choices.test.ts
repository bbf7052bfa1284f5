// n > 1: the input of a call is charged once, the output of every choice; and which spans are of one call, pair by pair.
import { describe, expect, test } from "vitest";
import { priced, span } from "../support/calls.ts";
import { first, type Said, sameCallCases } from "../support/same-call-cases.ts";
import { Bench, stores } from "./ledger-support.ts";

/** A cost whose output alone has a price of its own. */
function costs(nanoUsd: bigint, outputNanoUsd: bigint) {
  return { ...priced(nanoUsd), outputNanoUsd };
}

const choice = { responseIds: ["cmpl-1"], rank: 40, layer: "model_server", scope: "vllm", isChoice: true } as const;

describe.each(stores)("ledger $name: choices", (store) => {
  const choices = [
    span({ ...choice, input: 1000, output: 10, cost: costs(1010n, 10n) }),
    span({ ...choice, input: 1000, output: 20, cost: costs(1020n, 20n) }),
    span({ ...choice, input: 1000, output: 20, cost: costs(1020n, 20n) }),
  ];

  test.each([
    { name: "in one batch", batches: [[0, 1, 2]] },
    { name: "one after the other", batches: [[0], [1], [2]] },
    { name: "the other way round", batches: [[2], [1], [0]] },
    { name: "again and again", batches: [[1], [0, 1], [2, 0], [1, 2], [0, 1, 2]] },
  ])("three of one call $name: the input once, every output", async ({ batches }) => {
    const bench = new Bench(await store.open());
    for (const batch of batches) await bench.charge(...batch.map((at) => choices[at]!));
    expect(await bench.counter()).toMatchObject({
      nanoUsd: 1050n,
      inputTokens: 1000,
      outputTokens: 50,
      requests: 1,
      unpriced: 0,
    });
  });

  test("a proxy that tells them all takes the call over from every one", async () => {
    const proxy = span({
      ...choice,
      tenant: "team",
      layer: "proxy",
      scope: "litellm",
      isChoice: false,
      rank: 100,
      output: 50,
    });
    for (const order of [
      [proxy, ...choices],
      [...choices, proxy],
      [choices[0]!, proxy, choices[2]!, choices[1]!],
    ]) {
      const bench = new Bench(await store.open());
      for (const one of order) await bench.charge(one);
      expect(await bench.counter()).toMatchObject({ nanoUsd: 0n, inputTokens: 0, outputTokens: 0, requests: 0 });
      expect(await bench.counter("team")).toMatchObject({ inputTokens: 1000, outputTokens: 50, requests: 1 });
    }
  });

  test("what a choice was charged and what went back is told", async () => {
    const bench = new Bench(await store.open());
    const reports = [await bench.charge(choices[0]!), await bench.charge(choices[1]!)];
    const charged = reports.flatMap((report) => report.charged.map(({ amounts }) => amounts.nanoUsd));
    const reversed = reports.flatMap((report) => report.reversed.map(({ amounts }) => amounts.nanoUsd));
    const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);
    expect(sum(charged) - sum(reversed)).toBe(await bench.spent());
    const own = reports[1]?.charges[0];
    expect(own).toMatchObject({ result: "charged" });
    expect([20n, 1020n]).toContain(own?.nanoUsd);
  });

  test("without a price they count once as unpriced, and where nobody knows the output apart each pays what it says", async () => {
    const bench = new Bench(await store.open());
    const given = { ...choice, requestModel: "mx", responseModel: "mx" };
    await bench.charge(span({ ...given, output: 1 }), span({ ...given, output: 2 }));
    expect(await bench.counter()).toMatchObject({
      nanoUsd: 0n,
      inputTokens: 1000,
      outputTokens: 3,
      requests: 1,
      unpriced: 1,
    });
    const said = { ...choice, tenant: "said", responseIds: ["cmpl-2"], cost: priced(7n) };
    await bench.charge(span(said), span(said));
    expect(await bench.spent("said")).toBe(14n);
  });

  test("a hundred and twenty-eight, which is the most that an API answers with", async () => {
    const bench = new Bench(await store.open());
    const many = Array.from({ length: 128 }, () => span({ ...choice, input: 500, output: 16, cost: costs(516n, 16n) }));
    for (let from = 0; from < many.length; from += 32) await bench.charge(...many.slice(from, from + 32));
    expect(await bench.counter()).toMatchObject({
      nanoUsd: 500n + 128n * 16n,
      inputTokens: 500,
      outputTokens: 2048,
      requests: 1,
    });
  });
});

describe.each(stores)("ledger $name: two spans under one id", (store) => {
  test.each(sameCallCases)("$name: $is", async ({ one, two, is }) => {
    const tokens = { apart: [2, 2], same: [1, 1], choices: [1, 2] }[is];
    for (const turned of [false, true]) {
      const bench = new Bench(await store.open());
      const said = [
        { ...first, ...one },
        { ...first, ...two },
      ];
      for (const each of turned ? said.toReversed() : said) await bench.charge(spanOf(each));
      const { requests, nanoUsd } = await bench.counter();
      expect([requests, Number(nanoUsd / 1000n) + Number(nanoUsd % 1000n)]).toEqual([
        tokens[0],
        tokens[0]! + tokens[1]!,
      ]);
    }
  });
});

/** Costs 1,000 for the input and 1 for the output. */
function spanOf({ model, input, cacheRead, output, ...said }: Said): ReturnType<typeof span> {
  const usage = {
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
    cache_read: cacheRead,
  };
  const made = span({ ...said, responseIds: ["chatcmpl-7"], requestModel: undefined, responseModel: model });
  return { call: { ...made.call, usage }, cost: costs(1001n, 1n) };
}
