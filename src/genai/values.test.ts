import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { kindOf, type ValueKind } from "./fields.ts";
import { bad, type Meaning, meaningOf, type Raw } from "./values.ts";

const meaning = (kind: ValueKind, values?: Readonly<Record<string, string>>): Meaning => ({
  kind,
  values: values && new Map(Object.entries(values)),
  unit: undefined,
  identity: false,
});

const kinds: readonly ValueKind[] = [
  ...["tokens", "integer", "double", "boolean", "text", "texts", "provider", "operation", "usd", "present"],
] as readonly ValueKind[];

describe("a value", () => {
  test.each<{ name: string; kind: ValueKind; raw: Raw; is: unknown; values?: Record<string, string> }>([
    { name: "T35: a cost in a text is that cost", kind: "usd", raw: "0.0602375", is: "0.0602375" },
    { name: "a cost with an exponent is written without it", kind: "usd", raw: 1.6e-7, is: "0.00000016" },
    { name: "a cost that no call has is none, and not 0", kind: "usd", raw: "1e300", is: bad },
    { name: "nor is one beyond all numbers", kind: "usd", raw: "1e999", is: bad },
    { name: "a cost below nothing is none", kind: "usd", raw: -1, is: bad },
    { name: "T1: a count in a text is a count", kind: "tokens", raw: "42.0", is: 42 },
    { name: "T2: words for nothing are nothing", kind: "tokens", raw: "None", is: undefined },
    { name: "T4: NaN is no count", kind: "tokens", raw: Number.NaN, is: bad },
    { name: "digits of other alphabets are no count", kind: "tokens", raw: "\uff14\uff12", is: bad },
    { name: "minus zero is zero", kind: "tokens", raw: "-0", is: -0 },
    { name: "T5: a long in a text is exact", kind: "integer", raw: "9007199254740993", is: 9007199254740993n },
    {
      name: "a word that a dialect takes for nothing is nothing",
      kind: "integer",
      raw: "Infinity",
      values: { Infinity: "" },
      is: undefined,
    },
    { name: "and bad where none says so", kind: "integer", raw: "Infinity", is: bad },
    { name: "T6: joined reasons are a list", kind: "texts", raw: "stop, length", is: ["stop", "length"] },
    { name: "T6: so are reasons in JSON", kind: "texts", raw: '["STOP"]', is: ["STOP"] },
  ])("$name", ({ kind, raw, values, is }) => {
    expect(meaningOf(raw, meaning(kind, values))).toEqual(is);
  });

  test("of any kind is read without a fault, and stays what its kind can be", () => {
    const raw = fc.oneof(
      fc.string(),
      fc.double(),
      fc.bigInt(),
      fc.boolean(),
      fc.array(fc.string(), { maxLength: 5 }),
      fc.constant(null),
      fc.double().map(String),
      fc.json(),
    );
    fc.assert(
      fc.property(fc.constantFrom(...kinds), raw, (kind, given) => {
        const value = meaningOf(given, meaning(kind));
        const right: Record<string, string> = { tokens: "number", double: "number", boolean: "boolean", usd: "string" };
        if (value !== bad && value !== undefined && kind in right) expect(typeof value).toBe(right[kind]);
      }),
    );
  });

  test("of an attribute of the convention has a kind", () => {
    expect(kindOf("gen_ai.usage.input_tokens")).toBe("tokens");
    expect(kindOf("@reported_usd")).toBe("usd");
  });
});
