import { expect, test } from "vitest";
import { budget, span } from "../../../test/support/calls.ts";
import { recordingHost } from "../../../test/support/recording-host.ts";
import type { Charge } from "../../ledger/charging.ts";
import { UnchargedFiles, unchargedOf } from "./uncharged-files.ts";

const nowMs = Date.UTC(2026, 10, 21, 10);
const terms = { budgets: [budget()], acceptLateMs: 1, acceptFutureMs: 1 };

function lateCalls(count: number) {
  const spans = Array.from({ length: count }, () => span());
  const late: Charge = { result: "late", tenant: "acme", nanoUsd: 0n, lefts: [], left: undefined };
  const found = { calls: spans.map(({ call }) => call), costs: spans.map(({ cost }) => cost) };
  return unchargedOf(
    terms,
    found,
    spans.map(() => late),
    nowMs,
  );
}

function opened(setAside: (files: string[]) => Promise<string>) {
  const host = recordingHost({ nowMs });
  const texts: string[] = [];
  const store = {
    setAside(_name: string, bytes: Uint8Array) {
      texts.push(new TextDecoder().decode(bytes));
      return setAside(texts);
    },
  };
  const counted = () => host.counted.get('spantoll_uncharged_set_aside_calls_total{"reason":"late"}') ?? 0;
  const callsIn = () => texts.reduce((sum, text) => sum + JSON.parse(text).calls.length, 0);
  return { host, texts, files: new UnchargedFiles(store, host), counted, callsIn };
}

test("what comes while a file is written shares the next", async () => {
  const { files, texts, callsIn } = opened(async () => "path");
  await Promise.all(Array.from({ length: 50 }, () => files.keep(lateCalls(2))));
  expect(callsIn()).toBe(100);
  expect(texts.length).toBeLessThan(5);
});

test("so many an hour, and no more; that is said once", async () => {
  const { files, host, counted, callsIn } = opened(async () => "path");
  for (let at = 0; at < 15; at++) await files.keep(lateCalls(1000));
  expect([counted(), callsIn()]).toEqual([10_000, 10_000]);
  expect(host.logged.filter((line) => line.includes("not kept as files"))).toHaveLength(1);
  host.advance(3_600_000);
  await files.keep(lateCalls(5));
  expect(callsIn()).toBe(10_005);
});

test("so many files an hour, and no more", async () => {
  const { files, host, texts } = opened(async () => "path");
  for (let at = 0; at < 400; at++) await files.keep(lateCalls(1));
  expect(texts).toHaveLength(360);
  expect(host.logged.filter((line) => line.includes("not kept as files"))).toHaveLength(1);
});

test("where a file cannot be written that is logged, and nobody waits for it", async () => {
  const { files, host, counted } = opened(async (texts) => {
    if (texts.length < 2) throw new Error("no space left");
    return "path";
  });
  await files.keep(lateCalls(3));
  expect(host.logged.at(-1)).toContain("no space left");
  await files.keep(lateCalls(2));
  expect(counted()).toBe(2);
});
