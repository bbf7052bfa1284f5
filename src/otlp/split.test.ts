import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decode, encode, type Plain } from "../../test/support/otlp-oracle.ts";
import type { Encoded, Signal } from "../core/batch.ts";
import { concat } from "./concat.ts";
import { split } from "./split.ts";

const context = { headers: {}, subject: undefined, peer: "test" };

function encoded(signal: Signal, request: Plain, items: number): Encoded {
  return { signal, bytes: encode(signal, request), items, context, notes: {} };
}

/** Resources, each a list of scopes, each a number of spans. */
function traces(resources: readonly (readonly number[])[]): Encoded {
  let number = 0;
  const request = {
    resourceSpans: resources.map((scopes, r) => ({
      resource: { attributes: [{ key: "r", value: { intValue: String(r) } }] },
      schemaUrl: `https://resource/${r}`,
      scopeSpans: scopes.map((spans, s) => ({
        scope: { name: `scope-${r}-${s}` },
        schemaUrl: "https://scope",
        spans: Array.from({ length: spans }, () => ({ name: `span-${number++}`, traceState: "x".repeat(number % 40) })),
      })),
    })),
  };
  return encoded("traces", request, number);
}

/** Every span with all that it stands in. */
function spansOf({ bytes }: Encoded): unknown[] {
  const { resourceSpans = [] } = decode("traces", bytes) as { resourceSpans?: Plain[] };
  return resourceSpans.flatMap(({ scopeSpans = [], ...resource }) =>
    (scopeSpans as Plain[]).flatMap(({ spans = [], ...scope }) =>
      (spans as Plain[]).map((span) => ({ resource, scope, span })),
    ),
  );
}

const shapes = fc.array(fc.array(fc.nat(8), { maxLength: 3 }), { maxLength: 4 });

describe("split", () => {
  test("leaves alone what is small enough", () => {
    const whole = traces([[3]]);
    expect(split(whole, { by: "items", max: 3 })).toEqual([whole]);
    expect(split(whole, { by: "bytes", max: whole.bytes.length })).toEqual([whole]);
  });

  test("by items fills every part but the last, and every span keeps its resource, scope and schema URLs", () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 7 }), (shape, max) => {
        const whole = traces(shape);
        const parts = split(whole, { by: "items", max });
        expect(parts.flatMap(spansOf)).toEqual(spansOf(whole));
        expect(parts.slice(0, -1).every(({ items }) => items === max)).toBe(true);
        expect(parts.map(({ items }) => items)).toEqual(parts.map((part) => spansOf(part).length));
      }),
    );
  });

  test("by bytes keeps every part below the limit, unless it is a single span", () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 400 }), (shape, max) => {
        const whole = traces(shape);
        const parts = split(whole, { by: "bytes", max });
        expect(parts.flatMap(spansOf)).toEqual(spansOf(whole));
        expect(parts.every(({ bytes, items }) => items <= 1 || bytes.length <= max)).toBe(true);
      }),
    );
  });

  test("repeats fields that nobody knows", () => {
    const unknown = Buffer.from("fa0603616263", "hex"); // field 111: "abc"
    const whole = traces([[2]]);
    const parts = split({ ...whole, bytes: Buffer.concat([whole.bytes, unknown]) }, { by: "items", max: 1 });
    expect(parts.map(({ bytes }) => Buffer.from(bytes).includes(unknown))).toEqual([true, true]);
  });

  test("cuts between data points, and every point keeps what its metric says", () => {
    const points = Array.from({ length: 5 }, (_, at) => ({ asInt: String(at) }));
    const metric = (data: Plain) => ({ name: "m", unit: "By", ...data });
    const request = {
      resourceMetrics: [
        {
          scopeMetrics: [
            {
              metrics: [
                metric({ sum: { dataPoints: points, isMonotonic: true, aggregationTemporality: 2 } }),
                metric({ gauge: { dataPoints: points.slice(0, 2) } }),
              ],
            },
          ],
        },
      ],
    };
    const parts = split(encoded("metrics", request, 7), { by: "items", max: 3 });
    expect(parts.map(({ items }) => items)).toEqual([3, 3, 1]);
    const metricsOf = (part: Encoded): Plain[] => {
      const [resource] = decode("metrics", part.bytes)["resourceMetrics"] as { scopeMetrics: { metrics: Plain[] }[] }[];
      return resource?.scopeMetrics[0]?.metrics ?? [];
    };
    const sum = { isMonotonic: true, aggregationTemporality: 2 };
    expect(parts.map(metricsOf)).toMatchObject([
      [{ name: "m", unit: "By", sum: { ...sum, dataPoints: [{ asInt: "0" }, { asInt: "1" }, { asInt: "2" }] } }],
      [
        { name: "m", sum: { ...sum, dataPoints: [{ asInt: "3" }, { asInt: "4" }] } },
        { name: "m", unit: "By", gauge: { dataPoints: [{ asInt: "0" }] } },
      ],
      [{ name: "m", gauge: { dataPoints: [{ asInt: "1" }] } }],
    ]);
  });

  test("throws on bytes that are no request", () => {
    expect(() => split({ ...traces([[2]]), bytes: Buffer.from("0aff", "hex") }, { by: "items", max: 1 })).toThrow();
  });
});

describe("concat", () => {
  test("of requests is a request that says what they all say", () => {
    fc.assert(
      fc.property(fc.array(shapes, { minLength: 1, maxLength: 4 }), (several) => {
        const requests = several.map(traces);
        const whole = concat(requests);
        expect(spansOf(whole)).toEqual(requests.flatMap(spansOf));
        expect(whole.items).toBe(requests.reduce((sum, { items }) => sum + items, 0));
      }),
    );
  });

  test("keeps the context of one sender, and that of several is nobody's", () => {
    const one = traces([[1]]);
    const other = { ...one, context: { headers: { "x-tenant": "acme" }, subject: "acme", peer: "10.0.0.1:5" } };
    expect(concat([one, { ...one }]).context).toBe(context);
    expect(concat([other, one]).context).toMatchObject({ headers: {}, subject: undefined });
  });
});
