// The calls of the budget API: what is asked, and the JSON that answers. Money is text, since it passes 2^53.
import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import type { Host } from "../../core/host.ts";
import { Refused } from "../../core/refused.ts";
import type { BudgetLeft } from "../../ledger/budget.ts";
import { ledgerKey } from "../../ledger/identity.ts";
import type { TenantPage } from "../../ledger/ledger.ts";
import type { LedgerReader, Statement } from "../../ledger/ledger-reader.ts";

type Bound = { Bindings: HttpBindings };
type Request = Context<Bound>;

/** Routes over the readers that there are when somebody asks: budgets come and go with their pipelines. */
export function budgetRoutes(readers: () => readonly LedgerReader[], host: Host): Hono<Bound> {
  // As it was sent: a URL object would resolve "%2E%2E", and that is a tenant's name like any other.
  const routes = new Hono<Bound>({ getPath: (_, options) => rawUrl(options?.env).path });
  const now = () => host.clock.now();
  routes.get("/v1/tenants", (request) => answerTenants(request, readers(), now()));
  routes.get("/v1/tenants/:tenant/budgets", (request) => answerBudgets(request, readers(), now()));
  for (const path of ["/v1/tenants", "/v1/tenants/:tenant/budgets"]) routes.all(path, refuseMethod);
  routes.notFound((request) => {
    const text = "there are /v1/tenants and /v1/tenants/{tenant}/budgets, with the tenant percent-encoded";
    return request.json(failure("not_found", text), 404);
  });
  routes.onError((error, request) => answerError(error, request, host));
  return routes;
}

const pageDefault = 100;
const pageMax = 1000;

/** A request that cannot be answered as it is. */
class BadRequest extends Error {}

async function answerTenants(request: Request, readers: readonly LedgerReader[], nowMs: number): Promise<Response> {
  const query = queryOf(request, ["next", "limit"]);
  const text = query.get("limit") ?? String(pageDefault);
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || pageMax < limit) throw new BadRequest(`limit: must be 1 to ${pageMax}, not ${JSON.stringify(text)}`);
  const after = query.get("next") ?? undefined;
  const { tenants, next } = merged(
    await Promise.all(readers.map((reader) => reader.tenants(after, limit, nowMs))),
    limit,
  );
  return request.json({ tenants, next: next ?? null });
}

async function answerBudgets(request: Request, readers: readonly LedgerReader[], nowMs: number): Promise<Response> {
  const tenant = tenantOf(request);
  const at = queryOf(request, ["at"]).get("at");
  const atMs = at === null ? nowMs : instantOf(at);
  const statements = await Promise.all(readers.map((reader) => reader.statement(tenant, atMs)));
  return request.json(statementJson(tenant, statements));
}

function refuseMethod(request: Request): Response {
  const text = `must be GET, not ${request.req.method}`;
  return request.json(failure("method_not_allowed", text), 405, { allow: "GET, HEAD" });
}

function answerError(error: Error, request: Request, host: Host): Response {
  if (error instanceof BadRequest) return request.json(failure("bad_request", error.message), 400);
  if (error instanceof Refused) return request.json(failure("unavailable", error.message), 503);
  host.meter.add("spantoll_internal_errors_total", 1, { place: host.id });
  host.log.error("a question about budgets was not answered because of a fault in this program; please report it", {
    error,
  });
  return request.json(failure("internal", "internal error"), 500);
}

function failure(code: string, message: string) {
  return { error: { code, message } };
}

function rawUrl(env: HttpBindings | undefined): { readonly path: string; readonly query: string } {
  const url = env?.incoming.url ?? "/";
  const mark = url.indexOf("?");
  return mark < 0 ? { path: url, query: "" } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

/** Whoever misspells a parameter is told, instead of being answered something else. */
function queryOf(request: Request, names: readonly string[]): URLSearchParams {
  const query = new URLSearchParams(rawUrl(request.env).query);
  for (const name of query.keys())
    if (!names.includes(name))
      throw new BadRequest(`${JSON.stringify(name)}: is no parameter; there is ${names.join(", ")}`);
  return query;
}

function tenantOf(request: Request): string {
  const part = rawUrl(request.env).path.split("/")[3] ?? "";
  try {
    return decodeURIComponent(part);
  } catch {
    throw new BadRequest(`tenant: must be percent-encoded UTF-8, not ${JSON.stringify(part)}`);
  }
}

/** A "+" of a zone that was not encoded has become a space. */
function instantOf(text: string): number {
  const instant = text.replace(" ", "+");
  const isDated = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/.test(instant);
  const ms = isDated ? Date.parse(instant) : Number.NaN;
  if (Number.isNaN(ms))
    throw new BadRequest(`at: must be an instant such as 2026-11-01T00:00:00Z, not ${JSON.stringify(text)}`);
  return ms;
}

/** Pages of several readers as one, in the order of the ledger. */
function merged(pages: readonly TenantPage[], limit: number): TenantPage {
  const byKey = new Map(pages.flatMap(({ tenants }) => tenants.map((tenant) => [ledgerKey(tenant), tenant] as const)));
  const keys = [...byKey.keys()].sort();
  const tenants = keys.slice(0, limit).flatMap((key) => byKey.get(key) ?? []);
  const more = limit < keys.length || pages.some(({ next }) => next !== undefined);
  return { tenants, next: more ? tenants.at(-1) : undefined };
}

/** Readers of one ledger may know the same budget: it is told once. */
function statementJson(tenant: string, statements: readonly Statement[]) {
  const budgets = new Map<string, BudgetLeft>();
  for (const statement of statements)
    for (const left of statement.budgets) {
      const key = `${left.budget} ${left.window.id} ${left.window.startMs}`;
      if (!budgets.has(key)) budgets.set(key, left);
    }
  return { tenant, known: statements.some(({ known }) => known), budgets: [...budgets.values()].map(budgetJson) };
}

function budgetJson({ budget, tenant, window, state, limit, remaining }: BudgetLeft) {
  const inUsd = limit?.unit === "nano_usd";
  return {
    name: budget,
    scope: { tenant },
    window: { id: window.id, start: instantText(window.startMs), end: instantText(window.endMs) },
    spent_nano_usd: String(state.nanoUsd),
    limit_nano_usd: inUsd ? String(limit.amount) : null,
    held_nano_usd: String(state.heldNanoUsd),
    remaining_nano_usd: inUsd ? String(remaining) : null,
    ...(limit && !inUsd
      ? { [`limit_${limit.unit}`]: Number(limit.amount), [`remaining_${limit.unit}`]: Number(remaining) }
      : {}),
    requests: state.requests,
    input_tokens: state.inputTokens,
    output_tokens: state.outputTokens,
    unpriced: state.unpriced,
  };
}

/** A lifetime has no end. */
function instantText(ms: number): string | null {
  return Number.isFinite(ms) ? new Date(ms).toISOString().replace(".000Z", "Z") : null;
}
