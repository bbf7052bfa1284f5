// One constellation of spans and what it comes to; what the rows share.
import type { GivenSpan } from "../support/spans.ts";
import type { Bill } from "./till.ts";

export interface Scenario {
  readonly name: string;
  readonly spans: readonly GivenSpan[];
  readonly bill: Bill;
  /** What is to be known of layers. */
  readonly layers?: Readonly<Record<string, string>>;
  /** Its spans end at once, and come in one request. */
  readonly whole?: true;
  /** Where each service has a process of its own: layers of one trace under no common id are not joined then. */
  readonly apart?: Bill;
}

export const chat = { in: 1215, out: 87 };
export const second = { in: 1330, out: 41 };
export const sum = { in: 2545, out: 128 };
export const one = (tenant: string): Bill => [`${tenant}: 1 calls, 1215 in, 87 out`];
export const two = (tenant: string): Bill => [`${tenant}: 2 calls, 2430 in, 174 out`];
export const agents = (tenant: string): Bill => [`${tenant}: 2 calls, 2545 in, 128 out`];
export const answer = "chatcmpl-1";
/** Within the time of a span that begins at 0 and lasts a second. */
export const within = { startMs: 10, endMs: 990 };
export const deeper = { startMs: 20, endMs: 980 };
