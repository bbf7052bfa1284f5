// The process as commands see it. Machine output goes to stdout, words go to stderr.
import { readFileSync, statSync } from "node:fs";
import type { Outside } from "../src/config/expand.ts";

export interface Terminal {
  /** Standard output. */
  out(text: string): void;
  /** A line of words on standard error. */
  say(line: string): void;
  /** All of standard input, or of a file. Throws when it cannot be read. */
  read(path: string): Uint8Array;
  /** Variables and files that a configuration may name. */
  readonly outside: Outside;
  /** Milliseconds since 1970. */
  now(): number;
}

export const terminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  say: (line) => void process.stderr.write(`${line}\n`),
  read: (path) => (path === "-" ? readFileSync(0) : readFile(path)),
  outside: { env: (name) => process.env[name], files: { read: readFile } },
  now: () => Date.now(),
};

/** Larger files are no configuration, price list or capture. */
const fileBytesMax = 256 * 1024 * 1024;

function readFile(path: string): Uint8Array {
  const { size } = statSync(path);
  if (fileBytesMax < size) throw new Error(`${path} is larger than ${fileBytesMax} bytes`);
  return readFileSync(path);
}
