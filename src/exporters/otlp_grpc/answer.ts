// What an answer of a backend means: https://opentelemetry.io/docs/specs/otlp/#failures.
import { readResponse } from "../../otlp/response.ts";
import { readRetryInfo } from "../../otlp/retry-info.ts";
import type { PushResult } from "../../sending/delivery.ts";
import type { Answer } from "./client.ts";

/** google.rpc.Code by number. */
const codeNames = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;
type CodeName = (typeof codeNames)[number];

const retryable: readonly CodeName[] = [
  "CANCELLED",
  "DEADLINE_EXCEEDED",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNAVAILABLE",
  "DATA_LOSS",
];

/** Longest text of a backend that goes into our log. */
const messageLengthMax = 300;

/** What grpc-go, grpc-java and grpc-js say of a message that they will never take. */
const tooLarge = /larger than max|to a size larger than|exceeds maximum size/i;

/**
 * Whether the backend has not read a message because it lacks the coding: UNIMPLEMENTED, in the words of grpc-go
 * ("Decompressor is not installed for grpc-encoding"), grpc-java and grpc-js.
 */
export function isCodingUnknown({ code, details }: Answer): boolean {
  return codeNames[code] === "UNIMPLEMENTED" && /compress|encoding/i.test(details);
}

/** `retryExhausted`: whether RESOURCE_EXHAUSTED without RetryInfo means a rate limit, and not a quota that is used up. */
export function resultOf(answer: Answer, endpoint: string, retryExhausted: boolean): PushResult {
  if (answer.code === 0) return delivered(answer);
  const name = codeNames[answer.code] ?? "UNKNOWN";
  const said = answer.details === "" ? "" : `: ${JSON.stringify(answer.details.slice(0, messageLengthMax))}`;
  const reason = `${endpoint} answered ${name}${said}`;
  if (name === "RESOURCE_EXHAUSTED" && tooLarge.test(answer.details)) {
    return { kind: "permanent", reason: `${reason}; set sending_queue.batch.max_size to what the backend takes` };
  }
  const retryAfterMs = answer.status && readRetryInfo(answer.status);
  const isExhausted = name === "RESOURCE_EXHAUSTED" && (retryExhausted || retryAfterMs !== undefined);
  if (!isExhausted && !retryable.includes(name)) return { kind: "permanent", reason };
  return retryAfterMs === undefined ? { kind: "retryable", reason } : { kind: "retryable", reason, retryAfterMs };
}

/** A backend that says OK has the data, whatever else it says: sending it again would make it twice. */
function delivered({ body }: Answer): PushResult {
  try {
    const partial = readResponse(body);
    return { kind: "delivered", rejected: partial?.rejected ?? 0, message: partial?.message ?? "" };
  } catch {
    return { kind: "delivered", rejected: 0, message: "an answer that cannot be read" };
  }
}
