import { expect, test } from "vitest";
import { decode, type Plain } from "../../test/support/otlp-oracle.ts";
import { attributeKey } from "./attribute-key.ts";
import type { SpanView } from "./span-view.ts";
import { TraceBatches } from "./trace-batch.ts";

const a = attributeKey("a");
const long = "x".repeat(300);

function field(tag: number, content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  const length = bytes.length < 0x80 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7];
  return Buffer.concat([Buffer.from([tag, ...length]), bytes]);
}

/** A request of one span with these fields, and one with a name behind it. */
function requestOf(fields: readonly Uint8Array[]): Uint8Array {
  const spans = [field(0x12, Buffer.concat(fields)), field(0x12, field(0x2a, "next.task"))];
  return field(0x0a, field(0x12, Buffer.concat(spans)));
}

function edited(bytes: Uint8Array, edit: (span: SpanView) => void, events = true): readonly Plain[] {
  const context = { headers: {}, subject: undefined, peer: "" };
  const batches = new TraceBatches([{ exact: ["a"], prefixes: [], events }]);
  const [batch] = batches.read({ signal: "traces", bytes, context, transport: "http" });
  if (batch) edit(batch.span(0));
  const request = decode("traces", batch?.encode().bytes ?? new Uint8Array());
  return ((request["resourceSpans"] ?? []) as Plain[])
    .flatMap((resource) => (resource["scopeSpans"] ?? []) as Plain[])
    .flatMap((scope) => (scope["spans"] ?? []) as Plain[]);
}

const status = (code: number, message: string) =>
  field(0x7a, Buffer.concat([field(0x12, message), Buffer.from([0x18, code])]));
const attribute = field(0x4a, Buffer.concat([field(0x0a, "a"), field(0x12, field(0x0a, "1"))]));
const changed = { key: "a", value: { stringValue: "2" } };

test.each([
  { name: "a.task", becomes: "task" },
  { name: `${long}.task`, becomes: "task" },
  { name: ".task", becomes: "task" },
  { name: "task", becomes: "task" },
  { name: "a.agent", becomes: "a.agent" },
  { name: "", becomes: "" },
])("a name becomes $becomes, before and behind other changes", ({ name, becomes }) => {
  const bytes = requestOf([attribute, field(0x2a, name), status(2, long)]);
  const spans = edited(bytes, (span) => {
    span.setText(a, "2");
    expect(span.replaceName(".task", "task")).toBe(name.endsWith(".task"));
    expect(span.name).toBe(becomes);
    expect(span.removeStatusMessage()).toBe(true);
    expect(span.removeStatusMessage()).toBe(false);
    expect(span.statusCode).toBe(2);
  });
  expect(spans).toEqual([{ name: becomes, status: { code: 2 }, attributes: [changed] }, { name: "next.task" }]);
});

test.each([
  { parts: [field(0x7a, field(0x12, "said")), field(0x7a, Buffer.from([0x18, 2]))], becomes: { code: 2 } },
  { parts: [status(1, "said"), status(2, long)], becomes: { code: 2 } },
  { parts: [field(0x7a, field(0x12, "said"))], becomes: {} },
])("a status of $parts.length parts becomes $becomes", ({ parts, becomes }) => {
  const spans = edited(requestOf(parts), (span) => expect(span.removeStatusMessage()).toBe(true));
  expect(spans).toEqual([{ status: becomes }, { name: "next.task" }]);
});

test("every one of several names goes: parsers take the last, the bytes hold all", () => {
  const spans = edited(requestOf([field(0x2a, "said.task"), field(0x2a, "a.task")]), (span) => {
    expect(span.replaceName(".task", "task")).toBe(true);
  });
  expect(spans).toEqual([{ name: "task" }, { name: "next.task" }]);
});

test("a status without a message, and a span without both, stay as they came", () => {
  const bytes = requestOf([field(0x7a, Buffer.from([0x18, 1]))]);
  const spans = edited(bytes, (span) => {
    expect(span.removeStatusMessage()).toBe(false);
    expect(span.replaceName(".task", "task")).toBe(false);
  });
  expect(spans).toEqual([{ status: { code: 1 } }, { name: "next.task" }]);
});
