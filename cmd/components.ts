import { components as registry } from "../src/components.ts";
import { describeAsText } from "../src/config/describe.ts";
import type { Terminal } from "./terminal.ts";
import { version } from "./version.ts";

/** Lists every component with its settings and their defaults. */
export function components({ format }: { readonly format: "yaml" | "json" }, terminal: Terminal): number {
  terminal.out(describeAsText(registry, version, format));
  return 0;
}
