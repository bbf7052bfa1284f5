// Generated usage: the same for the same seed, one of each shape that prices tell apart.
import type { Usage } from "../../src/genai/usage.ts";

export interface Generated {
  readonly name: string;
  readonly usage: Usage;
}

/** Usages with numbers of their own for each model, so that no two prices come out the same by chance. */
export function usagesFor(model: string): readonly Generated[] {
  const number = numbersOf(model);
  const input = number(1_000, 100_000);
  const read = number(100, 400);
  const write = number(100, 400);
  const output = number(100, 5_000);
  const long = number(300_000, 900_000);
  return [
    { name: "plain", usage: { input, output } },
    { name: "input alone", usage: { input, output: 0 } },
    { name: "cached", usage: { input, cache_read: read, output } },
    { name: "written", usage: { input, cache_read: read, cache_write: write, output } },
    { name: "written for an hour", usage: { input, cache_write_1h: write, output } },
    { name: "reasoning", usage: { input, output, reasoning: Math.floor(output / 2) } },
    { name: "audio", usage: { input, audio_in: read, output, audio_out: Math.floor(output / 3) } },
    { name: "long", usage: { input: long, cache_read: read, output } },
    { name: "searches", usage: { input, output, web_searches: number(1, 9) } },
  ];
}

/** Whole numbers in a range, from a multiplicative hash of the name (Knuth, 6.4). */
function numbersOf(name: string): (from: number, to: number) => number {
  let state = [...name].reduce((sum, letter) => (Math.imul(sum, 31) + (letter.codePointAt(0) ?? 0)) >>> 0, 7);
  return (from, to) => {
    state = (Math.imul(state, 2_654_435_761) + 12_345) >>> 0;
    return from + (state % (to - from));
  };
}
