// What the spans constructed from the published source of their emitters have in common. The numbers are those of the
// captures: 1215 in (1024 of them cached) and 87 out (32 of them reasoning), or 1471 (1024 read, 256 written).

import type { Telling } from "../../../src/genai/call.ts";
import type { Attributes } from "../../support/spans.ts";

export const openai = { input: 1215, cache_read: 1024, output: 87, reasoning: 32 };
export const claude = { input: 1471, cache_read: 1024, cache_write: 256, output: 87 };
export const chat = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o" };
export const sums = { "gen_ai.usage.input_tokens": 1215, "gen_ai.usage.output_tokens": 87 };
export const rawClaude = {
  "gen_ai.usage.input_tokens": 191,
  "gen_ai.usage.output_tokens": 87,
  "gen_ai.usage.cache_read.input_tokens": 1024,
  "gen_ai.usage.cache_creation.input_tokens": 256,
};
// Numbers of which arithmetic proves nothing: more input than cache.
export const vagueClaude = { ...rawClaude, "gen_ai.usage.input_tokens": 2000 };

export interface Case {
  readonly emitter: string;
  readonly scope?: string;
  readonly attributes: Attributes;
  readonly says: Partial<Telling> | undefined;
}
