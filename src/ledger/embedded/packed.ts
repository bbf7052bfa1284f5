// Millions of small records under 64-bit ids, in buckets of a kilobyte or two: an entry costs little more than its bytes. Linear hashing (Litwin, 1980) adds buckets one at a time as the set grows, so that neither a quiet tenant
// nor a busy hour needs a guess: to find a record is one `get`, to add one is one `get` and one `put`.
import type { Writing } from "../../core/storage.ts";
import type { RecordTable, RecordVisit } from "./record-table.ts";

/** Where the records of one set stand, and what they look like. A record starts with its id, big-endian. */
export interface PackedSet {
  /** Ends in a separator. */
  readonly prefix: string;
  /** 0: every record says it for itself, in 32 bits behind its id. */
  readonly recordBytes: number;
  /** How many share a bucket, about. Copying a bucket is what an insert costs. */
  readonly bucketRecords: number;
}

/** The packed sets that one transaction uses. `close` writes what they know of themselves. */
export class PackedSets {
  readonly #writing: Writing;
  readonly #sizes = new Map<string, Size>();

  constructor(writing: Writing) {
    this.#writing = writing;
  }

  /** The first record with this id. */
  find(set: PackedSet, id: bigint): Uint8Array | undefined {
    const bucket = this.#bucket(set, id);
    if (bucket === undefined) return undefined;
    const at = positionOf(bucket, set, 0);
    return at < 0 ? undefined : bucket.subarray(at, at + lengthAt(bucket, set, at));
  }

  /** Every record with this id. */
  findAll(set: PackedSet, id: bigint): Uint8Array[] {
    const found: Uint8Array[] = [];
    const bucket = this.#bucket(set, id);
    if (bucket === undefined) return found;
    for (let at = positionOf(bucket, set, 0); 0 <= at; at = positionOf(bucket, set, at)) {
      const end = at + lengthAt(bucket, set, at);
      found.push(bucket.subarray(at, end));
      at = end;
    }
    return found;
  }

  /** Adds a record beside others with its id. */
  add(set: PackedSet, id: bigint, record: Uint8Array): void {
    const size = this.#sizeOf(set);
    const key = set.prefix + bucketOf(id, size.buckets);
    const bucket = this.#writing.get(key) ?? nothing;
    this.#writing.put(key, spliced(bucket, bucket.length, bucket.length, record));
    size.records += 1;
    size.changed = true;
    if (size.buckets * set.bucketRecords < size.records) this.#split(set, size);
  }

  /** Puts a record in the place of the first one with its id, or adds it. */
  put(set: PackedSet, id: bigint, record: Uint8Array): void {
    const bucket = this.#bucket(set, id);
    const at = bucket === undefined ? -1 : positionOf(bucket, set, 0);
    if (bucket === undefined || at < 0) this.add(set, id, record);
    else this.#change(set, id, spliced(bucket, at, at + lengthAt(bucket, set, at), record));
  }

  /** Removes the first record with this id, if there is one. */
  remove(set: PackedSet, id: bigint): void {
    const bucket = this.#bucket(set, id);
    const at = bucket === undefined ? -1 : positionOf(bucket, set, 0);
    if (bucket === undefined || at < 0) return;
    const size = this.#sizeOf(set);
    size.records -= 1;
    size.changed = true;
    this.#change(set, id, spliced(bucket, at, at + lengthAt(bucket, set, at), nothing));
  }

  /** Adds all records of a table at once: every bucket is written once. */
  addAll(set: PackedSet, table: RecordTable): void {
    const size = this.#sizeOf(set);
    const before = size.buckets;
    size.records += table.records;
    size.buckets = Math.max(before, Math.ceil(size.records / set.bucketRecords));
    size.changed = true;
    const kept = before === size.buckets ? 0 : before;
    const moving: Uint8Array[] = [];
    for (let bucket = 0; bucket < kept; bucket++) moving.push(this.#writing.get(set.prefix + bucket) ?? nothing);
    // First how long every bucket becomes, then what is in it: no record is handled as a value of its own.
    const lengths = new Uint32Array(size.buckets);
    const each = (visit: RecordVisit) => {
      for (const bytes of moving) for (let at = 0; at < bytes.length; ) at += visitAt(bytes, at, set, visit);
      table.each(visit);
    };
    each((bytes, begin, length) => {
      const bucket = bucketOfLow(lowOf(bytes, begin), size.buckets);
      lengths[bucket] = (lengths[bucket] ?? 0) + length;
    });
    const buckets = Array.from(lengths, (length, bucket) => {
      if (length === 0) return undefined;
      const there = 0 < kept ? nothing : (this.#writing.get(set.prefix + bucket) ?? nothing);
      lengths[bucket] = there.length;
      return spliced(there, there.length, there.length, new Uint8Array(length));
    });
    each((bytes, begin, length) => {
      const bucket = bucketOfLow(lowOf(bytes, begin), size.buckets);
      const at = lengths[bucket] ?? 0;
      buckets[bucket]?.set(bytes.subarray(begin, begin + length), at);
      lengths[bucket] = at + length;
    });
    for (const [bucket, bytes] of buckets.entries()) {
      if (bytes !== undefined) this.#writing.put(set.prefix + bucket, bytes);
      else if (bucket < kept) this.#writing.remove(set.prefix + bucket);
    }
  }

  /** Where the size of a set stands, if there is one. */
  static sizeKey({ prefix }: PackedSet): string {
    return prefix + sizeName;
  }

  close(): void {
    for (const [prefix, { records, buckets, changed }] of this.#sizes) {
      if (!changed) continue;
      const view = new DataView(new ArrayBuffer(8));
      view.setUint32(0, records);
      view.setUint32(4, buckets);
      this.#writing.put(prefix + sizeName, new Uint8Array(view.buffer));
    }
  }

  #change(set: PackedSet, id: bigint, bucket: Uint8Array): void {
    const key = set.prefix + bucketOf(id, this.#sizeOf(set).buckets);
    if (bucket.length === 0) this.#writing.remove(key);
    else this.#writing.put(key, bucket);
  }

  /** The bucket of an id; the id's words are then in `wanted`. */
  #bucket(set: PackedSet, id: bigint): Uint8Array | undefined {
    const { records, buckets } = this.#sizeOf(set);
    const bucket = bucketOf(id, buckets);
    return records === 0 ? undefined : this.#writing.get(set.prefix + bucket);
  }

  #sizeOf({ prefix }: PackedSet): Size {
    const known = this.#sizes.get(prefix);
    if (known !== undefined) return known;
    const bytes = this.#writing.get(prefix + sizeName);
    const view = bytes === undefined ? undefined : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const size = { records: view?.getUint32(0) ?? 0, buckets: view?.getUint32(4) ?? 1, changed: false };
    this.#sizes.set(prefix, size);
    return size;
  }

  /** Adds one bucket, and moves to it what now belongs there: all of that stands in one older bucket. */
  #split(set: PackedSet, size: Size): void {
    const added = size.buckets;
    const from = added - lowerPower(added);
    size.buckets += 1;
    const bucket = this.#writing.get(set.prefix + from);
    if (bucket === undefined) return;
    const stays = new Uint8Array(bucket.length);
    const moves = new Uint8Array(bucket.length);
    let [stayed, moved] = [0, 0];
    for (let at = 0; at < bucket.length; ) {
      const record = bucket.subarray(at, at + lengthAt(bucket, set, at));
      if (bucketOfLow(lowOf(bucket, at), size.buckets) === added) {
        moves.set(record, moved);
        moved += record.length;
      } else {
        stays.set(record, stayed);
        stayed += record.length;
      }
      at += record.length;
    }
    if (moved === 0) return;
    this.#writing.put(set.prefix + added, moves.slice(0, moved));
    if (stayed === 0) this.#writing.remove(set.prefix + from);
    else this.#writing.put(set.prefix + from, stays.slice(0, stayed));
  }
}

/** Beside buckets, which have numbers. */
const sizeName = "size";
const nothing = new Uint8Array(0);

interface Size {
  records: number;
  buckets: number;
  changed: boolean;
}

/** The id that is looked for, in bytes: read as words it is compared without making values. */
const wanted = new DataView(new ArrayBuffer(8));

function bucketOf(id: bigint, buckets: number): number {
  wanted.setBigUint64(0, id);
  return bucketOfLow(wanted.getUint32(4), buckets);
}

/** Linear hashing: ids whose bucket of the larger power of two is not there yet stand in that of the smaller one. */
function bucketOfLow(low: number, buckets: number): number {
  const power = lowerPower(buckets);
  const larger = low & (2 * power - 1);
  return larger < buckets ? larger : low & (power - 1);
}

/** The largest power of two that is not above `count`. */
function lowerPower(count: number): number {
  return 1 << (31 - Math.clz32(count));
}

function lowOf(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at + 4] ?? 0) << 24) | ((bytes[at + 5] ?? 0) << 16) | ((bytes[at + 6] ?? 0) << 8) | (bytes[at + 7] ?? 0)
  );
}

/** How long the record is that `bytes` begin with. Throws when that cannot be. */
export function lengthOfRecord(bytes: Uint8Array, set: PackedSet): number {
  return lengthAt(bytes, set, 0);
}

/** Answers how long the record is. */
function visitAt(bytes: Uint8Array, at: number, set: PackedSet, visit: RecordVisit): number {
  const length = lengthAt(bytes, set, at);
  visit(bytes, at, length);
  return length;
}

function lengthAt(bucket: Uint8Array, { recordBytes }: PackedSet, at: number): number {
  if (recordBytes !== 0) return recordBytes;
  const length =
    ((bucket[at + 8] ?? 0) << 24) |
    ((bucket[at + 9] ?? 0) << 16) |
    ((bucket[at + 10] ?? 0) << 8) |
    (bucket[at + 11] ?? 0);
  if (length < 12) throw new RangeError("packed set: a record has no length; the store is damaged");
  return length;
}

/** Offset of the first record from `at` on whose id is the wanted one; -1 when there is none. */
function positionOf(bucket: Uint8Array, set: PackedSet, from: number): number {
  const last = wanted.getUint8(7);
  for (let at = from; at < bucket.length; at += lengthAt(bucket, set, at))
    if (bucket[at + 7] === last && isWanted(bucket, at)) return at;
  return -1;
}

function isWanted(bucket: Uint8Array, at: number): boolean {
  for (let index = 0; index < 7; index++) if (bucket[at + index] !== wanted.getUint8(index)) return false;
  return true;
}

/**
 * The bucket with `record` in the place of what stands from `at` to `end`. Never from Node's pool: a small part of a
 * pool that is kept keeps all of it.
 */
function spliced(bucket: Uint8Array, at: number, end: number, record: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(bucket.length - (end - at) + record.length);
  bytes.set(at === bucket.length ? bucket : bucket.subarray(0, at), 0);
  bytes.set(record, at);
  if (end < bucket.length) bytes.set(bucket.subarray(end), at + record.length);
  return bytes;
}
