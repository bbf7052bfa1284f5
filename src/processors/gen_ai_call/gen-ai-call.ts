// Decides which spans are one call, which of them is billed, and whose it is. What the spans say of each other in this
// process is decided here; that a call is charged once, whatever arrives where, is the ledger's business.
import type { Batch } from "../../core/batch.ts";
import { type AttributeKeys, type Processor, processor } from "../../core/component.ts";
import type { Host } from "../../core/host.ts";
import { type Call, calls, earlier, revisions, type Subject, type Telling, tellings } from "../../genai/call.ts";
import { withIdsOfCopies } from "../../genai/copies.ts";
import { dialects } from "../../genai/dialects/dialects.ts";
import { rankOf } from "../../genai/layers.ts";
import { Reader } from "../../genai/read.ts";
import { decideRoles, type Revision } from "../../genai/roles.ts";
import type { Verdict } from "../../genai/roles-class.ts";
import { isChoice, type Spoken } from "../../genai/roles-teller.ts";
import { sampledShare } from "../../genai/sampling.ts";
import { SubjectFinder, type SubjectSettings } from "../../genai/subject.ts";
import { type SourceValues, type Trace, TraceMemory } from "../../genai/trace-memory.ts";
import { type Trail, trails } from "../../genai/trail.ts";
import { spanFingerprint } from "../../ledger/identity.ts";
import type { SpanView } from "../../otlp/span-view.ts";
import { type TraceBatch, traceBatch } from "../../otlp/trace-batch.ts";
import { CallFigures, sampledTrace } from "./figures.ts";
import type { HeldCall } from "./held-calls.ts";
import { Holder } from "./holder.ts";
import { type CallSettings, callSettings, checkCallSettings } from "./settings.ts";
import { moveToShadow, shadowKeys } from "./shadow.ts";
import { OwnNames, stamp, stampKeys, upstreamTenant, verdictFrom } from "./stamp.ts";

export const genAiCall = processor({
  type: "gen_ai_call",
  summary: "Decides which spans are one call, which of them is billed, and whose it is.",
  signals: ["traces"],
  settings: callSettings,
  check: checkCallSettings,
  create: (settings, host) => new CallProcessor(settings, host),
});

class CallProcessor implements Processor {
  readonly keys: AttributeKeys;
  readonly #settings: CallSettings;
  readonly #host: Host;
  readonly #reader: Reader;
  readonly #subjects: SubjectFinder;
  readonly #memory = new TraceMemory();
  readonly #ownNames = new OwnNames();
  readonly #figures: CallFigures;
  readonly #holder: Holder;
  // Of the request at hand, by position of the telling: what its span says, and the number of its resource.
  readonly #values: (SourceValues | undefined)[] = [];
  readonly #resources: number[] = [];
  /** Traces with calls of earlier requests, of which the request at hand says whose they are, or how they hang together. */
  readonly #news = new Set<Trace>();

  constructor(settings: CallSettings, host: Host) {
    this.#settings = settings;
    this.#host = host;
    this.#figures = new CallFigures(host);
    this.#holder = new Holder(settings, this.#memory, host);
    this.#subjects = new SubjectFinder(subjectSettings(settings), (key) =>
      host.meter.add("spantoll_bad_values_total", 1, { dialect: "subject", key }),
    );
    // Without a normaliser before it, it reads the spans itself.
    const badValue = (dialect: string, key: string) => host.meter.add("spantoll_bad_values_total", 1, { dialect, key });
    this.#reader = new Reader(dialects, { services: new Map(), badValue });
    const all = [this.#reader.keys, this.#subjects.keys, stampKeys, shadowKeys];
    this.keys = { exact: all.flatMap(({ exact }) => exact), prefixes: all.flatMap(({ prefixes }) => prefixes) };
  }

  process(batch: Batch): Batch {
    const traces = traceBatch(batch);
    const told = withIdsOfCopies(tellings.get(batch.notes) ?? this.#read(traces));
    const nowMs = this.#host.clock.now();
    this.#note(traces, told, nowMs);
    const isQuiet = told.length === 0 && this.#news.size === 0;
    calls.set(batch.notes, isQuiet ? [] : this.#decide(traces, told, nowMs));
    return batch;
  }

  /** What has been decided about them by now stands on the batch already. */
  stampAgain(batch: Batch): Batch {
    const traces = traceBatch(batch);
    if (!this.#settings.trust_upstream)
      for (let span = 0; span < traces.items; span++) this.#ownNames.remove(traces.span(span));
    for (const call of calls.get(batch.notes) ?? []) this.#write(traces, call);
    return batch;
  }

  async stop(): Promise<void> {
    this.#holder.close();
  }

  #read(traces: TraceBatch): readonly Telling[] {
    const told: Telling[] = [];
    for (let span = 0; span < traces.items; span++) {
      const telling = this.#reader.read(traces.span(span));
      if (telling) told.push(telling);
    }
    return told;
  }

  /** Looks at every span for whose trace it is and below which span it stands. Keeps what the spans of calls say. */
  #note(traces: TraceBatch, told: readonly Telling[], nowMs: number): void {
    const memory = this.#memory;
    memory.forget(nowMs);
    for (const { usage, traceId } of told) if (usage && traceId !== "") memory.open(traceId, nowMs);
    this.#values.length = 0;
    this.#resources.length = 0;
    this.#news.clear();
    for (let span = 0; span < traces.items; span++) {
      const view = traces.span(span);
      if (!this.#settings.trust_upstream) this.#ownNames.remove(view);
      const values = this.#subjects.valuesOf(view);
      const next = told[this.#values.length];
      const telling = next?.span === span ? next : undefined;
      if (telling) {
        this.#values.push(values);
        this.#resources.push(view.resource);
      }
      if (values || 0 < memory.traceCount) this.#noteSpan(view, telling, values, nowMs);
    }
  }

  #noteSpan(view: SpanView, telling: Telling | undefined, values: SourceValues | undefined, nowMs: number): void {
    const traceId = telling ? telling.traceId : view.traceId;
    if (traceId === "") return;
    const trace = values ? this.#memory.open(traceId, nowMs) : this.#memory.find(traceId);
    if (!trace) return;
    const { spanId, parentSpanId } = telling ?? view;
    const isNew = this.#memory.note(trace, spanId, parentSpanId, values);
    // Two calls of earlier requests may turn out to be kin: this span may stand between them.
    if (isNew && 1 < trace.tellers.length) this.#news.add(trace);
    if (!values) return;
    trace.say(values, (telling ?? view).startMs);
    if (0 < trace.tellers.length) this.#news.add(trace);
  }

  #decide(traces: TraceBatch, told: readonly Telling[], nowMs: number): readonly Call[] {
    this.#subjects.begin();
    const spoken = told.map((telling, at) => this.#spokenBy(traces, telling, at));
    for (const trace of this.#news) this.#inherit(trace);
    const court = { memory: this.#memory, nowMs, fingerprintOf: spanFingerprint, news: this.#news };
    const { verdicts, tellers, revisions: revised } = decideRoles(spoken, court);
    if (0 < revised.length) revisions.set(traces.notes, revised.map(revisedCall));
    const decided: Call[] = [];
    const open: HeldCall[] = [];
    for (let at = 0; at < spoken.length; at++) {
      const one = spoken[at];
      const ruling = verdicts[at];
      const teller = tellers[at];
      const upstream = one && this.#upstreamVerdict(traces, one.telling);
      const verdict = upstream ?? ruling;
      if (!one || !verdict) continue;
      const call = callOf(ruling?.heirOf ? heir(one, ruling.heirOf) : one, verdict);
      decided.push(call);
      if (teller && !upstream) open.push({ call, teller });
    }
    for (const call of decided) {
      this.#write(traces, call);
      this.#figures.count(call);
    }
    this.#figures.tell();
    const trail = trails.get(traces.notes);
    if (trail) for (const call of decided) tellTrail(trail, call);
    else this.#holder.hold(traces.notes, open, nowMs);
    return decided;
  }

  /** Gives calls of earlier requests the tenant that their trace says now. */
  #inherit(trace: Trace): void {
    for (const teller of trace.tellers) {
      if (teller.subject.tenantFrom !== "default") continue;
      const subject = this.#subjects.inherited(teller.telling.parentSpanId, teller.subject, trace);
      if (subject.tenantFrom === "default") continue;
      teller.subject = subject;
      teller.rank = rankOf(teller.telling, teller.layer, true);
    }
  }

  /** `at` is the position of the telling. */
  #subjectOf(traces: TraceBatch, { span, traceId, parentSpanId }: Telling, at: number): Subject {
    if (!this.#subjects.isBesideKnown(this.#resources[at] ?? -1)) {
      this.#subjects.lookBeside(traces.span(span), traces.context);
    }
    return this.#subjects.subjectOf(parentSpanId, this.#values[at], this.#memory.find(traceId));
  }

  #spokenBy(traces: TraceBatch, telling: Telling, at: number): Spoken {
    const { layers } = this.#settings;
    const subject = this.#subjectOf(traces, telling, at);
    const configured = Object.hasOwn(layers, telling.service) ? layers[telling.service] : undefined;
    const layer = configured ?? telling.layer;
    const rank = rankOf(telling, layer === "ignore" ? telling.layer : layer, subject.tenantFrom !== "default");
    const view = traces.span(telling.span);
    const isSampled = sampledShare(view.traceState) !== undefined;
    const writer = telling.dialect === langfuse ? view.name : "";
    return {
      telling: isSampled ? sampled(telling) : telling,
      layer,
      rank,
      subject,
      resource: this.#resources[at] ?? -1,
      writer,
    };
  }

  #upstreamVerdict(traces: TraceBatch, telling: Telling): Verdict | undefined {
    return this.#settings.trust_upstream ? verdictFrom(traces.span(telling.span)) : undefined;
  }

  #write(traces: TraceBatch, call: Call): void {
    const view = traces.span(call.span);
    if (call.role === "shadow" && this.#settings.shadow === "move") moveToShadow(view, call.reason === "rollup");
    stamp(view, call);
  }
}

function tellTrail(trail: Trail, { span, role, reason, dialect, subject }: Call): void {
  const rule = "gen_ai_call";
  trail.set(span, { key: "spantoll.call.role", value: role, from: "", rule });
  trail.set(span, { key: "spantoll.call.reason", value: reason, from: "", rule });
  trail.set(span, { key: "spantoll.call.dialect", value: dialect, from: "", rule });
  trail.set(span, { key: "spantoll.tenant.id", value: subject.tenant, from: subject.tenantFrom, rule });
}

function subjectSettings({ subject, trust_upstream }: CallSettings): SubjectSettings {
  if (!trust_upstream) return subject;
  return { ...subject, tenant: { ...subject.tenant, from: [upstreamTenant, ...subject.tenant.from] } };
}

function sampled(telling: Telling): Telling {
  return { ...telling, flags: [...telling.flags, sampledTrace] };
}

/** Its client and its callback handler write spans of one scope; what tells them apart is the name. */
const langfuse = "langfuse";

function heir({ telling, layer }: Spoken, subject: Subject): Decided {
  return { telling, layer, subject, rank: rankOf(telling, layer === "ignore" ? telling.layer : layer, true) };
}

function revisedCall({ telling, verdict, layer, rank, subject }: Revision): Call {
  return { ...callOf({ telling, layer, rank, subject }, verdict), span: earlier };
}

type Decided = Pick<Spoken, "telling" | "layer" | "rank" | "subject">;

/** Written out: a spread of so many fields is slow, and this is done for every call. */
function callOf({ telling, layer, rank, subject }: Decided, { role, reason, isBarred = false }: Verdict): Call {
  return {
    span: telling.span,
    traceId: telling.traceId,
    spanId: telling.spanId,
    parentSpanId: telling.parentSpanId,
    startMs: telling.startMs,
    endMs: telling.endMs,
    service: telling.service,
    scope: telling.scope,
    dialect: telling.dialect,
    layer: layer === "ignore" ? telling.layer : layer,
    operation: telling.operation,
    shape: telling.shape,
    provider: telling.provider,
    requestModel: telling.requestModel,
    responseModel: telling.responseModel,
    providerModel: telling.providerModel,
    responseIds: telling.responseIds,
    isChoice: isChoice(telling),
    usage: telling.usage,
    reportedUsd: telling.reportedUsd,
    gatewayCacheHit: telling.gatewayCacheHit,
    failed: telling.failed,
    serviceTier: telling.serviceTier,
    region: telling.region,
    flags: telling.flags,
    role,
    reason,
    subject,
    rank,
    isBarred,
  };
}
