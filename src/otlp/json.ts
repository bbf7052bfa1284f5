// OTLP/JSON to protobuf at the door, so that one form of request flows inside. A direct transcoder: bytes in, bytes
// out, no objects in between. What `JSON.parse` alone costs is more than this whole file takes (docs/performance.md).
//
// As strict as the protocol (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding) and as lenient as the
// Collector: ids are hexadecimal, 64-bit numbers are text or number and stay exact, unknown members are passed over,
// snake_case and names of enum values are taken too, `null` is absent. Where a name comes twice the last one counts,
// as in every JSON parser; so it does between the choices of a oneof.
import type { Signal } from "../core/batch.ts";
import { utf8 } from "../wire/utf8.ts";
import { depthMax, JsonCursor, malformed } from "./json-cursor.ts";
import { doubleOf, doubleOfText, Integer64 } from "./json-number.ts";
import { JsonOutput } from "./json-output.ts";
import { type FieldPlan, fieldNamed, type MessagePlan, requestPlans } from "./json-plan.ts";
import { base64 } from "./json-text.ts";

/**
 * Turns one OTLP/JSON export request into the same request in protobuf.
 * Throws `Refused("malformed")` with the position of the byte that is wrong.
 */
export function jsonToProto(signal: Signal, json: Uint8Array): Uint8Array {
  return transcoder.run(requestPlans[signal], json);
}

class Transcoder {
  readonly #cursor = new JsonCursor();
  readonly #output = new JsonOutput();
  readonly #integer = new Integer64();

  run(plan: MessagePlan, json: Uint8Array): Uint8Array {
    this.#cursor.reset(json);
    this.#output.reset();
    try {
      this.#message(plan, 1);
      this.#cursor.end();
      return this.#output.result();
    } finally {
      this.#cursor.release();
    }
  }

  /** Reads an object into the open message. */
  #message(plan: MessagePlan, depth: number): void {
    const cursor = this.#cursor;
    if (depth > depthMax) throw malformed(`nested deeper than ${depthMax} levels`, cursor.position);
    if (!cursor.opens(false)) return;
    let seen = 0;
    let before: FieldPlan | undefined;
    do {
      const field = this.#name(plan, before);
      if (field === undefined) cursor.skipValue(depth);
      else {
        seen = this.#member(plan, field, seen, depth);
        before = field;
      }
    } while (cursor.continues(false));
  }

  /** Reads the name of a member and its colon; undefined when the message has no such field. */
  #name(plan: MessagePlan, before: FieldPlan | undefined): FieldPlan | undefined {
    const cursor = this.#cursor;
    const likely = before === undefined ? plan.first : before.follower;
    if (likely !== undefined && cursor.passName(likely.quoted)) return likely;
    cursor.key();
    const field = fieldNamed(plan, cursor.bytes, cursor.from, cursor.to);
    if (before === undefined) plan.first = field;
    else before.follower = field;
    return field;
  }

  /** Reads the value of a field; `seen` are the bits of the fields that the message has. */
  #member(plan: MessagePlan, field: FieldPlan, seen: number, depth: number): number {
    const absent = this.#cursor.isNull();
    const replaced = seen & (absent ? field.bit : field.excludes);
    if (replaced !== 0)
      for (const other of plan.fields) if ((replaced & other.bit) !== 0) this.#output.remove(other.index);
    if (absent) return seen & ~replaced;
    const from = this.#output.offset;
    if (field.repeated) this.#list(field, depth);
    else if (field.nested !== undefined) this.#nested(field, field.nested, depth);
    else this.#single(field, from);
    this.#output.mark(field.index, from);
    return (seen & ~replaced) | field.bit;
  }

  #nested(field: FieldPlan, plan: MessagePlan, depth: number): void {
    this.#output.open(field.tag);
    this.#message(plan, depth + 1);
    this.#output.close();
  }

  #list(field: FieldPlan, depth: number): void {
    const cursor = this.#cursor;
    if (!cursor.opens(true)) return;
    if (field.packed) this.#output.open(field.tag);
    do {
      if (field.nested !== undefined) this.#element(field, field.nested, depth);
      else {
        if (!field.packed) this.#output.varint(field.tag);
        this.#scalar(field);
      }
    } while (cursor.continues(true));
    if (field.packed) this.#output.close();
  }

  /** A null in a list keeps its place, as an empty message. */
  #element(field: FieldPlan, plan: MessagePlan, depth: number): void {
    if (!this.#cursor.isNull()) return this.#nested(field, plan, depth);
    this.#output.open(field.tag);
    this.#output.close();
  }

  /** A scalar with its tag. Zero is not written where it means absent. */
  #single(field: FieldPlan, from: number): void {
    this.#output.varint(field.tag);
    const told = this.#scalar(field);
    if (!told && !field.explicit) this.#output.truncate(from, this.#output.offset);
  }

  /** Writes the value that comes; false when it is the zero of its type. */
  #scalar(field: FieldPlan): boolean {
    switch (field.type) {
      case "string":
        return this.#text();
      case "traceId":
        return this.#id(field, 16);
      case "spanId":
        return this.#id(field, 8);
      case "bytes":
        return this.#bytes(field);
      case "bool":
        return this.#bool();
      case "double":
        return this.#double(field);
      case "enum":
        return this.#enum(field);
      default:
        return this.#whole(field);
    }
  }

  #text(): boolean {
    const cursor = this.#cursor;
    cursor.string();
    this.#output.content(cursor.bytes, cursor.from, cursor.to);
    return cursor.from < cursor.to;
  }

  #id(field: FieldPlan, size: number): boolean {
    const cursor = this.#cursor;
    const at = cursor.position;
    cursor.string();
    const digits = cursor.to - cursor.from;
    if ((digits !== 0 && digits !== size * 2) || !this.#output.hex(cursor.bytes, cursor.from, cursor.to))
      throw malformed(`${field.name} must be ${size * 2} hexadecimal digits`, at);
    return digits > 0;
  }

  #bytes(field: FieldPlan): boolean {
    const cursor = this.#cursor;
    const at = cursor.position;
    cursor.string();
    const bytes = base64(cursor.bytes, cursor.from, cursor.to);
    if (bytes === undefined) throw malformed(`${field.name} must be base64`, at);
    this.#output.content(bytes, 0, bytes.length);
    return bytes.length > 0;
  }

  #bool(): boolean {
    const value = this.#cursor.bool();
    this.#output.varint(value ? 1 : 0);
    return value;
  }

  #double(field: FieldPlan): boolean {
    const cursor = this.#cursor;
    const at = cursor.position;
    const text = this.#numeral();
    const value = (text ? doubleOfText : doubleOf)(cursor.bytes, cursor.from, cursor.to);
    if (value === undefined) throw malformed(`${field.name} must be a number that a double holds`, at);
    this.#output.double(value);
    // -0 is told: it is another number than the zero that absence means.
    return !Object.is(value, 0);
  }

  #enum(field: FieldPlan): boolean {
    const cursor = this.#cursor;
    const at = cursor.position;
    const isText = cursor.isString();
    if (!isText) return this.#whole(field);
    cursor.string();
    const value = field.values?.get(utf8(cursor.bytes, cursor.from, cursor.to));
    if (value === undefined) throw malformed(`${field.name} must be the number of a known value`, at);
    this.#output.varint(value);
    return value !== 0;
  }

  /** A whole number of any width. */
  #whole(field: FieldPlan): boolean {
    const cursor = this.#cursor;
    const integer = this.#integer;
    const at = cursor.position;
    this.#numeral();
    if (!integer.read(cursor.bytes, cursor.from, cursor.to) || !fits(integer, field.type))
      throw malformed(`${field.name} must be a whole number in the range of ${rangeOf(field)}`, at);
    const { low, high } = integer;
    switch (field.type) {
      case "fixed32":
        this.#output.fixed32(low);
        break;
      case "fixed64":
      case "sfixed64":
        this.#output.fixed32(low);
        this.#output.fixed32(high);
        break;
      case "sint32":
        this.#output.varint(((low << 1) ^ ((low | 0) >> 31)) >>> 0);
        break;
      default:
        this.#output.varint64(low, high);
    }
    return !integer.isZero;
  }

  /** Reads a number or a text that tells one; true when it was a text. */
  #numeral(): boolean {
    const isText = this.#cursor.isString();
    if (isText) this.#cursor.string();
    else this.#cursor.number();
    return isText;
  }
}

const transcoder = new Transcoder();

function rangeOf(field: FieldPlan): string {
  return field.type === "enum" ? "int32" : field.type;
}

function fits(integer: Integer64, type: FieldPlan["type"]): boolean {
  switch (type) {
    case "uint64":
    case "fixed64":
      return integer.fitsUnsigned;
    case "int64":
    case "sfixed64":
      return integer.fitsSigned;
    case "uint32":
    case "fixed32":
      return integer.fitsUnsigned && integer.high === 0;
    default:
      return integer.fitsSigned && integer.high === (integer.low >= 0x80000000 ? 0xffffffff : 0);
  }
}
