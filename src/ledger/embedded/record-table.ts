// Small records under 64-bit ids in memory: an open-addressed table of ids, and their bytes one behind the other. An entry
// costs its bytes and about 20 more; to find or add one makes no values.

/** Of a record: what it stands in, from where on, and how long it is. */
export type RecordVisit = (bytes: Uint8Array, begin: number, length: number) => void;

/** A multimap: several records may have one id. */
export class RecordTable {
  readonly #recordBytes: number;
  /** By slot: low and high word of the id, and where the record begins, plus one; 0 is free. */
  #slots = new Uint32Array(firstCapacity * slotWords);
  #mask = firstCapacity - 1;
  #used = 0;
  /** Records do not cross from one chunk to the next; all but the last are as large as a chunk becomes. */
  readonly #chunks = [new Uint8Array(firstCapacity * 16)];
  #end = 0;
  #records = 0;

  /** `recordBytes` as in `PackedSet`: 0 where every record says it for itself, in 32 bits behind its id. */
  constructor(recordBytes: number) {
    this.#recordBytes = recordBytes;
  }

  get records(): number {
    return this.#records;
  }

  /** What it takes in memory. */
  get size(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, this.#slots.byteLength);
  }

  /** The slot of the first record with an id; -1 where there is none. */
  first(id: bigint): number {
    wide[0] = id;
    const low = words[0] ?? 0;
    return this.#seek(this.#placeOf(low), low, words[1] ?? 0);
  }

  /** The slot of the next record with the id of a slot. */
  next(slot: number): number {
    const at = slot * slotWords;
    return this.#seek((slot + 1) & this.#mask, this.#slots[at] ?? 0, this.#slots[at + 1] ?? 0);
  }

  /** Valid until the next record is added. */
  at(slot: number): Uint8Array {
    const place = (this.#slots[slot * slotWords + 2] ?? 0) - 1;
    const chunk = this.#chunkOf(place);
    const begin = place & chunkMask;
    return chunk.subarray(begin, begin + this.#lengthAt(chunk, begin));
  }

  /** Copies a record. */
  add(id: bigint, record: Uint8Array): void {
    if (this.#mask * loadMax <= this.#used) this.#rehash();
    wide[0] = id;
    const low = words[0] ?? 0;
    let slot = this.#placeOf(low);
    while (this.#slots[slot * slotWords + 2] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot * slotWords] = low;
    this.#slots[slot * slotWords + 1] = words[1] ?? 0;
    this.#slots[slot * slotWords + 2] = this.#append(record) + 1;
    this.#used += 1;
    this.#records += 1;
  }

  replace(slot: number, record: Uint8Array): void {
    const place = (this.#slots[slot * slotWords + 2] ?? 0) - 1;
    const chunk = this.#chunkOf(place);
    if (this.#lengthAt(chunk, place & chunkMask) === record.length) chunk.set(record, place & chunkMask);
    else this.#slots[slot * slotWords + 2] = this.#append(record) + 1;
  }

  /** The slot stays in use, so that searches go past it. */
  remove(slot: number): void {
    this.#slots[slot * slotWords + 2] = removed;
    this.#records -= 1;
  }

  each(visit: RecordVisit): void {
    const slots = this.#slots;
    for (let at = 2; at < slots.length; at += slotWords) {
      const place = (slots[at] ?? 0) - 1;
      if (place < 0 || place === removed - 1) continue;
      const chunk = this.#chunkOf(place);
      visit(chunk, place & chunkMask, this.#lengthAt(chunk, place & chunkMask));
    }
  }

  #seek(from: number, low: number, high: number): number {
    const slots = this.#slots;
    for (let slot = from; ; slot = (slot + 1) & this.#mask) {
      const at = slot * slotWords;
      const begin = slots[at + 2];
      if (begin === 0) return -1;
      if (slots[at] === low && slots[at + 1] === high && begin !== removed) return slot;
    }
  }

  /** Fingerprints are even in all their bits; sets choose their buckets by the low ones. */
  #placeOf(low: number): number {
    return (Math.imul(low, spreader) >>> 7) & this.#mask;
  }

  #chunkOf(place: number): Uint8Array {
    return this.#chunks[place >>> chunkBits] ?? noBytes;
  }

  /** Answers the place: the number of the chunk, then where in it. */
  #append(record: Uint8Array): number {
    let at = this.#chunks.length - 1;
    let chunk = this.#chunks[at] ?? noBytes;
    if (chunk.length < this.#end + record.length) {
      if (chunk.length < chunkBytes && this.#end + record.length <= chunkBytes) {
        const grown = new Uint8Array(Math.min(chunkBytes, Math.max(chunk.length * 2, this.#end + record.length)));
        grown.set(chunk.subarray(0, this.#end));
        chunk = grown;
        this.#chunks[at] = grown;
      } else {
        // A record that is larger than a chunk has one for itself.
        chunk = new Uint8Array(Math.max(chunkBytes, record.length));
        at = this.#chunks.push(chunk) - 1;
        this.#end = 0;
      }
    }
    const place = at * chunkBytes + this.#end;
    chunk.set(record, this.#end);
    this.#end += record.length;
    return place;
  }

  #rehash(): void {
    const before = this.#slots;
    const capacity = this.#records * 2 < this.#mask ? this.#mask + 1 : 2 * (this.#mask + 1);
    this.#slots = new Uint32Array(capacity * slotWords);
    this.#mask = capacity - 1;
    this.#used = 0;
    for (let at = 0; at < before.length; at += slotWords) {
      const begin = before[at + 2] ?? 0;
      if (begin === 0 || begin === removed) continue;
      let slot = this.#placeOf(before[at] ?? 0);
      while (this.#slots[slot * slotWords + 2] !== 0) slot = (slot + 1) & this.#mask;
      // Word by word: a view of three would be a value for every record.
      this.#slots[slot * slotWords] = before[at] ?? 0;
      this.#slots[slot * slotWords + 1] = before[at + 1] ?? 0;
      this.#slots[slot * slotWords + 2] = begin;
      this.#used += 1;
    }
  }

  #lengthAt(bytes: Uint8Array, at: number): number {
    if (this.#recordBytes !== 0) return this.#recordBytes;
    return (
      (((bytes[at + 8] ?? 0) << 24) |
        ((bytes[at + 9] ?? 0) << 16) |
        ((bytes[at + 10] ?? 0) << 8) |
        (bytes[at + 11] ?? 0)) >>>
      0
    );
  }
}

/** Which ids may be in a set, in some 8 bytes each: who is not in here is not there. */
export class IdFilter {
  #slots = new Uint32Array(firstCapacity);
  #used = 0;

  get ids(): number {
    return this.#used;
  }

  has(id: bigint): boolean {
    wide[0] = id;
    return this.#slots[this.#place(this.#slots, words[0] || 1)] !== 0;
  }

  /** The id of a record, which begins with it. */
  addFrom(bytes: Uint8Array, begin: number): void {
    if (this.#slots.length * loadMax <= this.#used) this.#grow();
    const word = lowWordAt(bytes, begin) || 1;
    const place = this.#place(this.#slots, word);
    if (this.#slots[place] !== 0) return;
    this.#slots[place] = word;
    this.#used += 1;
  }

  /** Where a word is, or would be. */
  #place(slots: Uint32Array, word: number): number {
    const mask = slots.length - 1;
    let place = (Math.imul(word, spreader) >>> 7) & mask;
    while (slots[place] !== 0 && slots[place] !== word) place = (place + 1) & mask;
    return place;
  }

  #grow(): void {
    const grown = new Uint32Array(this.#slots.length * 2);
    for (const word of this.#slots) if (word !== 0) grown[this.#place(grown, word)] = word;
    this.#slots = grown;
  }
}

function lowWordAt(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at + 4] ?? 0) << 24) |
      ((bytes[at + 5] ?? 0) << 16) |
      ((bytes[at + 6] ?? 0) << 8) |
      (bytes[at + 7] ?? 0)) >>>
    0
  );
}

/** Words stand in the order of the machine. */
const wide = new BigUint64Array(1);
const words = new Uint32Array(wide.buffer);
/** Knuth's multiplier for hashing (The Art of Computer Programming, 6.4), of 32 bits. */
const spreader = 0x9e3779b1;
const slotWords = 3;
/** Few records are larger. */
const chunkBits = 20;
const chunkBytes = 2 ** chunkBits;
const chunkMask = chunkBytes - 1;
const noBytes = new Uint8Array(0);
const firstCapacity = 16;
const loadMax = 0.7;
const removed = 0xffffffff;
