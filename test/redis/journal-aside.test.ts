// What a journal cannot have charged is never silently gone: it lies in a file, and is counted.
import { Redis } from "ioredis";
import { beforeEach, describe, expect, inject, onTestFinished, test } from "vitest";
import type { Storage } from "../../src/core/storage.ts";
import { freshPrefix } from "../properties/ledger-support.ts";
import { span } from "../support/calls.ts";
import { hourMs, Sidecar, type SidecarOptions } from "./sidecar.ts";

const price = 6_000_000n;
const arrivedMs = Date.parse("2025-11-20T15:00:10Z");

describe("what a journal sets aside", () => {
  let nowMs = arrivedMs;
  let redis: Redis;
  let options: SidecarOptions;

  beforeEach(() => {
    redis = new Redis(inject("redisUrl"), { disableClientInfo: true });
    onTestFinished(() => redis.disconnect());
    nowMs = arrivedMs;
    options = { connection: redis, keyPrefix: freshPrefix(), now: () => nowMs };
  });

  function open(more: Partial<SidecarOptions> = {}): Sidecar {
    const sidecar = new Sidecar({ ...options, ...more });
    onTestFinished(() => void sidecar.cut("written"));
    return sidecar;
  }

  /** A store with spans of which nothing was charged. */
  async function journalled(...spans: readonly ReturnType<typeof span>[]): Promise<Storage> {
    const first = open({ steps: 4 });
    await Promise.race([first.take(...spans), first.drained()]);
    return first.cut("written");
  }

  test("calls that ended so long ago that the ledger has forgotten whether they were charged", async () => {
    const storage = await journalled(span(), span({ endMs: arrivedMs - 2 * hourMs }));
    nowMs += 48 * hourMs;
    const second = open({ storage });
    await second.drained();
    expect(second.files).toHaveLength(1);
    const file = JSON.parse(second.files[0]?.text ?? "");
    expect(file).toMatchObject({
      reason: "too_old",
      calls: [{ ended: "2025-11-20T13:00:10.000Z", nano_usd: "6000000" }],
    });
    expect(second.files[0]?.name).toMatch(/^charges-too_old-2025-11-22T15.*\.json$/);
    expect(second.host.counted.get('spantoll_journal_set_aside_calls_total{"reason":"too_old"}')).toBe(1);
    expect(await spent(second)).toBe(price);
  });

  test("records that are damaged, as they are, while the rest is charged", async () => {
    const storage = await journalled(span());
    const before = open({ storage, steps: 4 });
    await Promise.race([before.take(span()), before.drained()]);
    const left = before.cut("written");
    const key = "j/00000000000000";
    const record = left.get(key)?.slice() ?? new Uint8Array(0);
    record[20] = (record[20] ?? 0) ^ 1;
    left.transaction((writing) => writing.put(key, record));
    const second = open({ storage: left });
    await second.drained();
    expect(second.files.map(({ name }) => name)).toEqual([expect.stringMatching(/^charges-damaged-.*\.bin$/)]);
    expect(second.host.logged.join()).toContain("a record is damaged");
    expect(await spent(second)).toBe(price);
  });

  test("cut off in the midst of it, and back when the claims are forgotten: charged, or said to be undecided", async () => {
    const outcomes: string[] = [];
    for (let steps = 4; ; steps++) {
      nowMs = arrivedMs;
      const keyPrefix = freshPrefix();
      const first = open({ keyPrefix, steps });
      await Promise.race([first.take(span({ responseIds: ["c-1"] })), first.drained()]);
      await first.drained();
      if (!first.isDead) break;
      const storage = first.cut("written");
      nowMs += 4 * hourMs;
      // As Redis does when they expire.
      const claims = (await redis.keys(`${keyPrefix}:*`)).filter((key) => /\}:c:/.test(key));
      if (0 < claims.length) await redis.del(...claims);
      const second = open({ keyPrefix, storage });
      await second.drained();
      const paid = await spent(second);
      const isSaid = second.files.some(({ text }) => JSON.parse(text).reason === "undecided");
      expect([steps, paid === price || isSaid]).toEqual([steps, true]);
      outcomes.push(paid === price ? "charged" : "undecided");
    }
    expect(outcomes).toContain("undecided");
    expect(outcomes).toContain("charged");
  });

  async function spent({ ledger, terms }: Sidecar): Promise<bigint> {
    const [budget] = terms.budgets;
    const { states } = await ledger.read("acme", [budget!.counterKey(budget!.windowAt(arrivedMs))], nowMs);
    return states[0]!.nanoUsd;
  }
});
