// Compression of what is sent, off the event loop. Exporters that share an encoded request share its compressed form too.
import { promisify } from "node:util";
import * as zlib from "node:zlib";

export const codings = ["gzip", "deflate", "zstd", "none"] as const;
export type Coding = (typeof codings)[number];

/** Below this every algorithm costs more than the bytes it saves (1.8 KB: 23-35 us for a ratio of 1.65). */
const worthwhileBytes = 1024;

/** Parameter of zstd: ZSTD_c_compressionLevel in zstd.h. */
const zstdLevel = 100;

type Compressor = (bytes: Uint8Array, level: number) => Promise<Uint8Array>;
type ZstdCompress = (bytes: Uint8Array, options: object, done: (error: Error | null, out: Buffer) => void) => void;

const gzip = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gzip);
const deflate = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.deflate);
// Node.js has zstd since 22.15; the types are those of the oldest that we run on.
const nativeZstd: ZstdCompress | undefined = Reflect.get(zlib, "zstdCompress");
const zstd = nativeZstd && promisify<Uint8Array, object, Buffer>(nativeZstd);

const algorithms: Readonly<Record<Exclude<Coding, "none">, Compressor | undefined>> = {
  gzip: (bytes, level) => gzip(bytes, { level }),
  deflate: (bytes, level) => deflate(bytes, { level }),
  zstd: zstd && ((bytes, level) => zstd(bytes, { params: { [zstdLevel]: level } })),
};
const compressed = new WeakMap<Uint8Array, Map<string, Promise<Uint8Array>>>();

/** Whether this runtime has it. */
export function isAvailable(coding: Coding): boolean {
  return coding === "none" || algorithms[coding] !== undefined;
}

/** What to say of a coding that this runtime has not. */
export function withoutCoding(coding: Coding): string {
  const available = codings.filter(isAvailable);
  return `must be ${available.slice(0, -1).join(", ")} or ${available.at(-1)}: this Node.js has no ${coding}`;
}

export interface Body {
  readonly bytes: Uint8Array;
  /** The content coding, or undefined when the bytes are plain. */
  readonly coding: string | undefined;
}

/** `level` is that of the coding: -1 and 0 to 9 of zlib. */
export async function compress(bytes: Uint8Array, coding: Coding, level: number): Promise<Body> {
  const algorithm = coding === "none" ? undefined : algorithms[coding];
  if (algorithm === undefined || bytes.length < worthwhileBytes) return { bytes, coding: undefined };
  let forms = compressed.get(bytes);
  if (forms === undefined) {
    forms = new Map();
    compressed.set(bytes, forms);
  }
  const name = `${coding}-${level}`;
  let form = forms.get(name);
  if (form === undefined) {
    form = algorithm(bytes, level);
    forms.set(name, form);
  }
  return { bytes: await form, coding };
}
