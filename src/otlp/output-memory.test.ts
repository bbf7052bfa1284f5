import { expect, test } from "vitest";
import { OutputMemory } from "./output-memory.ts";

const length = 100_000;

test("memory that was given back is used again, the latest first", () => {
  const memory = new OutputMemory();
  const first = memory.take(length);
  const second = memory.take(length);
  expect(second.buffer).not.toBe(first.buffer);
  memory.give(first.subarray(0, 10));
  memory.give(second);
  expect(memory.take(length).buffer).toBe(second.buffer);
  expect(memory.take(length).buffer).toBe(first.buffer);
  expect(memory.take(length).buffer).not.toBe(first.buffer);
});

test("memory is used again for what fills most of it, and for nothing larger", () => {
  const memory = new OutputMemory();
  const given = memory.take(length);
  memory.give(given);
  expect(memory.take(length + 1).buffer).not.toBe(given.buffer);
  expect(memory.take(length / 2).buffer).not.toBe(given.buffer);
  const again = memory.take(length * 0.8);
  expect(again.buffer).toBe(given.buffer);
  expect(again.length).toBe(length);
});

test("no more than 8 MiB wait to be used again", () => {
  const memory = new OutputMemory();
  const mebibytes = Array.from({ length: 9 }, () => memory.take(1024 * 1024));
  for (const one of mebibytes) memory.give(one);
  const again = new Set(Array.from({ length: 9 }, () => memory.take(1024 * 1024).buffer));
  expect(mebibytes.filter(({ buffer }) => again.has(buffer))).toHaveLength(8);
});
