import { describe, expect, test } from "vitest";
import { readResponse, readResponseJson } from "./response.ts";

describe("an answer in protobuf", () => {
  test.each([
    { name: "nothing", hex: "", partial: undefined },
    { name: "an empty partial success", hex: "0a00", partial: undefined },
    { name: "three rejected with a message", hex: "0a0608031202" + "6e6f", partial: { rejected: 3, message: "no" } },
    { name: "a warning", hex: "0a0412026e6f", partial: { rejected: 0, message: "no" } },
    { name: "fields that are not known", hex: "1001" + "0a0418070803", partial: { rejected: 3, message: "" } },
  ])("of $name", ({ hex, partial }) => {
    expect(readResponse(Buffer.from(hex, "hex"))).toEqual(partial);
  });

  test.each(["0a05", "0a0208", "ff", "0a0212ff"])("of %s throws", (hex) => {
    expect(() => readResponse(Buffer.from(hex, "hex"))).toThrow();
  });
});

describe("an answer in JSON", () => {
  test.each([
    { text: "{}", partial: undefined },
    { text: '{"partialSuccess":{}}', partial: undefined },
    { text: '{"partialSuccess":{"rejectedSpans":"3","errorMessage":"no"}}', partial: { rejected: 3, message: "no" } },
    { text: '{"partialSuccess":{"rejectedLogRecords":2}}', partial: { rejected: 2, message: "" } },
    { text: '{"partialSuccess":{"rejectedDataPoints":"x","errorMessage":5}}', partial: undefined },
  ])("of $text", ({ text, partial }) => {
    expect(readResponseJson(text)).toEqual(partial);
  });

  test.each(["", "[]", "null", "OK"])("of %j throws", (text) => {
    expect(() => readResponseJson(text)).toThrow();
  });
});
