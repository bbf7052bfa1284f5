// How a refusal reads on the wire: HTTP status, gRPC code, and google.rpc.Status as the body of either.
// Codes: https://opentelemetry.io/docs/specs/otlp/#failures and #failures-1; Status and RetryInfo: google/rpc/status.proto
// and error_details.proto. Written by hand: seven fields do not need a library.
import type { Refused, RefusedCode } from "../core/refused.ts";
import { Reader } from "../wire/reader.ts";
import { utf8 } from "../wire/utf8.ts";
import { varintLength, Writer } from "../wire/writer.ts";

/** google.rpc.Code, as far as doors answer with it. */
export const grpcCodes = {
  invalidArgument: 3,
  notFound: 5,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** The one table from our five codes to both protocols. 503 rather than 429: some exporters drop on 429. */
export const answers: Readonly<Record<RefusedCode, { readonly http: number; readonly grpc: number }>> = {
  malformed: { http: 400, grpc: grpcCodes.invalidArgument },
  too_large: { http: 413, grpc: grpcCodes.resourceExhausted },
  unauthenticated: { http: 401, grpc: grpcCodes.unauthenticated },
  overloaded: { http: 503, grpc: grpcCodes.unavailable },
  unavailable: { http: 503, grpc: grpcCodes.unavailable },
};

/** How long senders are asked to wait when the refusal does not say. */
const retryAfterMsDefault = 1_000;

const messageLengthMax = 1_024;

/** google.rpc.Status with the one detail that OTLP knows, RetryInfo. */
export interface Status {
  /** google.rpc.Code. */
  readonly code: number;
  readonly message: string;
  /** Present: RetryInfo, the sender may come again after that time. */
  readonly retryAfterMs?: number;
}

/** Without RetryInfo a RESOURCE_EXHAUSTED is final; with it anything is retryable. So only retryable codes carry it. */
export function statusOf(refused: Refused): Status {
  const status = { code: answers[refused.code].grpc, message: refused.message.slice(0, messageLengthMax) };
  return refused.retryable ? { ...status, retryAfterMs: refused.retryAfterMs ?? retryAfterMsDefault } : status;
}

const retryInfoUrl = "type.googleapis.com/google.rpc.RetryInfo";

export function encodeStatus(status: Status): Uint8Array {
  const writer = new Writer(256);
  writer.ensure(24 + status.message.length * 3 + retryInfoUrl.length);
  writer.byte(0x08);
  writer.varint(status.code);
  if (status.message !== "") field(writer, 0x12, new TextEncoder().encode(status.message));
  if (status.retryAfterMs !== undefined) field(writer, 0x1a, encodeRetryInfo(status.retryAfterMs));
  return writer.bytes.slice(0, writer.position);
}

/** google.protobuf.Any of a RetryInfo of a Duration. */
function encodeRetryInfo(delayMs: number): Uint8Array {
  const seconds = Math.floor(delayMs / 1000);
  const nanos = Math.round((delayMs - seconds * 1000) * 1e6);
  const duration = new Writer(32);
  duration.byte(0x08);
  duration.varint(seconds);
  duration.byte(0x10);
  duration.varint(nanos);
  const any = new Writer(96);
  field(any, 0x0a, new TextEncoder().encode(retryInfoUrl));
  const durationBytes = duration.bytes.slice(0, duration.position);
  any.ensure(durationBytes.length + 8);
  any.byte(0x12);
  any.varint(1 + varintLength(durationBytes.length) + durationBytes.length);
  field(any, 0x0a, durationBytes);
  return any.bytes.slice(0, any.position);
}

function field(writer: Writer, tag: number, content: Uint8Array): void {
  writer.ensure(content.length + 6);
  writer.byte(tag);
  writer.varint(content.length);
  writer.copy(content, 0, content.length);
}

/** The JSON form of https://protobuf.dev/programming-guides/json. */
export function statusJson(status: Status): string {
  const { code, message, retryAfterMs } = status;
  if (retryAfterMs === undefined) return JSON.stringify({ code, message });
  const retryDelay = `${(retryAfterMs / 1000).toFixed(3)}s`;
  return JSON.stringify({ code, message, details: [{ "@type": retryInfoUrl, retryDelay }] });
}

/** The message of an encoded Status, for our logs; undefined when the bytes are none. */
export function readStatusMessage(bytes: Uint8Array): string | undefined {
  try {
    const reader = new Reader(bytes);
    while (reader.position < reader.end) {
      const tag = reader.tag();
      if (tag !== 0x12) reader.skip(tag);
      else {
        const end = reader.contentEnd();
        return utf8(bytes, reader.position, end);
      }
    }
    return undefined;
  } catch {
    return undefined;
  }
}
