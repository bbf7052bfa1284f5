import text from "./built-in.yaml";
import type { NamedText } from "./load.ts";

/** What runs when no configuration is named. */
export const builtIn: NamedText = { file: "built-in configuration", text };
