import { components as registry } from "../src/components.ts";
import { describeAsText } from "../src/config/describe.ts";
import { version } from "../src/core/version.ts";
import type { Terminal } from "./terminal.ts";

/** Lists every component with its settings and their defaults. */
export function components({ format }: { readonly format: "yaml" | "json" }, terminal: Terminal): number {
  terminal.out(describeAsText(registry, version, format));
  return 0;
}
