import { components } from "../src/components.ts";
import { fileSchema } from "../src/config/file-schema.ts";
import type { Terminal } from "./terminal.ts";

/** Prints the JSON Schema of the configuration file. */
export function schema(terminal: Terminal): number {
  terminal.out(`${JSON.stringify(fileSchema(components), undefined, 2)}\n`);
  return 0;
}
