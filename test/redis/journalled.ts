// gen_ai_budget as a service has it, with its ledger on Redis and a journal on disk.
import { onTestFinished } from "vitest";
import type { Batch } from "../../src/core/batch.ts";
import type { Processor } from "../../src/core/component.ts";
import { safeguards } from "../../src/core/safeguards.ts";
import { offerStore } from "../../src/core/storage.ts";
import { systemClock } from "../../src/core/system-clock.ts";
import type { DiskStore } from "../../src/extensions/file_storage/disk-store.ts";
import { calls as callsNote } from "../../src/genai/call.ts";
import { ledgerReaders } from "../../src/ledger/ledger-reader.ts";
import { costs } from "../../src/pricing/cost.ts";
import { genAiBudget } from "../../src/processors/gen_ai_budget/gen-ai-budget.ts";
import { freshPrefix } from "../properties/ledger-support.ts";
import { openDisk, temporaryDirectory } from "../support/disk.ts";
import { type RecordingHost, recordingHost } from "../support/recording-host.ts";
import type { Spans } from "./redis-support.ts";

const nowMs = Date.parse("2025-11-20T15:00:10Z");

export interface JournalledOptions {
  readonly directory?: string;
  readonly keyPrefix?: string;
  readonly redis?: Readonly<Record<string, unknown>>;
  readonly journal?: Readonly<Record<string, unknown>>;
  readonly diskBytesMax?: number;
}

export class Journalled {
  readonly host: RecordingHost;
  readonly store: DiskStore;
  readonly #budget: Processor;
  readonly #scrapes: Set<() => void>;

  constructor(host: RecordingHost, store: DiskStore, budget: Processor, scrapes: Set<() => void>) {
    this.host = host;
    this.store = store;
    this.#budget = budget;
    this.#scrapes = scrapes;
  }

  /** Resolves when the sender is acknowledged. */
  async send(...spans: Spans): Promise<void> {
    const batch = batchOf(spans);
    this.#budget.process(batch);
    await Promise.all(batch.pending);
    await Promise.all((safeguards.get(batch.notes) ?? []).map((safeguard) => safeguard()));
  }

  figure(name: string): number {
    for (const read of this.#scrapes) read();
    return this.host.counted.get(name) ?? 0;
  }

  /** Resolves when the ledger has everything. */
  async drained(): Promise<void> {
    for (const end = performance.now() + 25_000; 0 < this.#outstanding(); ) {
      if (end < performance.now()) throw new Error(`never drained: ${this.host.logged.join("\n")}`);
      await new Promise((done) => setTimeout(done, 5));
    }
  }

  async spent(tenant: string): Promise<bigint> {
    const [reader] = ledgerReaders.get(this.host.common) ?? [];
    const statement = await reader?.statement(tenant, nowMs);
    return statement?.budgets[0]?.state.nanoUsd ?? -1n;
  }

  async stop(): Promise<void> {
    await this.#budget.stop?.(AbortSignal.timeout(5000));
    await this.store.close(AbortSignal.timeout(2000));
  }

  #outstanding(): number {
    return this.figure("spantoll_journal_waiting_requests") + this.figure("spantoll_journal_repeating_requests");
  }
}

/** Started; stopped with the test. */
export async function journalled(url: string, options: JournalledOptions = {}): Promise<Journalled> {
  const { directory = temporaryDirectory(), keyPrefix = freshPrefix(), redis = {}, journal = {} } = options;
  const recording = recordingHost();
  const scrapes = new Set<() => void>();
  const host: RecordingHost = {
    ...recording,
    clock: { ...systemClock, now: () => nowMs },
    random: () => Math.random(),
    meter: {
      ...recording.meter,
      watch(read) {
        scrapes.add(read);
        return () => scrapes.delete(read);
      },
    },
  };
  const store = await openDisk({ directory, bytesMax: options.diskBytesMax ?? 64 * 1024 ** 2 });
  offerStore(host.common, "file_storage", store);
  const settings = {
    ledger: { redis: { url, key_prefix: keyPrefix, timeout: "500ms", ...redis } },
    storage: "file_storage",
    journal,
  };
  const ready = genAiBudget.prepare(settings, { read: () => new Uint8Array(0) });
  if (!ready.ok) throw new Error(JSON.stringify([ready.issues, ready.objections]));
  const budget = ready.create(host);
  const opened = new Journalled(host, store, budget, scrapes);
  onTestFinished(() => opened.stop());
  await budget.start?.();
  return opened;
}

function batchOf(spans: Spans): Batch {
  const notes = {};
  callsNote.set(
    notes,
    spans.map(({ call }) => call),
  );
  costs.set(
    notes,
    spans.map(({ cost }) => cost),
  );
  const context = { headers: {}, subject: undefined, peer: "" };
  const items = spans.length;
  const encode = () => ({ signal: "traces" as const, bytes: new Uint8Array(0), items, context, notes });
  return { signal: "traces", items, context, notes, pending: [], encode };
}
