import { describe, expect, test } from "vitest";
import { decode } from "../../test/support/otlp-oracle.ts";
import { Refused } from "../core/refused.ts";
import { jsonToProto } from "./json.ts";

const traceId = "0123456789abcdef0123456789abcdef";

const bytesOf = (json: string) => new TextEncoder().encode(json);
const spanOf = (json: string) => `{"resourceSpans":[{"scopeSpans":[{"spans":[${json}]}]}]}`;
const attributeOf = (json: string) => spanOf(`{"attributes":[{"key":"k","value":${json}}]}`);

/** The one span of a request whose span is `json`, as protobufjs reads what was written. */
function span(json: string): unknown {
  const request = decode("traces", jsonToProto("traces", bytesOf(spanOf(json)))) as never;
  return request["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
}

function value(json: string): unknown {
  const request = decode("traces", jsonToProto("traces", bytesOf(attributeOf(json)))) as never;
  return request["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"][0]["value"];
}

function refusal(json: string | Uint8Array, signal: "traces" | "metrics" | "logs" = "traces"): string {
  try {
    jsonToProto(signal, typeof json === "string" ? bytesOf(json) : json);
  } catch (error) {
    if (error instanceof Refused && error.code === "malformed") return error.message;
    throw error;
  }
  return "taken";
}

describe("requests", () => {
  test.each([
    { name: "an empty object is an empty request", json: "{}", bytes: [] },
    { name: "an empty list is an empty request", json: ' { "resourceSpans" : [ ] }\r\n\t', bytes: [] },
    { name: "null is absent", json: '{"resourceSpans":null}', bytes: [] },
    { name: "an empty message is kept", json: '{"resourceSpans":[{}]}', bytes: [0x0a, 0] },
    { name: "a null in a list keeps its place", json: '{"resourceSpans":[null,{}]}', bytes: [0x0a, 0, 0x0a, 0] },
    { name: "a list of another signal is unknown", json: '{"resourceLogs":[{}]}', bytes: [] },
  ])("$name", ({ json, bytes }) => expect([...jsonToProto("traces", bytesOf(json))]).toEqual(bytes));

  test("every field of a span arrives", () => {
    const told = {
      traceId,
      spanId: "0123456789ABCDEF",
      traceState: "a=b",
      parentSpanId: "",
      name: "chat",
      kind: 3,
      startTimeUnixNano: "1700000000123456789",
      endTimeUnixNano: 1700000000,
      droppedAttributesCount: 1,
      events: [{ timeUnixNano: "1", name: "e", attributes: [{ key: "x" }], droppedAttributesCount: 2 }],
      droppedEventsCount: 3,
      links: [{ traceId, spanId: "0123456789abcdef", traceState: "c", droppedAttributesCount: 4, flags: 5 }],
      droppedLinksCount: 6,
      status: { message: "m", code: 2 },
      flags: 4294967295,
    };
    expect(span(JSON.stringify(told))).toEqual({
      ...told,
      traceId: Buffer.from(traceId, "hex").toString("base64"),
      spanId: "ASNFZ4mrze8=",
      parentSpanId: undefined,

      endTimeUnixNano: "1700000000",
      links: [{ ...told.links[0], traceId: Buffer.from(traceId, "hex").toString("base64"), spanId: "ASNFZ4mrze8=" }],
      status: { message: "m", code: 2 },
    });
  });

  test("snake_case, unknown members and unknown nested values are no obstacle", () => {
    const json =
      '{"x":[1,-2.5e+3,{"y":[[]],"z":{}},"\\u00e9",true,false,null],"span_id":"0123456789abcdef","name":"n","status":{"deprecated_code":1,"code":1}}';
    expect(span(json)).toEqual({ spanId: "ASNFZ4mrze8=", name: "n", status: { code: 1 } });
  });

  test("a name may be written with escapes", () => {
    expect(span('{"n\\u0061me":"n","trace\\/Id":1}')).toEqual({ name: "n" });
  });

  test.each([
    { name: "text", json: '{"name":"a","name":"b"}', is: { name: "b" } },
    { name: "lists", json: '{"links":[{"flags":1}],"links":[{"flags":2}]}', is: { links: [{ flags: 2 }] } },
    { name: "null", json: '{"name":"a","kind":1,"name":null}', is: { kind: 1 } },
    { name: "zero", json: '{"flags":7,"flags":0}', is: {} },
    {
      name: "messages, whatever stands between",
      json: '{"status":{"message":"a"},"name":"n","events":[{}],"status":{"code":1},"name":"o"}',
      is: { status: { code: 1 }, name: "o", events: [{}] },
    },
  ])("of a member that comes twice the last counts: $name", ({ json, is }) => expect(span(json)).toEqual(is));
});

describe("values", () => {
  test.each([
    { json: '{"stringValue":""}', is: { stringValue: "" } },
    { json: '{"stringValue":"\\"\\\\\\/\\b\\f\\n\\r\\t"}', is: { stringValue: '"\\/\b\f\n\r\t' } },
    { json: '{"stringValue":"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00é€😀"}', is: { stringValue: "Aé€😀é€😀" } },
    { json: '{"stringValue":"\\ud83dx\\ude00\\ud83d\\ud83d\\ude00"}', is: { stringValue: "\ufffdx\ufffd\ufffd😀" } },
    { json: '{"boolValue":false}', is: { boolValue: false } },
    { json: '{"boolValue":true}', is: { boolValue: true } },
    { json: '{"intValue":"0"}', is: { intValue: "0" } },
    { json: '{"intValue":-1}', is: { intValue: "-1" } },
    { json: '{"intValue":"9007199254740993"}', is: { intValue: "9007199254740993" } },
    { json: '{"intValue":9007199254740993}', is: { intValue: "9007199254740993" } },
    { json: '{"intValue":"9223372036854775807"}', is: { intValue: "9223372036854775807" } },
    { json: '{"intValue":"-9223372036854775808"}', is: { intValue: "-9223372036854775808" } },
    { json: '{"intValue":1.5e3}', is: { intValue: "1500" } },
    { json: '{"intValue":12.00}', is: { intValue: "12" } },
    { json: '{"intValue":1700e-2}', is: { intValue: "17" } },
    { json: '{"intValue":"\\u0031"}', is: { intValue: "1" } },
    { json: '{"doubleValue":0}', is: { doubleValue: 0 } },
    { json: '{"doubleValue":-0.25e-3}', is: { doubleValue: -0.00025 } },
    { json: '{"doubleValue":"1.5"}', is: { doubleValue: 1.5 } },
    { json: '{"doubleValue":"NaN"}', is: { doubleValue: "NaN" } },
    { json: '{"doubleValue":"-Infinity"}', is: { doubleValue: "-Infinity" } },
    { json: '{"bytesValue":"AP8="}', is: { bytesValue: "AP8=" } },
    { json: '{"bytesValue":"-_8"}', is: { bytesValue: "+/8=" } },
    { json: '{"bytesValue":"\\/w=="}', is: { bytesValue: "/w==" } },
    { json: '{"bytesValue":""}', is: { bytesValue: "" } },
    { json: "{}", is: {} },
    { json: '{"arrayValue":{}}', is: { arrayValue: {} } },
    {
      json: '{"arrayValue":{"values":[{"intValue":1},null]}}',
      is: { arrayValue: { values: [{ intValue: "1" }, {}] } },
    },
    {
      json: '{"kvlistValue":{"values":[{"key":"a","value":{"kvlistValue":{}}},{"key":"","keyStrindex":3}]}}',
      is: { kvlistValue: { values: [{ key: "a", value: { kvlistValue: {} } }, { keyStrindex: 3 }] } },
    },
    { json: '{"stringValueStrindex":-1}', is: { stringValueStrindex: -1 } },
    { json: '{"stringValue":"a","intValue":1}', is: { intValue: "1" } },
    {
      json: '{"arrayValue":{"values":[{}]},"stringValue":null,"boolValue":null}',
      is: { arrayValue: { values: [{}] } },
    },
  ])("$json", ({ json, is }) => {
    const read = value(json);
    // An empty key or index zero is what absence means.
    expect(JSON.parse(JSON.stringify(read))).toEqual(is);
  });

  test("lengths are right where messages outgrow one byte, two, three and four", () => {
    for (const length of [100, 120, 127, 128, 16_300, 16_383, 16_384, 2_097_100, 2_097_152]) {
      const text = "x".repeat(length);
      const nested = `{"kvlistValue":{"values":[{"key":"k","value":{"arrayValue":{"values":[{"stringValue":"${text}"}]}}},{"key":"after"}]}}`;
      expect(value(nested)).toEqual({
        kvlistValue: {
          values: [{ key: "k", value: { arrayValue: { values: [{ stringValue: text }] } } }, { key: "after" }],
        },
      });
    }
  });
});

describe("logs and metrics", () => {
  test("a log record keeps body, severity and event name", () => {
    const json =
      '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":"SEVERITY_NUMBER_WARN2","body":{"stringValue":"b"},"eventName":"e","flags":1}]}]}]}';
    expect(decode("logs", jsonToProto("logs", bytesOf(json)))).toEqual({
      resourceLogs: [
        {
          scopeLogs: [
            {
              logRecords: [{ severityNumber: 14, body: { stringValue: "b" }, eventName: "e", flags: 1 }],
            },
          ],
        },
      ],
    });
  });

  test("lists of numbers are packed, and a sum of zero is told", () => {
    const points =
      '{"count":"3","sum":0,"bucketCounts":["1",2,18446744073709551615],"explicitBounds":[0.5,"Infinity"],"min":-0}';
    const json = `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[${points}],"aggregationTemporality":2}}]}]}]}`;
    const request = decode("metrics", jsonToProto("metrics", bytesOf(json))) as never;
    expect(request["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]["histogram"]).toEqual({
      aggregationTemporality: 2,
      dataPoints: [
        {
          count: "3",
          sum: 0,
          bucketCounts: ["1", "2", "18446744073709551615"],
          explicitBounds: [0.5, "Infinity"],
          min: -0,
        },
      ],
    });
  });

  test("scale and offset are zigzag", () => {
    const point =
      '{"scale":-2,"positive":{"offset":2147483647,"bucketCounts":["300"]},"negative":{"offset":-2147483648}}';
    const json = `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"exponentialHistogram":{"dataPoints":[${point}]}}]}]}]}`;
    const request = decode("metrics", jsonToProto("metrics", bytesOf(json))) as never;
    expect(
      request["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]["exponentialHistogram"]["dataPoints"],
    ).toEqual([
      { scale: -2, positive: { offset: 2147483647, bucketCounts: ["300"] }, negative: { offset: -2147483648 } },
    ]);
  });
});

describe("what is refused", () => {
  const nest = (levels: number, open: string, close: string) => open.repeat(levels) + close.repeat(levels);

  test.each(
    [
      { json: "", says: "ended early, must be an object at byte 0" },
      { json: "1234", says: "must be an object at byte 0" },
      { json: "[]", says: "must be an object at byte 0" },
      { json: '{"resourceSpans":', says: "ended early, must be a list at byte 17" },
      { json: '{"resourceSpans":{}}', says: "must be a list at byte 17" },
      { json: '{"resourceSpans":[1]}', says: "must be an object at byte 18" },
      { json: "{} x", says: "expected the end at byte 3" },
      { json: "{}{}", says: "expected the end at byte 2" },
      { json: '{"a":1,}', says: "must be a string at byte 7" },
      { json: '{"a" 1}', says: "expected : at byte 5" },
      { json: '{"a":1 "b":2}', says: "expected , or } at byte 7" },
      { json: '{"a":[1 2]}', says: "expected , or ] at byte 8" },
      { json: "{a:1}", says: "must be a string at byte 1" },
      { json: '{"a":nul}', says: "expected null at byte 5" },
      { json: '{"a":truE}', says: "expected true at byte 5" },
      { json: '{"a":NaN}', says: "must be true or false at byte 5" },
      { json: '{"a":01}', says: "must be a number at byte 5" },
      { json: '{"a":-}', says: "must be a number at byte 5" },
      { json: '{"a":1.}', says: "must be a number at byte 7" },
      { json: '{"a":1e}', says: "must be a number at byte 7" },
      { json: '{"a":"x', says: "string without an end at byte 5" },
      { json: '{"a":"\\x"}', says: "unknown escape at byte 6" },
      { json: '{"a":"\\u12g4"}', says: "escape without four hexadecimal digits at byte 6" },
      { json: '{"a":"\n"}', says: "control character in a string at byte 6" },
      { json: spanOf('{"name":1}'), says: "must be a string at byte" },
      { json: spanOf('{"traceId":"0123"}'), says: "traceId must be 32 hexadecimal digits at byte" },
      { json: spanOf(`{"traceId":"${"0".repeat(30)}"}`), says: "traceId must be 32 hexadecimal digits" },
      { json: spanOf(`{"traceId":"${"g".repeat(32)}"}`), says: "traceId must be 32 hexadecimal digits" },
      { json: spanOf('{"traceId":"ASNFZ4mrze8BI0VniavN7w=="}'), says: "traceId must be 32 hexadecimal digits" },
      { json: spanOf('{"spanId":"0123456789abcde"}'), says: "spanId must be 16 hexadecimal digits" },
      { json: spanOf('{"kind":"CLIENT"}'), says: "kind must be the number of a known value" },
      { json: spanOf('{"kind":2147483648}'), says: "kind must be a whole number in the range of int32" },
      {
        json: spanOf('{"startTimeUnixNano":"-1"}'),
        says: "startTimeUnixNano must be a whole number in the range of fixed64",
      },
      { json: spanOf('{"startTimeUnixNano":"18446744073709551616"}'), says: "in the range of fixed64" },
      { json: spanOf('{"startTimeUnixNano":""}'), says: "in the range of fixed64" },
      { json: spanOf('{"startTimeUnixNano":"1 "}'), says: "in the range of fixed64" },
      { json: spanOf('{"flags":4294967296}'), says: "flags must be a whole number in the range of fixed32" },
      { json: spanOf('{"droppedEventsCount":-1}'), says: "in the range of uint32" },
      { json: spanOf('{"droppedEventsCount":1.5}'), says: "in the range of uint32" },
      { json: attributeOf('{"intValue":"9223372036854775808"}'), says: "in the range of int64" },
      { json: attributeOf('{"intValue":"-9223372036854775809"}'), says: "in the range of int64" },
      { json: attributeOf('{"intValue":"-18446744073709551615"}'), says: "in the range of int64" },
      { json: attributeOf('{"intValue":1e99}'), says: "in the range of int64" },
      { json: attributeOf('{"intValue":"0x10"}'), says: "in the range of int64" },
      { json: attributeOf('{"intValue":true}'), says: "must be a number" },
      { json: attributeOf('{"doubleValue":1e999}'), says: "doubleValue must be a number that a double holds" },
      { json: attributeOf('{"doubleValue":"nan"}'), says: "doubleValue must be a number that a double holds" },
      { json: attributeOf('{"boolValue":1}'), says: "must be true or false" },
      { json: attributeOf('{"bytesValue":"*"}'), says: "bytesValue must be base64" },
      { json: attributeOf('{"bytesValue":"AAAAA"}'), says: "bytesValue must be base64" },
      { json: attributeOf('{"arrayValue":{"values":{}}}'), says: "must be a list" },
      { json: `{"a":${nest(100, "[", "]")}}`, says: "nested deeper than 100 levels at byte 104" },
      { json: `{"a":${nest(1e6, "[", "]")}}`, says: "nested deeper than 100 levels" },
      { json: attributeOf(nest(60, '{"arrayValue":{"values":[', "]}}")), says: "nested deeper than 100 levels" },
    ].map((row) => ({ ...row, start: row.json.slice(0, 90) })),
  )("$says: $start", ({ json, says }) => {
    expect(refusal(json)).toContain(says);
    expect(refusal(json)).toMatch(/^json: .* at byte \d+$/);
  });

  test("values nest as deep as the limit says", () => {
    const deep = nest(47, '{"arrayValue":{"values":[', "]}}");
    expect(refusal(attributeOf(deep))).toBe("taken");
    expect(refusal(`{"a":${nest(99, "[", "]")}}`)).toBe("taken");
  });

  test.each([
    { name: "a lone tail", bytes: [0x80] },
    { name: "an overlong form", bytes: [0xc0, 0x80] },
    { name: "a surrogate", bytes: [0xed, 0xa0, 0x80] },
    { name: "a cut character", bytes: [0xe2, 0x82] },
    { name: "more than U+10FFFF", bytes: [0xf4, 0x90, 0x80, 0x80] },
  ])("text that is no UTF-8: $name", ({ bytes }) => {
    const json = Uint8Array.from([...bytesOf('{"a":"'), ...bytes, ...bytesOf('"}')]);
    expect(refusal(json)).toBe("json: string that is no UTF-8 at byte 6");
  });

  test("a refused request leaves nothing behind for the next one", () => {
    refusal(spanOf('{"name":"a","links":[{"flags":1},{"flags":"x"}]}'));
    expect(span('{"name":"b"}')).toEqual({ name: "b" });
  });
});
