// How a request stands on disk: its bytes as they are, and beside them what is known of it. The bytes are not copied on
// their way there: a second buffer of that size for each request costs V8 more than the disk does.
import { crc32 } from "node:zlib";
import { type Context, type Encoded, signals } from "../core/batch.ts";

const layout = 2;
/** One byte of layout, four of checksum. */
const fixedBytes = 5;

/** What is known of a request: layout, checksum of all that follows and of the request, and JSON. */
export function writeAbout({ signal, items, context, bytes }: Encoded): Uint8Array {
  const json = Buffer.from(JSON.stringify({ signal, items, context }));
  const about = Buffer.allocUnsafe(fixedBytes + json.length);
  about[0] = layout;
  about.writeUInt32LE(crc32(bytes, crc32(json)), 1);
  about.set(json, fixedBytes);
  return about;
}

/** Undefined when one of the two is damaged, or they do not belong together. */
export function readRequest(about: Uint8Array | undefined, bytes: Uint8Array): Encoded | undefined {
  if (about === undefined || about.length < fixedBytes || about[0] !== layout) return undefined;
  const json = about.subarray(fixedBytes);
  const view = new DataView(about.buffer, about.byteOffset, about.byteLength);
  if (crc32(bytes, crc32(json)) !== view.getUint32(1, true)) return undefined;
  const known: unknown = JSON.parse(Buffer.from(json).toString());
  return isKnown(known) ? { ...known, bytes, notes: {} } : undefined;
}

/** What has the right checksum was written here: it is looked at only as far as the types ask for it. */
function isKnown(known: unknown): known is Pick<Encoded, "signal" | "items"> & { readonly context: Context } {
  return (
    typeof known === "object" &&
    known !== null &&
    "signal" in known &&
    signals.some((signal) => signal === known.signal) &&
    "items" in known &&
    "context" in known
  );
}
