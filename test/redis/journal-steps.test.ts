// The power goes at every single step of a journal, with what was written kept or only what was safe: the sender sends
// again what was not acknowledged, the sidecar starts again, and every window is exact.
import { Redis } from "ioredis";
import { expect, inject, onTestFinished, test } from "vitest";
import { freshPrefix } from "../properties/ledger-support.ts";
import { span } from "../support/calls.ts";
import { type Spans, spentByAll } from "./redis-support.ts";
import { Sidecar, type SidecarOptions } from "./sidecar.ts";

const nowMs = Date.parse("2025-11-20T15:00:10Z");
const price = 6_000_000n;

/** The application's spans, those of the proxy, and one that is told again under another tenant. */
function requests(): readonly Spans[] {
  const app = [0, 1, 2].map((call) => span({ tenant: `t${call}`, rank: 1, responseIds: [`c-${call}`] }));
  const proxy = [0, 1].map((call) => span({ tenant: `t${call + 1}`, rank: 3, responseIds: [`c-${call}`] }));
  const again = { ...app[2]!, call: { ...app[2]!.call, rank: 0, subject: { ...app[2]!.call.subject, tenant: "t0" } } };
  return [app, proxy, [again, span({ tenant: "t0" })]];
}

test.each([
  { kept: "written", together: false },
  { kept: "written", together: true },
  { kept: "committed", together: false },
  { kept: "committed", together: true },
] as const)("cut off at every step, with what was $kept, requests together: $together", async ({ kept, together }) => {
  const redis = new Redis(inject("redisUrl"), { disableClientInfo: true });
  onTestFinished(() => redis.disconnect());
  let cuts = 0;
  for (let steps = 1; ; steps++) {
    const options: SidecarOptions = { connection: redis, keyPrefix: freshPrefix(), now: () => nowMs };
    const acknowledged = new Set<Spans>();
    const sent = requests();
    let storage = new Sidecar(options).cut("written");
    const first = new Sidecar({ ...options, steps, storage });
    const takes = sent.map((spans) => async () => {
      await Promise.race([take(first, spans, acknowledged), first.drained()]);
      await first.drained();
    });
    if (together) await Promise.all(takes.map((one) => one()));
    else for (const one of takes) await one();
    if (!first.isDead) break;
    cuts += 1;
    storage = first.cut(kept);
    const second = new Sidecar({ ...options, storage });
    for (const spans of sent) if (!acknowledged.has(spans)) await second.take(...spans);
    await second.drained();
    const bench = { spent: (tenant: string) => spentBy(second, tenant) };
    expect([steps, await spentByAll(bench)]).toEqual([steps, 4n * price]);
    expect([steps, await spentBy(second, "t1"), await spentBy(second, "t2")]).toEqual([steps, price, 2n * price]);
    second.cut("written");
  }
  expect(cuts).toBeGreaterThan(together ? 10 : 18);
});

async function take(sidecar: Sidecar, spans: Spans, acknowledged: Set<Spans>): Promise<void> {
  try {
    await sidecar.take(...spans);
    acknowledged.add(spans);
  } catch {
    // The power is cut: nobody is answered.
  }
}

async function spentBy({ ledger, terms }: Sidecar, tenant: string): Promise<bigint> {
  const [budget] = terms.budgets;
  const { states } = await ledger.read(tenant, [budget!.counterKey(budget!.windowAt(nowMs))], nowMs);
  return states[0]!.nanoUsd;
}
