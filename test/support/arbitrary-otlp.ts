// Requests as no emitter sends them but every parser must take them: fields in any order and any number of times,
// fields nobody knows, numbers written longer than they need be, every kind of value.
import fc from "fast-check";
import type { Signal } from "../../src/core/batch.ts";

type Bytes = fc.Arbitrary<Uint8Array>;

/** Keys that properties declare, and others. Few, so that they come twice. */
export const declaredKeys = ["a", "gen_ai.request.model", "gen_ai.usage.input_tokens", "€"] as const;
export const declaredPrefix = "llm.";

const attributeKeys = fc.oneof(
  fc.constantFrom(...declaredKeys, "llm.x", "llm.y", "", "__proto__", "b", "gen_ai.request.modem"),
  fc.string({ maxLength: 6 }),
);

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** A varint with `padding` bytes more than it needs. */
export function varint(value: bigint, padding = 0): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  } while (rest > 0n);
  for (let extra = 0; extra < padding && bytes.length < 10; extra++) bytes.push(0x80);
  bytes[bytes.length - 1]! &= 0x7f;
  return Uint8Array.from(bytes);
}

/**
 * Mostly none: a padded varint is legal and nobody writes one. At most two, because protobufjs reads no tag and no
 * length of more than five bytes.
 */
const paddings = fc.oneof({ weight: 30, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 2 }) });

function field(number: number, wireType: number, content: Bytes, tagPaddings = paddings): Bytes {
  return fc
    .tuple(tagPaddings, paddings, content)
    .map(([tagPadding, lengthPadding, bytes]) =>
      joined([
        varint(BigInt(number * 8 + wireType), tagPadding),
        ...(wireType === 2 ? [varint(BigInt(bytes.length), lengthPadding)] : []),
        bytes,
      ]),
    );
}

const anyBytes = (length: number): Bytes => fc.uint8Array({ minLength: length, maxLength: length });
const int64s: Bytes = fc
  .tuple(fc.oneof(fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), paddings)
  .map(([value, padding]) => varint(value, padding));
const smallInts: Bytes = fc
  .tuple(fc.nat({ max: 3 }), paddings)
  .map(([value, padding]) => varint(BigInt(value), padding));
const bools: Bytes = fc.boolean().map((value) => Uint8Array.of(value ? 1 : 0));
const texts: Bytes = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }).map((text) => new TextEncoder().encode(text)),
  fc.nat({ max: 300 }).map((length) => new Uint8Array(length).fill(0x78)),
);
const ids = (length: number): Bytes => fc.oneof(anyBytes(length), fc.constant(new Uint8Array(0)));

/** A field of a number that no OTLP message has, in every wire type; groups too. */
const unknownFields: Bytes = fc.integer({ min: 100, max: 5000 }).chain((number) =>
  fc.oneof(
    field(number, 0, int64s),
    field(number, 1, anyBytes(8)),
    field(number, 2, fc.uint8Array({ maxLength: 10 })),
    field(number, 5, anyBytes(4)),
    fc
      .uint8Array({ maxLength: 4 })
      .map((content) =>
        joined([
          varint(BigInt(number * 8 + 3)),
          Uint8Array.of(0x0a, content.length),
          content,
          varint(BigInt(number * 8 + 4)),
        ]),
      ),
  ),
);

/** Any of the fields, in any order, as often as it comes. */
function message(fields: readonly Bytes[], size = fields.length): Bytes {
  const known = { weight: 12, arbitrary: fc.oneof(...fields) };
  return fc.array(fc.oneof(known, { weight: 1, arbitrary: unknownFields }), { maxLength: size }).map(joined);
}

/** A member of an AnyValue. A reader of attributes may take one with a padded tag for a kind that it does not know. */
const member = (number: number, wireType: number, content: Bytes) => field(number, wireType, content, fc.constant(0));

const { anyValue } = fc.letrec<{ anyValue: Uint8Array; keyValue: Uint8Array }>((tie) => ({
  anyValue: fc.oneof(
    { depthSize: "small" },
    member(1, 2, texts),
    member(3, 0, int64s),
    member(2, 0, bools),
    member(4, 1, anyBytes(8)),
    member(7, 2, fc.uint8Array({ maxLength: 6 })),
    member(8, 0, smallInts),
    fc.constant(new Uint8Array(0)),
    member(5, 2, message([field(1, 2, tie("anyValue"))], 3)),
    member(6, 2, message([field(1, 2, tie("keyValue"))], 3)),
    { weight: 1, arbitrary: unknownFields },
  ),
  keyValue: keyValueOf(tie("anyValue")),
}));

/** Key and value, mostly in this order and once. */
function keyValueOf(value: Bytes): Bytes {
  const key = field(
    1,
    2,
    attributeKeys.map((text) => new TextEncoder().encode(text)),
  );
  const usual = fc.tuple(key, field(2, 2, value)).map(joined);
  return fc.oneof(
    { weight: 8, arbitrary: usual },
    { weight: 1, arbitrary: message([key, field(2, 2, value), field(3, 0, smallInts)]) },
  );
}

const attributes = (number: number): Bytes => field(number, 2, keyValueOf(anyValue));
const resource = message([
  attributes(1),
  attributes(1),
  field(2, 0, smallInts),
  field(3, 2, message([field(3, 2, texts)])),
]);
const scope = message([field(1, 2, texts), field(2, 2, texts), attributes(3), field(4, 0, smallInts)]);
const event = message([field(1, 1, anyBytes(8)), field(2, 2, texts), attributes(3), field(4, 0, smallInts)]);
const link = message([
  field(1, 2, ids(16)),
  field(2, 2, ids(8)),
  field(3, 2, texts),
  attributes(4),
  field(5, 0, smallInts),
  field(6, 5, anyBytes(4)),
]);
const status = message([field(2, 2, texts), field(3, 0, smallInts)]);
const span = message(
  [
    ...Array.from({ length: 8 }, () => attributes(9)),
    field(1, 2, ids(16)),
    field(2, 2, ids(8)),
    field(3, 2, texts),
    field(4, 2, ids(8)),
    field(5, 2, texts),
    field(6, 0, smallInts),
    field(7, 1, anyBytes(8)),
    field(8, 1, anyBytes(8)),
    field(10, 0, smallInts),
    field(11, 2, event),
    field(12, 0, smallInts),
    field(13, 2, link),
    field(14, 0, smallInts),
    field(15, 2, status),
    field(16, 5, anyBytes(4)),
  ],
  16,
);

const record = message([
  field(1, 1, anyBytes(8)),
  field(2, 0, smallInts),
  field(3, 2, texts),
  field(5, 2, anyValue),
  attributes(6),
  field(8, 5, anyBytes(4)),
  field(9, 2, ids(16)),
  field(10, 2, ids(8)),
  field(12, 2, texts),
]);

const exemplar = message([field(2, 1, anyBytes(8)), field(3, 1, anyBytes(8)), field(4, 2, ids(8)), attributes(7)]);
const packedDoubles = fc.array(anyBytes(8), { maxLength: 3 }).map(joined);
const packedInts = fc.array(int64s, { maxLength: 3 }).map(joined);
const buckets = message([field(1, 0, smallInts), field(2, 2, packedInts), field(2, 0, int64s)]);
const times = [field(2, 1, anyBytes(8)), field(3, 1, anyBytes(8)), field(4, 1, anyBytes(8))];
/** One value, for the same reason as one kind of data a metric. */
const numberPoint = fc
  .tuple(
    message([times[0]!, times[1]!, field(5, 2, exemplar), attributes(7), field(8, 0, smallInts)]),
    fc.oneof(field(4, 1, anyBytes(8)), field(6, 1, anyBytes(8)), fc.constant(new Uint8Array(0))),
  )
  .map(joined);
const histogramPoint = message([
  ...times,
  field(6, 2, packedDoubles),
  field(6, 1, anyBytes(8)),
  field(7, 2, packedDoubles),
  field(8, 2, exemplar),
  attributes(9),
]);
const exponentialPoint = message([...times, field(6, 0, smallInts), field(8, 2, buckets), field(11, 2, exemplar)]);
const quantile = message([field(1, 1, anyBytes(8)), field(2, 1, anyBytes(8))]);
const summaryPoint = message([...times, field(6, 2, quantile), attributes(7)]);
const points = (point: Bytes): Bytes => message([field(1, 2, point), field(1, 2, point), field(2, 0, smallInts)], 4);
/** One kind of data a metric: of several only the last would count, and protobufjs shows them all. */
const metric = fc
  .tuple(
    message([field(1, 2, texts), field(2, 2, texts), field(3, 2, texts), attributes(12)]),
    fc.oneof(
      field(5, 2, points(numberPoint)),
      field(7, 2, points(numberPoint)),
      field(9, 2, points(histogramPoint)),
      field(10, 2, points(exponentialPoint)),
      field(11, 2, points(summaryPoint)),
      fc.constant(new Uint8Array(0)),
    ),
  )
  .map(joined);

function requestOf(item: Bytes): Bytes {
  const scoped = message(
    [field(2, 2, item), field(2, 2, item), field(2, 2, item), field(1, 2, scope), field(3, 2, texts)],
    5,
  );
  const resourced = message([field(2, 2, scoped), field(2, 2, scoped), field(1, 2, resource), field(3, 2, texts)], 4);
  return message([field(1, 2, resourced)], 3);
}

/** Whole export requests in protobuf. */
export const requests: Readonly<Record<Signal, Bytes>> = {
  traces: requestOf(span),
  metrics: requestOf(metric),
  logs: requestOf(record),
};
