import { type ConfigOptions, readNamed } from "./configuration.ts";
import type { Terminal } from "./terminal.ts";

/** Checks everything and opens nothing: silent and 0, or every problem and 1. */
export function validate(options: ConfigOptions, terminal: Terminal): number {
  return readNamed(options, terminal) ? 0 : 1;
}
