// Charges that were acknowledged to a sender, until the ledger has them, and for a while longer: a ledger that fails over
// may have lost the last of them. Entries are numbered in the order of their arrival and charged in it; a number says up
// to where the ledger has them. Doing one again changes nothing, so that the number may lag behind the truth.
//
//   j/<number>  what one request is to be charged (`entry-record.ts`)
//   p           number of the first that the ledger does not have
//   a/<number>  when the ledger had all before that number, in ms: they are kept for the horizon from then on
//   x/<number>  calls that the ledger refused, to be tried again
//   l           which ledger it is
import { Refused } from "../../core/refused.ts";
import { type Storage, StorageFull } from "../../core/storage.ts";
import { type JournalEntry, readEntry, writeEntry } from "./entry-record.ts";

export interface JournalTerms {
  /** Which ledger it is: what another one had is not repeated to this one. */
  readonly ledger: string;
  readonly bytesMax: number;
  /** How long entries are kept after the ledger had them. */
  readonly horizonMs: number;
}

/** What is charged at once. */
export interface Slice {
  /** Whether the ledger has had it before. */
  readonly isRepeat: boolean;
  readonly entries: readonly JournalEntry[];
  /** When they arrived, the same at every attempt: the ledger is asked as of then. */
  readonly asOfMs: number;
  readonly damaged: readonly Damaged[];
  /** Whether an earlier process may have begun to charge it. */
  readonly isInherited: boolean;
  /** Number behind its last. */
  readonly to: number;
  /** How often the ledger had lost something when it was taken. */
  readonly losses: number;
}

export interface Damaged {
  readonly bytes: Uint8Array;
  readonly reason: string;
}

/** Name of the area of a store. */
export const journalArea = "journal";

export class Journal {
  /** Whether there is anything that a ledger did not have when it was last told. */
  static holdsCharges(storage: Storage): boolean {
    const from = keyOf("j/", textNumber(storage.get("p")));
    return 0 < storage.range({ from, to: "j0", limit: 1 }).length;
  }

  readonly #storage: Storage;
  #terms: JournalTerms;
  /** Entries of the last moments, which are most likely charged next. */
  readonly #recent = new Map<number, JournalEntry>();
  #recentCalls = 0;
  readonly #marks: { readonly to: number; readonly atMs: number }[] = [];
  /** `first` is the oldest that is kept, `due` the first that the ledger does not have, `end` the next to be written. */
  #first: number;
  #due: number;
  #end: number;
  /** What stood here at the start: some of it may have been charged. */
  readonly #inheritedTo: number;
  /** What is to be charged once more: all before `due` when it was asked for. */
  #repeat = { from: 0, to: 0 };
  #losses = 0;
  /** What the ledger refused: numbers and lengths. */
  readonly #aside: { readonly number: number; readonly bytes: number }[] = [];
  #turn = 0;

  /** Takes up what an earlier process left: what its ledger had lately is charged once more, it may have lost it. */
  constructor(storage: Storage, terms: JournalTerms, nowMs: number) {
    this.#storage = storage;
    this.#terms = terms;
    const due = textNumber(this.#storage.get("p"));
    this.#end = Math.max((this.#numberOf("j/", true) ?? -1) + 1, due);
    this.#first = this.#numberOf("j/", false) ?? this.#end;
    this.#due = Math.max(this.#first, due);
    this.#inheritedTo = this.#end;
    for (const { key, value } of this.#storage.range({ from: "a/", to: "a0", limit: marksMax }))
      this.#marks.push({ to: numberOfKey(key), atMs: textNumber(value) });
    for (const { key, value } of this.#storage.range({ from: "x/", to: "x0", limit: asideMax }))
      this.#aside.push({ number: numberOfKey(key), bytes: value.length });
    this.configure(terms);
    this.prune(nowMs);
    this.repeat();
  }

  /** Another configuration. What another ledger had is none of this one's; what that one did not have, this one gets. */
  configure(terms: JournalTerms): void {
    this.#terms = terms;
    const known = this.#storage.get("l");
    const before = known && new TextDecoder().decode(known);
    if (before === terms.ledger) return;
    while (before !== undefined && this.#first < this.#due) this.#dropTo(this.#first + droppedAtOnce);
    this.#storage.transaction((writing) => writing.put("l", new TextEncoder().encode(terms.ledger)));
  }

  /** What it takes of its store, counted with overhead. */
  get bytes(): number {
    return this.#storage.bytes;
  }

  get bytesMax(): number {
    return Math.min(this.#terms.bytesMax, this.#storage.bytesMax);
  }

  /** Requests that the ledger does not have yet. */
  get waiting(): number {
    return this.#end - this.#due;
  }

  /** Requests that the ledger had, and that are still to be charged once more. */
  get repeating(): number {
    return Math.max(0, this.#repeat.to - this.#repeat.from);
  }

  /** How many pieces the ledger refused that are still to be tried again. */
  get aside(): number {
    return this.#aside.length;
  }

  /** When the first request arrived that the ledger does not have yet. */
  get oldestMs(): number | undefined {
    const oldest = this.#due < this.#end ? this.#read(this.#due) : undefined;
    return oldest && "arrivedMs" in oldest ? oldest.arrivedMs : undefined;
  }

  /** Throws `Refused` when there is no room for an entry of so many calls, whatever gives way. */
  checkRoom(calls: number): void {
    const bytes = entryBytes + calls * callBytes;
    if (this.bytesMax < bytes)
      throw new Refused("too_large", `a request of ${calls} calls is larger than the charge journal`);
    if (!this.#makeRoom(bytes)) throw fullOf(this.bytesMax);
  }

  /** Throws `Refused`. Resolves when it is as safe as the store makes it; it is charged also where that fails. */
  async append(entry: JournalEntry): Promise<void> {
    const record = writeEntry(entry);
    try {
      this.#storage.transaction((writing) => writing.put(keyOf("j/", this.#end), record));
    } catch (cause) {
      throw cause instanceof StorageFull ? fullOf(this.bytesMax) : cause;
    }
    this.#remember(this.#end, entry);
    this.#end += 1;
    await this.#storage.durable();
  }

  /** What to charge next. What is due and what is repeated take turns, so that neither waits for the other. */
  next(): Slice | undefined {
    this.#turn += 1;
    const hasDue = this.#due < this.#end;
    const hasRepeat = this.#repeat.from < this.#repeat.to;
    if (hasRepeat && (!hasDue || this.#turn % 2 === 0)) return this.#slice(true, this.#repeat.from, this.#repeat.to);
    return hasDue ? this.#slice(false, this.#due, this.#end) : undefined;
  }

  /** The ledger has a slice but for what is set aside, which is tried again later. Answers how much of that had to go. */
  settle({ isRepeat, to, losses }: Slice, aside: readonly JournalEntry[]): number {
    const records = aside.map((entry) => writeEntry({ ...entry, again: true }));
    const bytes = records.reduce((sum, record) => sum + entryBytes + 2 * record.length, 0);
    const kept = this.#makeRoom(bytes) ? records : [];
    this.#storage.transaction((writing) => {
      for (const [at, record] of kept.entries()) writing.put(keyOf("x/", this.#asideEnd() + at), record);
      if (!isRepeat) writing.put("p", textOf(to));
    });
    for (const record of kept) this.#aside.push({ number: this.#asideEnd(), bytes: record.length });
    // What was lost while it was charged may be a part of it.
    const isWhole = losses === this.#losses;
    if (isRepeat && isWhole) this.#repeat = { ...this.#repeat, from: Math.max(this.#repeat.from, to) };
    if (!isRepeat) {
      for (let number = this.#due; number < to; number++) this.#forget(number);
      this.#due = to;
      if (!isWhole) this.#repeat = { ...this.#repeat, to };
    }
    return records.length - kept.length + this.#boundAside();
  }

  /** The ledger may have lost what it had: all that is kept is charged once more. */
  repeat(): void {
    this.#losses += 1;
    this.#repeat = { from: this.#first, to: this.#due };
  }

  /** What was set aside is due again, as much of it as goes at once. */
  retryAside(): void {
    for (const { number } of this.#aside.slice(0, retriedAtOnce)) {
      const record = this.#storage.get(keyOf("x/", number));
      this.#storage.transaction((writing) => {
        if (record !== undefined) writing.put(keyOf("j/", this.#end), record);
        writing.remove(keyOf("x/", number));
      });
      if (record !== undefined) this.#end += 1;
      this.#aside.shift();
    }
  }

  /** Lets go of what the ledger has had for as long as the horizon. */
  prune(nowMs: number): void {
    this.#mark(nowMs);
    const [oldest] = this.#marks;
    if (oldest === undefined || nowMs < oldest.atMs + this.#terms.horizonMs) return;
    this.#dropTo(Math.min(oldest.to, this.#first + droppedAtOnce));
  }

  #slice(isRepeat: boolean, from: number, end: number): Slice {
    const entries: JournalEntry[] = [];
    const damaged: Damaged[] = [];
    let calls = 0;
    let asOfMs: number | undefined;
    let number = from;
    for (; number < end; number++) {
      const entry = this.#read(number);
      if (entry === undefined) continue;
      if ("reason" in entry) {
        damaged.push(entry);
        continue;
      }
      const own = Math.floor(entry.arrivedMs / togetherMs) * togetherMs;
      if (asOfMs !== undefined && own !== asOfMs) break;
      if (0 < calls && callsMax < calls + entry.claims.length) break;
      entries.push(entry);
      calls += entry.claims.length;
      asOfMs = own;
    }
    const isInherited = from < this.#inheritedTo;
    return {
      isRepeat,
      isInherited,
      entries,
      asOfMs: asOfMs ?? 0,
      damaged: isRepeat ? [] : damaged,
      to: number,
      losses: this.#losses,
    };
  }

  #read(number: number): JournalEntry | Damaged | undefined {
    const recent = this.#recent.get(number);
    if (recent !== undefined) return recent;
    const bytes = this.#storage.get(keyOf("j/", number));
    if (bytes === undefined) return undefined;
    try {
      return readEntry(bytes);
    } catch (cause) {
      return { bytes, reason: cause instanceof Error ? cause.message : String(cause) };
    }
  }

  /** At most one in so long, so that they are few. */
  #mark(nowMs: number): void {
    const last = this.#marks.at(-1);
    const to = this.#due;
    if (to <= this.#first || to <= (last?.to ?? 0)) return;
    if (last !== undefined && Math.abs(nowMs - last.atMs) < this.#terms.horizonMs / marksPerHorizon) return;
    this.#marks.push({ to, atMs: nowMs });
    this.#storage.transaction((writing) => writing.put(keyOf("a/", to), textOf(nowMs)));
  }

  /** Whether there is room for so many bytes; the oldest that the ledger has give way. */
  #makeRoom(bytes: number): boolean {
    while (this.bytesMax < this.#storage.bytes + bytes) {
      if (this.#due <= this.#first) return false;
      this.#dropTo(this.#first + droppedAtOnce);
    }
    return true;
  }

  /** Never beyond what the ledger has. */
  #dropTo(number: number): void {
    const to = Math.min(number, this.#due);
    const isPassed = (mark: { readonly to: number } | undefined) => mark !== undefined && mark.to <= to;
    this.#storage.transaction((writing) => {
      for (let one = this.#first; one < to; one++) writing.remove(keyOf("j/", one));
      for (; isPassed(this.#marks[0]); this.#marks.shift()) writing.remove(keyOf("a/", this.#marks[0]?.to ?? 0));
    });
    this.#first = to;
    this.#repeat = { ...this.#repeat, from: Math.max(this.#repeat.from, to) };
  }

  #asideEnd(): number {
    return (this.#aside.at(-1)?.number ?? -1) + 1;
  }

  /** What is set aside may take a quarter of the journal: the oldest go. Answers how many. */
  #boundAside(): number {
    let bytes = this.#aside.reduce((sum, one) => sum + one.bytes, 0);
    let dropped = 0;
    while (this.bytesMax / 4 < bytes || asideMax < this.#aside.length) {
      const oldest = this.#aside.shift();
      if (oldest === undefined) break;
      this.#storage.transaction((writing) => writing.remove(keyOf("x/", oldest.number)));
      bytes -= oldest.bytes;
      dropped += 1;
    }
    return dropped;
  }

  #remember(number: number, entry: JournalEntry): void {
    if (recentCallsMax < this.#recentCalls + entry.claims.length) return;
    this.#recent.set(number, entry);
    this.#recentCalls += entry.claims.length;
  }

  #forget(number: number): void {
    const entry = this.#recent.get(number);
    if (entry === undefined) return;
    this.#recent.delete(number);
    this.#recentCalls -= entry.claims.length;
  }

  #numberOf(prefix: string, isLast: boolean): number | undefined {
    const [found] = this.#storage.range({ from: prefix, to: `${prefix}~`, limit: 1, reverse: isLast });
    return found && numberOfKey(found.key);
  }
}

/** Calls that are charged at once: enough for scripts of 512 in several shards and tenants. */
const callsMax = 2048;
/**
 * Entries of the same ten seconds are charged together, as of their beginning: however they are sliced, the ledger is
 * asked the same of each, and finds the claim that it granted before.
 */
const togetherMs = 10_000;
/** About 20 MB. What is not in memory is read back. */
const recentCallsMax = 50_000;
const marksPerHorizon = 500;
/** Clocks that jump may leave more of them than a horizon has. */
const marksMax = 10_000;
const asideMax = 10_000;
const retriedAtOnce = 1000;
/** A transaction holds everything up; but no fewer than are charged at once, or it would not keep up with these. */
const droppedAtOnce = 4096;
const entryBytes = 1024;
/** A call with a tenant of its own, and what a store adds to it. */
const callBytes = 200;
const retryAfterMs = 1000;

function fullOf(bytesMax: number): Refused {
  const text = `the charge journal is full, ${bytesMax} bytes wait for the ledger`;
  return new Refused("overloaded", text, { retryAfterMs });
}

function keyOf(prefix: "j/" | "a/" | "x/", number: number): string {
  return prefix + number.toString(16).padStart(14, "0");
}

function numberOfKey(key: string): number {
  return Number.parseInt(key.slice(-14), 16);
}

function textOf(number: number): Uint8Array {
  return new TextEncoder().encode(String(number));
}

function textNumber(bytes: Uint8Array | undefined): number {
  return bytes === undefined ? 0 : Number(new TextDecoder().decode(bytes));
}
