// The delay that a backend asks for, in the Status that gRPC carries as `grpc-status-details-bin`: google/rpc/status.proto
// and error_details.proto.
import { Reader } from "../wire/reader.ts";
import { utf8 } from "../wire/utf8.ts";

/** Milliseconds of the RetryInfo in an encoded google.rpc.Status; undefined when there is none or the bytes are no Status. */
export function readRetryInfo(status: Uint8Array): number | undefined {
  try {
    let delayMs: number | undefined;
    eachField(new Reader(status), (tag, detail) => {
      if (tag === 0x1a) delayMs ??= delayOfDetail(detail());
    });
    return delayMs;
  } catch {
    return undefined;
  }
}

/** A google.protobuf.Any; RetryInfo is one of several kinds. */
function delayOfDetail(any: Reader): number | undefined {
  let url = "";
  let delayMs: number | undefined;
  eachField(any, (tag, content) => {
    const inner = content();
    if (tag === 0x0a) url = utf8(inner.bytes, inner.position, inner.end);
    else if (tag === 0x12) delayMs = delayOfRetryInfo(inner);
  });
  return url.endsWith("/google.rpc.RetryInfo") ? delayMs : undefined;
}

function delayOfRetryInfo(retryInfo: Reader): number | undefined {
  let delayMs: number | undefined;
  eachField(retryInfo, (tag, duration) => {
    if (tag === 0x0a) delayMs = durationMs(duration());
  });
  return delayMs;
}

function durationMs(duration: Reader): number {
  let seconds = 0;
  let nanos = 0;
  while (duration.position < duration.end) {
    const tag = duration.tag();
    if (tag === 0x08) seconds = duration.uint32();
    else if (tag === 0x10) nanos = duration.uint32();
    else duration.skip(tag);
  }
  return seconds * 1000 + Math.ceil(nanos / 1e6);
}

/** Calls `visit` for every field with content; what it does not open is passed over. */
function eachField(reader: Reader, visit: (tag: number, content: () => Reader) => void): void {
  while (reader.position < reader.end) {
    const tag = reader.tag();
    if ((tag & 7) !== 2) {
      reader.skip(tag);
      continue;
    }
    const end = reader.contentEnd();
    const start = reader.position;
    visit(tag, () => new Reader(reader.bytes, start, end));
    reader.position = end;
  }
}
