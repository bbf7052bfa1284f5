// The table of `json-schema.ts` in the form the transcoder runs on: fields found by the bytes of their name.
import type { Signal } from "../core/batch.ts";
import { enums, type FieldEntry, messages, requestMessages, type Scalar } from "./json-schema.ts";

export interface FieldPlan {
  readonly name: string;
  /** The name with its quotes and the colon. */
  readonly quoted: Uint8Array;
  readonly type: Scalar | "enum" | "message";
  /** Tag as it stands on the wire; of a packed list where `packed`. */
  readonly tag: number;
  readonly repeated: boolean;
  readonly packed: boolean;
  /** Whether zero and the empty text are written. */
  readonly explicit: boolean;
  /** Position in its message, and the bit of that position. */
  readonly index: number;
  readonly bit: number;
  /** Bits of the fields that cannot stand beside this one: itself and the other choices. */
  readonly excludes: number;
  readonly nested: MessagePlan | undefined;
  readonly values: ReadonlyMap<string, number> | undefined;
  /** What came behind this field the last time: emitters write the same order again and again. */
  follower: FieldPlan | undefined;
}

export interface MessagePlan {
  readonly name: string;
  readonly fields: FieldPlan[];
  /** What came first the last time. */
  first: FieldPlan | undefined;
  readonly slots: (Slot | undefined)[];
}

interface Slot {
  readonly key: Uint8Array;
  readonly field: FieldPlan;
  readonly next: Slot | undefined;
}

/** No message has more fields than this: `seen` is one 32-bit number. */
export const fieldsMax = 16;
const slotCount = 64;

const wireTypes: Readonly<Record<FieldPlan["type"], number>> = {
  string: 2,
  bytes: 2,
  traceId: 2,
  spanId: 2,
  message: 2,
  bool: 0,
  int32: 0,
  uint32: 0,
  sint32: 0,
  int64: 0,
  uint64: 0,
  enum: 0,
  fixed32: 5,
  fixed64: 1,
  sfixed64: 1,
  double: 1,
};

export const requestPlans: Readonly<Record<Signal, MessagePlan>> = planAll();

/** The field that `bytes[from, to)` names, undefined when the message has none of that name. */
export function fieldNamed(plan: MessagePlan, bytes: Uint8Array, from: number, to: number): FieldPlan | undefined {
  if (from === to) return undefined;
  for (let slot = plan.slots[slotOf(bytes, from, to)]; slot !== undefined; slot = slot.next)
    if (equals(slot.key, bytes, from, to)) return slot.field;
  return undefined;
}

function planAll(): Record<Signal, MessagePlan> {
  const plans = new Map<string, MessagePlan>();
  for (const name of Object.keys(messages))
    plans.set(name, { name, fields: [], first: undefined, slots: new Array(slotCount).fill(undefined) });
  for (const plan of plans.values()) fillPlan(plan, plans);
  const of = (signal: Signal) => planNamed(plans, requestMessages[signal]);
  return { traces: of("traces"), metrics: of("metrics"), logs: of("logs") };
}

function planNamed(plans: ReadonlyMap<string, MessagePlan>, name: string): MessagePlan {
  const plan = plans.get(name);
  if (plan === undefined) throw new Error(`json-schema.ts: no message ${JSON.stringify(name)}`);
  return plan;
}

function fillPlan(plan: MessagePlan, plans: ReadonlyMap<string, MessagePlan>): void {
  const entries = Object.entries(messages[plan.name]!);
  const choices = entries.reduce((bits, [, [, , many]], index) => (many === "choice" ? bits | (1 << index) : bits), 0);
  entries.forEach(([name, entry], index) => {
    const field = planField(name, entry, { index, choices }, plans);
    plan.fields.push(field);
    for (const spelling of new Set([name, snakeCase(name)])) {
      const key = new TextEncoder().encode(spelling);
      const slot = slotOf(key, 0, key.length);
      plan.slots[slot] = { key, field, next: plan.slots[slot] };
    }
  });
}

function planField(
  name: string,
  [number, type, cardinality = "one"]: FieldEntry,
  place: { readonly index: number; readonly choices: number },
  plans: ReadonlyMap<string, MessagePlan>,
): FieldPlan {
  const kind = type in messages ? "message" : type in enums ? "enum" : (type as Scalar);
  const repeated = cardinality === "many";
  const packed = repeated && wireTypes[kind] !== 2;
  const bit = 1 << place.index;
  return {
    name,
    quoted: new TextEncoder().encode(`"${name}":`),
    type: kind,
    tag: number * 8 + (packed ? 2 : wireTypes[kind]),
    repeated,
    packed,
    explicit: cardinality === "optional" || cardinality === "choice",
    index: place.index,
    bit,
    excludes: cardinality === "choice" ? place.choices : bit,
    nested: kind === "message" ? planNamed(plans, type) : undefined,
    values: kind === "enum" ? new Map(enums[type]!.map((value, position) => [value, position])) : undefined,
    follower: undefined,
  };
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function slotOf(bytes: Uint8Array, from: number, to: number): number {
  return ((to - from) * 5 + bytes[from]! * 3 + bytes[to - 1]!) & (slotCount - 1);
}

function equals(key: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (key.length !== to - from) return false;
  for (let at = 0; at < key.length; at++) if (key[at] !== bytes[from + at]) return false;
  return true;
}
