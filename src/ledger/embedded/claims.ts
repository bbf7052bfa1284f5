// Which span of a call pays. Spans under one id are of one call where their times overlap and what they tell does not
// contradict: emitters repeat ids (Ollama draws from 999, clients may choose them). A span pays unless one of its call
// outranks it; that is a property of pairs, so no order of arrival can change it.
import type { Writing } from "../../core/storage.ts";
import type { Claim, Terms, Verdict } from "../ledger.ts";
import { hourOf, liveKey, oldCalls } from "./keys.ts";
import { findPacked, putPacked } from "./packed.ts";
import { type Contender, readContenders, writeContenders } from "./records.ts";

/** Decides one claim, and remembers it. */
export function decideClaim(writing: Writing, claim: Claim, terms: Terms): Verdict {
  const record = liveRecord(writing, claim.id, terms);
  const mine = record.contenders.find((other) => isSameSpan(other, claim));
  const self = mine ?? contenderOf(claim, terms);
  const others = record.contenders.filter((other) => other !== mine && isSameCall(other, self));
  if (mine === undefined) {
    if (isCrowded(record, self)) return decideByItself(writing, claim, terms);
    const overlapping = oldSpells(writing, claim);
    const explained = overlapping.every((spell) => record.contenders.some((other) => isSpellOf(spell, other)));
    if (others.length === 0 && !explained) return { kind: "settled" };
    if (overlapping.length === 0) putPacked(writing, oldCalls(hourOf(claim.posting.endMs)), spellOf(claim.id, self));
    keep(writing, claim.id, record, self);
  }
  return {
    kind: others.some((other) => outranks(other, self)) ? "shadow" : "owner",
    posting: self.posting,
    below: others.filter((other) => outranks(self, other)).map((other) => other.posting),
  };
}

/** How far apart the clocks of two layers may be. */
const toleranceMs = 5_000;
/** Spans kept under one id. */
const contendersMax = 32;
/** A call longer than this may miss its earlier self after the identity window. */
const lookBackHours = 4;
/** Repetitions of one id within one hour that are told apart after the identity window. */
const spellsMax = 1024;

interface LiveRecord {
  /** Where it stands; undefined when it is new. */
  readonly key: string | undefined;
  readonly contenders: readonly Contender[];
}

/** The record may stand under any hour in which its last contender expires. */
function liveRecord(writing: Writing, call: bigint, { nowMs, identityWindowMs }: Terms): LiveRecord {
  for (let hour = hourOf(nowMs); hour <= hourOf(nowMs + identityWindowMs); hour++) {
    const key = liveKey(hour, call);
    const bytes = writing.get(key);
    if (bytes === undefined) continue;
    return { key, contenders: readContenders(bytes).filter(({ liveUntilMs }) => nowMs < liveUntilMs) };
  }
  return { key: undefined, contenders: [] };
}

/** Full of spans that the new one may be of one call with: such an id tells no calls apart. */
function isCrowded({ contenders }: LiveRecord, added: Contender): boolean {
  const endMs = Math.min(...contenders.map(({ posting }) => posting.endMs));
  return contendersMax <= contenders.length && added.startMs - toleranceMs <= endMs;
}

/** By its own fingerprint alone: a resend is still known, other layers are not. */
function decideByItself(writing: Writing, claim: Claim, terms: Terms): Verdict {
  const { span } = claim.posting;
  return claim.id === span ? { kind: "settled" } : decideClaim(writing, { ...claim, id: span }, terms);
}

function contenderOf({ posting, rank, startMs, model }: Claim, terms: Terms): Contender {
  return { posting, rank, startMs, model, liveUntilMs: terms.nowMs + terms.identityWindowMs };
}

/** Where there is no room, the span that ended first gives way: it can no longer be outranked, and still pays once. */
function keep(writing: Writing, call: bigint, record: LiveRecord, added: Contender): void {
  const all = [...record.contenders, added];
  if (contendersMax < all.length) {
    all.sort((one, two) => one.posting.endMs - two.posting.endMs);
    all.shift();
  }
  const expiresMs = Math.max(...all.map(({ liveUntilMs }) => liveUntilMs));
  const key = liveKey(hourOf(expiresMs), call);
  if (record.key !== undefined && record.key !== key) writing.remove(record.key);
  writing.put(key, writeContenders(all));
}

function isSameSpan({ posting }: Contender, claim: Claim): boolean {
  return posting.span === claim.posting.span && posting.tenant === claim.posting.tenant;
}

function isSameCall(one: Contender, two: Contender): boolean {
  return (
    one.startMs <= two.posting.endMs + toleranceMs &&
    two.startMs <= one.posting.endMs + toleranceMs &&
    (one.posting.span === two.posting.span || !contradict(one, two))
  );
}

/**
 * Layers of one call may name the model differently (an alias of the proxy), or count one side differently (choices,
 * estimates). Two of the three together are another call.
 */
function contradict(one: Contender, two: Contender): boolean {
  const [a, b] = [one.posting.amounts, two.posting.amounts];
  const differences =
    Number(one.model !== 0 && two.model !== 0 && one.model !== two.model) +
    Number(a.inputTokens !== b.inputTokens) +
    Number(a.outputTokens !== b.outputTokens);
  return 1 < differences;
}

/** The higher rank; then the smaller fingerprint; then, for a resend under another tenant, the tenant behind. */
function outranks(one: Contender, two: Contender): boolean {
  if (one.rank !== two.rank) return two.rank < one.rank;
  if (one.posting.span !== two.posting.span) return one.posting.span < two.posting.span;
  return two.posting.tenant < one.posting.tenant;
}

/** What is left of a call after the identity window: fingerprint, first and last second, big-endian. */
function spellOf(call: bigint, { startMs, posting }: Contender): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, call);
  view.setUint32(8, firstSecond(startMs));
  view.setUint32(12, lastSecond(posting.endMs));
  return bytes;
}

function oldSpells(writing: Writing, { id, startMs, posting }: Claim): Uint8Array[] {
  const start = new Uint8Array(8);
  new DataView(start.buffer).setBigUint64(0, id);
  const last = hourOf(posting.endMs + toleranceMs) + 1;
  const first = Math.max(hourOf(startMs - toleranceMs), last - lookBackHours);
  const found: Uint8Array[] = [];
  for (let hour = first; hour <= last; hour++)
    for (const spell of findPacked(writing, oldCalls(hour), start, spellsMax))
      if (overlaps(spell, startMs, posting.endMs)) found.push(spell);
  return found;
}

function overlaps(spell: Uint8Array, startMs: number, endMs: number): boolean {
  const view = viewOf(spell);
  return (
    view.getUint32(8) <= lastSecond(endMs + toleranceMs) && firstSecond(startMs - toleranceMs) <= view.getUint32(12)
  );
}

function isSpellOf(spell: Uint8Array, { startMs, posting }: Contender): boolean {
  const view = viewOf(spell);
  return view.getUint32(8) === firstSecond(startMs) && view.getUint32(12) === lastSecond(posting.endMs);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function firstSecond(ms: number): number {
  return clampSeconds(Math.floor(ms / 1000));
}

function lastSecond(ms: number): number {
  return clampSeconds(Math.ceil(ms / 1000));
}

function clampSeconds(seconds: number): number {
  return Math.min(Math.max(seconds, 0), 0xffffffff);
}
