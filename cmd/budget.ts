// `spantoll budget`: what a tenant spent and may spend, asked of a running sidecar through its budget API.
import { once } from "node:events";
import { get as getPlainly, type IncomingMessage } from "node:http";
import { get as getSecurely } from "node:https";
import type { ServiceConfig } from "../src/config/service-config.ts";

export interface BudgetQuestion {
  readonly tenant: string;
  /** Where the budget API listens: `http://localhost:4319`, or host:port alone. */
  readonly endpoint: string;
  /** An instant of a past window, as the API takes it; the current windows when absent. */
  readonly at: string | undefined;
  readonly format: "text" | "json";
}

export interface BudgetAnswer {
  /** For stdout: the API's JSON on one line, or a table. Empty when there is an error. */
  readonly output: string;
  /** For stderr. */
  readonly error: string | undefined;
}

/** As `GET /v1/tenants/{tenant}/budgets` answers; amounts are whole numbers as text. */
interface Statement {
  readonly tenant: string;
  readonly known: boolean;
  readonly budgets: readonly BudgetLine[];
}

interface BudgetLine {
  readonly name: string;
  readonly window: { readonly id: string; readonly end: string | null };
  readonly spent_nano_usd: string;
  readonly limit_nano_usd: string | null;
  readonly remaining_nano_usd: string | null;
  readonly limit_tokens?: number;
  readonly limit_requests?: number;
  readonly requests: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly unpriced: number;
}

/** Milliseconds that the sidecar may take to answer. */
const answerWithinMs = 10_000;

/** The address of the budget API that a configuration starts; undefined when it starts none, or on a port that only its log names. */
export function budgetEndpoint({ extensions }: ServiceConfig): string | undefined {
  const api = extensions.find(({ about }) => about.type === "budget_api");
  const { endpoint } = (api?.settings ?? {}) as { readonly endpoint?: string };
  return endpoint === undefined || endpoint.endsWith(":0") ? undefined : endpoint;
}

/** Never throws: what goes wrong is told in the answer. */
export async function askBudget({ tenant, endpoint, at, format }: BudgetQuestion): Promise<BudgetAnswer> {
  const base = reachable(/^https?:\/\//.test(endpoint) ? endpoint : `http://${endpoint}`).replace(/\/+$/, "");
  const query = at === undefined ? "" : `?at=${encodeURIComponent(at)}`;
  try {
    const { status, text } = await get(base, `/v1/tenants/${encodeURIComponent(tenant)}/budgets${query}`);
    if (status !== 200) return failed(`${base}: answered ${status}: ${reasonOf(text)}`);
    const statement = JSON.parse(text) as Statement;
    const output = format === "json" ? JSON.stringify(statement) : tableOf(statement);
    return { output: `${output}\n`, error: undefined };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message || String(cause) : String(cause);
    return failed(`${base}: no answer of a budget API: ${why}; does the sidecar run, with budget_api?`);
  }
}

function failed(error: string): BudgetAnswer {
  return { output: "", error };
}

/** By node:http, which leaves the path as it is: a tenant may be called "..", and a URL would take that for a way up. */
async function get(base: string, path: string): Promise<{ readonly status: number; readonly text: string }> {
  const { protocol, hostname, port } = new URL(base);
  const signal = AbortSignal.timeout(answerWithinMs);
  const options = { hostname: hostname.replace(/^\[|\]$/g, ""), port, path, signal, agent: false };
  const request = protocol === "https:" ? getSecurely(options) : getPlainly(options);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
}

/** Who listens on all interfaces is asked on this machine. */
function reachable(base: string): string {
  return base.replace(/^(https?:\/\/)(0\.0\.0\.0|\[::\])(?=[:/]|$)/, "$1localhost");
}

function reasonOf(text: string): string {
  try {
    const { error } = JSON.parse(text) as { readonly error?: { readonly message?: string } };
    return error?.message ?? text.slice(0, 200);
  } catch {
    return text.slice(0, 200);
  }
}

const titles = [
  "budget",
  "window",
  "until",
  "spent USD",
  "limit",
  "remaining",
  "requests",
  "tokens in",
  "tokens out",
  "unpriced",
];
/** Words stand on the left of their column, figures on the right. */
const words = 3;

function tableOf({ tenant, known, budgets }: Statement): string {
  const rows = [titles, ...budgets.map(rowOf)];
  const widths = titles.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column < words ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  const title = `tenant ${JSON.stringify(tenant)}${known ? "" : ", which no call was charged to so far"}`;
  return [title, ...lines].join("\n");
}

function rowOf(line: BudgetLine): readonly string[] {
  return [
    line.name,
    line.window.id,
    line.window.end ?? "for ever",
    usdText(line.spent_nano_usd),
    limitOf(line),
    line.remaining_nano_usd === null ? "" : usdText(line.remaining_nano_usd),
    ...[line.requests, line.input_tokens, line.output_tokens, line.unpriced].map(String),
  ];
}

function limitOf({ limit_nano_usd, limit_tokens, limit_requests }: BudgetLine): string {
  if (limit_nano_usd !== null) return usdText(limit_nano_usd);
  if (limit_tokens !== undefined) return `${limit_tokens} tokens`;
  return limit_requests === undefined ? "none" : `${limit_requests} requests`;
}

/** Exact, with at least two digits behind the point. */
function usdText(nanoUsd: string): string {
  const digits = nanoUsd.replace("-", "").padStart(10, "0");
  const cents = digits.slice(-9).replace(/0{1,7}$/, "");
  return `${nanoUsd.startsWith("-") ? "-" : ""}${digits.slice(0, -9)}.${cents}`;
}
