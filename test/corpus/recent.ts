// Captures are old, and what ended long ago is not charged. Their times are moved to the last hours, in the bytes as they
// came, so that nothing else about them changes.
import { readFileSync } from "node:fs";
import { spansOf } from "../support/spans.ts";
import type { Capture } from "./captures.ts";

export interface Sendable {
  readonly capture: Capture;
  /** The body as it was captured, but for its times. */
  readonly body: Uint8Array;
  readonly isJson: boolean;
}

const hourMs = 3_600_000;

/** Every capture as it would have been sent just now; distances in time stay as they are. */
export function sentNow(captures: readonly Capture[], nowMs: number): readonly Sendable[] {
  const newestMs = Math.max(...captures.flatMap(({ bytes }) => spansOf(bytes).map(({ startMs }) => startMs)));
  const shiftNs = BigInt(Math.floor(nowMs - hourMs - newestMs)) * 1_000_000n;
  return captures.map((capture) => {
    const isJson = capture.name.endsWith(".json");
    return { capture, isJson, body: isJson ? movedText(textOf(capture), shiftNs) : movedBytes(capture.bytes, shiftNs) };
  });
}

function textOf({ name }: Capture): string {
  return readFileSync(`test/corpora/${name}`, "utf8");
}

function movedText(text: string, shiftNs: bigint): Uint8Array {
  return Buffer.from(
    text.replace(/("\w*[tT]imeUnixNano":\s*"?)(\d+)/g, (_all, key, at) => key + String(BigInt(at) + shiftNs)),
  );
}

/** Times are fixed64 behind their tag: field 7 or 8 of a span, field 1 of an event. What lies in another year is no time. */
function movedBytes(body: Uint8Array, shiftNs: bigint): Uint8Array {
  const moved = Buffer.from(body);
  const firstNs = BigInt(Math.min(...spansOf(body).map(({ startMs }) => startMs)) - hourMs) * 1_000_000n;
  const lastNs = firstNs + BigInt(48 * hourMs) * 1_000_000n;
  for (let at = 1; at + 8 <= moved.length; at++) {
    const tag = moved[at - 1];
    if (tag !== 0x39 && tag !== 0x41 && tag !== 0x09) continue;
    const value = moved.readBigUInt64LE(at);
    if (firstNs < value && value < lastNs) moved.writeBigUInt64LE(value + shiftNs, at);
  }
  return moved;
}
