// The structure of OTLP messages as far as it must be checked: which fields are there, with which wire type, and what
// is nested in them. What is malformed deep inside must be refused here, because a backend would refuse the whole
// batch that it ends up in. Field numbers: opentelemetry-proto 1.11, `proto/` here.

import { Malformed } from "../wire/malformed.ts";
import { type Reader, wireFixed32, wireFixed64, wireLength, wireVarint } from "../wire/reader.ts";
import { isPlainAttribute } from "./plain-value.ts";

/** How deep AnyValues may nest. protobufjs gives up below 50 levels, JSON doors below 100. */
export const depthMax = 64;

interface Field {
  readonly wireType: number;
  /** What a nested message looks like. A function, because AnyValue nests in itself. */
  readonly nested?: () => Shape;
  /** Number of bytes that an id has; empty is none. */
  readonly idBytes?: number;
  /** Numbers may be packed into one length-delimited field. */
  readonly packable?: boolean;
}

export interface Shape {
  readonly fields: readonly (Field | undefined)[];
  /** Counted when the message is met: spans, log records, data points. */
  readonly counts?: boolean;
}

const varint: Field = { wireType: wireVarint };
const fixed32: Field = { wireType: wireFixed32 };
const fixed64: Field = { wireType: wireFixed64 };
const text: Field = { wireType: wireLength };
const traceId: Field = { wireType: wireLength, idBytes: 16 };
const spanId: Field = { wireType: wireLength, idBytes: 8 };
const packedFixed64: Field = { wireType: wireFixed64, packable: true };
const packedVarint: Field = { wireType: wireVarint, packable: true };
const message = (nested: () => Shape): Field => ({ wireType: wireLength, nested });

function shape(fields: Readonly<Record<number, Field>>, counts = false): Shape {
  const list: (Field | undefined)[] = [];
  for (const [number, field] of Object.entries(fields)) list[Number(number)] = field;
  return { fields: list, counts };
}

const anyValue: Shape = shape({
  1: text,
  2: varint,
  3: varint,
  4: fixed64,
  5: message(() => arrayValue),
  6: message(() => keyValueList),
  7: text,
  8: varint,
});
const arrayValue = shape({ 1: message(() => anyValue) });
const keyValue = shape({ 1: text, 2: message(() => anyValue), 3: varint });
const keyValueList = shape({ 1: message(() => keyValue) });
const attributes = message(() => keyValue);
const entityRef = shape({ 1: text, 2: text, 3: text, 4: text });

export const anyValueShape = anyValue;
export const resourceShape = shape({ 1: attributes, 2: varint, 3: message(() => entityRef) });
export const scopeShape = shape({ 1: text, 2: text, 3: attributes, 4: varint });
export const eventShape = shape({ 1: fixed64, 2: text, 3: attributes, 4: varint });
export const linkShape = shape({ 1: traceId, 2: spanId, 3: text, 4: attributes, 5: varint, 6: fixed32 });
/** The fields of a span by wire type, for those that are not indexed, or came with a wire type of another field. */
export const spanShape: Shape = {
  fields: [undefined, 2, 2, 2, 2, 2, 0, 1, 1, 2, 0, 2, 0, 2, 0, 2, 5].map((wireType) =>
    wireType === undefined ? undefined : { wireType },
  ),
};
/** A KeyValue whose value is read apart. */
export const keyValueShape: Shape = { fields: [undefined, { wireType: 2 }, { wireType: 2 }, { wireType: 0 }] };
const statusShape = shape({ 2: text, 3: varint });

const logRecord = shape(
  {
    1: fixed64,
    2: varint,
    3: text,
    5: message(() => anyValue),
    6: attributes,
    7: varint,
    8: fixed32,
    9: traceId,
    10: spanId,
    11: fixed64,
    12: text,
  },
  true,
);
const scopeLogs = shape({ 1: message(() => scopeShape), 2: message(() => logRecord), 3: text });
const resourceLogs = shape({ 1: message(() => resourceShape), 2: message(() => scopeLogs), 3: text });
const exemplar = shape({ 2: fixed64, 3: fixed64, 4: spanId, 5: traceId, 6: fixed64, 7: attributes });
const exemplars = message(() => exemplar);
const numberPoint = shape(
  { 2: fixed64, 3: fixed64, 4: fixed64, 5: exemplars, 6: fixed64, 7: attributes, 8: varint },
  true,
);
const histogramPoint = shape(
  {
    2: fixed64,
    3: fixed64,
    4: fixed64,
    5: fixed64,
    6: packedFixed64,
    7: packedFixed64,
    8: exemplars,
    9: attributes,
    10: varint,
    11: fixed64,
    12: fixed64,
  },
  true,
);
const bucketCounts = shape({ 1: varint, 2: packedVarint });
const exponentialPoint = shape(
  {
    1: attributes,
    2: fixed64,
    3: fixed64,
    4: fixed64,
    5: fixed64,
    6: varint,
    7: fixed64,
    8: message(() => bucketCounts),
    9: message(() => bucketCounts),
    10: varint,
    11: exemplars,
    12: fixed64,
    13: fixed64,
    14: fixed64,
  },
  true,
);
const quantile = shape({ 1: fixed64, 2: fixed64 });
const summaryPoint = shape(
  { 2: fixed64, 3: fixed64, 4: fixed64, 5: fixed64, 6: message(() => quantile), 7: attributes, 8: varint },
  true,
);
const pointsOf = (point: Shape): Field => {
  const points = shape({ 1: message(() => point), 2: varint, 3: varint });
  return message(() => points);
};
const gauge = pointsOf(numberPoint);
const sum = pointsOf(numberPoint);
const histogram = pointsOf(histogramPoint);
const exponentialHistogram = pointsOf(exponentialPoint);
const summary = pointsOf(summaryPoint);
const metric = shape({
  1: text,
  2: text,
  3: text,
  5: gauge,
  7: sum,
  9: histogram,
  10: exponentialHistogram,
  11: summary,
  12: attributes,
});
const scopeMetrics = shape({ 1: message(() => scopeShape), 2: message(() => metric), 3: text });
const resourceMetrics = shape({ 1: message(() => resourceShape), 2: message(() => scopeMetrics), 3: text });

export const logsShape = shape({ 1: message(() => resourceLogs) });
export const metricsShape = shape({ 1: message(() => resourceMetrics) });

/** Reads to `reader.end`, checking every nested message. Returns how many counted messages were met. */
export function checkShape(reader: Reader, expected: Shape, depth = 0): number {
  if (depth > depthMax) throw new Malformed("values nested too deep", reader.position);
  let count = expected.counts ? 1 : 0;
  while (reader.position < reader.end) {
    const at = reader.position;
    const tag = reader.tag();
    const field = expected.fields[tag >>> 3];
    if (field === undefined) reader.skip(tag);
    else if ((tag & 7) === field.wireType) count += checkField(reader, tag, field, depth);
    else if (field.packable === true && (tag & 7) === wireLength) checkPacked(reader, field.wireType);
    else throw new Malformed(`field ${tag >>> 3} has wire type ${tag & 7}`, at);
  }
  return count;
}

/** Checks that a packed list ends where its last number does. */
function checkPacked(reader: Reader, wireType: number): void {
  const at = reader.position;
  const outer = reader.end;
  reader.end = reader.contentEnd();
  if (wireType === wireVarint) while (reader.position < reader.end) reader.skipVarint();
  else if ((reader.end - reader.position) % 8 !== 0) throw new Malformed("packed list with half a number", at);
  reader.position = reader.end;
  reader.end = outer;
}

function checkField(reader: Reader, tag: number, field: Field, depth: number): number {
  if (field.nested !== undefined) {
    const outer = reader.end;
    reader.end = reader.contentEnd();
    // What nearly every attribute is has been seen to be well-formed with a look at a few bytes.
    const isSeen = field === attributes && isPlainAttribute(reader.bytes, reader.position, reader.end);
    if (isSeen) reader.position = reader.end;
    const count = isSeen ? 0 : checkShape(reader, field.nested(), depth + 1);
    reader.end = outer;
    return count;
  }
  if (field.idBytes === undefined) reader.skip(tag);
  else checkId(reader, field.idBytes);
  return 0;
}

/** Reads an id of `length` bytes, or an empty one. Returns where it starts, or -1 when it is empty. */
export function checkId(reader: Reader, length: number): number {
  const at = reader.position;
  const end = reader.contentEnd();
  const start = reader.position;
  if (end - start !== length && end !== start)
    throw new Malformed(`id of ${end - start} bytes instead of ${length}`, at);
  reader.position = end;
  return end === start ? -1 : start;
}

/** Checks the message whose tag was just read. */
export function checkNested(reader: Reader, shape: Shape): void {
  const outer = reader.end;
  reader.end = reader.contentEnd();
  checkShape(reader, shape);
  reader.end = outer;
}

/** Checks the one field whose tag, at `at`, was just read. */
export function checkOne(reader: Reader, tag: number, at: number, shape: Shape): void {
  const field = shape.fields[tag >>> 3];
  if (field === undefined) return reader.skip(tag);
  if (field.wireType !== (tag & 7)) throw new Malformed(`field ${tag >>> 3} has wire type ${tag & 7}`, at);
  if (field.nested === undefined) return reader.skip(tag);
  checkNested(reader, field.nested());
}

/** Passes over a field whose number is none of 1 to `known`, all of which are length-delimited. */
export function skipUnknown(reader: Reader, tag: number, at: number, known: number): void {
  if (tag >>> 3 <= known) throw new Malformed(`field ${tag >>> 3} has wire type ${tag & 7}`, at);
  reader.skip(tag);
}

/** Reads the Status whose tag was just read. Returns its code: 0 unset, 1 ok, 2 error. */
export function readStatusCode(reader: Reader): number {
  const outer = reader.end;
  reader.end = reader.contentEnd();
  let code = 0;
  while (reader.position < reader.end) {
    const at = reader.position;
    const tag = reader.tag();
    if (tag === 0x18) code = reader.uint32();
    else checkOne(reader, tag, at, statusShape);
  }
  reader.end = outer;
  return code;
}
