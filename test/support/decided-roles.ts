// Roles of spans in short form, request by request: for the tests of `src/genai/roles*.ts`.
import type { Telling } from "../../src/genai/call.ts";
import { rankOf, type ServiceLayer } from "../../src/genai/layers.ts";
import { decideRoles } from "../../src/genai/roles.ts";
import type { Spoken } from "../../src/genai/roles-teller.ts";
import { type Trace, TraceMemory } from "../../src/genai/trace-memory.ts";
import { dayMs, spanId, tellingOf, traceId } from "./spans.ts";

/** A telling in short: ids are single digits, `in` and `out` are tokens, `model` is the one that was asked for. */
export interface Row extends Partial<Omit<Telling, "usage">> {
  readonly id: string;
  readonly below?: string;
  readonly answer?: string;
  readonly in?: number;
  readonly out?: number;
  readonly tenant?: boolean;
  readonly configured?: ServiceLayer;
}

export type Requests = readonly (readonly Row[])[];

/** Spans in between that tell nothing: `[id, below]`. */
export type Links = readonly (readonly [string, string])[];

/** Role and reason by span id, after the requests in turn: the last answer, or what a later request made of it. */
export function decided(requests: Requests, links: Links = [], memory = new TraceMemory()): Record<string, string> {
  const answers: Record<string, string> = {};
  for (const rows of requests) {
    const spoken = rows.map(spokenBy);
    const news = new Set<Trace>();
    for (const { telling } of spoken) {
      const trace = memory.open(telling.traceId, dayMs);
      news.add(trace);
      memory.note(trace, telling.spanId, telling.parentSpanId, undefined);
      for (const [id, below] of links) memory.note(trace, spanId(id), spanId(below), undefined);
    }
    const fingerprintOf = (_trace: string, span: string) => BigInt(`0x${span}`);
    const { verdicts, revisions } = decideRoles(spoken, { memory, nowMs: dayMs, fingerprintOf, news });
    for (const { telling, verdict } of revisions)
      answers[telling.spanId.replace(/^0+/, "")] = `${verdict.role} ${verdict.reason}`;
    for (const [at, row] of rows.entries()) {
      const verdict = verdicts[at];
      answers[row.id] = verdict ? `${verdict.role} ${verdict.reason}` : "silent";
    }
  }
  return answers;
}

export function spokenBy(row: Row, span: number): Spoken {
  const { id, below, answer, in: input, out: output, tenant = false, configured, ...rest } = row;
  const usage = input === undefined && output === undefined ? undefined : { input: input ?? 0, output: output ?? 0 };
  const telling = tellingOf({
    span,
    spanId: id === "" ? "" : spanId(id),
    parentSpanId: below ? spanId(below) : "",
    responseIds: answer ? [answer] : [],
    usage,
    ...rest,
  });
  const layer = configured ?? telling.layer;
  const subject = { tenant: tenant ? "acme" : "@unknown", tenantFrom: tenant ? "span:tenant.id" : "default" };
  const rank = rankOf(telling, layer === "ignore" ? telling.layer : layer, tenant);
  return { telling, layer, rank, subject: { ...subject, ...nobody }, resource: 0, writer: "" };
}

const nobody = { team: undefined, user: undefined, key: undefined };

/** What the server that most captures were taken from counts. */
export const chat = { in: 1215, out: 87 };
export const answered = { ...chat, answer: "chatcmpl-1" };
export const elsewhere = traceId("b2");
