// A span of a call as `claim.lua` keeps it: first what the script compares, at fixed places, then what it only carries.
// What many spans have in common (tenant, provider, model, counters) stands beside them, once: their trailer.
import { RecordReader, RecordWriter } from "../embedded/bytes.ts";
import { nameFingerprint, trailerFingerprint } from "../identity.ts";
import type { Claim, CounterRef, Posting, Terms } from "../ledger.ts";

/** What spans of one tenant, model and window have in common, under a hash of it (8 bytes). */
export interface Trailer {
  readonly hash: bigint;
  /** The hash, then what it stands for. */
  readonly bytes: Buffer;
}

/**
 * Numbers are big-endian. Its length 1, span 8, live until (s) 4, end (ms) 6, length (ms) 4, rank 2, tenant 4,
 * emitter 4, flags 1 (how many models, 128 a choice), input 5, cached 5, output 5, each model 4, trailer 8; then exact
 * amounts.
 */
export function writeContender({ id, posting, rank, evidence }: Claim, trailer: Trailer, terms: Terms): Buffer {
  const { amounts } = posting;
  const { models, usage } = evidence;
  const modelCount = Math.min(models.length, modelsMax);
  writer.restart();
  writer.int64(id);
  writer.integer(0);
  writer.int64(posting.span);
  writer.integer32(Math.min(Math.ceil((terms.nowMs + terms.identityWindowMs) / 1000), integer32Max));
  writer.bytes(Math.min(Math.max(Math.floor(posting.endMs), 0), endMsMax), 6);
  writer.integer32(Math.min(Math.ceil(posting.endMs - evidence.startMs), integer32Max));
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
  contender[lengthAt] = contender.length - lengthAt;
  return contender;
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
    writer.int64(hash);
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

  get bytes(): readonly Buffer[] {
    return [...this.#known.values()].map(({ bytes }) => bytes);
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
/** Behind the id. */
const lengthAt = 8;
const integer32Max = 0xffffffff;
const endMsMax = 2 ** 48 - 1;
/** The count of who did not count. */
const untold = 2 ** 40 - 1;
const safeMax = BigInt(Number.MAX_SAFE_INTEGER);
const writer = new RecordWriter();
