// The records of the embedded ledger as bytes.
import type { Claim, ClaimEvidence, CounterRef, CounterState, Posting } from "../ledger.ts";
import { RecordReader, RecordWriter } from "./bytes.ts";

/** A span of a call that can still outrank another, or be outranked. */
export interface Contender extends Omit<Claim, "id"> {
  readonly liveUntilMs: number;
}

export interface Hold {
  readonly nanoUsd: bigint;
  readonly untilMs: number;
  readonly counters: readonly string[];
}

const layout = 1;

/** A record of a packed set: id, length in 32 bits, contenders. Valid until the next record is written. */
export function writeContenders(call: bigint, contenders: readonly Contender[]): Uint8Array {
  const record = writer;
  record.restart();
  record.int64(call);
  record.integer32(0);
  record.integer(layout);
  record.integer(contenders.length);
  for (const { posting, rank, evidence, liveUntilMs } of contenders) {
    record.integer(rank);
    record.double(liveUntilMs);
    writePosting(record, posting);
    writeEvidence(record, evidence);
  }
  return record.withLengthAt(8);
}

export function readContenders(bytes: Uint8Array): Contender[] {
  const record = open(bytes, 12);
  return list(record, () => {
    const rank = record.integer();
    const liveUntilMs = record.double();
    const posting = readPosting(record);
    return { rank, liveUntilMs, posting, evidence: { ...readEvidence(record), endMs: posting.endMs } };
  });
}

export function writeCounter(state: CounterState): Uint8Array {
  const record = begin();
  record.int64(state.nanoUsd);
  record.int64(state.heldNanoUsd);
  record.integer(state.inputTokens);
  record.integer(state.outputTokens);
  record.integer(state.requests);
  record.integer(state.unpriced);
  return record.done();
}

export function readCounter(bytes: Uint8Array): CounterState {
  const record = open(bytes);
  const nanoUsd = record.int64();
  const heldNanoUsd = record.int64();
  const inputTokens = record.integer();
  const outputTokens = record.integer();
  const requests = record.integer();
  return { nanoUsd, heldNanoUsd, inputTokens, outputTokens, requests, unpriced: record.integer() };
}

export function writeHold(hold: Hold): Uint8Array {
  const record = begin();
  record.int64(hold.nanoUsd);
  record.integer(hold.untilMs);
  record.integer(hold.counters.length);
  for (const counter of hold.counters) record.text(counter);
  return record.done();
}

export function readHold(bytes: Uint8Array): Hold {
  const record = open(bytes);
  const nanoUsd = record.int64();
  const untilMs = record.integer();
  return { nanoUsd, untilMs, counters: list(record, () => record.text()) };
}

/** A tenant of the directory. */
export interface TenantEntry {
  readonly tenant: string;
  /** Whether it counts towards the bound. */
  readonly dynamic: boolean;
  /** When it was asked for last, in days since 1970. */
  readonly day: number;
}

export function writeTenant({ tenant, dynamic, day }: TenantEntry): Uint8Array {
  const record = begin();
  record.integer(dynamic ? 1 : 0);
  record.text(tenant);
  record.integer(day);
  return record.done();
}

export function readTenant(bytes: Uint8Array): TenantEntry {
  const record = open(bytes);
  const dynamic = record.integer() === 1;
  const tenant = record.text();
  return { dynamic, tenant, day: record.integer() };
}

export function writeNumber(value: number): Uint8Array {
  const record = begin();
  record.integer(value);
  return record.done();
}

export function readNumber(bytes: Uint8Array | undefined): number {
  return bytes === undefined ? 0 : open(bytes).integer();
}

function writePosting(record: RecordWriter, posting: Posting): void {
  record.int64(posting.span);
  record.double(posting.endMs);
  record.int64(posting.amounts.nanoUsd);
  record.int64(posting.outputNanoUsd);
  record.integer(posting.amounts.inputTokens);
  record.integer(posting.amounts.outputTokens);
  record.integer(posting.amounts.requests);
  record.integer(posting.amounts.unpriced);
  record.raw(commonBytes(posting));
}

/** What spans of a tenant mostly have in common, written out: texts are slow to encode. bench ledger: 1.2x. */
function commonBytes({ tenant, provider, model, counters }: Posting): Uint8Array {
  const known = commons.get(tenant);
  if (known?.provider === provider && known.model === model && known.counters === counters) return known.bytes;
  const record = new RecordWriter();
  record.text(tenant);
  record.text(provider);
  record.text(model);
  record.integer(counters.length);
  for (const { key, expiresAtMs } of counters) {
    record.text(key);
    record.double(expiresAtMs);
  }
  const bytes = record.done();
  if (commonsMax <= commons.size) commons.clear();
  commons.set(tenant, { provider, model, counters, bytes });
  return bytes;
}

interface Common extends Pick<Posting, "provider" | "model" | "counters"> {
  readonly bytes: Uint8Array;
}

const commons = new Map<string, Common>();
const commonsMax = 1000;

function readPosting(record: RecordReader): Posting {
  const span = record.uint64();
  const endMs = record.double();
  const nanoUsd = record.int64();
  const outputNanoUsd = record.int64();
  const inputTokens = record.integer();
  const outputTokens = record.integer();
  const requests = record.integer();
  const amounts = { nanoUsd, inputTokens, outputTokens, requests, unpriced: record.integer() };
  const tenant = record.text();
  const provider = record.text();
  const model = record.text();
  const counters = list(record, () => readCounterRef(record));
  return { tenant, span, endMs, amounts, outputNanoUsd, counters, provider, model };
}

/** Counts stand as one more than they are; 0 was not told. */
export function writeEvidence(
  record: RecordWriter,
  { startMs, models, usage, emitter, isChoice }: ClaimEvidence,
): void {
  record.double(startMs);
  record.integer(emitter);
  record.integer(isChoice ? 1 : 0);
  for (const count of [usage.input, usage.cache_read, usage.cache_write, usage.output])
    record.integer(count === undefined ? 0 : count + 1);
  record.integer(models.length);
  for (const model of models) record.integer(model);
}

/** Without the end, which is that of the posting. */
export function readEvidence(record: RecordReader): Omit<ClaimEvidence, "endMs"> {
  const startMs = record.double();
  const emitter = record.integer();
  const isChoice = record.integer() === 1;
  const input = readCount(record);
  const cacheRead = readCount(record);
  const cacheWrite = readCount(record);
  const output = readCount(record);
  const usage = { input, cache_read: cacheRead, cache_write: cacheWrite, output };
  return { startMs, emitter, isChoice, usage, models: list(record, () => record.integer()) };
}

function readCount(record: RecordReader): number | undefined {
  const written = record.integer();
  return written === 0 ? undefined : written - 1;
}

function readCounterRef(record: RecordReader): CounterRef {
  const key = record.text();
  return { key, expiresAtMs: record.double() };
}

/** One for all: records are written one after the other. */
const writer = new RecordWriter();

function begin(): RecordWriter {
  writer.restart();
  writer.integer(layout);
  return writer;
}

function open(bytes: Uint8Array, from = 0): RecordReader {
  const record = new RecordReader(bytes, from);
  const found = record.integer();
  if (found !== layout) throw new Error(`ledger record: has layout ${found}, not ${layout}; a newer version wrote it`);
  return record;
}

function list<T>(record: RecordReader, read: () => T): T[] {
  const items: T[] = [];
  for (let rest = record.integer(); 0 < rest; rest--) items.push(read());
  return items;
}
