// How a request stands on disk: layout, checksum, length of what is known of it, that as JSON, the request itself.
import { crc32 } from "node:zlib";
import { type Context, type Encoded, signals } from "../core/batch.ts";

const layout = 1;
/** One byte of layout, four of checksum, four of length. */
const fixedBytes = 9;

export function writeRequest({ signal, items, context, bytes }: Encoded): Uint8Array {
  const about = Buffer.from(JSON.stringify({ signal, items, context }));
  const record = Buffer.allocUnsafe(fixedBytes + about.length + bytes.length);
  record[0] = layout;
  record.writeUInt32LE(about.length, 5);
  record.set(about, fixedBytes);
  record.set(bytes, fixedBytes + about.length);
  record.writeUInt32LE(crc32(record.subarray(5)), 1);
  return record;
}

/** Undefined when it is damaged. */
export function readRequest(record: Uint8Array): Encoded | undefined {
  if (record.length < fixedBytes || record[0] !== layout) return undefined;
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  if (crc32(record.subarray(5)) !== view.getUint32(1, true)) return undefined;
  const start = fixedBytes + view.getUint32(5, true);
  const about: unknown = JSON.parse(Buffer.from(record.subarray(fixedBytes, start)).toString());
  if (!isAbout(about)) return undefined;
  return { ...about, bytes: record.subarray(start), notes: {} };
}

/** What has the right checksum was written here: it is looked at only as far as the types ask for it. */
function isAbout(about: unknown): about is Pick<Encoded, "signal" | "items"> & { readonly context: Context } {
  return (
    typeof about === "object" &&
    about !== null &&
    "signal" in about &&
    signals.some((signal) => signal === about.signal) &&
    "items" in about &&
    "context" in about
  );
}
