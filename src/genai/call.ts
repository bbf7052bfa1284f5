// One billable call as a span tells of it. The normaliser reads it (`Telling`), `gen_ai_call` decides what becomes
// of it (`Call`), and cost and budget work on that: they read no attribute again.
import { Note } from "../core/note.ts";
import type { Usage } from "./usage.ts";

/** Layers that speak of one upstream call; the bill goes to the highest. */
export type Layer = "proxy" | "app" | "model_server";

/** What one span says, in canonical words, before anybody decided whether it is billed. */
export interface Telling {
  /** Index of the span in its batch. */
  readonly span: number;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly startMs: number;
  readonly endMs: number;
  /** Service that sent the span (`service.name`), empty when it does not say. */
  readonly service: string;
  readonly scope: string;
  /** Id of the dialect that gave the usage, or else of the one that recognised the span. */
  readonly dialect: string;
  readonly layer: Layer;
  /** `gen_ai.operation.name`, when it is known. */
  readonly operation: string | undefined;
  /** What the dialect knows of the span's class: a call, a container that restates its children, a copy of its parent, or none. */
  readonly shape: "call" | "container" | "copy" | "other";
  readonly provider: string | undefined;
  readonly requestModel: string | undefined;
  readonly responseModel: string | undefined;
  /** The real model behind a proxy's alias. */
  readonly providerModel: string | undefined;
  /** Response ids under all their names, without junk. */
  readonly responseIds: readonly string[];
  /**
   * Whether the span tells one of several choices of its call (`n` above 1), and other spans of the same emitter, under
   * the same response id, tell the others: each counts the whole input and an output of its own, as vLLM's do. Then the
   * input is charged once for the call, and the output of every choice. A span that tells all choices together, as an
   * app's or a proxy's does, is none. Absent: not known. The ledger then takes spans of one emitter under one id, at
   * the same time, with one model and equal input for choices where their outputs differ.
   *
   * Roles bill every choice; the ledger, which sees all processes, decides who pays the input.
   */
  readonly isChoice?: boolean;
  /** Undefined when the span tells no usage. */
  readonly usage: Usage | undefined;
  /** Decimal USD as the emitter said it, undefined when it said none. */
  readonly reportedUsd: string | undefined;
  readonly gatewayCacheHit: boolean;
  readonly failed: boolean;
  readonly serviceTier: string | undefined;
  readonly region: string | undefined;
  /** How sure the reading is: words of the closed list of flags (`usage_convention_inferred_exclusive`). */
  readonly flags: readonly string[];
}

/** Left by `gen_ai_normalizer`: what each recognised span of the batch says, in span order. */
export const tellings = new Note<readonly Telling[]>("tellings");

export type Role = "bill" | "shadow" | "ignore";

/** Why a span has its role. Closed list; `docs/billing.md` says the same. */
export const reasonTexts = {
  leaf: "this span is the call",
  rollup: "it restates what the spans below it say",
  copy: "it repeats in other words what the span above it says",
  duplicate: "another span tells of the same call, and knows as much or more",
  twin: "another span tells of the same call, under no common id: same time, model and counts",
  lower_layer: "a span of a higher layer tells of the same call",
  gateway_cache_hit: "the gateway answered from its cache, and nobody was called",
  failed_without_usage: "the call failed and used nothing",
  no_usage: "the span does not say what the call used",
  not_a_call: "its usage is not that of a call of a model",
  configured: "its service is set to ignore",
} as const;
export type Reason = keyof typeof reasonTexts;
export const reasons = Object.keys(reasonTexts) as readonly Reason[];

/** Whose a call is. */
export interface Subject {
  readonly tenant: string;
  /** Where the tenant came from: `span:litellm.team.id`, `trace:…`, `resource:…`, `header:…`, `default`. */
  readonly tenantFrom: string;
  readonly team: string | undefined;
  readonly user: string | undefined;
  readonly key: string | undefined;
}

export interface Call extends Telling {
  readonly role: Role;
  readonly reason: Reason;
  readonly subject: Subject;
  /** Who may take the call over: layer first, then how much the span knows. Higher wins. */
  readonly rank: number;
  /**
   * True on a `shadow` whose call is told by spans that share no id with it (below a rollup, of another layer, twins).
   * The ledger then holds its own ids for nobody: what was charged under them is taken back, and no resend, to whatever
   * process that knows less, is charged under them again.
   */
  readonly isBarred?: boolean;
}

/** Left by `gen_ai_call`: every span with a role, in span order. Cost and charges of later notes stand at the same positions. */
export const calls = new Note<readonly Call[]>("calls");

/** `span` of a call of an earlier request. */
export const earlier = -1;

/**
 * Left by `gen_ai_call`: calls of earlier requests of which something else is true now, with `span` set to `earlier`.
 * One that is billed now is charged now, to another tenant than before perhaps; one that is barred now is taken back.
 */
export const revisions = new Note<readonly Call[]>("revisions");
