// Captured spans through the built program with deploy/honeycomb.yaml, to Honeycomb's own translation of OTLP: which
// events they become, with which columns of which types, and whether their cost adds up to what the ledger has.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildOwn } from "../support/backends-go.ts";
import { BackendProcess, json } from "../support/backends-process.ts";
import { type Deployed, DeployedSidecar, type SentSpan, type Spent } from "../support/backends-sidecar.ts";
import type { Plain } from "../support/otlp-oracle.ts";

interface Field {
  readonly type: "string" | "int" | "int64" | "float64" | "bool";
  readonly value: unknown;
}

interface HoneycombEvent {
  readonly dataset: string;
  readonly time: string;
  readonly sample_rate: number;
  readonly fields: Readonly<Record<string, Field>>;
}

interface Received {
  readonly requests: readonly {
    readonly transport: string;
    readonly content_type: string;
    readonly encoding: string;
    readonly status: number;
    readonly error: string;
  }[];
  readonly events: readonly HoneycombEvent[];
}

let binary: string;
beforeAll(async () => {
  binary = await buildOwn("test/backends/husky", "husky");
});

/** Over gRPC husky takes the type of the body for granted. */
const ways = [
  { transport: "http", contentType: "application/x-protobuf", ok: 200, unauthenticated: 401 },
  { transport: "grpc", contentType: "application/protobuf", ok: 0, unauthenticated: 16 },
] as const;

describe.each(ways)("the corpus over $transport", ({ transport, contentType, ok, unauthenticated }) => {
  let husky: Husky;
  let sent: readonly SentSpan[];
  let spent: ReadonlyMap<string, Spent>;
  let received: Received;
  let spanEvents: ReadonlyMap<string, HoneycombEvent>;

  beforeAll(async () => {
    husky = await Husky.start(binary);
    const sidecar = await DeployedSidecar.start(husky.deployed(transport, "abcdefghijklmnopqrstuv"));
    await sidecar.takeCorpus();
    spent = await sidecar.spent();
    expect((await sidecar.stop()).code).toBe(0);
    sent = sidecar.sent();
    received = await husky.received();
    const ofSpans = received.events.filter(({ fields }) => fields["meta.annotation_type"] === undefined);
    spanEvents = new Map(ofSpans.map((event) => [idOf(event), event]));
  }, 120_000);

  afterAll(() => husky.end());

  test("is taken whole: no request is refused", () => {
    expect(received.requests.length).toBeGreaterThan(0);
    for (const request of received.requests)
      expect(request).toMatchObject({ transport, content_type: contentType, status: ok, error: "" });
  });

  test("is compressed where that is worth it, as far as husky is told", () => {
    const wanted = transport === "http" ? "gzip" : "";
    expect(new Set(received.requests.map(({ encoding }) => encoding))).toContain(wanted);
  });

  test("becomes one event for each span, each event of a span and each link", () => {
    expect(sent.length).toBeGreaterThan(300);
    expect(spanEvents.size).toBe(sent.length);
    const parts = sent.flatMap(({ span }) => [...listOf(span["events"]), ...listOf(span["links"])]);
    expect(received.events).toHaveLength(sent.length + parts.length);
  });

  test("keeps name, parent, time, duration and failure of every span", () => {
    const wrong = sent.flatMap((one) => differences(one, spanEvents.get(`${one.traceId} ${one.spanId}`)));
    expect(wrong).toEqual([]);
  });

  test("keeps every attribute under its name, with its type and its value", () => {
    const wrong = sent.flatMap((one) => {
      const { fields = {} } = spanEvents.get(`${one.traceId} ${one.spanId}`) ?? {};
      return expectedFields(listOf(one.span["attributes"]))
        .filter(([key, wanted]) => !isSame(fields[key], wanted))
        .map(([key, wanted]) => `${one.span["name"]}: ${key} is ${JSON.stringify([fields[key], wanted])}`);
    });
    expect(wrong).toEqual([]);
  });

  test("gives every column of ours one type", () => {
    const types = new Map<string, Set<string>>();
    for (const { fields } of received.events)
      for (const [name, { type }] of Object.entries(fields))
        if (/^(gen_ai|spantoll)\./.test(name)) types.set(name, (types.get(name) ?? new Set()).add(type));
    expect(Object.fromEntries([...types].filter(([, kinds]) => kinds.size > 1))).toEqual({});
    expect(types.get("gen_ai.usage.cost")).toEqual(new Set(["float64"]));
    expect(types.get("gen_ai.usage.input_tokens")).toEqual(new Set(["int64"]));
    expect(types.get("gen_ai.usage.output_tokens")).toEqual(new Set(["int64"]));
    expect(types.get("spantoll.cost.nano_usd")).toEqual(new Set(["int64"]));
  });

  test("files every event under its service, unsampled", () => {
    for (const { dataset, sample_rate, fields } of received.events) {
      expect(dataset).toBe(fields["service.name"]?.value);
      expect(sample_rate).toBe(1);
    }
  });

  test("says the cost of every billed call in dollars, and of nothing else", () => {
    for (const { fields } of received.events) {
      const cost = fields["gen_ai.usage.cost"]?.value;
      const nanoUsd = fields["spantoll.cost.nano_usd"]?.value;
      expect(cost === undefined ? undefined : Math.round(Number(cost) * 1e9)).toBe(nanoUsd);
      if (cost !== undefined) expect(fields["spantoll.call.role"]?.value).toBe("bill");
    }
  });

  test("sums up to what the ledger has, for each tenant: cost, calls and tokens", () => {
    const sums: Record<string, Spent> = {};
    for (const { fields } of received.events) {
      if (fields["spantoll.call.role"]?.value !== "bill") continue;
      const tenant = String(fields["spantoll.tenant.id"]?.value);
      sums[tenant] = plus(sums[tenant], fields);
    }
    expect(Object.keys(sums).length).toBeGreaterThan(2);
    for (const [tenant, sum] of Object.entries(sums)) expect(spent.get(tenant)).toMatchObject(sum);
    expect(Object.keys(sums).sort()).toEqual([...spent.keys()].sort());
  });

  test("counts no token twice: what is not billed has its usage elsewhere", () => {
    const counted = received.events
      .filter(({ fields }) => fields["spantoll.call.role"]?.value !== "bill")
      .filter(({ fields }) => 0 < Number(fields["gen_ai.usage.input_tokens"]?.value ?? 0))
      .map(({ dataset, fields }) => [dataset, fields["name"]?.value, fields["spantoll.call.reason"]?.value]);
    expect(counted).toEqual([]);
  });

  test("leaves no name of a dialect behind that has one of today", () => {
    const names = new Set(received.events.flatMap(({ fields }) => Object.keys(fields)));
    expect([...names]).not.toContain("gen_ai.usage.prompt_tokens");
    expect([...names]).not.toContain("llm.token_count.prompt");
  });

  test("is refused without a key: told in Honeycomb's words, not sent again, and charged all the same", async () => {
    const before = (await husky.received()).requests.length;
    const sidecar = await DeployedSidecar.start(husky.deployed(transport, ""));
    await sidecar.takeCorpus();
    expect(await sidecar.spent()).toEqual(spent);
    const { code, stderr } = await sidecar.stop();
    const refused = (await husky.received()).requests.slice(before);
    expect(code).toBe(0);
    expect(refused.length).toBeGreaterThan(0);
    for (const { status } of refused) expect(status).toBe(unauthenticated);
    expect(stderr).toContain("missing 'x-honeycomb-team' header");
  });
});

class Husky {
  readonly #process: BackendProcess;
  readonly #http: string;
  readonly #grpc: string;

  private constructor(running: BackendProcess, http: string, grpc: string) {
    this.#process = running;
    this.#http = `http://${http}`;
    this.#grpc = `http://${grpc}`;
  }

  static async start(path: string): Promise<Husky> {
    const running = new BackendProcess(path);
    const [, http = "", grpc = ""] = await running.says(/http=(\S+) grpc=(\S+)/);
    return new Husky(running, http, grpc);
  }

  /** A key of the right form will do: husky asks nobody whose it is. */
  deployed(transport: "http" | "grpc", key: string): Deployed {
    const file = "deploy/honeycomb.yaml";
    const env = { HONEYCOMB_ENDPOINT: this.#http, HONEYCOMB_API_KEY: key };
    if (transport === "http") return { file, env, exporter: "otlp_http/honeycomb" };
    const settings = { endpoint: this.#grpc, headers: { "x-honeycomb-team": key } };
    return { file, env, exporter: "otlp_grpc/honeycomb", settings };
  }

  received(): Promise<Received> {
    return json(`${this.#http}/received`);
  }

  end(): Promise<void> {
    return this.#process.end();
  }
}

function idOf({ fields }: HoneycombEvent): string {
  return `${fields["trace.trace_id"]?.value} ${fields["trace.span_id"]?.value}`;
}

/** Names of what the event says wrongly about its span. */
function differences({ span, traceId, spanId }: SentSpan, event: HoneycombEvent | undefined): readonly string[] {
  if (event === undefined) return [`${traceId} ${spanId} is missing`];
  const start = BigInt(String(span["startTimeUnixNano"]));
  const end = BigInt(String(span["endTimeUnixNano"]));
  const parent = span["parentSpanId"] as string | undefined;
  const { code } = (span["status"] ?? {}) as { code?: unknown };
  const wanted: readonly (readonly [key: string, value: unknown])[] = [
    ["name", span["name"]],
    ["trace.parent_id", parent ? Buffer.from(parent, "base64").toString("hex") : undefined],
    ["duration_ms", Number(end - start) / 1e6],
    ["error", code === 2 ? true : undefined],
  ];
  const wrong = wanted.filter(([key, value]) => event.fields[key]?.value !== value);
  const isLate = Date.parse(event.time) !== Number(start / 1_000_000n);
  return [...wrong.map(([key]) => `${span["name"]}: ${key}`), ...(isLate ? [`${span["name"]}: time`] : [])];
}

type Attribute = { readonly key: string; readonly value?: Plain };

/** What husky makes of attributes: a column each, lists and bytes as JSON text, maps as a column for each member. */
function expectedFields(attributes: readonly Plain[], prefix = ""): readonly (readonly [key: string, field: Field])[] {
  return (attributes as unknown as readonly Attribute[]).flatMap(({ key, value = {} }) => {
    const name = `${prefix}${key}`;
    if (value["kvlistValue"]) return expectedFields(listOf((value["kvlistValue"] as Plain)["values"]), `${name}.`);
    const field = fieldOf(value);
    return field ? [[name, field] as const] : [];
  });
}

function fieldOf(value: Plain): Field | undefined {
  if (value["stringValue"] !== undefined) return { type: "string", value: value["stringValue"] };
  if (value["intValue"] !== undefined) return { type: "int64", value: Number(value["intValue"]) };
  if (value["doubleValue"] !== undefined) return { type: "float64", value: value["doubleValue"] };
  if (value["boolValue"] !== undefined) return { type: "bool", value: value["boolValue"] };
  if (value["arrayValue"] !== undefined) return { type: "string", value: `${JSON.stringify(plainOf(value))}\n` };
  return undefined;
}

function plainOf(value: Plain): unknown {
  const { values } = (value["arrayValue"] ?? {}) as { values?: readonly Plain[] };
  return values ? values.map(plainOf) : fieldOf(value)?.value;
}

function isSame(field: Field | undefined, wanted: Field): boolean {
  return field?.type === wanted.type && field.value === wanted.value;
}

function plus(sum: Spent | undefined, fields: HoneycombEvent["fields"]): Spent {
  const number = (name: string) => Number(fields[name]?.value ?? 0);
  const nanoUsd = BigInt(sum?.spent_nano_usd ?? 0) + BigInt(number("spantoll.cost.nano_usd"));
  return {
    spent_nano_usd: String(nanoUsd),
    requests: (sum?.requests ?? 0) + 1,
    input_tokens: (sum?.input_tokens ?? 0) + number("gen_ai.usage.input_tokens"),
    output_tokens: (sum?.output_tokens ?? 0) + number("gen_ai.usage.output_tokens"),
  };
}

function listOf(value: unknown): readonly Plain[] {
  return (value ?? []) as readonly Plain[];
}
