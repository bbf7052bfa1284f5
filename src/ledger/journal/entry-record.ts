// How what one request is to be charged stands on disk: layout, checksum, when it arrived, then the claims of each call.
// Texts and lists of counters stand once in a record: the calls of a request mostly share them. A call takes about
// 80 bytes.
import { crc32 } from "node:zlib";
import type { Claims } from "../charging.ts";
import { RecordReader, RecordWriter } from "../embedded/bytes.ts";
import { readEvidence, writeEvidence } from "../embedded/records.ts";
import type { Claim, CounterRef, Posting } from "../ledger.ts";

/** What one request is to be charged: claims of each of its calls. */
export interface JournalEntry {
  /** When it arrived, in ms since 1970: the ledger is always asked as of then. */
  readonly arrivedMs: number;
  /** Whether it was set aside before, because the ledger refused it. */
  readonly again: boolean;
  readonly claims: readonly Claims[];
}

const layout = 1;
/** One byte of layout, four of checksum. */
const headBytes = 5;

export function writeEntry({ arrivedMs, again, claims }: JournalEntry): Uint8Array {
  writer.restart();
  writer.integer(layout);
  writer.integer32(0);
  writer.double(arrivedMs);
  writer.integer(again ? 1 : 0);
  writer.integer(claims.length);
  const written = new Tables();
  for (const own of claims) writeClaims(own, written);
  const record = writer.done();
  new DataView(record.buffer, record.byteOffset).setUint32(1, crc32(record.subarray(headBytes)));
  return record;
}

/** Throws with the reason when it is damaged, or of a later layout. */
export function readEntry(bytes: Uint8Array): JournalEntry {
  if (bytes.length <= headBytes) throw new RangeError("journal: a record of no length");
  if (bytes[0] !== layout) throw new Error(`journal: a record has layout ${bytes[0]}, not ${layout}`);
  const checksum = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  if (crc32(bytes.subarray(headBytes)) !== checksum) throw new Error("journal: a record is damaged");
  const record = new RecordReader(bytes, headBytes);
  const arrivedMs = record.double();
  const again = record.integer() === 1;
  const read: ReadTables = { texts: [], lists: [] };
  const claims: Claims[] = [];
  for (let rest = record.integer(); 0 < rest; rest--) claims.push(readClaims(record, read));
  return { arrivedMs, again, claims };
}

const writer = new RecordWriter();

/** What was written before, and its number from 1. */
class Tables {
  readonly texts = new Map<string, number>();
  readonly lists = new Map<string, number>();
}

interface ReadTables {
  readonly texts: string[];
  readonly lists: (readonly CounterRef[])[];
}

/** The claims of a call mostly share one posting. */
function writeClaims(claims: Claims, written: Tables): void {
  writer.integer(claims.length);
  let before: Posting | undefined;
  for (const { id, rank, evidence, posting } of claims) {
    writer.int64(id);
    writer.integer(rank);
    writeEvidence(writer, evidence);
    writer.integer(posting === before ? 0 : 1);
    if (posting !== before) writePosting(posting, written);
    before = posting;
  }
}

function readClaims(record: RecordReader, read: ReadTables): Claims {
  const claims: Claim[] = [];
  let posting: Posting | undefined;
  for (let rest = record.integer(); 0 < rest; rest--) {
    const id = record.uint64();
    const rank = record.integer();
    const evidence = readEvidence(record);
    if (record.integer() === 1 || posting === undefined) posting = readPosting(record, read);
    claims.push({ id, rank, evidence: { ...evidence, endMs: posting.endMs }, posting });
  }
  return claims;
}

function writePosting(posting: Posting, written: Tables): void {
  const { tenant, span, endMs, amounts, counters, provider, model } = posting;
  writer.int64(span);
  writer.double(endMs);
  writer.int64(amounts.nanoUsd);
  writer.int64(posting.outputNanoUsd);
  writer.integer(amounts.inputTokens);
  writer.integer(amounts.outputTokens);
  writer.integer(amounts.requests);
  writer.integer(amounts.unpriced);
  for (const text of [tenant, provider, model]) writeText(text, written);
  writeCounters(counters, written);
}

function readPosting(record: RecordReader, read: ReadTables): Posting {
  const span = record.uint64();
  const endMs = record.double();
  const nanoUsd = record.int64();
  const outputNanoUsd = record.int64();
  const inputTokens = record.integer();
  const outputTokens = record.integer();
  const requests = record.integer();
  const amounts = { nanoUsd, inputTokens, outputTokens, requests, unpriced: record.integer() };
  const tenant = readText(record, read);
  const provider = readText(record, read);
  const model = readText(record, read);
  return { tenant, span, endMs, amounts, outputNanoUsd, counters: readCounters(record, read), provider, model };
}

function writeText(text: string, { texts }: Tables): void {
  const known = texts.get(text);
  writer.integer(known ?? 0);
  if (known !== undefined) return;
  writer.text(text);
  texts.set(text, texts.size + 1);
}

function readText(record: RecordReader, { texts }: ReadTables): string {
  const known = record.integer();
  if (known !== 0) return existing(texts[known - 1]);
  const text = record.text();
  texts.push(text);
  return text;
}

function writeCounters(counters: readonly CounterRef[], { lists }: Tables): void {
  const name = counters.map(({ key, expiresAtMs }) => `${key} ${expiresAtMs}`).join("\n");
  const known = lists.get(name);
  writer.integer(known ?? 0);
  if (known !== undefined) return;
  writer.integer(counters.length);
  for (const { key, expiresAtMs } of counters) {
    writer.text(key);
    writer.double(expiresAtMs);
  }
  lists.set(name, lists.size + 1);
}

function readCounters(record: RecordReader, { lists }: ReadTables): readonly CounterRef[] {
  const known = record.integer();
  if (known !== 0) return existing(lists[known - 1]);
  const counters: CounterRef[] = [];
  for (let rest = record.integer(); 0 < rest; rest--) {
    const key = record.text();
    counters.push({ key, expiresAtMs: record.double() });
  }
  lists.push(counters);
  return counters;
}

function existing<T>(found: T | undefined): T {
  if (found === undefined) throw new RangeError("journal: a record refers to what it does not have");
  return found;
}
