// Every capture through the built program: sender, sidecar, backend and budget API are real, and what comes out is
// compared with what the server that answered the calls wrote down.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ReadSpan } from "../support/spans.ts";
import { captures, type TrueCall } from "./captures.ts";
import { gaps } from "./gaps.ts";
import { sentNow } from "./recent.ts";
import { Sidecar } from "./sidecar.ts";

const all = sentNow(captures(), Date.now());
const passed = new Map<string, readonly ReadSpan[]>();
let sidecar: Sidecar;

beforeAll(async () => {
  sidecar = await Sidecar.start();
  await passAll();
}, 60_000);

afterAll(() => sidecar.stop());

describe("the corpus", () => {
  test("is 104 requests and 106 calls, of which 12 failed", () => {
    const calls = new Map(all.flatMap(({ capture }) => capture.calls).map((call) => [call.call, call]));
    expect(all).toHaveLength(104);
    expect(calls.size).toBe(106);
    expect([...calls.values()].filter(({ error }) => error)).toHaveLength(12);
  });

  test("comes out with every span that went in", () => {
    expect(all.map(({ capture }) => passed.get(capture.name)?.length)).toEqual(all.map(({ capture }) => capture.spans));
  });

  test("is billed once a call, and not for what failed or was not told", () => {
    const billed = new Map<string, number>();
    for (const { capture } of all) {
      for (const call of capture.calls) billed.set(call.call, billed.get(call.call) ?? 0);
      for (const { call } of billedIn(capture.name, capture.calls))
        billed.set(call?.call ?? capture.name, (billed.get(call?.call ?? capture.name) ?? 0) + 1);
    }
    const wanted = new Map([...billed.keys()].map((call) => [call, timesBilled(call)]));
    expect(Object.fromEntries(billed)).toEqual(Object.fromEntries(wanted));
  });

  test.each(all.map(({ capture }) => capture))("$name says what happened", ({ name, calls }) => {
    const wrong = billedIn(name, calls).flatMap(({ span, call }) =>
      call ? differences(span, call) : ["no such call"],
    );
    const facts = gapsOf(name).filter((fact) => !isAboutBilling(fact));
    expect([...new Set(wrong)].sort()).toEqual(facts);
  });

  test("spends what its billed spans cost, and not more when everything comes again", async () => {
    const spent = await spentByTenant();
    expect(spent).toEqual(costByTenant());
    const before = new Map(passed);
    await passAll();
    expect(rolesOf(passed)).toEqual(rolesOf(before));
    expect(await spentByTenant()).toEqual(spent);
  });
});

async function passAll(): Promise<void> {
  for (const { capture, body, isJson } of all) passed.set(capture.name, await sidecar.pass(body, isJson));
}

interface Billed {
  readonly span: ReadSpan;
  readonly call: TrueCall | undefined;
}

function billedIn(name: string, calls: readonly TrueCall[]): readonly Billed[] {
  const spans = (passed.get(name) ?? []).filter(({ attributes }) => attributes["spantoll.call.role"] === "bill");
  return spans.map((span) => ({ span, call: callOf(span, calls) }));
}

/** The call that a span tells of: by the id of its answer, else by what it counts. */
function callOf({ attributes }: ReadSpan, calls: readonly TrueCall[]): TrueCall | undefined {
  if (calls.length === 1) return calls[0];
  const byId = calls.find(
    ({ response_id }) => response_id !== null && response_id === attributes["gen_ai.response.id"],
  );
  return byId ?? calls.find(({ input }) => input === attributes["gen_ai.usage.input_tokens"]);
}

/** Once, unless it failed, no request of the corpus carries its usage, or a known gap. */
function timesBilled(id: string): number {
  const told = all.map(({ capture }) => capture).filter(({ calls }) => calls.some(({ call }) => call === id));
  const failed = told.some(({ calls }) => calls.some(({ call, error }) => call === id && error));
  const known = told.flatMap(({ name }) => gapsOf(name));
  return failed || known.includes("usage") ? 0 : 1;
}

const providers: Readonly<Record<string, string>> = { hosted_vllm: "vllm" };
const operations: Readonly<Record<string, string>> = { responses: "chat" };

const pricedStatuses: readonly unknown[] = ["priced", "priced_estimated"];

/** Names of the facts that the span does not say, or says wrongly. */
function differences({ attributes }: ReadSpan, call: TrueCall): readonly string[] {
  const { tenant_id, team_id } = call.tenant ?? {};
  const model = attributes["gen_ai.response.model"] === undefined ? "gen_ai.request.model" : "gen_ai.response.model";
  const wanted: readonly (readonly [fact: string, key: string, value: unknown])[] = [
    ["input", "gen_ai.usage.input_tokens", call.input],
    ["output", "gen_ai.usage.output_tokens", call.output],
    ["cache_read", "gen_ai.usage.cache_read.input_tokens", call.cache_read],
    ["cache_write", "gen_ai.usage.cache_write.input_tokens", call.cache_write],
    ["reasoning", "gen_ai.usage.reasoning.output_tokens", call.reasoning],
    ["model", model, call.model],
    ["provider", "gen_ai.provider.name", providers[call.provider] ?? call.provider],
    ["operation", "gen_ai.operation.name", operations[call.operation] ?? call.operation],
    ["tenant", "spantoll.tenant.id", tenant_id ?? team_id ?? "@unknown"],
  ];
  const wrong = wanted.filter(([, key, value]) => value !== (attributes[key] ?? (value === 0 ? 0 : undefined)));
  const isPriced =
    pricedStatuses.includes(attributes["spantoll.cost.status"]) && 0 < Number(attributes["spantoll.cost.nano_usd"]);
  return [...wrong.map(([fact]) => fact), ...(isPriced ? [] : ["cost"])];
}

function gapsOf(name: string): readonly string[] {
  return gaps
    .filter((gap) => gap.captures.includes(name))
    .flatMap(({ facts }) => facts)
    .sort();
}

/** Facts that the test of how often a call is billed looks at. */
function isAboutBilling(fact: string): boolean {
  return fact === "usage";
}

type Totals = Readonly<Record<string, readonly [nanoUsd: string, requests: number, input: number, output: number]>>;

async function spentByTenant(): Promise<Totals> {
  const totals: Record<string, Totals[string]> = {};
  for (const tenant of await sidecar.tenants()) {
    const { spent_nano_usd, requests, input_tokens, output_tokens } = await sidecar.spendingOf(tenant);
    totals[tenant] = [spent_nano_usd, requests, input_tokens, output_tokens];
  }
  return totals;
}

function costByTenant(): Totals {
  const totals: Record<string, Totals[string]> = {};
  for (const { attributes } of [...passed.values()].flat()) {
    if (attributes["spantoll.call.role"] !== "bill") continue;
    const tenant = String(attributes["spantoll.tenant.id"]);
    const [nanoUsd, requests, input, output] = totals[tenant] ?? ["0", 0, 0, 0];
    totals[tenant] = [
      String(BigInt(nanoUsd) + BigInt(Number(attributes["spantoll.cost.nano_usd"] ?? 0))),
      requests + 1,
      input + Number(attributes["gen_ai.usage.input_tokens"] ?? 0),
      output + Number(attributes["gen_ai.usage.output_tokens"] ?? 0),
    ];
  }
  return totals;
}

function rolesOf(spans: ReadonlyMap<string, readonly ReadSpan[]>): readonly unknown[] {
  return [...spans.values()].flat().map(({ spanId, attributes }) => [spanId, attributes["spantoll.call.role"]]);
}
