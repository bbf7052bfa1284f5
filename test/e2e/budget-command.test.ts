// `spantoll budget` beside a running sidecar.
import { expect, test } from "vitest";
import { spantoll } from "../support/bundle.ts";
import { encode } from "../support/otlp-oracle.ts";
import { startProgram } from "../support/program.ts";

async function started() {
  const { endpoint } = await startProgram(`
receivers: { otlp: { protocols: { http: { endpoint: "localhost:0" } } } }
processors:
  gen_ai_normalizer:
  gen_ai_call:
  gen_ai_cost: { prices: [{ inline: { providers: [{ id: openai, models: [{ id: m1, prices: [{ cells: { default: { input: 3, output: 15 } } }] }] }] } }] }
  gen_ai_budget:
    budgets:
      - { name: monthly, scope: tenant, window: month, limit: 20 USD }
      - { name: calls, scope: tenant, window: lifetime, limit: 5 requests }
      - { name: daily, scope: tenant, window: day }
exporters: { debug: }
extensions: { budget_api: { endpoint: "localhost:0" } }
service:
  extensions: [budget_api]
  telemetry: { metrics: { level: none } }
  pipelines: { traces: { receivers: [otlp], processors: [gen_ai_normalizer, gen_ai_call, gen_ai_cost, gen_ai_budget], exporters: [debug] } }
`);
  return {
    url: await endpoint(/ listening .*(?:http:\/\/)(localhost:\d+)/),
    api: await endpoint(/answering about budgets .*endpoint=(\S+)/),
  };
}

async function send(url: string, tenant: string): Promise<void> {
  const nowNs = BigInt(Date.now()) * 1_000_000n;
  const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const attributes = [
    text("gen_ai.operation.name", "chat"),
    text("gen_ai.provider.name", "openai"),
    text("gen_ai.response.model", "m1"),
    text("tenant.id", tenant),
    { key: "gen_ai.usage.input_tokens", value: { intValue: "1000" } },
    { key: "gen_ai.usage.output_tokens", value: { intValue: "200" } },
  ];
  const ids = { traceId: Buffer.alloc(16, 7), spanId: Buffer.alloc(8, 9) };
  const span = {
    ...ids,
    name: "chat",
    startTimeUnixNano: String(nowNs - 1_000_000_000n),
    endTimeUnixNano: String(nowNs),
    attributes,
  };
  const body = encode("traces", { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  const answer = await fetch(`${url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/x-protobuf" },
    body,
  });
  expect(answer.status).toBe(200);
}

test("a tenant's budgets as a table, and as the API's JSON", { timeout: 60_000 }, async () => {
  const { url, api } = await started();
  await send(url, "..");
  const { stdout, stderr, code } = await spantoll(["budget", "..", "--endpoint", api]);
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  const [title, heads, ...rows] = stdout.trimEnd().split("\n");
  expect(title).toBe('tenant ".."');
  expect(heads?.split(/ {2,}/)).toEqual([
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
  ]);
  const cells = rows.map((row) => row.split(/ {2,}/));
  expect(cells.map((row) => row[0])).toEqual(["monthly", "calls", "daily"]);
  expect(cells[0]?.slice(3)).toEqual(["0.006", "20.00", "19.994", "1", "1000", "200", "0"]);
  expect(cells[1]?.slice(2, 5)).toEqual(["for ever", "0.006", "5 requests"]);
  expect(cells[2]?.slice(3, 6)).toEqual(["0.006", "none", "1"]);
  const json = await spantoll(["budget", "..", "--endpoint", api, "--format", "json"]);
  expect(JSON.parse(json.stdout)).toMatchObject({
    tenant: "..",
    known: true,
    budgets: [{ spent_nano_usd: "6000000" }, {}, {}],
  });
  const past = await spantoll(["budget", "..", "--endpoint", api, "--at", "2020-01-31T00:00:00Z", "--format", "json"]);
  expect(JSON.parse(past.stdout).budgets[0]).toMatchObject({ spent_nano_usd: "0", window: { id: "m202001" } });
});

test("a tenant that was never seen has zeros, and says so", async () => {
  const { api } = await started();
  const { stdout, code } = await spantoll(["budget", "nobody", "--endpoint", api]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^tenant "nobody", which no call was charged to so far\n/);
});

test("what the API refuses and what does not answer are one line, exit 1", async () => {
  const { api } = await started();
  const refused = await spantoll(["budget", "acme", "--endpoint", api, "--at", "yesterday"]);
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toMatch(/answered 400: at: must be an instant such as .*, not "yesterday"\n$/);
  const away = await spantoll(["budget", "acme", "--endpoint", "localhost:1"]);
  expect(away).toMatchObject({ code: 1, stdout: "" });
  expect(away.stderr).toMatch(
    /^http:\/\/localhost:1: no answer of a budget API: .*; does the sidecar run, with budget_api\?\n$/,
  );
});

test("the address is that of the configuration", async () => {
  const { api } = await started();
  const address = api.replace("http://", "");
  const found = await spantoll(["budget", "acme", "--set", `extensions.budget_api.endpoint=${address}`]);
  expect(found).toMatchObject({ code: 0, stderr: "" });
  const unknown = await spantoll(["budget", "acme", "--set", "extensions.budget_api.endpoint=localhost:0"]);
  expect(unknown).toMatchObject({ code: 1, stdout: "" });
  expect(unknown.stderr).toContain("say --endpoint");
});
