// Millions of small records of one size, sorted, packed into blocks: the key of a block is its prefix and its first
// record, so that an entry costs little more than its bytes (11 for one of 8, as blocks are two thirds full).
import type { Writing } from "../../core/storage.ts";

/** Where the records of one set stand, and what they look like. */
export interface PackedSet {
  /** Ends in a separator. */
  readonly prefix: string;
  readonly recordBytes: number;
  /** How many leading bytes tell records apart. */
  readonly identityBytes: number;
}

/** Puts a record where its identity belongs, over the one that has it. */
export function putPacked(writing: Writing, set: PackedSet, record: Uint8Array): void {
  const identity = record.subarray(0, set.identityBytes);
  const block = blockFor(writing, set, identity);
  if (block === undefined) {
    writing.put(blockKey(set, record), record);
    return;
  }
  const at = firstAtLeast(block.value, set.recordBytes, identity);
  const found = startsWith(block.value, at, identity);
  const tail = found ? at + set.recordBytes : at;
  const grown = new Uint8Array(block.value.length + (found ? 0 : set.recordBytes));
  grown.set(block.value.subarray(0, at));
  grown.set(record, at);
  grown.set(block.value.subarray(tail), at + set.recordBytes);
  writeBlock(writing, set, block, grown);
}

/** Every record that starts with `start`, in order; at most `limit`. */
export function findPacked(writing: Writing, set: PackedSet, start: Uint8Array, limit: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  let block = blockFor(writing, set, start);
  while (block !== undefined) {
    let at = firstAtLeast(block.value, set.recordBytes, start);
    for (; at < block.value.length; at += set.recordBytes) {
      if (!startsWith(block.value, at, start) || limit <= found.length) return found;
      found.push(block.value.subarray(at, at + set.recordBytes));
    }
    block = writing.range({ from: block.key + justBehind, to: set.prefix + behindHex, limit: 1 })[0];
  }
  return found;
}

/** Copying a block is what an insert costs: a kilobyte or two. */
const blockRecordsMax = 128;

interface Block {
  readonly key: string;
  readonly value: Uint8Array;
}

/** The block in which the first record with `start` is, or would be; undefined when the set is empty. */
function blockFor(writing: Writing, set: PackedSet, start: Uint8Array): Block | undefined {
  // With a whole identity the block may start with it; with less, its first record may end the block before.
  const whole = start.length < set.identityBytes ? "" : justBehind;
  const to = set.prefix + hexOf(start.subarray(0, set.identityBytes)) + whole;
  const before = writing.range({ from: set.prefix, to, limit: 1, reverse: true })[0];
  return before ?? writing.range({ from: set.prefix, to: set.prefix + behindHex, limit: 1 })[0];
}

/** Keeps the key of the block true to its first record, and the block small. */
function writeBlock(writing: Writing, set: PackedSet, before: Block, value: Uint8Array): void {
  const key = blockKey(set, value);
  if (key !== before.key) writing.remove(before.key);
  const records = value.length / set.recordBytes;
  if (records <= blockRecordsMax) {
    writing.put(key, value);
    return;
  }
  const half = (records >> 1) * set.recordBytes;
  const upper = value.slice(half);
  writing.put(key, value.slice(0, half));
  writing.put(blockKey(set, upper), upper);
}

/** Sorts behind a key and before every longer one. */
const justBehind = "!";
/** Sorts behind every hexadecimal digit. */
const behindHex = "~";

function blockKey(set: PackedSet, records: Uint8Array): string {
  return set.prefix + hexOf(records.subarray(0, set.identityBytes));
}

const hexDigits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function hexOf(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += hexDigits[byte];
  return text;
}

/** Offset of the first record that is not below `start`. */
function firstAtLeast(block: Uint8Array, recordBytes: number, start: Uint8Array): number {
  let low = 0;
  let high = block.length / recordBytes;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(block, middle * recordBytes, start) < 0) low = middle + 1;
    else high = middle;
  }
  return low * recordBytes;
}

function startsWith(block: Uint8Array, at: number, start: Uint8Array): boolean {
  return at < block.length && compare(block, at, start) === 0;
}

function compare(block: Uint8Array, at: number, start: Uint8Array): number {
  for (let index = 0; index < start.length; index++) {
    const difference = (block[at + index] ?? 0) - (start[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
