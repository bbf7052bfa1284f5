// What was added to packed sets since the last checkpoint: in memory to be found, and in a log to be there after a
// restart. A batch costs one `put`, where the buckets of its records would cost one each. The checkpoint puts all of it
// into the packed sets at once, bucket by bucket, and ends the log, in one transaction.
//
// A record is either here or in a packed set. What is here stands in the log as it was done, so that doing it again in
// the same order gives the same.
import type { Storage, Writing } from "../../core/storage.ts";
import { RecordReader, RecordWriter } from "./bytes.ts";
import { hourIn, hourMs, hourOf } from "./keys.ts";
import { lengthOfRecord, type PackedSet, PackedSets } from "./packed.ts";
import { IdFilter, RecordTable } from "./record-table.ts";

/** Sets of records as one transaction sees them. */
export interface RecordSets {
  /** The first record with this id. */
  find(set: PackedSet, id: bigint): Uint8Array | undefined;
  /** Every record with this id. */
  findAll(set: PackedSet, id: bigint): readonly Uint8Array[];
  /** Adds a record beside others with its id. */
  add(set: PackedSet, id: bigint, record: Uint8Array): void;
  /** Puts a record in the place of the first one with its id, or adds it. */
  put(set: PackedSet, id: bigint, record: Uint8Array): void;
  /** Removes the first record with this id, if there is one. */
  remove(set: PackedSet, id: bigint): void;
}

export class Recent {
  readonly #storage: Storage;
  readonly #tables = new Map<string, Table>();
  #last: Table | undefined;
  #sequence = 0;
  #logBytes = 0;

  /** Reads the log. Throws when it is damaged. */
  constructor(storage: Storage) {
    this.#storage = storage;
    this.reload();
  }

  /** How much stands in the log. */
  get logBytes(): number {
    return this.#logBytes;
  }

  /** The earliest hour of a kind of sets; infinite where there is none. */
  oldestHour(kind: "c" | "o" | "d"): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const { set, records } of this.#tables.values())
      if (set.prefix.startsWith(kind) && 0 < records.records) oldest = Math.min(oldest, hourIn(set.prefix));
    return oldest;
  }

  /** Runs one transaction. What it does to sets is in the log when it is kept, and forgotten when it throws. */
  transaction<T>(work: (sets: RecordSets, writing: Writing) => T): T {
    const begun = this.#sequence;
    try {
      return this.#storage.transaction((writing) => {
        const view = new View(this, writing);
        const result = work(view, writing);
        view.close();
        const entry = view.log.entry();
        if (entry !== undefined) {
          writing.put(logKey(this.#sequence++), entry);
          this.#logBytes += entry.length;
        }
        return result;
      });
    } catch (error) {
      // Rare, and so done the simple way: memory is what the log says.
      if (begun !== this.#sequence || this.#isTouched) this.reload();
      throw error;
    } finally {
      this.#isTouched = false;
    }
  }

  /** Whether memory has something that the log may not have. */
  #isTouched = false;

  touch(): void {
    this.#isTouched = true;
  }

  /** What is here of a set. */
  tableOf(set: PackedSet): Table {
    // Records of one kind mostly follow each other.
    if (this.#last?.set.prefix === set.prefix) return this.#last;
    let table = this.#tables.get(set.prefix);
    if (table === undefined) {
      const isBelow = this.#storage.get(PackedSets.sizeKey(set)) !== undefined;
      table = { set, records: new RecordTable(set.recordBytes), isBelow, filter: undefined };
      this.#tables.set(set.prefix, table);
    }
    this.#last = table;
    return table;
  }

  /** Forgets sets of hours before `hour`. They may come back with the log, and are forgotten once more. */
  forget(kinds: readonly string[], hour: number): number {
    let forgotten = 0;
    for (const [prefix, { set, records }] of this.#tables) {
      if (!kinds.includes(prefix.charAt(0)) || hour <= hourIn(set.prefix)) continue;
      this.#tables.delete(prefix);
      forgotten += records.records;
    }
    this.#last = undefined;
    return forgotten;
  }

  /** Moves all of it into packed sets. Throws `StorageFull`, and has then changed nothing. */
  checkpoint(nowMs: number): void {
    this.#storage.transaction((writing) => {
      for (let from = logStart; ; ) {
        const entries = this.#storage.range({ from, to: logEnd, limit: entriesAtOnce });
        for (const { key } of entries) writing.remove(key);
        if (entries.length < entriesAtOnce) break;
        from = `${entries.at(-1)?.key}!`;
      }
      const sets = new PackedSets(writing);
      for (const { set, records } of this.#tables.values()) if (0 < records.records) sets.addAll(set, records);
      sets.close();
    });
    this.#last = undefined;
    this.#logBytes = 0;
    for (const [prefix, table] of this.#tables) {
      if (this.#isUsedAfter(table, nowMs)) this.#tables.set(prefix, emptied(table));
      else this.#tables.delete(prefix);
    }
    let ids = 0;
    for (const { filter } of this.#tables.values()) ids += filter?.ids ?? 0;
    if (filteredIdsMax < ids) this.#tables.clear();
  }

  /** Whether spans of now look into a set: of other sets nothing is kept in memory. */
  #isUsedAfter({ set }: Table, nowMs: number): boolean {
    const earliest = set.prefix.startsWith("c") ? nowMs : nowMs - hourMs;
    return hourOf(earliest) <= hourIn(set.prefix);
  }

  /** Makes memory what the log says. */
  reload(): void {
    this.#tables.clear();
    this.#last = undefined;
    this.#logBytes = 0;
    for (let from = logStart; ; ) {
      const entries = this.#storage.range({ from, to: logEnd, limit: entriesAtOnce });
      for (const { key, value } of entries) {
        this.#redo(value);
        this.#sequence = Math.max(this.#sequence, Number.parseInt(key.slice(logStart.length), 16) + 1);
        this.#logBytes += value.length;
      }
      if (entries.length < entriesAtOnce) return;
      from = `${entries.at(-1)?.key}!`;
    }
  }

  #redo(entry: Uint8Array): void {
    const record = new RecordReader(entry, 0);
    const found = record.integer();
    if (found !== layout) throw new Error(`ledger log: has layout ${found}, not ${layout}; a newer version wrote it`);
    const tables: Table[] = [];
    for (;;) {
      const word = record.integer();
      if (word === ended) return;
      if (word === named) {
        const prefix = record.text();
        const recordBytes = record.integer();
        tables.push(this.tableOf({ prefix, recordBytes, bucketRecords: record.integer() }));
        continue;
      }
      const table = tables[Math.floor(word / operations) - 1];
      if (table === undefined)
        throw new RangeError("ledger log: names a set that it does not have; the store is damaged");
      const id = record.uint64();
      const operation = word % operations;
      const slot = operation === adding ? -1 : table.records.first(id);
      if (operation === removing) {
        if (0 <= slot) table.records.remove(slot);
        continue;
      }
      record.skip(-8);
      const bytes = record.rest();
      const length = lengthOfRecord(bytes, table.set);
      if (bytes.length < length) throw new RangeError("ledger log: ends within a record; the store is damaged");
      record.skip(length);
      if (slot < 0) table.records.add(id, bytes.subarray(0, length));
      else table.records.replace(slot, bytes.subarray(0, length));
    }
  }
}

interface Table {
  readonly set: PackedSet;
  readonly records: RecordTable;
  /** Whether there is a packed set below, with more of its records. */
  readonly isBelow: boolean;
  /** Which ids it may have; undefined where that is not known. */
  readonly filter: IdFilter | undefined;
}

/** What is left of a table whose records are in the packed set: which they were. */
function emptied({ set, records, isBelow, filter: before }: Table): Table {
  const filter = isBelow && before === undefined ? undefined : (before ?? new IdFilter());
  if (filter !== undefined) records.each((bytes, begin) => filter.addFrom(bytes, begin));
  const hasAny = isBelow || 0 < records.records;
  return { set, records: new RecordTable(set.recordBytes), isBelow: hasAny, filter };
}

/** About 32 MB. Beyond it the packed sets themselves are asked. */
const filteredIdsMax = 4_000_000;
const layout = 1;
const logStart = "l/";
const logEnd = "l0";
const entriesAtOnce = 1024;
/** Words of the log: the end, a name follows, or the number of a name and what is done. */
const ended = 0;
const named = 1;
const operations = 4;
const adding = 1;
const putting = 2;
const removing = 3;

function logKey(sequence: number): string {
  return logStart + sequence.toString(16).padStart(12, "0");
}

class View implements RecordSets {
  readonly #recent: Recent;
  readonly #below: PackedSets;
  readonly log = new Log();

  constructor(recent: Recent, writing: Writing) {
    this.#recent = recent;
    this.#below = new PackedSets(writing);
  }

  find(set: PackedSet, id: bigint): Uint8Array | undefined {
    const table = this.#recent.tableOf(set);
    const slot = table.records.first(id);
    if (0 <= slot) return table.records.at(slot);
    return mayBeBelow(table, id) ? this.#below.find(set, id) : undefined;
  }

  findAll(set: PackedSet, id: bigint): readonly Uint8Array[] {
    const table = this.#recent.tableOf(set);
    const { records } = table;
    let slot = records.first(id);
    const isBelow = mayBeBelow(table, id);
    if (slot < 0 && !isBelow) return none;
    const found = isBelow ? [...this.#below.findAll(set, id)] : [];
    for (; 0 <= slot; slot = records.next(slot)) found.push(records.at(slot));
    return found;
  }

  add(set: PackedSet, id: bigint, record: Uint8Array): void {
    this.#recent.touch();
    this.#recent.tableOf(set).records.add(id, record);
    this.log.record(set, adding, record);
  }

  put(set: PackedSet, id: bigint, record: Uint8Array): void {
    const table = this.#recent.tableOf(set);
    const { records } = table;
    const slot = records.first(id);
    if (slot < 0 && mayBeBelow(table, id) && this.#below.find(set, id) !== undefined) {
      this.#below.put(set, id, record);
      return;
    }
    this.#recent.touch();
    if (slot < 0) records.add(id, record);
    else records.replace(slot, record);
    this.log.record(set, slot < 0 ? adding : putting, record);
  }

  remove(set: PackedSet, id: bigint): void {
    const table = this.#recent.tableOf(set);
    const { records } = table;
    const slot = records.first(id);
    if (slot < 0) {
      if (mayBeBelow(table, id)) this.#below.remove(set, id);
      return;
    }
    this.#recent.touch();
    this.log.record(set, removing, records.at(slot).subarray(0, 8));
    records.remove(slot);
  }

  close(): void {
    this.#below.close();
  }
}

function mayBeBelow({ isBelow, filter }: Table, id: bigint): boolean {
  return isBelow && (filter === undefined || filter.has(id));
}

/** What one transaction did, as an entry of the log. */
class Log {
  readonly #names = new Map<string, number>();
  #lastPrefix = "";
  #lastName = 0;
  #isEmpty = true;

  record(set: PackedSet, operation: number, bytes: Uint8Array): void {
    if (this.#isEmpty) {
      this.#isEmpty = false;
      writer.restart();
      writer.integer(layout);
    }
    writer.integer(this.#nameOf(set) * operations + operation);
    writer.raw(bytes);
  }

  entry(): Uint8Array | undefined {
    if (this.#isEmpty) return undefined;
    writer.integer(ended);
    return writer.done();
  }

  #nameOf(set: PackedSet): number {
    if (set.prefix === this.#lastPrefix) return this.#lastName;
    let name = this.#names.get(set.prefix);
    if (name === undefined) {
      name = this.#names.size + 1;
      this.#names.set(set.prefix, name);
      writer.integer(named);
      writer.text(set.prefix);
      writer.integer(set.recordBytes);
      writer.integer(set.bucketRecords);
    }
    this.#lastPrefix = set.prefix;
    this.#lastName = name;
    return name;
  }
}

/** One for all: transactions do not overlap. */
const writer = new RecordWriter();
const none: readonly Uint8Array[] = [];
