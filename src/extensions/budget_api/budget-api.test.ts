import { request } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { Bench } from "../../../test/properties/ledger-support.ts";
import { span } from "../../../test/support/calls.ts";
import { recordingHost } from "../../../test/support/recording-host.ts";
import { MemoryStorage } from "../../core/memory-storage.ts";
import { Refused } from "../../core/refused.ts";
import { openBudget, parseLimit } from "../../ledger/budget.ts";
import { EmbeddedLedger } from "../../ledger/embedded/embedded-ledger.ts";
import { type LedgerReader, ledgerReader, ledgerReaders } from "../../ledger/ledger-reader.ts";
import { budgetApi } from "./budget-api.ts";

const files = { read: () => new Uint8Array(0) };
const nowMs = Date.parse("2026-11-21T10:00:00Z");
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const limited = { name: "monthly", window: "month", timezone: "UTC", limits: new Map() } as const;

async function started(readersOf: (ledger: EmbeddedLedger) => LedgerReader[] = (ledger) => [readerOf(ledger)]) {
  const host = recordingHost({ id: "extensions.budget_api", nowMs });
  const ledger = new EmbeddedLedger({ storage: new MemoryStorage(1e7) });
  ledgerReaders.set(host.common, readersOf(ledger));
  const prepared = budgetApi.prepare({ endpoint: "127.0.0.1:0" }, files);
  if (!prepared.ok) throw new Error("settings are refused");
  const api = prepared.create(host);
  await api.start?.();
  stops.push(async () => api.stop?.(AbortSignal.timeout(1000)));
  const port = /127\.0\.0\.1:(\d+)/.exec(host.logged.join())?.[1] ?? "";
  const bench = new Bench(ledger, { budgets: [budgetOf("500 USD")] });
  bench.nowMs = nowMs;
  return {
    host,
    ledger,
    bench,
    get: (path: string, method = "GET", body = "") => ask(Number(port), path, method, body),
  };
}

function budgetOf(limit: string) {
  return openBudget({ ...limited, limit: parseLimit(limit) });
}

function readerOf(ledger: EmbeddedLedger, limit = "500 USD"): LedgerReader {
  return ledgerReader(ledger, [budgetOf(limit)], () => nowMs);
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

/** Sends the path as it is: `fetch` would resolve and encode it first. */
function ask(port: number, path: string, method: string, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: "127.0.0.1", port, path, method, agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: text === "" ? undefined : JSON.parse(text),
        }),
      );
    });
    asking.on("error", reject);
    asking.end(body);
  });
}

describe("budget API", () => {
  test("tells what a tenant spent, in exactly the promised shape", async () => {
    const { bench, get } = await started();
    await bench.charge(span({ endMs: nowMs }));
    const { status, headers, body } = await get("/v1/tenants/acme/budgets");
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("application/json");
    expect(body).toEqual({
      tenant: "acme",
      known: true,
      budgets: [
        {
          name: "monthly",
          scope: { tenant: "acme" },
          window: { id: "m202611", start: "2026-11-01T00:00:00Z", end: "2026-12-01T00:00:00Z" },
          spent_nano_usd: "6000000",
          limit_nano_usd: "500000000000",
          held_nano_usd: "0",
          remaining_nano_usd: "499994000000",
          requests: 1,
          input_tokens: 1000,
          output_tokens: 200,
          unpriced: 0,
        },
      ],
    });
  });

  test("a tenant never seen has zeros and is not known", async () => {
    const { get } = await started();
    expect((await get("/v1/tenants/nobody/budgets")).body).toMatchObject({
      tenant: "nobody",
      known: false,
      budgets: [{ spent_nano_usd: "0", remaining_nano_usd: "500000000000", requests: 0 }],
    });
  });

  test("without any budget there is nothing to tell", async () => {
    const { get } = await started(() => []);
    expect((await get("/v1/tenants/acme/budgets")).body).toEqual({ tenant: "acme", known: false, budgets: [] });
    expect((await get("/v1/tenants")).body).toEqual({ tenants: [], next: null });
  });

  test("without a limit nothing is left to tell, and tokens have names of their own", async () => {
    const { get } = await started((ledger) => [
      ledgerReader(ledger, [openBudget({ ...limited, limit: undefined })], () => nowMs),
      ledgerReader(ledger, [openBudget({ ...limited, name: "words", limit: parseLimit("9 tokens") })], () => nowMs),
    ]);
    expect((await get("/v1/tenants/acme/budgets")).body).toMatchObject({
      budgets: [
        { name: "monthly", limit_nano_usd: null, remaining_nano_usd: null },
        { name: "words", limit_nano_usd: null, remaining_nano_usd: null, limit_tokens: 9, remaining_tokens: 9 },
      ],
    });
  });

  test("a budget that two pipelines have is told once", async () => {
    const { get } = await started((ledger) => [readerOf(ledger), readerOf(ledger)]);
    expect((await get("/v1/tenants/acme/budgets")).body).toMatchObject({ budgets: [{ name: "monthly" }] });
  });

  test.each([
    { at: "2026-10-31T23:59:59.999Z", window: "m202610", spent: "6000000" },
    { at: "2026-11-01T00:30:00%2B01:00", window: "m202610", spent: "6000000" },
    { at: "2026-11-01T00:30:00+01:00", window: "m202610", spent: "6000000" },
    { at: "2026-11-01T00:00:00Z", window: "m202611", spent: "0" },
  ])("at $at it is $window", async ({ at, window, spent }) => {
    const { bench, get } = await started();
    bench.nowMs = Date.parse("2026-11-01T01:00:00Z");
    await bench.charge(span({ endMs: Date.parse("2026-10-31T12:00:00Z") }));
    expect((await get(`/v1/tenants/acme/budgets?at=${at}`)).body).toMatchObject({
      budgets: [{ window: { id: window }, spent_nano_usd: spent }],
    });
  });

  test.each(["a}{b:c", "a/b", "a%2Fb", "😀", "..", ".", "a b", "?x=1#y", "x".repeat(5000)])(
    "tenant %s is found percent-encoded",
    async (tenant) => {
      const { bench, get } = await started();
      await bench.charge(span({ tenant, endMs: nowMs }));
      const encoded = encodeURIComponent(tenant).replaceAll(".", "%2E");
      expect((await get(`/v1/tenants/${encoded}/budgets`)).body).toMatchObject({ tenant, known: true });
    },
  );

  test("pages through the tenants", async () => {
    const { bench, get } = await started((ledger) => [readerOf(ledger), readerOf(ledger, "1 USD")]);
    const tenants = Array.from({ length: 7 }, (_, at) => `team ${at}/é`);
    await bench.charge(...tenants.map((tenant) => span({ tenant, endMs: nowMs })));
    const found: unknown[] = [];
    let path = "/v1/tenants?limit=3";
    for (const size of [3, 3, 1]) {
      const { body } = await get(path);
      const page = body as { tenants: string[]; next: string | null };
      expect(page.tenants).toHaveLength(size);
      found.push(...page.tenants);
      path = `/v1/tenants?limit=3&next=${encodeURIComponent(page.next ?? "")}`;
      if (size === 1) expect(page.next).toBeNull();
    }
    expect(found).toEqual(tenants);
  });

  test.each([
    {
      path: "/v1/tenants/acme/budgets?at=yesterday",
      method: "GET",
      status: 400,
      code: "bad_request",
      says: "yesterday",
    },
    { path: "/v1/tenants/acme/budgets?at=2026-11-01", method: "GET", status: 400, code: "bad_request", says: "at:" },
    {
      path: "/v1/tenants/acme/budgets?at=2026-13-01T00:00:00Z",
      method: "GET",
      status: 400,
      code: "bad_request",
      says: "at:",
    },
    { path: "/v1/tenants/acme/budgets?att=x", method: "GET", status: 400, code: "bad_request", says: "att" },
    { path: "/v1/tenants/%FF/budgets", method: "GET", status: 400, code: "bad_request", says: "tenant" },
    { path: "/v1/tenants/%/budgets", method: "GET", status: 400, code: "bad_request", says: "tenant" },
    { path: "/v1/tenants?limit=0", method: "GET", status: 400, code: "bad_request", says: "limit" },
    { path: "/v1/tenants?limit=1001", method: "GET", status: 400, code: "bad_request", says: "limit" },
    { path: "/", method: "GET", status: 404, code: "not_found", says: "/v1/tenants" },
    { path: "/v1/tenants/", method: "GET", status: 404, code: "not_found", says: "/v1/tenants" },
    { path: "/v1/tenants/acme", method: "GET", status: 404, code: "not_found", says: "/v1/tenants" },
    { path: "/v1/tenants/a/b/budgets", method: "GET", status: 404, code: "not_found", says: "/v1/tenants" },
    { path: "/v1/checks", method: "POST", status: 404, code: "not_found", says: "/v1/tenants" },
    { path: "/v1/tenants", method: "POST", status: 405, code: "method_not_allowed", says: "POST" },
    { path: "/v1/tenants/acme/budgets", method: "DELETE", status: 405, code: "method_not_allowed", says: "DELETE" },
  ])("$method $path is $status", async ({ path, method, status, code, says }) => {
    const { get } = await started();
    const answer = await get(path, method);
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ error: { code, message: expect.stringContaining(says) } });
    if (status === 405) expect(answer.headers["allow"]).toBe("GET, HEAD");
  });

  test("a body is not read, and ends the connection", async () => {
    const { get } = await started();
    const { status, headers } = await get("/v1/tenants", "POST", "x".repeat(100_000));
    expect({ status, connection: headers["connection"] }).toEqual({ status: 405, connection: "close" });
  });

  test("a ledger that cannot answer now is told as such", async () => {
    const refusing = () => Promise.reject(new Refused("overloaded", "ledger: full"));
    const { get } = await started(() => [{ statement: refusing, tenants: refusing }]);
    const { status, body } = await get("/v1/tenants/acme/budgets");
    expect({ status, body }).toEqual({
      status: 503,
      body: { error: { code: "unavailable", message: "ledger: full" } },
    });
  });

  test("HEAD is GET without a body", async () => {
    const { get } = await started();
    expect(await get("/v1/tenants", "HEAD")).toMatchObject({ status: 200, body: undefined });
  });

  test("headers beyond the bound are refused", async () => {
    const { get } = await started();
    expect((await get(`/v1/tenants/${"x".repeat(40_000)}/budgets`).catch(() => ({ status: 431 }))).status).toBe(431);
  });

  test("a fault of ours is told as such, and counted", async () => {
    const broken: LedgerReader = {
      statement: () => Promise.reject(new TypeError("x is undefined")),
      tenants: () => Promise.reject(new TypeError("x is undefined")),
    };
    const { get, host } = await started(() => [broken]);
    const { status, body } = await get("/v1/tenants");
    expect({ status, body }).toEqual({ status: 500, body: { error: { code: "internal", message: "internal error" } } });
    expect([...host.counted.keys()].join()).toContain("spantoll_internal_errors_total");
  });

  test.each([
    { endpoint: "localhost:4319", allowed: true },
    { endpoint: "127.0.0.1:0", allowed: true },
    { endpoint: "[::1]:4319", allowed: true },
    { endpoint: "0.0.0.0:4319", allowed: false },
    { endpoint: ":4319", allowed: false },
    { endpoint: "10.0.0.1:4319", allowed: false },
    { endpoint: "127.evil.example:4319", allowed: false },
  ])("endpoint $endpoint is allowed: $allowed", ({ endpoint, allowed }) => {
    const prepared = budgetApi.prepare({ endpoint }, files);
    expect(prepared.ok).toBe(allowed);
    if (!prepared.ok) expect(prepared.objections[0]?.text).toContain("must be a loopback address");
  });
});
