// Spans that wait for better-informed ones of their call, through the built program: what leaves, when, and what is paid.
import { describe, expect, onTestFinished, test } from "vitest";
import { litellmV2, vllm } from "../corpus/emitters.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { type Program, startProgram } from "../support/program.ts";
import { type GivenSpan, type ReadSpan, spansOf, traceRequest } from "../support/spans.ts";
import { until } from "../support/until.ts";

interface Wanted {
  readonly call?: string;
  readonly exporter?: string;
  readonly backends?: readonly Backend[];
}

const onDisk = "sending_queue: { storage: file_storage }";

function yaml({ call = "", exporter = onDisk, backends = [] }: Wanted): string {
  const exporters = backends.map(({ url }, at) => `  otlp_http/${at}: { endpoint: "${url}", ${exporter} }`);
  return `
receivers: { otlp: { protocols: { http: { endpoint: "localhost:0" } } } }
processors:
  gen_ai_normalizer: { services: { vllm-server: { provider: openai, model: gpt-4o-mini } } }
  gen_ai_call: { ${call} }
  gen_ai_cost:
  gen_ai_budget: { storage: file_storage, budgets: [{ name: all, scope: tenant, window: lifetime }] }
exporters:
${exporters.join("\n")}
extensions: { budget_api: { endpoint: "localhost:0" }, file_storage: { directory: ./data } }
service:
  extensions: [file_storage, budget_api]
  telemetry: { metrics: { address: "localhost:0" } }
  pipelines:
    traces:
      receivers: [otlp]
      processors: [gen_ai_normalizer, gen_ai_call, gen_ai_cost, gen_ai_budget]
      exporters: [${backends.map((_, at) => `otlp_http/${at}`).join(", ")}]
`;
}

interface Running extends Program {
  /** Spans that waited, or could not, by what became of them. */
  waited(): Promise<readonly string[]>;
  send(...spans: readonly GivenSpan[]): Promise<void>;
  spent(tenant: string): Promise<{ spent_nano_usd: string; requests: number }>;
}

async function backends(count: number): Promise<readonly Backend[]> {
  const started = await Promise.all(Array.from({ length: count }, () => startBackend()));
  onTestFinished(async () => {
    for (const backend of started) await backend.stop();
  });
  return started;
}

async function run(wanted: Wanted, folder?: string): Promise<Running> {
  const program = await startProgram(yaml(wanted), {}, {}, folder);
  const url = await program.endpoint(/ listening .*(?:http:\/\/)(localhost:\d+)/);
  const budgets = await program.endpoint(/answering about budgets .*endpoint=(\S+)/);
  const metrics = await program.endpoint(/serving own metrics .*endpoint=(\S+)/);
  return {
    ...program,
    async waited() {
      const text = await (await fetch(`${metrics}/metrics`)).text();
      return [...text.matchAll(/^spantoll_held_spans_total\{result="(\w+)"\} (\d+)$/gm)]
        .map(([, result, spans]) => `${result} ${spans}`)
        .toSorted();
    },
    async send(...spans) {
      const headers = { "content-type": "application/x-protobuf" };
      const body = Buffer.from(traceRequest(spans));
      const answer = await fetch(`${url}/v1/traces`, { method: "POST", headers, body });
      expect(answer.status).toBe(200);
    },
    async spent(tenant) {
      const answer = await fetch(`${budgets}/v1/tenants/${tenant}/budgets`);
      const body = (await answer.json()) as { budgets: { spent_nano_usd: string; requests: number }[] };
      const [{ spent_nano_usd = "", requests = 0 } = {}] = body.budgets;
      return { spent_nano_usd, requests };
    },
  };
}

async function ended({ started }: Running): Promise<void> {
  started.signal("SIGTERM");
  expect(await started.end()).toMatchObject({ code: 0 });
}

// Spans that end in the future, or long ago, are not charged.
const startMs = Date.now() - Date.UTC(2026, 10, 21, 10) - 60_000;
const server = (id: string, answer: string) => vllm({ id, trace: `a${id}`, startMs, answer, in: 1000, out: 100 });
const proxy = (id: string, answer: string) =>
  litellmV2({
    id,
    trace: `b${id}`,
    startMs: startMs - 10,
    endMs: startMs + 1010,
    answer,
    in: 1000,
    out: 100,
    tenant: "acme",
  });
const tool: GivenSpan = { id: "77", trace: "a1", name: "a tool", startMs };

function spansAt({ received }: Backend): readonly ReadSpan[] {
  return received.flatMap(({ bytes }) => spansOf(bytes));
}

function namesAt(backend: Backend): readonly string[] {
  return spansAt(backend).map(({ name }) => name);
}

function rolesAt(backend: Backend): readonly string[] {
  return spansAt(backend)
    .filter(({ attributes }) => attributes["spantoll.call.role"])
    .map(({ spanId, attributes }) => `${Number(spanId)} ${attributes["spantoll.call.role"]}`)
    .toSorted();
}

const paid = { spent_nano_usd: "210000", requests: 1 };
const nothing = { spent_nano_usd: "0", requests: 0 };

describe("a model server's span that comes before the proxy's", () => {
  test.each([
    { name: "on disk", exporter: onDisk },
    { name: "in memory", exporter: "" },
  ])("leaves as shadow when it waited $name, and holds nothing else up", async ({ exporter }) => {
    const [backend, other] = await backends(2);
    if (!backend || !other) throw new Error("no backends");
    const program = await run({ call: "hold: 1m", exporter, backends: [backend, other] });
    await program.send(server("1", "chatcmpl-1"), tool);
    await until(() => [backend, other].every((one) => namesAt(one).includes("a tool")));
    expect(await program.spent("@unknown")).toEqual(paid);
    await program.send(proxy("2", "chatcmpl-1"));
    expect([await program.spent("@unknown"), await program.spent("acme")]).toEqual([nothing, paid]);
    expect([namesAt(backend), namesAt(other)]).toEqual([["a tool"], ["a tool"]]);
    await ended(program);
    for (const one of [backend, other]) {
      expect(rolesAt(one)).toEqual(["1 shadow", "2 bill"]);
      const [waited, billed] = spansAt(one).filter(({ name }) => name !== "a tool");
      expect(waited?.attributes).toMatchObject({
        "spantoll.call.reason": "lower_layer",
        "spantoll.shadow.gen_ai.usage.input_tokens": 1000,
      });
      for (const key of ["spantoll.cost.usd", "gen_ai.usage.cost", "gen_ai.usage.input_tokens", "spantoll.price.model"])
        expect(waited?.attributes).not.toHaveProperty([key]);
      expect(billed?.attributes).toMatchObject({ "spantoll.cost.nano_usd": 210_000 });
    }
  });

  test("has left as bill without hold, and the ledger says the same", async () => {
    const [backend] = await backends(1);
    if (!backend) throw new Error("no backend");
    const program = await run({ call: "hold: 0s", backends: [backend] });
    await program.send(server("1", "chatcmpl-1"));
    await until(() => namesAt(backend).length === 1);
    await program.send(proxy("2", "chatcmpl-1"));
    await until(() => namesAt(backend).length === 2);
    expect(rolesAt(backend)).toEqual(["1 bill", "2 bill"]);
    expect([await program.spent("@unknown"), await program.spent("acme")]).toEqual([nothing, paid]);
  });

  test("waits by itself once this process has seen a proxy, and not before", async () => {
    const [backend] = await backends(1);
    if (!backend) throw new Error("no backend");
    const program = await run({ backends: [backend] });
    await program.send(server("1", "chatcmpl-1"));
    await until(() => namesAt(backend).length === 1);
    await program.send(proxy("2", "chatcmpl-2"));
    await until(() => namesAt(backend).length === 2);
    await program.send(server("3", "chatcmpl-3"), tool);
    await until(() => namesAt(backend).length === 3);
    expect(namesAt(backend)).toEqual(["llm_request", "chat fast", "a tool"]);
    await program.send(proxy("4", "chatcmpl-3"));
    await ended(program);
    expect(rolesAt(backend)).toEqual(["1 bill", "2 bill", "3 shadow", "4 bill"]);
  });
});

describe("spans that wait", () => {
  test("leave when their time is over, as they came where nothing else was said", async () => {
    const [backend] = await backends(1);
    if (!backend) throw new Error("no backend");
    const program = await run({ call: "hold: 200ms", backends: [backend] });
    await program.send(server("1", "chatcmpl-1"));
    await until(() => namesAt(backend).length === 1);
    expect(rolesAt(backend)).toEqual(["1 bill"]);
    expect(await program.waited()).toEqual(["unchanged 1"]);
    expect(spansAt(backend)[0]?.attributes).toMatchObject({ "spantoll.cost.nano_usd": 210_000 });
  });

  test("beyond what may wait leave at once", async () => {
    const [backend] = await backends(1);
    if (!backend) throw new Error("no backend");
    const program = await run({ call: "hold: 1m, hold_max_spans: 1", backends: [backend] });
    await program.send(server("1", "chatcmpl-1"));
    await program.send(server("2", "chatcmpl-2"));
    await until(() => namesAt(backend).length === 1);
    expect(rolesAt(backend)).toEqual(["2 bill"]);
    expect(await program.waited()).toEqual(["no_room 1"]);
    await ended(program);
    expect(rolesAt(backend)).toEqual(["1 bill", "2 bill"]);
  });

  test("are delivered by the next process when this one is killed, and nothing is charged twice", async () => {
    const [backend] = await backends(1);
    if (!backend) throw new Error("no backend");
    const wanted = { call: "hold: 1m", backends: [backend] };
    const killed = await run(wanted);
    for (const number of [1, 2, 3])
      await killed.send(server(String(number), `chatcmpl-${number}`), { ...tool, id: `7${number}` });
    await until(() => namesAt(backend).length === 3);
    killed.started.signal("SIGKILL");
    await killed.started.end();
    const next = await run(wanted, killed.folder);
    // What was delivered right before the end may be sent once more.
    await until(() => rolesAt(backend).length === 3);
    expect(rolesAt(backend)).toEqual(["1 bill", "2 bill", "3 bill"]);
    expect(await next.spent("@unknown")).toEqual({ spent_nano_usd: "630000", requests: 3 });
  });

  test("are all delivered, and each call is charged once, by processes that are killed while spans come, wait and leave", async () => {
    const [backend] = await backends(1);
    if (!backend) throw new Error("no backend");
    const wanted = { call: "hold: 30ms", backends: [backend] };
    const acknowledged: number[] = [];
    let folder: string | undefined;
    for (let life = 0; life < 4; life++) {
      const program: Running = await run(wanted, folder);
      folder = program.folder;
      const before = acknowledged.length;
      const senders = [0, 1, 2, 3].map(async (own) => {
        for (let call = life * 1_000 + own; ; call += 4) {
          try {
            await program.send(server(String(2 * call + 2), `chatcmpl-${call}`));
            await program.send(proxy(String(2 * call + 3), `chatcmpl-${call}`));
            acknowledged.push(call);
          } catch {
            return;
          }
        }
      });
      await until(() => before + 40 < acknowledged.length);
      program.started.signal("SIGKILL");
      await Promise.all([program.started.end(), ...senders]);
    }
    const last = await run(wanted, folder);
    const missing = () => {
      const there = new Set(spansAt(backend).map(({ spanId }) => Number(spanId)));
      return acknowledged.flatMap((call) => [2 * call + 2, 2 * call + 3]).filter((id) => !there.has(id));
    };
    await until(() => missing().length === 0);
    const proxies = rolesAt(backend).filter((role) => Number.parseInt(role, 10) % 2 === 1);
    expect(proxies.filter((role) => !role.endsWith(" bill"))).toEqual([]);
    // Of the last calls of a life only one span may have come, and whose they are is not known then.
    const [known, unknown] = [await last.spent("acme"), await last.spent("@unknown")];
    const calls = new Set(spansAt(backend).map(({ spanId }) => Number(spanId) >> 1));
    expect(known.requests + unknown.requests).toBe(calls.size);
    expect(BigInt(known.spent_nano_usd) + BigInt(unknown.spent_nano_usd)).toBe(210_000n * BigInt(calls.size));
  });

  test.each([
    { name: "the exporter", change: (yaml: string) => yaml.replace("sending_queue:", "timeout: 7s, sending_queue:") },
    { name: "how long they wait", change: (yaml: string) => yaml.replace("hold: 1m", "hold: 2m") },
  ])("leave when a reload changes $name", async ({ change }) => {
    const [backend] = await backends(1);
    if (!backend) throw new Error("no backend");
    const wanted = { call: "hold: 1m", backends: [backend] };
    const program = await run(wanted);
    await program.send(server("1", "chatcmpl-1"));
    await program.send(proxy("2", "chatcmpl-1"));
    expect(namesAt(backend)).toEqual([]);
    expect(await program.reload(change(yaml(wanted)))).toBe("runs");
    await until(() => namesAt(backend).length === 2);
    expect(rolesAt(backend)).toEqual(["1 shadow", "2 bill"]);
    expect(await program.waited()).toEqual(["stamped_again 1", "unchanged 1"]);
  });
});
