// OTLP/JSON that we write, against protobufjs as the second opinion, and through a real socket.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Signal } from "../../src/core/batch.ts";
import { jsonToProto } from "../../src/otlp/json.ts";
import { protoToJson } from "../../src/otlp/proto-to-json.ts";
import { startBackend } from "../support/backend.ts";
import { startExporter, traces } from "../support/http-path.ts";
import { decode, decodeFull, encode, type Plain, toOtlpJson } from "../support/otlp-oracle.ts";
import { until } from "../support/until.ts";

const written = (signal: Signal, bytes: Uint8Array): unknown =>
  JSON.parse(Buffer.from(protoToJson(signal, bytes)).toString());

const id = (length: number) => Buffer.alloc(length, 0xab).toString("base64");
const values: Plain[] = [
  { stringValue: 'quote " and ü 𝄞' },
  { boolValue: true },
  { intValue: "-9223372036854775808" },
  { intValue: "9223372036854775807" },
  { doubleValue: 0.1 },
  { doubleValue: "NaN" },
  { doubleValue: "-Infinity" },
  { bytesValue: id(5) },
  { arrayValue: { values: [{ stringValue: "a" }, { intValue: "1" }] } },
  { kvlistValue: { values: [{ key: "k", value: { boolValue: true } }] } },
];
const attributes = values.map((value, at) => ({ key: `k${at}`, value }));
const resource = { attributes, droppedAttributesCount: 4294967295 };
const times = { startTimeUnixNano: "1760000000000000001", timeUnixNano: "18446744073709551615" };
const exemplars = [{ timeUnixNano: "7", asInt: "-5", traceId: id(16), spanId: id(8), filteredAttributes: attributes }];
const span = {
  ...{ traceId: id(16), spanId: id(8), parentSpanId: id(8), name: "chat", kind: 3, flags: 257, attributes },
  ...{ startTimeUnixNano: "1760000000000000001", endTimeUnixNano: "1760000000000000002", traceState: "a=b" },
  events: [{ timeUnixNano: "3", name: "exception", attributes }],
  links: [{ traceId: id(16), spanId: id(8), flags: 1 }],
  status: { code: 2, message: "no" },
};
const histogram = {
  ...times,
  count: "3",
  sum: 1.5,
  bucketCounts: ["1", "2"],
  explicitBounds: [0.5],
  min: 0.25,
  max: 1,
};
const metricData: Plain[] = [
  { gauge: { dataPoints: [{ ...times, asDouble: 1.5, attributes, exemplars }] } },
  { sum: { dataPoints: [{ ...times, asInt: "-7", flags: 1 }], aggregationTemporality: 2, isMonotonic: true } },
  { histogram: { dataPoints: [histogram], aggregationTemporality: 1 } },
  {
    exponentialHistogram: {
      dataPoints: [
        { ...times, count: "9", scale: -3, zeroCount: "1", positive: { offset: -2, bucketCounts: ["3", "5"] } },
      ],
    },
  },
  { summary: { dataPoints: [{ ...times, count: "2", sum: 3, quantileValues: [{ quantile: 0.5, value: 1 }] }] } },
];
const requests: Readonly<Record<Signal, Plain>> = {
  traces: {
    resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "s" }, spans: [span, span] }], schemaUrl: "u" }],
  },
  metrics: {
    resourceMetrics: [
      { resource, scopeMetrics: [{ metrics: metricData.map((one, at) => ({ name: `m${at}`, unit: "1", ...one })) }] },
    ],
  },
  logs: {
    resourceLogs: [
      {
        scopeLogs: [
          { logRecords: [{ timeUnixNano: "1", severityNumber: 9, body: values[8], traceId: id(16), attributes }] },
        ],
      },
    ],
  },
};

test.each(["traces", "metrics", "logs"] as const)("%s say in JSON what they say in protobuf, and back", (signal) => {
  const bytes = encode(signal, requests[signal]);
  expect(written(signal, bytes)).toEqual(toOtlpJson(decode(signal, bytes)));
  expect(decodeFull(signal, jsonToProto(signal, protoToJson(signal, bytes)))).toEqual(decodeFull(signal, bytes));
});

test("a message in two pieces is one, and the last choice counts", () => {
  const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
  // ResourceSpans with its resource in two pieces: dropped_attributes_count 1, then an attribute whose value is first a
  // text and then a bool.
  const bytes = hex("0a 11  0a 02 10 01  0a 0b 0a 09 0a 01 6b  12 04 0a 00 10 01");
  expect(written("traces", bytes)).toEqual({
    resourceSpans: [
      { resource: { droppedAttributesCount: 1, attributes: [{ key: "k", value: { boolValue: true } }] } },
    ],
  });
});

test("bytes that are no request, or nest without end, are refused as such and nothing else", () => {
  let deep = Buffer.from("0a00", "hex");
  const wrap = (tag: number, inner: Uint8Array) => {
    const length: number[] = [];
    for (let rest = inner.length; ; rest >>>= 7) {
      length.push(rest < 128 ? rest : (rest & 127) | 128);
      if (rest < 128) break;
    }
    return Buffer.from([tag, ...length, ...inner]);
  };
  for (let depth = 0; depth < 300; depth++) deep = wrap(0x2a, wrap(0x0a, deep));
  const logs = wrap(0x0a, wrap(0x12, wrap(0x12, wrap(0x2a, deep))));
  expect(() => protoToJson("logs", logs)).toThrow(expect.objectContaining({ code: "malformed" }));
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom<Signal>("traces", "metrics", "logs"),
      (bytes, signal) => {
        try {
          JSON.parse(Buffer.from(protoToJson(signal, bytes)).toString());
        } catch (error) {
          expect(error).toMatchObject({ name: "Refused", code: "malformed" });
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

test.each([
  { compression: "none", spans: 3 },
  { compression: "gzip", spans: 200 },
])("C-44 encoding: json goes out as application/json with $compression", async ({ compression, spans }) => {
  const backend = await startBackend();
  const { send } = await startExporter({ endpoint: backend.url, encoding: "json", compression });
  await send("traces", traces(spans));
  await until(() => backend.received.length === 1);
  const [request] = backend.received;
  expect(request?.headers["content-type"]).toBe("application/json");
  expect(request?.headers["content-encoding"]).toBe(compression === "none" ? undefined : compression);
  expect(JSON.parse(Buffer.from(request?.bytes ?? []).toString())).toEqual(
    toOtlpJson(decode("traces", encode("traces", traces(spans)))),
  );
  await backend.stop();
});
