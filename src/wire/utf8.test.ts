import { expect, test } from "vitest";
import { hex, utf8 } from "./utf8.ts";

const words = ["", "a", "chat", "gpt-4o-mini", "naïve", "日本語", "x".repeat(64), "y".repeat(65), "é", "\u0000"];

test.each(words)("reads %j, and reads it again", (word) => {
  const bytes = Buffer.from(`<${word}>`);
  for (let time = 0; time < 3; time++) expect(utf8(bytes, 1, bytes.length - 1)).toBe(word);
});

test("reads every short word as a decoder does, however many share a place in what is remembered", () => {
  const decoder = new TextDecoder();
  for (let number = 0; number < 40_000; number++) {
    const bytes = Uint8Array.from([number & 255, number >> 8, 97 + (number % 3)]);
    expect(utf8(bytes, 0, 3)).toBe(decoder.decode(bytes));
  }
});

test("takes a byte that is no UTF-8 for no letter that was read before", () => {
  expect(utf8(Buffer.from("é"), 0, 2)).toBe("é");
  expect(utf8(Uint8Array.of(0xe9), 0, 1)).toBe("\ufffd");
});

test.each([0, 1, 8, 16, 20])("writes %d bytes in hexadecimal", (length) => {
  const bytes = Uint8Array.from({ length: length + 2 }, (_, at) => (at * 89 + 7) & 255);
  expect(hex(bytes, 1, length + 1)).toBe(Buffer.from(bytes.subarray(1, length + 1)).toString("hex"));
});
