// What two spans under one id are to each other: the table that the rule in TypeScript, the roles of a request, the
// embedded ledger and the script in Redis are held to.
import type { Relation } from "../../src/genai/same-call.ts";

/** What one span says; the other says `first` unless the row has it otherwise. */
export interface Said {
  readonly startMs: number;
  readonly endMs: number;
  readonly model: string | undefined;
  readonly input: number | undefined;
  readonly cacheRead: number;
  readonly output: number | undefined;
  /** Name of the scope, by which emitters are told apart. */
  readonly scope: string;
  readonly isChoice: boolean;
}

const originMs = Date.parse("2025-11-20T15:00:00Z");

export const first: Said = {
  startMs: originMs,
  endMs: originMs + 1000,
  model: "gpt-4o",
  input: 1215,
  cacheRead: 0,
  output: 87,
  scope: "one",
  isChoice: false,
};

export interface SameCallCase {
  readonly name: string;
  readonly one?: Partial<Said>;
  readonly two: Partial<Said>;
  readonly is: Relation;
}

export const sameCallCases: readonly SameCallCase[] = [
  { name: "the same, told twice", two: {}, is: "same" },
  { name: "the same from another emitter", two: { scope: "two" }, is: "same" },
  { name: "clocks that differ by five seconds", two: { startMs: originMs + 6000, endMs: originMs + 7000 }, is: "same" },
  { name: "another time", two: { startMs: originMs + 6001, endMs: originMs + 7000 }, is: "apart" },
  {
    name: "another time from another emitter",
    two: { scope: "two", startMs: originMs - 9000, endMs: originMs - 5001 },
    is: "apart",
  },
  {
    name: "a longer span around it",
    two: { scope: "two", startMs: originMs - 60_000, endMs: originMs + 60_000 },
    is: "same",
  },
  { name: "the model with a path and a date", two: { scope: "two", model: "openai/GPT-4o-2024-08-06" }, is: "same" },
  { name: "a model that is not told", two: { scope: "two", model: undefined }, is: "same" },
  { name: "an alias, as a proxy's client knows the model", two: { scope: "two", model: "fast" }, is: "same" },
  { name: "another model and another input", two: { scope: "two", model: "gpt-4o-mini", input: 1300 }, is: "apart" },
  { name: "an alias, and a stream that was cut", two: { scope: "two", model: "fast", output: 3 }, is: "same" },
  {
    name: "another model, an input that is near and another output",
    two: { scope: "two", model: "gpt-4o-mini", input: 1216, output: 41 },
    is: "apart",
  },
  { name: "another model of one emitter", two: { model: "gpt-4o-mini" }, is: "apart" },
  { name: "equal output of very different input", two: { scope: "two", input: 300 }, is: "apart" },
  { name: "equal output of very different input, one emitter", two: { input: 300 }, is: "apart" },
  { name: "two tokens more of the input", one: { input: 8 }, two: { scope: "two", input: 10 }, is: "same" },
  { name: "three tokens more of little input", one: { input: 8 }, two: { scope: "two", input: 11 }, is: "apart" },
  { name: "two hundredths more of the input", one: { input: 980 }, two: { scope: "two", input: 1000 }, is: "same" },
  { name: "more than two hundredths", one: { input: 979 }, two: { scope: "two", input: 1000 }, is: "apart" },
  { name: "input without what was cached", two: { scope: "two", input: 2239, cacheRead: 1024 }, is: "same" },
  { name: "input that is not told", two: { scope: "two", input: undefined }, is: "same" },
  { name: "an output that another emitter estimates", two: { scope: "two", output: 3 }, is: "same" },
  {
    name: "the sum of all choices from another emitter",
    one: { isChoice: true },
    two: { scope: "two", output: 174 },
    is: "same",
  },
  {
    name: "nothing but the times",
    two: { scope: "two", model: undefined, input: undefined, output: undefined },
    is: "same",
  },
  { name: "another output of one emitter", two: { output: 41 }, is: "choices" },
  { name: "an output one token longer, one emitter", two: { output: 88 }, is: "choices" },
  { name: "equal outputs of known choices", one: { isChoice: true }, two: { isChoice: true }, is: "choices" },
  { name: "equal outputs where one alone says that it is a choice", two: { isChoice: true }, is: "same" },
  { name: "known choices of two emitters", one: { isChoice: true }, two: { isChoice: true, scope: "two" }, is: "same" },
  { name: "nearly the input and another output, one emitter", two: { input: 1216, output: 41 }, is: "apart" },
  { name: "nearly the input and the same output, one emitter", two: { input: 1216 }, is: "same" },
  {
    name: "choices with other inputs",
    one: { isChoice: true },
    two: { isChoice: true, input: 300, output: 41 },
    is: "apart",
  },
  {
    name: "a choice at another time",
    one: { isChoice: true },
    two: { isChoice: true, startMs: originMs + 9000, endMs: originMs + 9500 },
    is: "apart",
  },
];
