// A span of a call as `claim.lua` keeps it: first what the script compares, at fixed places, then what it only carries.
// What many spans have in common (tenant, provider, model, counters) stands beside them, once: their trailer.
import { toleranceMs } from "../../genai/same-call.ts";
import { RecordReader, RecordWriter } from "../embedded/bytes.ts";
import { nameFingerprint, trailerFingerprint } from "../identity.ts";
import type { Claim, CounterRef, Posting, Terms } from "../ledger.ts";

/** What spans of one tenant, model and window have in common, and a hash of it (8 bytes). */
export interface Trailer {
  readonly hash: bigint;
  readonly bytes: Buffer;
}

/**
 * Numbers are big-endian. Its length 1, span 8, live until (s) 4, end (ms) 6, length (ms) 4, rank 2, tenant 4,
 * emitter 4, flags 1 (how many models, 128 a choice), input 5, cached 5, output 5, each model 4, trailer 8; then exact
 * amounts.
 */
export function writeContender({ posting, rank, evidence }: Claim, trailer: Trailer, terms: Terms): Buffer {
  const { amounts } = posting;
  const { models, usage } = evidence;
  const modelCount = Math.min(models.length, modelsMax);
  writer.restart();
  writer.bytes(0, 1);
  writer.int64(posting.span);
  writer.integer32(liveUntilSecond(terms));
  writer.bytes(endOf(posting), 6);
  writer.integer32(Math.min(Math.ceil(endOf(posting) - evidence.startMs), integer32Max));
  writer.bytes(rank, 2);
  writer.integer32(nameFingerprint(posting.tenant));
  writer.integer32(evidence.emitter);
  writer.bytes(modelCount + (evidence.isChoice ? 128 : 0), 1);
  writeCount(usage.input ?? untold);
  writeCount((usage.cache_read ?? 0) + (usage.cache_write ?? 0));
  writeCount(usage.output ?? untold);
  for (let at = 0; at < modelCount; at++) writer.integer32(models[at] ?? 0);
  writer.int64(trailer.hash);
  writeMoney(amounts.nanoUsd);
  writeMoney(posting.outputNanoUsd);
  writer.integer(amounts.inputTokens);
  writer.integer(amounts.outputTokens);
  writer.integer(amounts.requests);
  writer.integer(amounts.unpriced);
  const contender = Buffer.from(writer.done());
  contender[0] = contender.length;
  return contender;
}

/** What is left of a call after the identity window: 7 bytes of its id, the second of its end in its hour, its length. */
export function spellBytes({ id, posting, evidence }: Claim): Buffer {
  const endMs = endOf(posting);
  const last = Math.ceil(endMs / 1000);
  const length = Math.min(Math.max(last - Math.floor(evidence.startMs / 1000), 0), spellLengthMax);
  const bytes = Buffer.allocUnsafe(12);
  bytes.writeBigUInt64BE(id);
  bytes.writeUInt32BE((last - hourOf(endMs) * 3600) * (spellLengthMax + 1) + length, 8);
  // All ids of a shard begin alike.
  return bytes.subarray(1);
}

/** Claims that ended in one hour, and overlap calls that may have ended in the same hours, as positions. */
export function groupsOf(claims: readonly Claim[]): ReadonlyMap<string, { hours: readonly number[]; at: number[] }> {
  const groups = new Map<string, { hours: readonly number[]; at: number[] }>();
  for (const [at, { posting, evidence }] of claims.entries()) {
    const endMs = endOf(posting);
    const last = hourOf(endMs + toleranceMs) + 1;
    const first = Math.max(hourOf(evidence.startMs - toleranceMs), last - lookBackHours);
    const hours = [hourOf(endMs), first, last];
    const name = `${hours[0]} ${first} ${last}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, { hours, at: [at] });
    else group.at.push(at);
  }
  return groups;
}

/** The hour until which claims of now are live; in whole seconds, rounded up. */
export function liveHourOf(terms: Terms): number {
  return hourOf(liveUntilSecond(terms) * 1000);
}

function liveUntilSecond({ nowMs, identityWindowMs }: Terms): number {
  return Math.min(Math.ceil((nowMs + identityWindowMs) / 1000), integer32Max);
}

function endOf({ endMs }: Posting): number {
  return Math.min(Math.max(Math.floor(endMs), 0), endMsMax);
}

function hourOf(ms: number): number {
  return Math.max(0, Math.floor(ms / hourMs));
}

/** The posting of a claimant. Throws on what was not written here: a store that is damaged must not be added to. */
export function readContender(bytes: Uint8Array, trailer: Uint8Array): Posting {
  const record = new RecordReader(bytes, 1);
  const span = record.uint64();
  record.skip(4);
  const endMs = record.bytes(6);
  record.skip(14);
  const modelCount = record.bytes(1) % 128;
  record.skip(15 + 4 * modelCount + 8);
  const nanoUsd = readMoney(record);
  const outputNanoUsd = readMoney(record);
  const inputTokens = record.integer();
  const outputTokens = record.integer();
  const requests = record.integer();
  const amounts = { nanoUsd, inputTokens, outputTokens, requests, unpriced: record.integer() };
  return { span, endMs, amounts, outputNanoUsd, ...readTrailer(trailer) };
}

type Common = Pick<Posting, "tenant" | "counters" | "provider" | "model">;

/** The trailers of a batch, each once. */
export class Trailers {
  readonly #known = new Map<string, Trailer>();

  of({ tenant, provider, model, counters }: Posting): Trailer {
    let name = `${tenant}\n${provider}\n${model}`;
    for (const { key, expiresAtMs } of counters) name += `\n${key} ${expiresAtMs}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const hash = trailerFingerprint(name);
    writer.restart();
    writer.integer(layout);
    writer.text(tenant);
    writer.text(provider);
    writer.text(model);
    writer.integer(counters.length);
    for (const { key, expiresAtMs } of counters) {
      writer.text(key);
      writer.double(expiresAtMs);
    }
    const trailer: Trailer = { hash, bytes: Buffer.from(writer.done()) };
    this.#known.set(name, trailer);
    return trailer;
  }

  /** `t` and the hash of each, and the trailer. */
  *arguments(): Iterable<Buffer> {
    for (const { hash, bytes } of this.#known.values()) {
      const name = Buffer.allocUnsafe(9);
      name.write("t");
      name.writeBigUInt64BE(hash, 1);
      yield name;
      yield bytes;
    }
  }

  get count(): number {
    return this.#known.size;
  }
}

function readTrailer(bytes: Uint8Array): Common {
  if (bytes.length === 0) throw new Error("ledger in redis: a call has lost what says whose it is");
  const record = new RecordReader(bytes, 0);
  const found = record.integer();
  if (found !== layout)
    throw new Error(`ledger in redis: a call has layout ${found}, not ${layout}; a newer version wrote it`);
  const tenant = record.text();
  const provider = record.text();
  const model = record.text();
  const counters: CounterRef[] = [];
  for (let rest = record.integer(); 0 < rest; rest--) {
    const name = record.text();
    counters.push({ key: name, expiresAtMs: record.double() });
  }
  return { tenant, provider, model, counters };
}

/** For comparisons alone: larger counts are as large as the largest. */
function writeCount(count: number): void {
  writer.bytes(Math.min(Math.max(count, 0), untold), 5);
}

/** Short where it is exact as a number, which is up to 9 million USD. */
function writeMoney(nanoUsd: bigint): void {
  if (nanoUsd < safeMax) writer.integer(Number(nanoUsd) + 1);
  else {
    writer.integer(0);
    writer.int64(nanoUsd);
  }
}

function readMoney(record: RecordReader): bigint {
  const short = record.integer();
  return short === 0 ? record.int64() : BigInt(short - 1);
}

const layout = 1;
const modelsMax = 3;
/** A call longer than this may miss its earlier self after the identity window. */
const lookBackHours = 4;
const spellLengthMax = 2 ** 20 - 1;
const hourMs = 3_600_000;
const integer32Max = 0xffffffff;
const endMsMax = 2 ** 48 - 1;
/** The count of who did not count. */
const untold = 2 ** 40 - 1;
const safeMax = BigInt(Number.MAX_SAFE_INTEGER);
const writer = new RecordWriter();
