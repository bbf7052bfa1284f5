// What should be billed: the journal of the model server, priced by the program's own `price`; and what is: its budget API.
import { spantoll } from "../../support/bundle.ts";
import type { JournalEntry } from "../../support/model-server.ts";

export interface Bill {
  readonly requests: number;
  readonly input: number;
  readonly output: number;
  readonly nanoUsd: string;
}

/** By tenant: all that the journal says was answered. */
export async function billsOfJournal(journal: readonly JournalEntry[]): Promise<Readonly<Record<string, Bill>>> {
  const answered = journal.filter(({ status }) => status === 200);
  const records = answered.map((entry) => JSON.stringify(recordOf(entry))).join("\n");
  const { stdout } = await spantoll(["price", "--format", "json"], { input: `${records}\n` });
  const costs = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { nano_usd: number | string });
  const bills: Record<string, Bill> = {};
  for (const [place, { tag, input, output }] of answered.entries()) {
    const tenant = tag === "none" || tag === null ? "@unknown" : tag;
    const { requests, nanoUsd, ...sums } = bills[tenant] ?? { requests: 0, input: 0, output: 0, nanoUsd: "0" };
    bills[tenant] = {
      requests: requests + 1,
      input: sums.input + (input ?? 0),
      output: sums.output + (output ?? 0),
      nanoUsd: String(BigInt(nanoUsd) + BigInt(costs[place]?.nano_usd ?? 0)),
    };
  }
  return bills;
}

function recordOf({ provider, model, input, cacheRead, cacheWrite, output }: JournalEntry) {
  return {
    provider,
    model,
    at: new Date().toISOString(),
    usage: {
      input,
      output,
      ...(cacheRead ? { cache_read: cacheRead } : {}),
      ...(cacheWrite ? { cache_write: cacheWrite } : {}),
    },
  };
}

/** By tenant: what was charged. */
export async function billOf(budgets: string): Promise<Readonly<Record<string, Bill>>> {
  const { tenants } = (await answerOf(budgets, "/v1/tenants")) as { tenants: readonly string[] };
  const bills: Record<string, Bill> = {};
  for (const tenant of tenants) {
    const answer = await answerOf(budgets, `/v1/tenants/${encodeURIComponent(tenant)}/budgets`);
    const [budget] = (answer as { budgets: readonly Record<string, never>[] }).budgets;
    if (budget === undefined) continue;
    bills[tenant] = {
      requests: budget["requests"] ?? 0,
      input: budget["input_tokens"] ?? 0,
      output: budget["output_tokens"] ?? 0,
      nanoUsd: String(budget["spent_nano_usd"] ?? 0),
    };
  }
  return bills;
}

async function answerOf(budgets: string, path: string): Promise<unknown> {
  const base = budgets.startsWith("http") ? budgets : `http://${budgets}`;
  return (await fetch(new URL(path, base))).json();
}

/** What is charged once nothing has changed for a second; exporters that are still at work change it. */
export async function settled<T>(read: () => Promise<T>): Promise<T> {
  const end = Date.now() + 30_000;
  let last = await read();
  for (let same = 0; same < 4 && Date.now() < end; ) {
    await new Promise((done) => setTimeout(done, 250));
    const now = await read();
    same = JSON.stringify(now) === JSON.stringify(last) ? same + 1 : 0;
    last = now;
  }
  return last;
}
