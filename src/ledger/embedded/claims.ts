// What a span pays of its call. Which spans under one id are of one call, and which are choices of it, says
// `genai/same-call.ts`. What a span pays is a property of pairs (`Verdict`), so no order of arrival can change it.
import { overlap, type Relation, relationOf, toleranceMs } from "../../genai/same-call.ts";
import { type Related, verdictOf } from "../choices.ts";
import { nameFingerprint } from "../identity.ts";
import type { Claim, Terms, Verdict } from "../ledger.ts";
import { hourOf, liveCalls, oldCalls } from "./keys.ts";
import type { RecordSets } from "./recent.ts";
import { type Contender, readContenders, writeContenders } from "./records.ts";

/** Decides one claim, and remembers it. */
export function decideClaim(sets: RecordSets, claim: Claim, terms: Terms): Verdict {
  const record = liveRecord(sets, claim.id, terms);
  // Most calls are claimed once: nothing is known under their id.
  if (record.contenders.length === 0 && oldSpells(sets, claim).length === 0) {
    const only = contenderOf(claim, terms);
    sets.add(oldCalls(hourOf(claim.posting.endMs)), claim.id, spellOf(claim.id, only));
    keep(sets, claim.id, record, only);
    return verdictOf("owner", claim.posting, []);
  }
  const mine = record.contenders.find((other) => isSameSpan(other, claim));
  const self = mine ?? contenderOf(claim, terms);
  const related = record.contenders.flatMap((other): Kin[] => {
    const relation = other === mine ? "apart" : kinshipOf(other, self);
    return relation === "apart" ? [] : [{ other, relation }];
  });
  if (mine === undefined) {
    const spells = oldSpells(sets, claim);
    if (isCrowded(record, self) || spellsMax <= spells.length) return decideByItself(sets, claim, terms);
    const overlapping = spells.filter((spell) => overlaps(spell, claim.evidence.startMs, claim.posting.endMs));
    const explained = overlapping.every((spell) => record.contenders.some((other) => isSpellOf(spell, other)));
    if (!explained) return { kind: "settled" };
    if (!overlapping.some((spell) => covers(spell, claim.evidence.startMs, claim.posting.endMs)))
      sets.add(oldCalls(hourOf(claim.posting.endMs)), claim.id, spellOf(claim.id, self));
    keep(sets, claim.id, record, self);
  }
  const above = related.filter(({ other }) => outranks(other, self));
  const isShadow = above.some(({ relation }) => relation === "same");
  const kind = isShadow ? "shadow" : 0 < above.length ? "choice" : "owner";
  const below = related.filter((kin) => !above.includes(kin));
  return verdictOf(
    kind,
    self.posting,
    below.map(({ relation, other }) => ({ relation, posting: other.posting })),
  );
}

/** Another span of the call. */
interface Kin {
  readonly relation: Related;
  readonly other: Contender;
}

/** Spans kept under one id: an API answers with 128 choices at most. */
const contendersMax = 128;
/** A call longer than this may miss its earlier self after the identity window. */
const lookBackHours = 4;
/** Repetitions of one id within some hours that are told apart; an id that is used more often tells nothing. */
const spellsMax = 1024;

interface LiveRecord {
  /** Under which hour it stands; undefined when it is new. */
  readonly hour: number | undefined;
  readonly contenders: readonly Contender[];
}

/** The record may stand under any hour in which its last contender expires. */
function liveRecord(sets: RecordSets, call: bigint, { nowMs, identityWindowMs }: Terms): LiveRecord {
  const last = hourOf(nowMs + identityWindowMs);
  for (let hour = hourOf(nowMs); hour <= last; hour++) {
    const bytes = sets.find(liveCalls(hour), call);
    if (bytes !== undefined) return { hour, contenders: undecided(readContenders(bytes), nowMs) };
  }
  return { hour: undefined, contenders: [] };
}

/**
 * Those whose window is open, and whoever overlaps one of them, if only by way of others. A span that stands above
 * another one may have stopped before it took that back: until nobody of the call can pay any more, it must find it here.
 */
function undecided(contenders: readonly Contender[], nowMs: number): readonly Contender[] {
  const found = contenders.filter(({ liveUntilMs }) => nowMs < liveUntilMs);
  let rest = contenders.filter(({ liveUntilMs }) => liveUntilMs <= nowMs);
  // It grows while it is gone through.
  for (const one of found) {
    if (rest.length === 0) break;
    found.push(...rest.filter((other) => overlap(one.evidence, other.evidence)));
    rest = rest.filter((other) => !overlap(one.evidence, other.evidence));
  }
  return found;
}

/** Full of spans that the new one may be of one call with: such an id tells no calls apart. */
function isCrowded({ contenders }: LiveRecord, added: Contender): boolean {
  const endMs = Math.min(...contenders.map(({ posting }) => posting.endMs));
  return contendersMax <= contenders.length && added.evidence.startMs - toleranceMs <= endMs;
}

/** By its own fingerprint alone: a resend is still known, other layers are not. */
function decideByItself(sets: RecordSets, claim: Claim, terms: Terms): Verdict {
  const { span } = claim.posting;
  return claim.id === span ? { kind: "settled" } : decideClaim(sets, { ...claim, id: span }, terms);
}

function contenderOf({ posting, rank, evidence }: Claim, terms: Terms): Contender {
  return { posting, rank, evidence, liveUntilMs: terms.nowMs + terms.identityWindowMs };
}

/** Where there is no room, the span that ended first gives way: it can no longer be outranked, and still pays once. */
function keep(sets: RecordSets, call: bigint, record: LiveRecord, added: Contender): void {
  const all = [...record.contenders, added];
  if (contendersMax < all.length) {
    all.sort((one, two) => one.posting.endMs - two.posting.endMs);
    all.shift();
  }
  const hour = hourOf(Math.max(...all.map(({ liveUntilMs }) => liveUntilMs)));
  if (record.hour !== undefined && record.hour !== hour) sets.remove(liveCalls(record.hour), call);
  sets.put(liveCalls(hour), call, writeContenders(call, all));
}

function isSameSpan({ posting }: Contender, claim: Claim): boolean {
  return posting.span === claim.posting.span && posting.tenant === claim.posting.tenant;
}

/** The same span under another tenant is the same call, whatever else it says. */
function kinshipOf(one: Contender, two: Contender): Relation {
  if (one.posting.span === two.posting.span) return overlap(one.evidence, two.evidence) ? "same" : "apart";
  return relationOf(one.evidence, two.evidence);
}

/** The higher rank; then the smaller fingerprint; then, for a resend under another tenant, the larger one of the tenant. */
function outranks(one: Contender, two: Contender): boolean {
  if (one.rank !== two.rank) return two.rank < one.rank;
  if (one.posting.span !== two.posting.span) return one.posting.span < two.posting.span;
  return nameFingerprint(two.posting.tenant) < nameFingerprint(one.posting.tenant);
}

/** One for all: sets copy what they keep. */
const spellBytes = new Uint8Array(16);
const spellView = new DataView(spellBytes.buffer);

/** What is left of a call after the identity window: fingerprint, first and last second, big-endian. */
function spellOf(call: bigint, { evidence, posting }: Contender): Uint8Array {
  spellView.setBigUint64(0, call);
  spellView.setUint32(8, firstSecond(evidence.startMs));
  spellView.setUint32(12, lastSecond(posting.endMs));
  return spellBytes;
}

/** Under this id, ended in an hour in which one may have ended that overlaps the claim. */
function oldSpells(sets: RecordSets, { id, evidence, posting }: Claim): readonly Uint8Array[] {
  const last = hourOf(posting.endMs + toleranceMs) + 1;
  const first = Math.max(hourOf(evidence.startMs - toleranceMs), last - lookBackHours);
  let found: readonly Uint8Array[] = [];
  for (let hour = first; hour <= last; hour++) {
    const more = sets.findAll(oldCalls(hour), id);
    if (0 < more.length) found = found.length === 0 ? more : [...found, ...more];
  }
  return found;
}

function overlaps(spell: Uint8Array, startMs: number, endMs: number): boolean {
  const view = viewOf(spell);
  return (
    view.getUint32(8) <= lastSecond(endMs + toleranceMs) && firstSecond(startMs - toleranceMs) <= view.getUint32(12)
  );
}

/** Whoever overlaps what is covered overlaps the spell. */
function covers(spell: Uint8Array, startMs: number, endMs: number): boolean {
  const view = viewOf(spell);
  return view.getUint32(8) <= firstSecond(startMs) && lastSecond(endMs) <= view.getUint32(12);
}

function isSpellOf(spell: Uint8Array, { evidence, posting }: Contender): boolean {
  const view = viewOf(spell);
  return view.getUint32(8) === firstSecond(evidence.startMs) && view.getUint32(12) === lastSecond(posting.endMs);
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
