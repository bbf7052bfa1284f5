// Splitting a request into requests that each keep their resources and scopes. Everything that is not on the way down to
// a span, log record or data point (schema URLs, unknown fields) is repeated in every part that needs it.
import type { Encoded } from "../core/batch.ts";
import { Reader, wireLength } from "../wire/reader.ts";
import { putVarint, varintLength } from "../wire/writer.ts";
import { type Way, ways } from "./way.ts";

export interface SplitLimit {
  readonly by: "items" | "bytes";
  readonly max: number;
}

/**
 * Parts of at most `limit.max` items or bytes, in order; the whole when it is small enough.
 * A single item that is larger than `limit.max` bytes is a part of its own. Throws `Malformed` on bytes that are no request.
 */
export function split(whole: Encoded, limit: SplitLimit): Encoded[] {
  const size = limit.by === "items" ? whole.items : whole.bytes.length;
  if (size <= limit.max) return [whole];
  const root = readBranch(new Reader(whole.bytes), 0, ways[whole.signal]);
  const { signal, context } = whole;
  return new Packer(limit)
    .pack(root)
    .map((part) => ({ signal, context, notes: {}, items: part.items, bytes: part.bytes }));
}

/** A message on the way: what is to be repeated, and what is to be shared out. */
interface Branch {
  readonly tag: number;
  readonly shell: Uint8Array[];
  shellBytes: number;
  /** Branches, or items with their tag and length. */
  readonly children: (Branch | Uint8Array)[];
}

/** Reads to `reader.end`. Depth is that of the way, five at most. */
function readBranch(reader: Reader, tag: number, way: Way): Branch {
  const branch: Branch = { tag, shell: [], shellBytes: 0, children: [] };
  const [numbers = [], ...deeper] = way;
  while (reader.position < reader.end) {
    const from = reader.position;
    const fieldTag = reader.tag();
    if (!numbers.includes(fieldTag >>> 3) || (fieldTag & 7) !== wireLength) {
      reader.skip(fieldTag);
      branch.shell.push(reader.bytes.subarray(from, reader.position));
      branch.shellBytes += reader.position - from;
    } else if (deeper.length === 0) {
      reader.skip(fieldTag);
      branch.children.push(reader.bytes.subarray(from, reader.position));
    } else {
      const outer = reader.end;
      reader.end = reader.contentEnd();
      branch.children.push(readBranch(reader, fieldTag, deeper));
      reader.end = outer;
    }
  }
  return branch;
}

interface Part {
  readonly items: number;
  readonly bytes: Uint8Array;
}

/** Tag and length of a branch take at most this: field numbers are below 16, lengths below 2^32. */
const headerBytesMax = 6;

/** Fills one part after the other, opening in each the branches that its items stand in. */
class Packer {
  readonly #limit: SplitLimit;
  readonly #parts: Part[] = [];
  /** The branches that are open in the part being filled, beside those that they stand for. */
  #open: { readonly source: Branch; readonly copy: Branch }[] = [];
  #items = 0;
  #bytes = 0;

  constructor(limit: SplitLimit) {
    this.#limit = limit;
  }

  pack(root: Branch): Part[] {
    this.#visit(root, [root]);
    this.#close();
    return this.#parts;
  }

  #visit(branch: Branch, path: readonly Branch[]): void {
    for (const child of branch.children) {
      if (child instanceof Uint8Array) this.#add(child, path);
      else this.#visit(child, [...path, child]);
    }
  }

  #add(item: Uint8Array, path: readonly Branch[]): void {
    if (this.#items > 0 && this.#isFull(item, path)) this.#close();
    const leaf = this.#enter(path);
    leaf.children.push(item);
    this.#items++;
    this.#bytes += item.length;
  }

  #isFull(item: Uint8Array, path: readonly Branch[]): boolean {
    if (this.#limit.by === "items") return this.#limit.max <= this.#items;
    let bytes = this.#bytes + item.length;
    for (let level = this.#shared(path); level < path.length; level++) bytes += costOf(path[level]!);
    return this.#limit.max < bytes;
  }

  /** How many levels of `path` are open. */
  #shared(path: readonly Branch[]): number {
    let level = 0;
    while (level < path.length && this.#open[level]?.source === path[level]) level++;
    return level;
  }

  /** Opens what is not open yet; returns the innermost. */
  #enter(path: readonly Branch[]): Branch {
    this.#open.length = this.#shared(path);
    while (this.#open.length < path.length) {
      const source = path[this.#open.length]!;
      const copy: Branch = { ...source, children: [] };
      this.#open.at(-1)?.copy.children.push(copy);
      this.#open.push({ source, copy });
      this.#bytes += costOf(source);
    }
    return this.#open.at(-1)!.copy;
  }

  #close(): void {
    const root = this.#open[0]?.copy;
    if (root === undefined) return;
    const bytes = new Uint8Array(lengthOf(root));
    write(root, bytes, 0);
    this.#parts.push({ items: this.#items, bytes });
    this.#open = [];
    this.#items = 0;
    this.#bytes = 0;
  }
}

function costOf(branch: Branch): number {
  return branch.shellBytes + headerBytesMax;
}

/** Length of the content of a branch, without its own tag and length. */
function lengthOf(branch: Branch): number {
  let length = branch.shellBytes;
  for (const child of branch.children) {
    if (child instanceof Uint8Array) length += child.length;
    else {
      const inner = lengthOf(child);
      length += varintLength(child.tag) + varintLength(inner) + inner;
    }
  }
  return length;
}

function write(branch: Branch, bytes: Uint8Array, start: number): number {
  let at = start;
  for (const piece of branch.shell) {
    bytes.set(piece, at);
    at += piece.length;
  }
  for (const child of branch.children) {
    if (child instanceof Uint8Array) {
      bytes.set(child, at);
      at += child.length;
    } else {
      at = putVarint(bytes, at, child.tag);
      at = putVarint(bytes, at, lengthOf(child));
      at = write(child, bytes, at);
    }
  }
  return at;
}
