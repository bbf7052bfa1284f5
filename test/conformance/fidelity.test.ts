// What a request says must be what the backend gets: C-03 and C-36 to C-43 of the list in docs/conformance.md.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Signal, signals } from "../../src/core/batch.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { spantoll } from "../support/bundle.ts";
import { call, jsonType, protobufType, startExporter, startReceiver } from "../support/http-path.ts";
import { decode, decodeFull, encode, fieldsOf, type Plain, requestTypes, toOtlpJson } from "../support/otlp-oracle.ts";
import { startProgram } from "../support/program.ts";
import { until } from "../support/until.ts";

async function startPath(): Promise<{ url: string; backend: Backend }> {
  const backend = await startBackend();
  onTestFinished(() => backend.stop());
  const { exporter } = await startExporter({ endpoint: backend.url });
  const { url } = await startReceiver({ exporters: [exporter] });
  return { url, backend };
}

/** What the backend gets for a request in JSON, as bytes; the request has to be taken. */
async function throughJson(json: string, signal: Signal = "traces"): Promise<Uint8Array> {
  const { url, backend } = await startPath();
  const { status, body } = await call(`${url}/v1/${signal}`, { headers: jsonType, body: json });
  expect([status, body.toString()]).toEqual([200, "{}"]);
  await until(() => backend.received.length === 1);
  return backend.received[0]?.bytes ?? new Uint8Array();
}

const requestOf = (span: string): string => `{"resourceSpans":[{"scopeSpans":[{"spans":[${span}]}]}]}`;
const attributeOf = (value: string): string => requestOf(`{"name":"s","attributes":[{"key":"k","value":${value}}]}`);
const spanIn = (bytes: Uint8Array): Plain => {
  const request = decode("traces", bytes) as { resourceSpans: { scopeSpans: { spans: Plain[] }[] }[] };
  return request.resourceSpans[0]?.scopeSpans[0]?.spans[0] ?? {};
};
const valueIn = (bytes: Uint8Array): unknown => (spanIn(bytes)["attributes"] as Plain[])[0]?.["value"];

describe("JSON", () => {
  test.each(signals)("C-03 the protocol's own example of %s arrives field for field", async (signal) => {
    const json = readFileSync(join(import.meta.dirname, "otlp-examples", `${signal}.json`), "utf8");
    // JSON.parse would round what has more than 15 digits.
    const exact = JSON.parse(json.replace(/: (\d{16,})/g, ': "$1"'), (name, value: unknown) =>
      /^(trace|span|parentSpan)Id$/.test(name) ? Buffer.from(String(value), "hex") : value,
    ) as Plain;
    expect(decodeFull(signal, await throughJson(json, signal))).toEqual(decodeFull(signal, encode(signal, exact)));
  });

  test.each([
    "5B8EFFF798038103D269B633813FC60C",
    "5b8efff798038103d269b633813fc60c",
    "5B8efff798038103D269b633813FC60c",
  ])("C-36 the id %s is the same sixteen bytes, and is written small", async (traceId) => {
    const json = requestOf(`{"traceId":"${traceId}","spanId":"EEe19b7ec3c1b174","name":"s"}`);
    const span = spanIn(await throughJson(json));
    expect(span["traceId"]).toBe(Buffer.from("5b8efff798038103d269b633813fc60c", "hex").toString("base64"));
    expect(span["spanId"]).toBe(Buffer.from("eee19b7ec3c1b174", "hex").toString("base64"));
    const { stdout } = await spantoll(["explain", "--format", "json", "-"], { input: json });
    expect(JSON.parse(stdout)).toMatchObject({
      trace_id: "5b8efff798038103d269b633813fc60c",
      span_id: "eee19b7ec3c1b174",
    });
  });

  test.each([
    { name: "15 bytes", id: "5b8efff798038103d269b633813fc6" },
    { name: "odd digits", id: "5b8efff798038103d269b633813fc60" },
    { name: "no hexadecimal", id: "5b8efff798038103d269b633813fc60g" },
    { name: "base64", id: "W47/95gDgQPSabYzgT/GDA==" },
    { name: "17 bytes", id: "5b8efff798038103d269b633813fc60c00" },
  ])("C-37 a trace id of $name is refused for good", async ({ id }) => {
    const { url, backend } = await startPath();
    const answer = await call(`${url}/v1/traces`, {
      headers: jsonType,
      body: requestOf(`{"traceId":"${id}","name":"s"}`),
    });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 3, message: expect.stringContaining("byte") });
    expect(backend.received).toEqual([]);
  });

  test.each([
    { written: '{"intValue":"9007199254740993"}', value: { intValue: "9007199254740993" } },
    { written: '{"intValue":9007199254740993}', value: { intValue: "9007199254740993" } },
    { written: '{"intValue":"-9223372036854775808"}', value: { intValue: "-9223372036854775808" } },
    { written: '{"intValue":9223372036854775807}', value: { intValue: "9223372036854775807" } },
  ])("C-38 $written is exact", async ({ written, value }) => {
    expect(valueIn(await throughJson(attributeOf(written)))).toEqual(value);
  });

  test.each(['"1700000000123456789"', "1700000000123456789"])("C-38 the time %s is exact", async (time) => {
    const span = spanIn(await throughJson(requestOf(`{"name":"s","startTimeUnixNano":${time}}`)));
    expect(span["startTimeUnixNano"]).toBe("1700000000123456789");
  });

  test.each(["2", '"SPAN_KIND_SERVER"'])("C-39 the kind %s is a server's", async (kind) => {
    expect(spanIn(await throughJson(requestOf(`{"name":"s","kind":${kind}}`)))["kind"]).toBe(2);
  });

  test("C-40 members that nobody knows are passed over on every level, and names with underscores are taken", async () => {
    const odd = '"later":{"a":[1,{"b":null}],"c":"}"},';
    const json = `{${odd}"resource_spans":[{${odd}"resource":{${odd}"attributes":[]},"scope_spans":[{${odd}"scope":{${odd}"name":"l"},
      "spans":[{${odd}"trace_id":"5b8efff798038103d269b633813fc60c","name":"s","start_time_unix_nano":"5",
      "attributes":[{${odd}"key":"k","value":{${odd}"int_value":"7"}}],"events":[{${odd}"time_unix_nano":6,"name":"e"}],
      "status":{${odd}"code":2}}]}]}]}`;
    const bytes = await throughJson(json);
    expect(spanIn(bytes)).toMatchObject({
      traceId: "W47/95gDgQPSabYzgT/GDA==",
      startTimeUnixNano: "5",
      attributes: [{ key: "k", value: { intValue: "7" } }],
      events: [{ timeUnixNano: "6", name: "e" }],
      status: { code: 2 },
    });
  });

  test.each([
    '{"bytesValue":"AAH/"}',
    '{"doubleValue":"NaN"}',
    '{"doubleValue":"Infinity"}',
    '{"doubleValue":"-Infinity"}',
    '{"doubleValue":-0.5}',
    "{}",
    '{"stringValue":""}',
    '{"boolValue":false}',
    '{"arrayValue":{"values":[{"intValue":"1"},{},{"stringValue":"\\u0000\\ud83d\\ude00"}]}}',
    '{"kvlistValue":{"values":[{"key":"a","value":{"kvlistValue":{"values":[{"key":"b","value":{"bytesValue":"AA=="}}]}}}]}}',
  ])("C-41 the value %s says the same in protobuf and in JSON again", async (value) => {
    const bytes = await throughJson(attributeOf(value));
    expect(toOtlpJson({ value: valueIn(bytes) })).toEqual({ value: JSON.parse(value) });
  });
});

describe("protobuf", () => {
  const unknown = Buffer.from("a2f40308" + "0102030405060708" + "f8f4032a", "hex");
  /** Everything that a span can have, and on every level a field that nobody knows yet. */
  function everything(attributes: Plain[]): Uint8Array {
    const id = (length: number, byte: number): Buffer => Buffer.alloc(length, byte);
    const link = { traceId: id(16, 3), spanId: id(8, 4), traceState: "l=1", flags: 0x301, droppedAttributesCount: 2 };
    const event = { timeUnixNano: "6", name: "e", attributes: [{ key: "x", value: {} }], droppedAttributesCount: 3 };
    const span = {
      ...{ traceId: id(16, 1), spanId: id(8, 2), parentSpanId: id(8, 5), traceState: "a=b,c=d", flags: 0xfffffd01 },
      ...{
        name: "chat gpt-4o-mini",
        kind: 3,
        startTimeUnixNano: "1700000000000000000",
        endTimeUnixNano: "1700000001000000000",
      },
      ...{ attributes, events: [event], links: [link], status: { code: 2, message: "no" } },
      ...{ droppedAttributesCount: 7, droppedEventsCount: 8, droppedLinksCount: 9 },
    };
    const entity = { schemaUrl: "https://e", type: "service", idKeys: ["service.name"], descriptionKeys: ["d"] };
    const resource = {
      ...{ attributes: [{ key: "service.name", value: { stringValue: "shop" } }], droppedAttributesCount: 1 },
      entityRefs: [entity],
    };
    const scope = { name: "lib", version: "1", attributes: [], droppedAttributesCount: 4 };
    const inScope = { scope, spans: [span], schemaUrl: "https://scope" };
    const bytes = encode("traces", { resourceSpans: [{ resource, scopeSpans: [inScope], schemaUrl: "https://r" }] });
    return withUnknownFields(bytes);
  }

  /** Appends `unknown` to the request, the resource, the scope and the span. */
  function withUnknownFields(request: Uint8Array): Uint8Array {
    const field = (tag: number, content: Uint8Array): Buffer => {
      const length: number[] = [];
      for (let rest = content.length; ; rest >>>= 7) {
        length.push(rest < 128 ? rest : (rest & 127) | 128);
        if (rest < 128) break;
      }
      return Buffer.concat([Buffer.from([tag]), Buffer.from(length), content]);
    };
    const type = (name: string) => requestTypes.traces.root.lookupType(`opentelemetry.proto.${name}`);
    const message = requestTypes.traces.decode(request) as unknown as {
      resourceSpans: {
        resource: object;
        scopeSpans: { scope: object; spans: object[]; schemaUrl: string }[];
        schemaUrl: string;
      }[];
    };
    const [group] = message.resourceSpans;
    const [inner] = group?.scopeSpans ?? [];
    if (!group || !inner) throw new Error("no span");
    const more = (name: string, value: object): Buffer =>
      Buffer.concat([
        type(name)
          .encode(value as never)
          .finish(),
        unknown,
      ]);
    const scopeSpans = Buffer.concat([
      field(0x0a, more("common.v1.InstrumentationScope", inner.scope)),
      ...inner.spans.map((span) => field(0x12, more("trace.v1.Span", span))),
      field(0x1a, Buffer.from(inner.schemaUrl)),
      unknown,
    ]);
    const resourceSpans = Buffer.concat([
      field(0x0a, more("resource.v1.Resource", group.resource)),
      field(0x12, scopeSpans),
      field(0x1a, Buffer.from(group.schemaUrl)),
      unknown,
    ]);
    return Buffer.concat([field(0x0a, resourceSpans), unknown]);
  }

  /** What the built program sends on, with everything switched on that edits spans. */
  async function throughProgram(request: Uint8Array): Promise<Uint8Array> {
    const backend = await startBackend();
    onTestFinished(() => backend.stop());
    const program = await startProgram(`
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:0" } } } }
processors: { gen_ai_normalizer: {}, gen_ai_call: {}, gen_ai_cost: {}, gen_ai_budget: {} }
exporters: { otlp_http: { endpoint: "${backend.url}" } }
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    traces: { receivers: [otlp], processors: [gen_ai_normalizer, gen_ai_call, gen_ai_cost, gen_ai_budget], exporters: [otlp_http] }
`);
    const url = await program.endpoint(/listening.*?(127\.0\.0\.1:\d+)/);
    expect((await call(`${url}/v1/traces`, { headers: protobufType, body: request })).status).toBe(200);
    await until(() => backend.received.length === 1);
    return backend.received[0]?.bytes ?? new Uint8Array();
  }

  /** All fields but the attributes of the span and the schema URLs, which edits may change. */
  function restOf(bytes: Uint8Array): unknown {
    const text = (value: unknown): unknown => (typeof value === "bigint" ? value.toString() : value);
    const drop = (fields: readonly (readonly unknown[])[], path: string): unknown[] =>
      fields.flatMap(([number, wireType, value]) => {
        const at = `${path}.${number}`;
        if (at === ".1.2.2.9" || at === ".1.3" || at === ".1.2.3") return [];
        return [[number, wireType, Array.isArray(value) ? drop(value, at) : text(value)]];
      });
    return drop(fieldsOf(requestTypes.traces, bytes), "");
  }

  test("C-42 everything that nobody edits is there unchanged, known or not, byte for byte", async () => {
    const request = everything([{ key: "http.route", value: { stringValue: "/" } }]);
    const { url, backend } = await startPath();
    expect((await call(`${url}/v1/traces`, { headers: protobufType, body: request })).status).toBe(200);
    await until(() => backend.received.length === 1);
    expect(backend.received[0]?.bytes).toEqual(Buffer.from(request));
    expect(Buffer.from(await throughProgram(request))).toEqual(Buffer.from(request));
  });

  test("C-42 around the attributes of a span that is edited everything else is there, known or not", async () => {
    const attributes = Object.entries({ "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o-mini" }).map(
      ([key, stringValue]) => ({ key, value: { stringValue } }),
    );
    const counts = Object.entries({ "gen_ai.usage.prompt_tokens": 1000, "gen_ai.usage.completion_tokens": 100 }).map(
      ([key, intValue]) => ({ key, value: { intValue } }),
    );
    const request = everything([...attributes, ...counts]);
    const edited = await throughProgram(request);
    expect(JSON.stringify(decode("traces", edited))).toContain("spantoll.cost.nano_usd");
    expect(restOf(edited)).toEqual(restOf(request));
  });

  const [operation, model] = [
    { key: "gen_ai.operation.name", value: { stringValue: "chat" } },
    { key: "gen_ai.request.model", value: { stringValue: "gpt-4o-mini" } },
  ];
  test("C-43 keys that come twice and keys of nothing are forwarded, and the first of the same is read", async () => {
    const attributes = [
      ...[operation, model, { key: "gen_ai.usage.input_tokens", value: { intValue: 1000 } }],
      ...[
        { key: "gen_ai.usage.input_tokens", value: { intValue: 5 } },
        { key: "", value: { stringValue: "x" } },
      ],
      ...[
        { key: "gen_ai.usage.output_tokens", value: { intValue: 100 } },
        { key: "", value: {} },
      ],
    ];
    const span = spanIn(await throughProgram(everything(attributes)));
    const after = span["attributes"] as Plain[];
    expect(after).toEqual(
      expect.arrayContaining([
        { key: "", value: { stringValue: "x" } },
        { key: "", value: {} },
      ]),
    );
    // 1000 in at 0.15 and 100 out at 0.60 USD a million.
    expect(after).toContainEqual({ key: "spantoll.cost.nano_usd", value: { intValue: "210000" } });
  });

  test.each([
    { name: "the value of an attribute", at: "aaaa" },
    { name: "the key of an attribute", at: "bbbb" },
    { name: "the name of a span", at: "cccc" },
  ])("C-43 bytes that are no UTF-8 in $name are forwarded as they are", async ({ at }) => {
    const attributes = [{ key: "bbbb", value: { stringValue: "aaaa" } }];
    const request = Buffer.from(
      encode("traces", { resourceSpans: [{ scopeSpans: [{ spans: [{ name: "cccc", attributes }] }] }] }),
    );
    Buffer.from("c328a0ff", "hex").copy(request, request.indexOf(at));
    expect(Buffer.from(await throughProgram(request))).toEqual(request);
  });

  test("C-43 prototypes are no attributes", async () => {
    const attributes = ["__proto__", "constructor", "toString"].map((key) => ({ key, value: { stringValue: key } }));
    const request = everything([operation, model, ...attributes].filter((one) => one !== undefined));
    const span = spanIn(await throughProgram(request));
    expect(span["attributes"]).toEqual(expect.arrayContaining(attributes));
  });
});
