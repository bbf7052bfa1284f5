// The process as commands see it. Machine output goes to stdout, words go to stderr.
import { readFileSync, statSync } from "node:fs";
import type { Outside } from "../src/config/expand.ts";
import type { LiveFiles } from "../src/core/host.ts";

export interface Terminal {
  /** Standard output. */
  out(text: string): void;
  /** A line of words on standard error. */
  say(line: string): void;
  /** All of standard input, or of a file. Throws when it cannot be read. */
  read(path: string): Uint8Array;
  /** Variables and files that a configuration may name. */
  readonly outside: Outside & { readonly files: LiveFiles };
  /** Milliseconds since 1970. */
  now(): number;
}

export const terminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  say: (line) => void process.stderr.write(`${line}\n`),
  read: (path) => (path === "-" ? readFileSync(0) : readFile(path)),
  outside: { env: (name) => process.env[name], files: { read: readFile, stamp } },
  now: () => Date.now(),
};

/** Follows links, so that a mounted volume that is replaced whole is seen too. */
function stamp(path: string): string | undefined {
  try {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    // Gone, or behind a folder that is closed: who reads it next is told why.
    return undefined;
  }
}

/** Larger files are no configuration, price list or capture. */
const fileBytesMax = 256 * 1024 * 1024;

function readFile(path: string): Uint8Array {
  const { size } = statSync(path);
  if (fileBytesMax < size) throw new Error(`${path} is larger than ${fileBytesMax} bytes`);
  return readFileSync(path);
}
