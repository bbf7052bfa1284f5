import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findMembers, type Scalar, wantedOf } from "./literal.ts";

const paths = ["a", "b.c", "b.list.1"];
const wanted = wantedOf(paths);

function membersOf(text: string): readonly (Scalar | undefined)[] | undefined {
  const found: (Scalar | undefined)[] = [];
  return findMembers(text, wanted, found) ? paths.map((_, place) => found[place]) : undefined;
}

describe("members of a literal", () => {
  test.each([
    { name: "of JSON", text: '{"a": 1, "b": {"c": "x", "list": [0, true]}}', says: [1, "x", true] },
    {
      name: "of a Python dictionary",
      text: "{'a': 1e-06, 'b': {'c': None, 'list': (0, False)}}",
      says: [1e-6, null, false],
    },
    { name: "of a model's repr", text: "Usage(a=7, b=Details(c='x', list=[1, 2]), d=None)", says: [7, "x", 2] },
    {
      name: "behind others that are skipped",
      text: "{'z': {'a': 9, 'y': [[]]}, 'a': 3}",
      says: [3, undefined, undefined],
    },
    {
      name: "with quotes inside",
      text: `{'a': "it's", 'b': {'c': 'say \\'hi\\\\'}}`,
      says: ["it's", "say 'hi\\", undefined],
    },
    { name: "with escapes", text: '{"a": "\\u00e9\\n\\x41"}', says: ["é\nA", undefined, undefined] },
    { name: "with a word for no number", text: '{"a": NaN}', says: [Number.NaN, undefined, undefined] },
    { name: "of an empty object", text: " {} ", says: [undefined, undefined, undefined] },
    { name: "of a comma too many", text: "{'a': 1,}", says: [1, undefined, undefined] },
  ])("are found $name", ({ text, says }) => {
    expect(membersOf(text)).toEqual(says);
  });

  test.each([
    "",
    "{",
    "{'a'",
    "{'a': }",
    "{'a': 1",
    "{'a': 'x}",
    "{'a' 1}",
    "{a: 1}",
    "{'a': 1} rest",
    "{'a': word}",
    "hello",
    "<object at 0x7f>",
    "[".repeat(40),
  ])("are none of %j", (text) => {
    expect(membersOf(text)).toBeUndefined();
  });

  test("of any text end in an answer, never in an error", () => {
    const signs = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      "(",
      ")",
      "'",
      '"',
      ":",
      ",",
      "=",
      "\\",
      "a",
      "b",
      "1",
      " ",
      "None",
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(signs, { maxLength: 60 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, (given) => {
        expect([true, false]).toContain(findMembers(given, wanted, []));
      }),
    );
  });

  test("of any JSON object are those that JSON.parse finds", () => {
    const value = fc.oneof(fc.integer(), fc.boolean(), fc.string(), fc.constant(null));
    fc.assert(
      fc.property(fc.record({ z: fc.jsonValue({ maxDepth: 3 }), a: value, b: fc.record({ c: value }) }), (given) => {
        expect(membersOf(JSON.stringify(given))).toEqual([given.a, given.b.c, undefined]);
      }),
    );
  });

  test("beyond the last that is open are not looked at", () => {
    const found: (Scalar | undefined)[] = [];
    expect(findMembers("{'a': 1, broken", wanted, found, 1)).toBe(true);
    expect(found[0]).toBe(1);
  });
});
