// LiteLLM's price fields, 84 at the time of the list: none of them is passed over in silence.
import { describe, expect, test } from "vitest";
import { litellmFields, looksLikePrice, useOf } from "../../src/pricing/litellm-fields.ts";
import names from "./litellm-fields.json" with { type: "json" };

describe("LiteLLM's fields", () => {
  test.each(names)("%s has a use, or a reason why it has none", (name) => {
    expect(looksLikePrice(name) || name === "provider_specific_entry").toBe(true);
    expect(useOf(name)).toBeDefined();
  });

  test("a new one is noticed", () => {
    expect(useOf("output_cost_per_hologram")).toBeUndefined();
    expect(looksLikePrice("output_cost_per_hologram")).toBe(true);
  });

  test("the table lists none that does not exist", () => {
    const bases = Object.keys(litellmFields);
    expect(bases.filter((base) => !names.some((name) => name === base || name.startsWith(`${base}_`)))).toEqual([]);
  });

  test("what is ignored says why, and what is used says as what", () => {
    const said = Object.values(litellmFields).map((use) =>
      "ignored" in use ? use.ignored : "as" in use ? use.as : "used" in use ? use.used : use.word,
    );
    expect(said.filter((text) => text.length < 5)).toEqual([]);
  });
});
