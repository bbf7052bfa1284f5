// What becomes of each span that tells of a call: `bill`, `shadow` or `ignore`, and why. Four guards in turn: the class
// of the span, the id of its answer, its kin in the trace, its twins.
//
// The spans that are known, those of this request and those in the trace memory, are decided as a set, again with every
// request that adds to it; what was said of an earlier span and is no longer so becomes a revision. So the bill depends
// neither on the order of spans nor on how they are spread over requests. Across processes the claim in the ledger
// decides, and it alone makes a charge exactly once.
import type { Reason, Subject, Telling } from "./call.ts";
import { isHigher, rankOf } from "./layers.ts";
import { classOf, type Verdict } from "./roles-class.ts";
import { type Above, isCopy, settleCopies } from "./roles-copies.ts";
import { familyOf } from "./roles-family.ts";
import { isSameCall, type Precedence, settleIdentity, sharesId } from "./roles-identity.ts";
import { settleKinship } from "./roles-kinship.ts";
import { payerOf, type Spoken, Teller } from "./roles-teller.ts";
import { isOutdone, pairAcrossTraces, pairInTrace, passRivalsOn } from "./roles-twins.ts";
import type { Trace, TraceMemory } from "./trace-memory.ts";

export interface Court {
  readonly memory: TraceMemory;
  readonly nowMs: number;
  /** Tells spans of equal rank apart, the same way in every replica and in the ledger: the smaller one goes first. */
  fingerprintOf(traceId: string, spanId: string): bigint;
  /** Traces with earlier spans whose subject or kin may have changed. */
  readonly news?: Iterable<Trace>;
}

export interface Ruling extends Verdict {
  /** Whose the call is where neither the span nor its trace says it, but another span of the call does. */
  readonly heirOf?: Subject;
}

export interface Decision {
  /** At the positions of the tellings, undefined for spans that tell of no call and so get no role. */
  readonly verdicts: readonly (Ruling | undefined)[];
  /** At the same positions: who stands for spans whose role depends on others, with what is decided about them later. */
  readonly tellers: readonly (Teller | undefined)[];
  readonly revisions: readonly Revision[];
}

/** A span of an earlier request about which something else is true now. */
export interface Revision {
  readonly telling: Telling;
  readonly verdict: Verdict;
  readonly layer: Teller["layer"];
  readonly rank: number;
  readonly subject: Subject;
}

export function decideRoles(spoken: readonly Spoken[], court: Court): Decision {
  const bench = new Bench(court);
  const found: (Verdict | Teller | undefined)[] = [];
  for (let at = 0; at < spoken.length; at++) {
    const one = spoken[at];
    const itsClass = one ? classOf(one.telling, one.layer) : "silent";
    if (itsClass === "undecided" && one) found.push(bench.enter(one, at));
    else found.push(typeof itsClass === "string" ? undefined : itsClass);
    if (one && typeof itsClass !== "string" && idle.has(itsClass.reason)) bench.rest(one);
  }
  const revisions = bench.settle();
  const verdicts = found.map((one, at) => (one instanceof Teller ? toldOf(one, spoken[at]?.subject) : one));
  const tellers = found.map((one) => (one instanceof Teller ? one : undefined));
  return { verdicts, tellers, revisions };
}

/** Reasons for which nobody is charged, though the span says usage. */
const idle: ReadonlySet<Reason> = new Set(["gateway_cache_hit", "not_a_call", "configured"]);

/** Those whose role depends on others. */
class Bench {
  readonly #court: Court;
  readonly #precedence: Precedence;
  /** Who came with this request for the first time, and the numbers of their resources. */
  readonly #new: Teller[] = [];
  readonly #resources: number[] = [];
  /** Spans without an id, or of traces that have too many: nobody finds them by their trace. */
  readonly #strays: Teller[] = [];
  readonly #traces: Set<Trace>;

  constructor(court: Court) {
    this.#court = court;
    this.#precedence = precedenceOf(court);
    this.#traces = new Set(court.news);
  }

  /** Returns who stands for the span: a span that comes again is the one that it was. */
  enter(spoken: Spoken, at: number): Teller {
    const { memory, nowMs } = this.#court;
    const { spanId, traceId } = spoken.telling;
    const trace = spanId === "" ? undefined : memory.find(traceId);
    const before = trace?.span(spanId)?.teller;
    if (trace) this.#traces.add(trace);
    if (before) {
      meetAgain(before, spoken);
      return before;
    }
    const teller = new Teller(spoken, at);
    if (!trace || !memory.remember(trace, teller, nowMs)) this.#strays.push(teller);
    this.#new.push(teller);
    this.#resources.push(spoken.resource);
    return teller;
  }

  /** Notes a span that says usage nobody is charged for. */
  rest({ telling }: Spoken): void {
    const trace = this.#court.memory.find(telling.traceId);
    const note = trace?.span(telling.spanId);
    if (!trace || !note) return;
    note.isIdle = true;
    this.#traces.add(trace);
  }

  /** Decides everybody who is concerned. Returns what is no longer true of earlier spans. */
  settle(): readonly Revision[] {
    for (const trace of this.#traces) this.#settleCopies(trace.tellers);
    this.#settleCopies(this.#strays);
    for (const stray of this.#strays) this.#settleIdentity(stray, this.#traces);
    // Who shares an id with one of them is concerned, too; their own acquaintances are not.
    const more = new Set<Trace>();
    for (const trace of this.#traces) for (const teller of trace.tellers) this.#settleIdentity(teller, more);
    for (const trace of more) {
      if (this.#traces.has(trace)) continue;
      for (const teller of trace.tellers) this.#settleIdentity(teller, undefined);
      this.#traces.add(trace);
    }
    for (const trace of this.#traces) settleTrace(trace);
    this.#pairProcesses();
    for (const trace of this.#traces) passRivalsOn(trace.tellers);
    for (const teller of this.#new) inheritOfTwins(teller);
    const revisions: Revision[] = [];
    for (const trace of this.#traces) for (const teller of trace.tellers) this.#decide(teller, revisions);
    for (const stray of this.#strays) this.#decide(stray, revisions);
    return revisions;
  }

  /** A call takes the ids of its copies over, so that under them, too, it is the one that is charged. */
  #settleCopies(tellers: readonly Teller[]): void {
    settleCopies(tellers, this.#aboveOf);
    for (const copy of tellers) {
      const { standing, whole, responseIds } = copy;
      if (standing !== "copy" || !whole || !isSameCall(copy, whole)) continue;
      if (responseIds.every((id) => whole.responseIds.includes(id))) continue;
      whole.adopt(responseIds);
      this.#court.memory.rememberAnswers(whole, this.#court.nowMs);
    }
  }

  readonly #aboveOf = ({ traceId, telling }: Teller): Above => {
    const { parentSpanId } = telling;
    if (parentSpanId === "") return undefined;
    const note = this.#court.memory.find(traceId)?.span(parentSpanId);
    if (note?.isIdle) return "idle";
    const above = note?.teller ?? this.#strays.find((one) => one.spanId === parentSpanId && one.traceId === traceId);
    return above && isCopy(above) ? undefined : above;
  };

  #settleIdentity(teller: Teller, concerned: Set<Trace> | undefined): void {
    const { memory } = this.#court;
    const others = settleIdentity(teller, memory, this.#precedence, this.#strays);
    if (!concerned) return;
    for (const other of others) addTrace(memory.find(other.traceId), concerned);
    for (const twin of teller.twins) addTrace(memory.find(twin.traceId), concerned);
  }

  /** Twins in two traces are looked for among what one process sent at once. */
  #pairProcesses(): void {
    const [first] = this.#new;
    if (!first || this.#new.every(({ emitter }) => emitter === first.emitter)) return;
    const byResource = new Map<number, Teller[]>();
    for (const [at, teller] of this.#new.entries()) {
      const resource = this.#resources[at] ?? -1;
      const ofProcess = byResource.get(resource);
      if (ofProcess) ofProcess.push(teller);
      else byResource.set(resource, [teller]);
    }
    for (const ofProcess of byResource.values()) pairAcrossTraces(ofProcess);
  }

  #decide(teller: Teller, revisions: Revision[]): void {
    const verdict = verdictOn(teller, this.#precedence);
    const before = teller.verdict;
    if (verdict.role === "bill") {
      // What was taken back once stays so, whatever comes.
      if (teller.isWithdrawn) return;
      const isNews = before !== undefined && bill(teller, teller.subject);
      if (isNews || teller.isRenamed) revisions.push(revisionOf(teller, verdict));
      teller.isRenamed = false;
    } else {
      const isNews = before && (before.role === "bill" || before.isBarred !== verdict.isBarred);
      if (isNews) revisions.push(revisionOf(teller, verdict));
      withdraw(teller);
    }
    teller.verdict = verdict;
  }
}

function addTrace(trace: Trace | undefined, traces: Set<Trace>): void {
  if (trace) traces.add(trace);
}

/** Most traces have one call, and then there is nobody to compare it with. */
function settleTrace(trace: Trace): void {
  const { tellers } = trace;
  const [only] = tellers;
  if (only && tellers.length === 1 && only.standing !== "copy") only.standing = "alone";
  if (tellers.length < 2) return;
  const family = familyOf(trace);
  settleKinship(family);
  pairInTrace(family);
}

/** A resend may know a tenant that was not known before. */
function meetAgain(before: Teller, { subject, rank }: Spoken): void {
  if (before.subject.tenantFrom !== "default" || subject.tenantFrom === "default") return;
  before.subject = subject;
  before.rank = Math.max(before.rank, rank);
}

/** A client's own span in a trace of its own does not know whose it is; the instrumentation's does. */
function inheritOfTwins(teller: Teller): void {
  for (const twin of teller.twins) {
    inherit(teller, twin);
    inherit(twin, teller);
  }
}

function inherit(heir: Teller, { subject }: Teller): void {
  if (heir.subject.tenantFrom !== "default" || subject.tenantFrom === "default") return;
  heir.subject = { ...subject, tenantFrom: `twin:${subject.tenantFrom.replace(/^\w+:/, "")}` };
  heir.rank = rankOf(heir.telling, heir.layer, true);
}

/** What the request is told of one of its spans. A resend may come under another tenant: the ledger knows whose it is. */
function toldOf(teller: Teller, said: Subject | undefined): Ruling | undefined {
  const { verdict, subject } = teller;
  if (!verdict || !said) return verdict;
  const isHeir = said.tenantFrom === "default" && subject.tenantFrom !== "default";
  if (verdict.role === "bill") bill(teller, isHeir ? subject : said);
  return isHeir ? { ...verdict, heirOf: subject } : verdict;
}

/** Notes who is billed; false where it is known. */
function bill(teller: Teller, { tenant }: Subject): boolean {
  if (teller.payers.includes(tenant)) return false;
  teller.payers = [...teller.payers, tenant].slice(-payersMax);
  return true;
}

/** A span comes under one tenant, or two where its tenant became known later. */
const payersMax = 4;

function withdraw(teller: Teller): void {
  if (teller.payers.length === 0) return;
  teller.withdrawnFrom = [...teller.withdrawnFrom, ...teller.payers].slice(-payersMax);
  teller.payers = [];
}

function revisionOf({ telling, layer, rank, subject }: Teller, verdict: Verdict): Revision {
  return { telling, layer, rank, subject, verdict };
}

function precedenceOf({ fingerprintOf }: Court): Precedence {
  return (a, b) => b.rank - a.rank || comparePrints(a, b, fingerprintOf);
}

function comparePrints(a: Teller, b: Teller, fingerprintOf: Court["fingerprintOf"]): number {
  const difference = fingerprintOf(a.traceId, a.spanId) - fingerprintOf(b.traceId, b.spanId);
  if (difference === 0n) return a.key < b.key ? -1 : Number(b.key < a.key);
  return difference < 0n ? -1 : 1;
}

function verdictOn(teller: Teller, precedence: Precedence): Verdict {
  const { owner, standing, layer } = teller;
  if (standing === "copy") return verdictOnCopy(teller, precedence);
  if (owner) {
    const isLower = isHigher(owner.layer, layer);
    if (pays(payerOf(owner), precedence)) return isLower ? ofLowerLayer : duplicate;
    return isLower ? barred.lowerLayer : barred.duplicate;
  }
  if (standing === "covered") return barred.duplicate;
  if (standing !== "alone") return standing === "rollup" ? barred.rollup : barred.lowerLayer;
  return isOutdone(teller, precedence) ? barred.twin : leaf;
}

/** Under a common id the ledger lets the call take over what the copy was charged; else that must be taken back. */
function verdictOnCopy(copy: Teller, precedence: Precedence): Verdict {
  const { whole } = copy;
  // Its id may be that of a call which the cache answers again: that stays charged.
  if (!whole) return copy.responseIds.length === 0 ? barred.copy : ofCopy;
  const isKnown = sharesId(copy, whole) && isSameCall(copy, whole);
  return isKnown && pays(payerOf(whole), precedence) ? ofCopy : barred.copy;
}

function pays(teller: Teller, precedence: Precedence): boolean {
  return teller.standing === "alone" && !isOutdone(teller, precedence);
}

const leaf: Verdict = { role: "bill", reason: "leaf" };
const duplicate: Verdict = { role: "shadow", reason: "duplicate" };
const ofLowerLayer: Verdict = { role: "shadow", reason: "lower_layer" };
const ofCopy: Verdict = { role: "shadow", reason: "copy" };
/** Spans tell of the call that no common id joins with this one. */
const barred = {
  copy: { role: "shadow", reason: "copy", isBarred: true },
  duplicate: { role: "shadow", reason: "duplicate", isBarred: true },
  lowerLayer: { role: "shadow", reason: "lower_layer", isBarred: true },
  rollup: { role: "shadow", reason: "rollup", isBarred: true },
  twin: { role: "shadow", reason: "twin", isBarred: true },
} as const satisfies Record<string, Verdict>;
