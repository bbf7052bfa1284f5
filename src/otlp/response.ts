// What a backend answers to an export: nothing, or a partial success. The three signals differ in names only.
// https://opentelemetry.io/docs/specs/otlp/#partial-success
import { Reader } from "../wire/reader.ts";
import { utf8 } from "../wire/utf8.ts";

export interface PartialSuccess {
  /** Spans, log records or data points that the backend threw away; 0 with a message is a warning. */
  readonly rejected: number;
  readonly message: string;
}

/** Reads an ExportTraceServiceResponse or its like; undefined is full success. Throws when the bytes are none. */
export function readResponse(bytes: Uint8Array): PartialSuccess | undefined {
  const reader = new Reader(bytes);
  let partial: PartialSuccess | undefined;
  while (reader.position < reader.end) {
    const tag = reader.tag();
    if (tag !== 0x0a) reader.skip(tag);
    else {
      const end = reader.contentEnd();
      partial = readPartialSuccess(new Reader(bytes, reader.position, end));
      reader.position = end;
    }
  }
  return partial;
}

function readPartialSuccess(reader: Reader): PartialSuccess | undefined {
  let rejected = 0;
  let message = "";
  while (reader.position < reader.end) {
    const tag = reader.tag();
    if (tag === 0x08) rejected = reader.uint32();
    else if (tag === 0x12) {
      const end = reader.contentEnd();
      message = utf8(reader.bytes, reader.position, end);
      reader.position = end;
    } else reader.skip(tag);
  }
  return partialSuccess(rejected, message);
}

/** The JSON form. Throws when the text is no JSON object. */
export function readResponseJson(text: string): PartialSuccess | undefined {
  const answer: unknown = JSON.parse(text);
  if (!isObject(answer)) throw new SyntaxError("the answer is no JSON object");
  const partial = answer["partialSuccess"];
  if (!isObject(partial)) return undefined;
  const rejected = Number(
    partial["rejectedSpans"] ?? partial["rejectedLogRecords"] ?? partial["rejectedDataPoints"] ?? 0,
  );
  const message = partial["errorMessage"];
  return partialSuccess(Number.isFinite(rejected) ? rejected : 0, typeof message === "string" ? message : "");
}

/** Present but empty means the same as absent. */
function partialSuccess(rejected: number, message: string): PartialSuccess | undefined {
  return rejected === 0 && message === "" ? undefined : { rejected, message };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
