import { expect, test } from "vitest";
import { decode, encode, type Plain } from "../../test/support/otlp-oracle.ts";
import { traceRequest } from "../../test/support/spans.ts";
import { attributeKey } from "./attribute-key.ts";
import { TraceBatches } from "./trace-batch.ts";

const secret = attributeKey("secret");
const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });

/** A request of two spans, whose first has an attribute and these events. */
function requestWith(events: readonly Plain[]): Uint8Array {
  const request = decode("traces", traceRequest([{ id: "1", attributes: { a: "1" } }, { id: "2" }])) as Plain;
  const [resource = {}] = (request["resourceSpans"] ?? []) as Plain[];
  const [scope = {}] = (resource["scopeSpans"] ?? []) as Plain[];
  const [span = {}] = (scope["spans"] ?? []) as Plain[];
  span["events"] = events;
  return encode("traces", request);
}

function cut(bytes: Uint8Array, times = 1): Uint8Array {
  const context = { headers: {}, subject: undefined, peer: "" };
  const batches = new TraceBatches([{ exact: ["secret", "a"], prefixes: [], events: true }]);
  const [batch] = batches.read({ signal: "traces", bytes, context, transport: "http" });
  for (let time = 0; time < times; time++) {
    const span = batch?.span(0);
    span?.setText(attributeKey("a"), "changed");
    span?.removeFromEvents((event, key) => key === secret.id || (event === "talk" && key < 0 && time === times - 1));
  }
  return batch?.encode().bytes ?? new Uint8Array();
}

const long = "x".repeat(300);
const events = [
  { name: "log", timeUnixNano: "5", attributes: [text("b", "stays"), text("secret", long), text("c", "stays")] },
  { name: "talk", timeUnixNano: "6", attributes: [text("content", long), text("a", "stays")] },
  { name: "other", timeUnixNano: "7", attributes: [text("b", "stays")], droppedAttributesCount: 3 },
];

test.each([1, 2])("attributes of events go, and all else stays as it was, in %i steps", (times) => {
  const kept = [
    { ...events[0], attributes: [text("b", "stays"), text("c", "stays")] },
    { ...events[1], attributes: [text("a", "stays")] },
    events[2] ?? {},
  ];
  const expected = JSON.stringify(decode("traces", requestWith(kept))).replace(
    '"stringValue":"1"',
    '"stringValue":"changed"',
  );
  expect(JSON.stringify(decode("traces", cut(requestWith(events), times)))).toBe(expected);
});

test("an attribute named as events are known inside is no event", () => {
  const request = requestWith([]);
  const odd = decode("traces", traceRequest([{ id: "1", attributes: { "\u0000event": "1", a: "1" } }])) as Plain;
  expect(JSON.stringify(decode("traces", cut(encode("traces", odd))))).toContain("event");
  expect(cut(request).length).toBeGreaterThan(request.length);
});
