// Compression of what is sent, off the event loop. Exporters that share an encoded request share its compressed form too.
import { promisify } from "node:util";
import { deflate, gzip } from "node:zlib";

export const codings = ["gzip", "deflate", "none"] as const;
export type Coding = (typeof codings)[number];

/** Below this every algorithm costs more than the bytes it saves (1.8 KB: 23-35 us for a ratio of 1.65). */
const worthwhileBytes = 1024;

const algorithms = { gzip: promisify(gzip), deflate: promisify(deflate) };
const compressed = new WeakMap<Uint8Array, Map<string, Promise<Uint8Array>>>();

export interface Body {
  readonly bytes: Uint8Array;
  /** The content coding, or undefined when the bytes are plain. */
  readonly coding: string | undefined;
}

/** `level` is zlib's: -1 and 0 to 9. */
export async function compress(bytes: Uint8Array, coding: Coding, level: number): Promise<Body> {
  if (coding === "none" || bytes.length < worthwhileBytes) return { bytes, coding: undefined };
  let forms = compressed.get(bytes);
  if (forms === undefined) {
    forms = new Map();
    compressed.set(bytes, forms);
  }
  const name = `${coding}-${level}`;
  let form = forms.get(name);
  if (form === undefined) {
    form = algorithms[coding](bytes, { level });
    forms.set(name, form);
  }
  return { bytes: await form, coding };
}
