// A request with some of its items alone: one walk over its bytes, which copies stretches that stay together as one.
import type { Encoded } from "../core/batch.ts";
import { Reader, wireLength } from "../wire/reader.ts";
import { putVarint, varintLength } from "../wire/writer.ts";
import { type Way, ways } from "./way.ts";

/**
 * The request with those of its items that are to be kept, by position. Resources and scopes without one go.
 * Throws `Malformed` on bytes that are no request.
 */
export function keepItems(
  { signal, bytes }: Pick<Encoded, "signal" | "bytes">,
  isKept: (at: number) => boolean,
): Uint8Array {
  return new Keeper(bytes, isKept).keep(ways[signal]);
}

class Keeper {
  readonly #reader: Reader;
  readonly #isKept: (at: number) => boolean;
  /** What is kept is never longer: tags and lengths are written as short as they can be. */
  readonly #out: Uint8Array;
  #to = 0;
  /** A stretch that is kept and not copied yet. */
  #runFrom = 0;
  #runTo = 0;
  /** Position of the next item. */
  #next = 0;

  constructor(bytes: Uint8Array, isKept: (at: number) => boolean) {
    this.#reader = new Reader(bytes);
    this.#isKept = isKept;
    this.#out = new Uint8Array(bytes.length);
  }

  keep(way: Way): Uint8Array {
    this.#walk(way, 0);
    this.#flush();
    return this.#out.slice(0, this.#to);
  }

  /** Copies what is kept of the message up to `reader.end`. Whether an item was. */
  #walk(way: Way, level: number): boolean {
    const reader = this.#reader;
    const numbers = way[level]!;
    const isLast = level + 1 === way.length;
    let hasItem = false;
    while (reader.position < reader.end) {
      const from = reader.position;
      const tag = reader.tag();
      const isOnWay = numbers.includes(tag >>> 3) && (tag & 7) === wireLength;
      if (isOnWay && !isLast) {
        if (this.#enter(tag, way, level + 1)) hasItem = true;
        continue;
      }
      reader.skip(tag);
      if (isOnWay && !this.#isKept(this.#next++)) continue;
      if (isOnWay) hasItem = true;
      this.#copy(from, reader.position);
    }
    return hasItem;
  }

  /** A message on the way: with its tag and new length, or not at all. */
  #enter(tag: number, way: Way, level: number): boolean {
    this.#flush();
    const reader = this.#reader;
    const outer = reader.end;
    reader.end = reader.contentEnd();
    const start = this.#to;
    const width = varintLength(reader.end - reader.position);
    const contentAt = putVarint(this.#out, start, tag) + width;
    this.#to = contentAt;
    const hasItem = this.#walk(way, level);
    this.#flush();
    reader.end = outer;
    if (hasItem) this.#close(contentAt, width);
    else this.#to = start;
    return hasItem;
  }

  /** Fills in the length of a message whose content starts at `contentAt`, behind room of `width` bytes for it. */
  #close(contentAt: number, width: number): void {
    const length = this.#to - contentAt;
    const widthNow = varintLength(length);
    if (widthNow !== width) {
      this.#out.copyWithin(contentAt + widthNow - width, contentAt, this.#to);
      this.#to += widthNow - width;
    }
    putVarint(this.#out, contentAt - width, length);
  }

  #copy(from: number, to: number): void {
    if (from !== this.#runTo) {
      this.#flush();
      this.#runFrom = from;
    }
    this.#runTo = to;
  }

  #flush(): void {
    if (this.#runFrom < this.#runTo) {
      this.#out.set(this.#reader.bytes.subarray(this.#runFrom, this.#runTo), this.#to);
      this.#to += this.#runTo - this.#runFrom;
    }
    this.#runFrom = this.#runTo;
  }
}
