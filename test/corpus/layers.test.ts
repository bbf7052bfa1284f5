// One call, told by the app and by the proxy in separate requests under different tenants, through the built program.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Attributes, type GivenSpan, traceRequest } from "../support/spans.ts";
import { Sidecar } from "./sidecar.ts";

let sidecar: Sidecar;
beforeAll(async () => {
  sidecar = await Sidecar.start();
});
afterAll(() => sidecar.stop());

// Spans that end in the future, or long ago, are not charged.
const startMs = Date.now() - Date.UTC(2026, 10, 21, 10) - 60_000;

function told(id: string, trace: string, answer: string, own: Attributes): GivenSpan {
  const attributes: Attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.response.id": answer,
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.output_tokens": 100,
    ...own,
  };
  return { id, trace, startMs, attributes };
}

const requestsOf = (tenant: string, answer: string, ids: readonly [string, string]) => ({
  app: traceRequest([told(ids[0], `a${ids[0]}`, answer, { "tenant.id": `${tenant}-app` })]),
  proxy: traceRequest([
    {
      ...told(ids[1], `b${ids[1]}`, answer, {
        "litellm.team.id": tenant,
        "litellm.provider.model": "openai/gpt-4o-mini",
      }),
      resource: { "service.name": "gate" },
    },
  ]),
});

test.each<{ name: string; tenant: string; ids: readonly [string, string]; order: readonly ("app" | "proxy")[] }>([
  { name: "the app's span first", tenant: "one", ids: ["11", "12"], order: ["app", "proxy"] },
  { name: "the proxy's span first", tenant: "two", ids: ["21", "22"], order: ["proxy", "app"] },
  { name: "both again and again", tenant: "three", ids: ["31", "32"], order: ["app", "proxy", "app", "proxy", "app"] },
])("$name: the proxy's tenant pays, once", async ({ tenant, ids, order }) => {
  const requests = requestsOf(tenant, `chatcmpl-${tenant}`, ids);
  for (const layer of order) await sidecar.pass(requests[layer], false);
  const paid = await sidecar.spendingOf(tenant);
  expect([paid.requests, paid.input_tokens, paid.output_tokens, paid.spent_nano_usd]).toEqual([1, 1000, 100, "210000"]);
  const app = await sidecar.spendingOf(`${tenant}-app`);
  expect([app.requests, app.spent_nano_usd]).toEqual([0, "0"]);
});
