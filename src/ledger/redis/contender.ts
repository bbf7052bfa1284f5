// A span of a call as `claim.lua` keeps it: first what the script compares, at fixed places, then what it only carries.
import { RecordReader, RecordWriter } from "../embedded/bytes.ts";
import { ledgerKey } from "../identity.ts";
import type { Claim, CounterRef, Posting, Terms } from "../ledger.ts";

/** Numbers are big-endian: span 8, live until (s) 4, end (ms) double, length (ms) 4, rank, model 4, tokens in and out. */
export function writeContender({ posting, rank, startMs, model }: Claim, terms: Terms): Buffer {
  const { tenant, amounts, counters } = posting;
  writer.restart();
  writer.int64(posting.span);
  writer.integer32(Math.min(Math.ceil((terms.nowMs + terms.identityWindowMs) / 1000), integer32Max));
  writer.double(posting.endMs);
  writer.integer32(Math.min(Math.ceil(posting.endMs - startMs), integer32Max));
  writer.double(rank);
  writer.integer32(model);
  writer.double(amounts.inputTokens);
  writer.double(amounts.outputTokens);
  const key = ledgerKey(tenant);
  // At most 64 characters of ASCII: its length is one byte.
  writer.text(key);
  writer.integer(layout);
  writer.text(key === tenant ? "" : tenant);
  writer.int64(amounts.nanoUsd);
  writer.integer(amounts.requests);
  writer.integer(amounts.unpriced);
  writer.text(posting.provider);
  writer.text(posting.model);
  writer.integer(counters.length);
  for (const { key: name, expiresAtMs } of counters) {
    writer.text(name);
    writer.double(expiresAtMs);
  }
  return Buffer.from(writer.done());
}

/** The posting of a claimant. Throws on what was not written here: a store that is damaged must not be added to. */
export function readContender(bytes: Uint8Array): Posting {
  const record = new RecordReader(bytes, 0);
  const span = record.uint64();
  record.skip(4);
  const endMs = record.double();
  record.skip(16);
  const inputTokens = record.double();
  const outputTokens = record.double();
  const key = record.text();
  const found = record.integer();
  if (found !== layout)
    throw new Error(`ledger in redis: a call has layout ${found}, not ${layout}; a newer version wrote it`);
  const tenant = record.text() || key;
  const nanoUsd = record.int64();
  const requests = record.integer();
  const amounts = { nanoUsd, inputTokens, outputTokens, requests, unpriced: record.integer() };
  const provider = record.text();
  const model = record.text();
  const counters: CounterRef[] = [];
  for (let rest = record.integer(); 0 < rest; rest--) {
    const name = record.text();
    counters.push({ key: name, expiresAtMs: record.double() });
  }
  return { tenant, span, endMs, amounts, counters, provider, model };
}

const layout = 1;
const integer32Max = 0xffffffff;
const writer = new RecordWriter();
