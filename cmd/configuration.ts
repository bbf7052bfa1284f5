import { components } from "../src/components.ts";
import { builtIn } from "../src/config/built-in.ts";
import { type Configuration, readConfiguration } from "../src/config/check.ts";
import { formatProblem } from "../src/config/problems.ts";
import type { ServiceConfig } from "../src/config/service-config.ts";
import type { Terminal } from "./terminal.ts";

/** `--config` and `--set`, as often as they were given. */
export interface ConfigOptions {
  readonly config: readonly string[];
  readonly set: readonly string[];
}

/** The configuration that was named, or the built-in one; undefined, with every problem told, when it is not right. */
export function readNamed(options: ConfigOptions, terminal: Terminal) {
  const read = readAgain(options, terminal);
  if (read.ok) return { config: read.config, warnings: read.warnings };
  for (const problem of read.problems) terminal.say(problem);
  return undefined;
}

export type Read =
  | { readonly ok: true; readonly config: ServiceConfig; readonly warnings: readonly string[] }
  /** As `validate` prints them. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** The same, for who tells problems elsewhere than on the terminal. */
export function readAgain(options: ConfigOptions, terminal: Terminal): Read {
  const read = check(options, terminal);
  return read.ok ? read : { ok: false, problems: read.problems.map(formatProblem) };
}

/** The settings of the first component of a type that runs. */
export function settingsOf({ pipelines }: ServiceConfig, type: string): unknown {
  const used = pipelines.flatMap(({ receivers, processors }) => [...receivers, ...processors]);
  return used.find(({ about }) => about.type === type)?.settings;
}

function check({ config, set }: ConfigOptions, { outside }: Terminal): Configuration {
  return readConfiguration({ configs: config.length > 0 ? config : [builtIn], sets: set }, components, outside);
}
