// Spans of one call that no id and no parent joins: two instrumentations of one client, a client's own span in a trace of
// its own, a proxy beside the model server that it called. They are twins one to one, where one lies within the time of
// the other, and both say the same model and counts.
import { isHigher } from "./layers.ts";
import { isCopyBelow } from "./roles-copies.ts";
import { restate } from "./roles-counts.ts";
import { byStart, isAtOrAbove, type Kin } from "./roles-family.ts";
import { type Precedence, sharesId } from "./roles-identity.ts";
import type { Teller } from "./roles-teller.ts";
import { toleranceMs } from "./same-call.ts";

/** Pairs the tellers of a trace. More of them than `groupMax` are not looked at. */
export function pairInTrace(family: readonly Kin[]): void {
  const kinOf = new Map(family.map((kin) => [kin.teller, kin]));
  const areKin = (a: Teller, b: Teller) => {
    const [one, other] = [kinOf.get(a), kinOf.get(b)];
    return one !== undefined && other !== undefined && (isAtOrAbove(one, other) || isAtOrAbove(other, one));
  };
  // A span in between that came later may show that two are kin.
  for (const { teller } of family) teller.twins = teller.twins.filter((twin) => !areKin(teller, twin));
  if (groupMax < family.length) return;
  const tellers = family.map(({ teller }) => teller);
  pair(tellers, (a, b) => areTwins(a, b) && !areKin(a, b));
}

/** Pairs the tellers of one process that came in one request, whatever their traces are. */
export function pairAcrossTraces(tellers: readonly Teller[]): void {
  if (groupMax < tellers.length) return;
  pair(tellers.toSorted(byStart), (a, b) => a.traceId !== b.traceId && areTwinsApart(a, b));
}

/** Who pays for a span by a common id meets its twins in its place. */
export function passRivalsOn(tellers: readonly Teller[]): void {
  for (const { owner, twins } of tellers) {
    if (!owner) continue;
    const met = twins.filter((twin) => !owner.twins.includes(twin) && !owner.rivals.includes(twin));
    if (0 < met.length) owner.rivals = [...owner.rivals, ...met];
  }
}

/** Whether a twin is billed in place of this span, or another span in place of the twin. */
export function isOutdone(teller: Teller, precedence: Precedence): boolean {
  for (const twin of [...teller.twins, ...teller.rivals]) {
    const payer = standsFor(twin, teller) ? payerBehind(twin) : undefined;
    if (!payer || payer === teller) continue;
    // One that was taken back cannot pay again.
    const isSpent = isAlive(payer) && payer.isWithdrawn;
    if (isSpent === teller.isWithdrawn ? isBefore(payer, teller, precedence) : teller.isWithdrawn) return true;
  }
  return false;
}

/** Who pays for a span that does not pay itself. */
function payerBehind(teller: Teller): Teller {
  let payer = teller;
  for (let step = 0; step < stepsMax; step++) {
    const next = payer.owner ?? payer.whole;
    if (!next) break;
    payer = next;
  }
  return payer;
}

const stepsMax = 16;

/** Tellers of a trace, or of a process, that are compared with each other. */
const groupMax = 128;

function isAlive({ owner, standing }: Teller): boolean {
  return !owner && standing === "alone";
}

/** Who pays for `twin` pays for the other, too. Spans below a rollup have twins of their own, if they are of that layer. */
function standsFor(twin: Teller, other: Teller): boolean {
  return twin.owner !== undefined || twin.standing !== "rollup" || isHigher(twin.layer, other.layer);
}

/** The higher layer, then who has an id: it is how other processes know the call. */
function isBefore(a: Teller, b: Teller, precedence: Precedence): boolean {
  if (a.layer !== b.layer) return isHigher(a.layer, b.layer);
  const byId = Number(0 < a.responseIds.length) - Number(0 < b.responseIds.length);
  return byId === 0 ? precedence(a, b) < 0 : 0 < byId;
}

type Likeness = (a: Teller, b: Teller) => boolean;

/** As many pairs as there can be, between the tellers of any two emitters. Those that are there already stay pairs. */
function pair(tellers: readonly Teller[], alike: Likeness): void {
  // Who is still to be billed finds a twin before who is not, and takes it away from it.
  const ordered = [...tellers.filter(isAlive), ...tellers.filter((teller) => !isAlive(teller))];
  const emitters = [...new Set(tellers.map(({ emitter }) => emitter))].sort();
  for (const [at, emitter] of emitters.entries()) {
    const own = ordered.filter((teller) => teller.emitter === emitter);
    for (const other of emitters.slice(at + 1)) {
      const others = ordered.filter((teller) => teller.emitter === other);
      for (const teller of own) if (!hasTwin(teller, other)) findTwin(teller, others, alike, new Set());
    }
  }
}

/** An augmenting path: a pair may give way where its other half finds another twin. */
function findTwin(teller: Teller, others: readonly Teller[], alike: Likeness, tried: Set<Teller>): boolean {
  for (const other of others) {
    if (tried.has(other) || !mayPair(teller, other) || !alike(teller, other)) continue;
    tried.add(other);
    const before = twinOf(other, teller.emitter);
    if (before && before !== teller && isAlive(before) && !findTwin(before, others, alike, tried)) continue;
    join(teller, other);
    return true;
  }
  return false;
}

/** One that is billed, unless it is not billed itself. */
function hasTwin(teller: Teller, emitter: string): boolean {
  const twin = twinOf(teller, emitter);
  return twin !== undefined && (isAlive(twin) || !isAlive(teller));
}

function twinOf(teller: Teller, emitter: string): Teller | undefined {
  return teller.twins.find((twin) => twin.emitter === emitter && mayPair(teller, twin));
}

function mayPair(a: Teller, b: Teller): boolean {
  if (!isAlive(a) && !isAlive(b)) return false;
  return (!isAlive(a) || standsFor(b, a)) && (!isAlive(b) || standsFor(a, b));
}

function join(one: Teller, other: Teller): void {
  one.twins = [...one.twins.filter(({ emitter }) => emitter !== other.emitter), other];
  other.twins = [...other.twins.filter(({ emitter }) => emitter !== one.emitter), one];
}

/** In one trace. Layers know a model by different names and draw ids of their own, and their clocks differ. */
function areTwins(a: Teller, b: Teller): boolean {
  if (a.emitter === b.emitter || !countAlike(a, b) || sharesId(a, b)) return false;
  if (isCopyBelow(a, b) || isCopyBelow(b, a)) return false;
  if (a.layer !== b.layer) return isWithin(a, b, toleranceMs) || isWithin(b, a, toleranceMs);
  return areOfOneProcess(a, b);
}

/** In two traces one of them begins its trace. */
function areTwinsApart(a: Teller, b: Teller): boolean {
  if (a.emitter === b.emitter || a.layer !== b.layer || !countAlike(a, b)) return false;
  return (a.telling.parentSpanId === "" || b.telling.parentSpanId === "") && areOfOneProcess(a, b);
}

/** To the token: of two equal spans with one twin it then does not matter which of them pays. */
function countAlike(a: Teller, b: Teller): boolean {
  return a.usage.input === b.usage.input && a.usage.output === b.usage.output && restate(a.usage, b.usage);
}

function areOfOneProcess(a: Teller, b: Teller): boolean {
  if (0 < a.responseIds.length && 0 < b.responseIds.length) return false;
  if (a.telling.service !== b.telling.service) return false;
  if (0 < a.models.length && 0 < b.models.length && !a.models.some((model) => b.models.includes(model))) return false;
  return isWithin(a, b, processToleranceMs) || isWithin(b, a, processToleranceMs);
}

/** Two libraries read the clock of one machine a moment apart. */
const processToleranceMs = 5;

function isWithin(inner: Teller, outer: Teller, slackMs: number): boolean {
  return outer.startMs <= inner.startMs + slackMs && inner.endMs <= outer.endMs + slackMs;
}
