// Fields of a span that have a fixed number of bytes: ids and times.
import { hex } from "../wire/utf8.ts";

/** An id of `length` bytes in lower-case hex; empty where it is absent (`start` is -1) or zeros alone, which OTLP calls invalid. */
export function idText(bytes: Uint8Array, start: number, length: number): string {
  if (start < 0) return "";
  for (let at = start; at < start + length; at++) if (bytes[at] !== 0) return hex(bytes, start, start + length);
  return "";
}

/** A fixed64 of nanoseconds in milliseconds, 0 where it is absent. A double keeps a quarter of a microsecond for two centuries. */
export function timeMs(bytes: Uint8Array, at: number): number {
  if (at < 0) return 0;
  const low = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  const high = (bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24)) >>> 0;
  return high * 4294.967296 + low / 1e6;
}
