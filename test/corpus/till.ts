// The four processors in a row with a ledger behind them, in this process: what spans come to, tenant by tenant.
import type { Processor } from "../../src/core/component.ts";
import { type Call, calls, revisions } from "../../src/genai/call.ts";
import { ledgerReaders } from "../../src/ledger/ledger-reader.ts";
import { TraceBatches } from "../../src/otlp/trace-batch.ts";
import { genAiBudget } from "../../src/processors/gen_ai_budget/gen-ai-budget.ts";
import { genAiCall } from "../../src/processors/gen_ai_call/gen-ai-call.ts";
import { genAiCost } from "../../src/processors/gen_ai_cost/gen-ai-cost.ts";
import { genAiNormalizer } from "../../src/processors/gen_ai_normalizer/gen-ai-normalizer.ts";
import { type RecordingHost, recordingHost } from "../support/recording-host.ts";
import { dayMs } from "../support/spans.ts";

/** `acme: 2 calls, 2430 in, 174 out`, of tenants with spend. */
export type Bill = readonly string[];

const noFiles = { read: () => new Uint8Array() };
const context = { headers: {}, subject: undefined, peer: "" };

/** One process: what it has seen is its own, the ledger may be that of several. */
class Desk {
  readonly #processors: readonly Processor[];
  readonly #batches: TraceBatches;

  constructor(host: RecordingHost, budget: Processor, callSettings: unknown) {
    const made = (declared: typeof genAiNormalizer, given: unknown = {}) => {
      const prepared = declared.prepare(given, noFiles);
      if (!prepared.ok) throw new Error(JSON.stringify(prepared.issues));
      return prepared.create(host);
    };
    this.#processors = [made(genAiNormalizer), made(genAiCall, callSettings), made(genAiCost), budget];
    this.#batches = new TraceBatches(this.#processors.map(({ keys }) => keys ?? { exact: [], prefixes: [] }));
  }

  async pass(bytes: Uint8Array): Promise<readonly Call[]> {
    const [batch] = this.#batches.read({ signal: "traces", bytes, context, transport: "http" });
    if (!batch) return [];
    for (const processor of this.#processors) processor.process(batch);
    await Promise.all(batch.pending);
    batch.drop();
    return [...(calls.get(batch.notes) ?? []), ...(revisions.get(batch.notes) ?? [])];
  }
}

export class Till {
  readonly host = recordingHost();
  readonly #desks: Desk[] = [];
  readonly #budget: Processor;

  private constructor(budget: Processor) {
    this.#budget = budget;
  }

  /** `processes` share a ledger. */
  static async open(processes = 1, callSettings: unknown = {}): Promise<Till> {
    const prepared = genAiBudget.prepare({}, noFiles);
    if (!prepared.ok) throw new Error(JSON.stringify(prepared.issues));
    const host = recordingHost();
    const budget = prepared.create(host);
    await budget.start?.();
    const till = new Till(budget);
    till.#readers = host.common;
    for (let desk = 0; desk < processes; desk++) till.#desks.push(new Desk(till.host, budget, callSettings));
    return till;
  }

  #readers: object = {};

  /** What the request's calls became, and behind them what it made of earlier ones. */
  async pass(request: Uint8Array, process = 0): Promise<readonly Call[]> {
    return (await this.#desks[process]?.pass(request)) ?? [];
  }

  async bill(): Promise<Bill> {
    const [reader] = ledgerReaders.get(this.#readers) ?? [];
    const lines: string[] = [];
    const { tenants = [] } = (await reader?.tenants(undefined, 1000, dayMs)) ?? {};
    for (const tenant of tenants) {
      const { budgets = [] } = (await reader?.statement(tenant, dayMs)) ?? {};
      const { requests, inputTokens, outputTokens } = budgets[0]?.state ?? { requests: 0 };
      lines.push(`${tenant}: ${requests} calls, ${inputTokens} in, ${outputTokens} out`);
    }
    return lines.sort();
  }

  async stop(): Promise<void> {
    await this.#budget.stop?.(AbortSignal.timeout(1_000));
  }
}
