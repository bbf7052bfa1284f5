// What an answer of a backend means: https://opentelemetry.io/docs/specs/otlp/#otlphttp-response.
import { STATUS_CODES } from "node:http";
import { type PartialSuccess, readResponse, readResponseJson } from "../../otlp/response.ts";
import { readStatusMessage } from "../../otlp/status.ts";
import type { PushResult } from "../../sending/delivery.ts";
import { parseRetryAfter } from "../../sending/retry.ts";
import type { Answer } from "./client.ts";

const retryable: readonly number[] = [429, 502, 503, 504];

/** Longest text of a backend that goes into our log. */
const messageLengthMax = 300;

/** `nowMs` is milliseconds since 1970. */
export function resultOf(answer: Answer, url: URL, nowMs: number): PushResult {
  if (200 <= answer.status && answer.status < 300) return delivered(answer);
  // The path is kept and the rest is not: credentials may stand in a URL.
  const reason = `${url.origin}${url.pathname} answered ${answer.status} ${STATUS_CODES[answer.status] ?? ""}${said(answer)}`;
  if (!retryable.includes(answer.status)) return { kind: "permanent", reason };
  const retryAfterMs = parseRetryAfter(answer.headers["retry-after"], nowMs);
  return retryAfterMs === undefined ? { kind: "retryable", reason } : { kind: "retryable", reason, retryAfterMs };
}

/** A backend that says 2xx has the data, whatever else it says: sending it again would make it twice. */
function delivered(answer: Answer): PushResult {
  try {
    const partial = partialOf(answer);
    return { kind: "delivered", rejected: partial?.rejected ?? 0, message: partial?.message ?? "" };
  } catch {
    return { kind: "delivered", rejected: 0, message: "an answer that cannot be read" };
  }
}

function partialOf({ body, headers }: Answer): PartialSuccess | undefined {
  if (body.length === 0) return undefined;
  const type = headers["content-type"] ?? "";
  if (isJson(type)) return readResponseJson(Buffer.from(body).toString());
  // Backends that are no OTLP servers answer "OK" in plain text; that is no news.
  return /^application\/x-protobuf\b/i.test(type) ? readResponse(body) : undefined;
}

function said({ body, headers }: Answer): string {
  const type = headers["content-type"] ?? "";
  const text = isJson(type)
    ? messageOfJson(body)
    : /^text\//i.test(type)
      ? Buffer.from(body).toString()
      : readStatusMessage(body);
  return text ? `: ${JSON.stringify(text.slice(0, messageLengthMax))}` : "";
}

function messageOfJson(body: Uint8Array): string {
  const text = Buffer.from(body).toString();
  try {
    const status: unknown = JSON.parse(text);
    const hasMessage = typeof status === "object" && status !== null && "message" in status;
    return hasMessage && typeof status.message === "string" ? status.message : text;
  } catch {
    return text;
  }
}

function isJson(type: string): boolean {
  return /^application\/json\b/i.test(type);
}
