import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { declaredKeys, joined, requests } from "../../test/support/arbitrary-otlp.ts";
import { mutated } from "../../test/support/mutations.ts";
import { decode, type Plain } from "../../test/support/otlp-oracle.ts";
import { seededRandom } from "../../test/support/random.ts";
import { Malformed } from "../wire/malformed.ts";
import { keepItems } from "./keep-items.ts";
import { KeyTable } from "./key-table.ts";
import { TraceIndex } from "./trace-index.ts";

const keys = new KeyTable([{ exact: declaredKeys, prefixes: [] }]);

/** Every span with all that it stands in. */
function spansOf(bytes: Uint8Array): unknown[] {
  const { resourceSpans = [] } = decode("traces", bytes) as { resourceSpans?: Plain[] };
  return resourceSpans.flatMap(({ scopeSpans = [], ...resource }) =>
    (scopeSpans as Plain[]).flatMap(({ spans = [], ...scope }) =>
      (spans as Plain[]).map((span) => ({ resource, scope, span })),
    ),
  );
}

function traces(bytes: Uint8Array) {
  return { signal: "traces", bytes } as const;
}

/** Positions that it asks for. */
function positions(bytes: Uint8Array): readonly number[] {
  const asked: number[] = [];
  keepItems(traces(bytes), (at) => {
    asked.push(at);
    return true;
  });
  return asked;
}

describe("keeping some of the items of a request", () => {
  test("and keeping the others gives all of them, each in its resource and scope, in order", () => {
    fc.assert(
      fc.property(requests.traces, fc.infiniteStream(fc.boolean()), (bytes, choices) => {
        const all = spansOf(bytes);
        const kept = [...choices.take(all.length)];
        expect(spansOf(keepItems(traces(bytes), (at) => kept[at] === true))).toEqual(all.filter((_, at) => kept[at]));
        expect(spansOf(keepItems(traces(bytes), (at) => kept[at] !== true))).toEqual(all.filter((_, at) => !kept[at]));
      }),
    );
  });

  test("counts the spans as the index does, whatever the bytes are", () => {
    fc.assert(
      fc.property(requests.traces, fc.nat(), (request, seed) => {
        const bytes = mutated(request, seededRandom(seed));
        const index = new TraceIndex(keys);
        try {
          index.read(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Malformed);
          return;
        }
        expect(positions(bytes)).toHaveLength(index.spans.length);
      }),
      { numRuns: 2_000 },
    );
  });

  test("leaves what stands beside its resources", () => {
    const unknown = Uint8Array.of(0x78, 0x05);
    const bytes = joined([Uint8Array.of(0x0a, 0x04, 0x12, 0x02, 0x12, 0x00), unknown]);
    expect([...keepItems(traces(bytes), () => false)]).toEqual([...unknown]);
    expect([...keepItems(traces(bytes), () => true)]).toEqual([...bytes]);
  });

  test.each([[0x0a, 0x05, 0x00], [0x0a, 0x80], [0x07]])("is refused of bytes that are no request: %j", (...bytes) => {
    expect(() => keepItems(traces(Uint8Array.from(bytes)), () => true)).toThrow(Malformed);
  });
});
