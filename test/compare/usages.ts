// Generated usage: the same for the same seed, one of each shape that prices tell apart.
import type { Usage } from "../../src/genai/usage.ts";

export interface Generated {
  readonly name: string;
  readonly usage: Usage;
}

/** Usages in tokens with numbers of their own for each model, so that no two prices come out the same by chance. */
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
    { name: "pictures", usage: { input, image_in: read, output, image_out: Math.floor(output / 3) } },
    { name: "long", usage: { input: long, cache_read: read, output } },
    { name: "searches", usage: { input, output, web_searches: number(1, 9) } },
  ];
}

/** Usages in what is counted instead of tokens. */
export function measuresFor(model: string): Readonly<Record<Measure, Generated>> {
  const number = numbersOf(model);
  const images = number(1, 9);
  return {
    images: { name: "images", usage: { images } },
    // The size that LiteLLM's calculator takes where a call names none.
    pixels: { name: "pixels", usage: { pixels: images * 1024 * 1024 } },
    audio_seconds: { name: "seconds of audio", usage: { audio_seconds: number(1, 900) } },
    video_seconds: { name: "seconds of video", usage: { video_seconds: number(1, 60) } },
    characters: { name: "characters", usage: { characters: number(10, 9_000) } },
    pages: { name: "pages", usage: { pages: number(1, 90) } },
    search_units: { name: "search units", usage: { search_units: number(1, 9) } },
    requests: { name: "requests", usage: { requests: number(1, 9) } },
  };
}

export type Measure =
  | "images"
  | "pixels"
  | "audio_seconds"
  | "video_seconds"
  | "characters"
  | "pages"
  | "search_units"
  | "requests";

/** Whole numbers in a range, from a multiplicative hash of the name (Knuth, 6.4). */
function numbersOf(name: string): (from: number, to: number) => number {
  let state = [...name].reduce((sum, letter) => (Math.imul(sum, 31) + (letter.codePointAt(0) ?? 0)) >>> 0, 7);
  return (from, to) => {
    state = (Math.imul(state, 2_654_435_761) + 12_345) >>> 0;
    return from + (state % (to - from));
  };
}
