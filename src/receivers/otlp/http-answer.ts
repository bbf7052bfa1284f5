// Answers in the form of the request: protobuf to protobuf, JSON to JSON.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Refused } from "../../core/refused.ts";
import { answers, encodeStatus, type Status, statusJson, statusOf } from "../../otlp/status.ts";
import type { RefusalReason } from "./refusal.ts";

export type Encoding = "protobuf" | "json";

const mediaTypes: Readonly<Record<Encoding, string>> = { protobuf: "application/x-protobuf", json: "application/json" };

/** The form that a media type names, whatever its case and parameters; undefined when it is none of ours. */
export function encodingOf(mediaType: string | undefined): Encoding | undefined {
  // Almost every sender writes it exactly like this.
  if (mediaType === mediaTypes.protobuf) return "protobuf";
  const type = mediaType?.split(";")[0]?.trim().toLowerCase();
  if (type === mediaTypes.protobuf) return "protobuf";
  return type === mediaTypes.json ? "json" : undefined;
}

/** A request that was not taken. */
export interface Failure {
  readonly reason: RefusalReason;
  readonly httpStatus: number;
  readonly status: Status;
  readonly headers?: Readonly<Record<string, string>>;
}

export function failureOf(refused: Refused): Failure {
  const status = statusOf(refused);
  const failure = { reason: refused.code, httpStatus: answers[refused.code].http, status };
  if (status.retryAfterMs === undefined) return failure;
  return { ...failure, headers: { "Retry-After": String(Math.max(1, Math.ceil(status.retryAfterMs / 1000))) } };
}

/** Full success is an empty message: https://opentelemetry.io/docs/specs/otlp/#full-success-1. */
export function writeSuccess(response: ServerResponse, encoding: Encoding): void {
  const body = encoding === "json" ? "{}" : "";
  response.writeHead(200, { "Content-Type": mediaTypes[encoding], "Content-Length": body.length });
  response.end(body);
}

/** What is still to come of a refused request is passed over up to this size; beyond it the connection ends. */
const restBytesMax = 1024 ** 2;
/** How long a client that is still sending may take to read its answer. */
const lingerMs = 1_000;

export function writeFailure(
  request: IncomingMessage,
  response: ServerResponse,
  encoding: Encoding,
  failure: Failure,
): void {
  const { httpStatus, status, headers } = failure;
  const body = encoding === "json" ? Buffer.from(statusJson(status)) : encodeStatus(status);
  const comes = request.complete ? 0 : Number(request.headers["content-length"] ?? Number.POSITIVE_INFINITY);
  const goesOn = comes <= restBytesMax;
  response.writeHead(httpStatus, {
    "Content-Type": mediaTypes[encoding],
    "Content-Length": body.length,
    ...headers,
    ...(goesOn ? {} : { Connection: "close" }),
  });
  if (goesOn) response.end(body);
  else endAfterReading(request, response, body);
}

/** Closing with unread bytes resets the connection, and the client may never see why. So read a little first. */
function endAfterReading(request: IncomingMessage, response: ServerResponse, body: Uint8Array): void {
  let rest = 0;
  const timer = setTimeout(end, lingerMs);
  function end(): void {
    clearTimeout(timer);
    request.off("data", count);
    response.end();
  }
  function count(chunk: Uint8Array): void {
    rest += chunk.length;
    if (restBytesMax < rest) end();
  }
  response.write(body);
  request.on("data", count);
  request.once("end", end);
  request.once("close", end);
  request.resume();
}
