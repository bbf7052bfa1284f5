import { describe, expect, onTestFinished, test } from "vitest";
import { budget, span } from "../../../test/support/calls.ts";
import { type RecordingHost, recordingHost } from "../../../test/support/recording-host.ts";
import { until } from "../../../test/support/until.ts";
import { MemoryStorage } from "../../core/memory-storage.ts";
import { Refused } from "../../core/refused.ts";
import { type Claims, dueCharges } from "../charging.ts";
import { Unchargeable } from "../unchargeable.ts";
import { Journal, type JournalTerms } from "./journal.ts";
import { JournalKeeper, type JournalUser } from "./journal-keeper.ts";

const terms = {
  budgets: [budget()],
  acceptLateMs: 1e12,
  acceptFutureMs: 1e12,
  identityWindowMs: 3_600_000,
  tenantsMax: 1,
  tenants: new Set<string>(),
};
const journalTerms: JournalTerms = { ledger: "one", bytesMax: 1e6, horizonMs: 900_000 };

function claimsOf(...tenants: readonly string[]): readonly Claims[] {
  const spans = tenants.map((tenant) => span({ tenant }));
  const found = { calls: spans.map(({ call }) => call), costs: spans.map(({ cost }) => cost) };
  return dueCharges(terms, found, Date.parse("2025-11-20T15:00:10Z")).claims;
}

function tenantsOf(claims: readonly Claims[]): string[] {
  return claims.map(([first]) => first?.posting.tenant ?? "");
}

interface Kept {
  readonly host: RecordingHost;
  readonly keeper: JournalKeeper;
  readonly files: string[];
  /** Tenants of every call that was charged. */
  readonly charged: string[];
  readonly user: JournalUser;
}

/** `refuse` throws, or does not, before anything is charged. */
function kept(refuse: (tenants: readonly string[]) => void, keepsFiles = true): Kept {
  const host = recordingHost();
  const files: string[] = [];
  const charged: string[] = [];
  const keeper = new JournalKeeper({
    journal: new Journal(new MemoryStorage(1e7), journalTerms, host.clock.now()),
    host,
    keepFile: async (name, bytes) => {
      if (!keepsFiles) throw new Error("no space left");
      files.push(new TextDecoder().decode(bytes));
      return name;
    },
  });
  const user: JournalUser = {
    journal: journalTerms,
    terms,
    async charge(claims) {
      refuse(tenantsOf(claims));
      charged.push(...tenantsOf(claims));
      return [];
    },
  };
  keeper.attach(user);
  onTestFinished(() => keeper.detach(user, AbortSignal.abort()));
  return { host, keeper, files, charged, user };
}

const unavailable = () => new Refused("unavailable", "redis: OOM");
const wrongType = () => new Refused("unavailable", "redis: WRONGTYPE", { cause: new Unchargeable("WRONGTYPE") });

describe("who keeps the charge journal", () => {
  test("says once that the ledger takes nothing, when that does not pass, and once that it does again", async () => {
    let attempts = 0;
    let isFailing = true;
    const { host, keeper, charged } = kept(() => {
      attempts += 1;
      if (isFailing) throw unavailable();
    });
    await keeper.take(claimsOf("a"), host.clock.now());
    for (let seconds = 0; seconds < 30; seconds++) {
      const before = attempts;
      host.advance(1000);
      await until(() => before < attempts || 0 < host.timers());
    }
    await until(() => 5 < attempts);
    expect(host.logged).toEqual([expect.stringMatching(/^warn charges wait, the ledger does not take them .*OOM/)]);
    isFailing = false;
    await until(() => {
      host.advance(1000);
      return keeper.journal.waiting === 0;
    });
    expect(charged).toEqual(["a"]);
    expect(host.logged.slice(1)).toEqual(["info charges are taken from the journal again"]);
  });

  test.each([
    { name: "refuses for its own sake", error: wrongType },
    { name: "breaks on", error: () => new TypeError("no such thing") },
  ])("finds the calls that the ledger $name among a thousand others", async ({ error }) => {
    let attempts = 0;
    const { host, keeper, charged, files } = kept((tenants) => {
      attempts += 1;
      if (tenants.includes("bad")) throw error();
    });
    const tenants = Array.from({ length: 1000 }, (_, at) => (at % 250 === 7 ? "bad" : `t${at % 10}`));
    await keeper.take(claimsOf(...tenants), host.clock.now());
    await until(() => 0 < files.length);
    expect(charged).toHaveLength(996);
    expect(charged).not.toContain("bad");
    expect(attempts).toBeLessThan(40);
    expect([keeper.journal.waiting, keeper.journal.aside]).toEqual([0, 1]);
    expect(JSON.parse(files[0] ?? "").calls).toHaveLength(4);
    expect(host.counted.get('spantoll_journal_set_aside_calls_total{"reason":"refused"}')).toBe(4);
  });

  test("tries what was set aside again, and tells of it once", async () => {
    let isBad = true;
    const { host, keeper, charged, files } = kept(() => {
      if (isBad) throw wrongType();
    });
    await keeper.take(claimsOf("a"), host.clock.now());
    await until(() => 0 < files.length);
    for (let minutes = 0; minutes < 25; minutes++) {
      host.advance(60_000);
      await until(() => keeper.journal.waiting === 0);
    }
    expect(files).toHaveLength(1);
    expect(host.counted.get('spantoll_journal_set_aside_calls_total{"reason":"refused"}')).toBe(1);
    isBad = false;
    await until(() => {
      host.advance(60_000);
      return keeper.journal.aside === 0 && keeper.journal.waiting === 0;
    });
    expect(charged).toEqual(["a"]);
  });

  test("says so where there is no room for a file", async () => {
    const { host, keeper } = kept(() => {
      throw wrongType();
    }, false);
    await keeper.take(claimsOf("a"), host.clock.now());
    await until(() => host.logged.some((line) => line.includes("cannot be written as a file")));
    expect(keeper.journal.aside).toBe(1);
  });

  test("charges by the configuration that came last, and by the one before when that leaves", async () => {
    const { host, keeper, charged } = kept(() => {});
    const later: string[] = [];
    const next: JournalUser = {
      journal: { ...journalTerms, bytesMax: 5e5 },
      terms,
      async charge(claims) {
        later.push(...tenantsOf(claims));
        return [];
      },
    };
    keeper.attach(next);
    expect(keeper.journal.bytesMax).toBe(5e5);
    await keeper.take(claimsOf("a"), host.clock.now());
    await until(() => later.length === 1);
    await keeper.detach(next, AbortSignal.timeout(1000));
    expect(keeper.journal.bytesMax).toBe(1e6);
    await keeper.take(claimsOf("b"), host.clock.now());
    await until(() => charged.length === 1);
    expect([later, charged]).toEqual([["a"], ["b"]]);
  });

  test("leaves when everything is charged, and at once when the ledger does not answer", async () => {
    const { host, keeper, charged, user } = kept(() => {});
    await keeper.take(claimsOf("a", "b"), host.clock.now());
    await keeper.detach(user, new AbortController().signal);
    expect(charged).toEqual(["a", "b"]);
    const away = kept(() => {
      throw unavailable();
    });
    await away.keeper.take(claimsOf("a"), host.clock.now());
    await away.keeper.detach(away.user, new AbortController().signal);
    expect(away.keeper.journal.waiting).toBe(1);
  });
});
