// OTLP/JSON from protobuf, for backends that take nothing else: ids in hexadecimal, other bytes in base64, 64-bit numbers
// as text, enums as numbers (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). Off the hot path: plain
// objects first, then text. Fields that no version of OTLP here knows are left out, as JSON has no place for them.
import type { Signal } from "../core/batch.ts";
import { Refused } from "../core/refused.ts";
import { Reader, wireFixed32, wireFixed64, wireLength, wireVarint } from "../wire/reader.ts";
import { type FieldEntry, messages, requestMessages } from "./json-schema.ts";
import { refuseMalformed } from "./refuse-malformed.ts";

/** How deep messages may nest: what protobuf's own parsers take. */
const depthMax = 100;

type Value = string | number | boolean | Plain;
type Plain = { [name: string]: Value | Value[] };

interface Field {
  readonly name: string;
  /** A scalar, or the name of a message or enum. */
  readonly type: string;
  readonly wireType: number;
  readonly repeated: boolean;
  readonly nested: Message | undefined;
  /** Names of the other choices. */
  readonly excludes: readonly string[];
}

interface Message {
  readonly fields: Map<number, Field>;
}

/** The request as UTF-8 text. Throws `Refused("malformed")` when the bytes are none. */
export function protoToJson(signal: Signal, bytes: Uint8Array): Uint8Array {
  const plain: Plain = {};
  try {
    readMessage(new Reader(bytes), bytes.length, messageOf(requestMessages[signal]), { plain, depth: 0 });
  } catch (cause) {
    return refuseMalformed(cause, signal);
  }
  return Buffer.from(JSON.stringify(plain));
}

/** What is read, and how deep it lies. */
interface Target {
  readonly plain: Plain;
  readonly depth: number;
}

function readMessage(reader: Reader, end: number, message: Message, { plain, depth }: Target): void {
  if (depthMax < depth) throw new Refused("malformed", `messages nested more than ${depthMax} deep`);
  const outer = reader.end;
  reader.end = end;
  while (reader.position < end) {
    const tag = reader.tag();
    const field = message.fields.get(tag >>> 3);
    const isPacked = field?.repeated && field.wireType !== wireLength && (tag & 7) === wireLength;
    if (field === undefined || ((tag & 7) !== field.wireType && !isPacked)) {
      reader.skip(tag);
      continue;
    }
    for (const other of field.excludes) delete plain[other];
    if (isPacked) readPacked(reader, field, plain);
    else if (field.nested) readNested(reader, field, field.nested, { plain, depth });
    else put(plain, field, readScalar(reader, field.type));
  }
  reader.end = outer;
}

/** A message that comes twice is one of the fields of both, as protobuf has it. */
function readNested(reader: Reader, field: Field, message: Message, { plain, depth }: Target): void {
  const known = field.repeated ? undefined : plain[field.name];
  const inner: Plain = typeof known === "object" && !Array.isArray(known) ? known : {};
  readMessage(reader, reader.contentEnd(), message, { plain: inner, depth: depth + 1 });
  put(plain, field, inner);
}

function readPacked(reader: Reader, field: Field, plain: Plain): void {
  const outer = reader.end;
  const end = reader.contentEnd();
  reader.end = end;
  while (reader.position < end) put(plain, field, readScalar(reader, field.type));
  reader.end = outer;
}

function put(plain: Plain, { name, repeated }: Field, value: Value): void {
  const known = plain[name];
  if (!repeated) plain[name] = value;
  else if (Array.isArray(known)) known.push(value);
  else plain[name] = [value];
}

function readScalar(reader: Reader, type: string): Value {
  switch (type) {
    case "string":
      return contentOf(reader).toString("utf8");
    case "bytes":
      return contentOf(reader).toString("base64");
    case "traceId":
    case "spanId":
      return contentOf(reader).toString("hex");
    case "bool":
      return readVarint(reader) !== 0n;
    case "uint32":
      return Number(BigInt.asUintN(32, readVarint(reader)));
    case "sint32": {
      const coded = BigInt.asUintN(32, readVarint(reader));
      return Number((coded >> 1n) ^ -(coded & 1n));
    }
    case "int64":
      return String(BigInt.asIntN(64, readVarint(reader)));
    case "uint64":
      return String(readVarint(reader));
    case "fixed32":
      return fixed(reader, 4).getUint32(0, true);
    case "fixed64":
      return String(fixed(reader, 8).getBigUint64(0, true));
    case "sfixed64":
      return String(fixed(reader, 8).getBigInt64(0, true));
    case "double": {
      const value = fixed(reader, 8).getFloat64(0, true);
      return Number.isFinite(value) ? value : String(value);
    }
    default:
      // int32, and enums, which are the same on the wire.
      return Number(BigInt.asIntN(32, readVarint(reader)));
  }
}

function contentOf(reader: Reader): Buffer {
  const end = reader.contentEnd();
  const { bytes, position } = reader;
  reader.position = end;
  return Buffer.from(bytes.buffer, bytes.byteOffset + position, end - position);
}

function fixed(reader: Reader, length: number): DataView {
  const { bytes, position } = reader;
  reader.skipBytes(length);
  return new DataView(bytes.buffer, bytes.byteOffset + position, length);
}

function readVarint(reader: Reader): bigint {
  const from = reader.position;
  reader.skipVarint();
  let value = 0n;
  for (let at = reader.position - 1; from <= at; at--) value = (value << 7n) | BigInt((reader.bytes[at] ?? 0) & 0x7f);
  return BigInt.asUintN(64, value);
}

const known = new Map<string, Message>();

/** Made when it is first asked for; messages may hold themselves. */
function messageOf(name: string): Message {
  const made = known.get(name);
  if (made !== undefined) return made;
  const message: Message = { fields: new Map() };
  known.set(name, message);
  const entries = Object.entries(messages[name] ?? {});
  const choices = entries.filter(([, [, , cardinality]]) => cardinality === "choice").map(([field]) => field);
  for (const [field, entry] of entries) message.fields.set(entry[0], fieldOf(field, entry, choices));
  return message;
}

function fieldOf(name: string, [, type, cardinality]: FieldEntry, choices: readonly string[]): Field {
  const nested = messages[type] === undefined ? undefined : messageOf(type);
  return {
    ...{ name, type, nested },
    wireType: wireTypeOf(type),
    repeated: cardinality === "many",
    excludes: cardinality === "choice" ? choices.filter((choice) => choice !== name) : [],
  };
}

function wireTypeOf(type: string): number {
  if (messages[type] !== undefined || /^(string|bytes|traceId|spanId)$/.test(type)) return wireLength;
  if (type === "fixed32") return wireFixed32;
  if (/^(fixed64|sfixed64|double)$/.test(type)) return wireFixed64;
  return wireVarint;
}
