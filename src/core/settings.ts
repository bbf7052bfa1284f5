// Settings as users write them: durations and sizes carry their unit in the value, so that keys need none.
import { z } from "zod";

const durationUnitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};

/** `1h2m3s`, `200ms` or a bare 0 as milliseconds; undefined when it is none. A bare number has no unit, so it is none. */
export function parseDuration(given: unknown): number | undefined {
  if (given === 0 || given === "0") return 0;
  if (typeof given !== "string" || given.length > 40) return undefined;
  const parts = [...given.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/gy)];
  if (parts.length === 0 || parts.reduce((length, [part]) => length + part.length, 0) !== given.length)
    return undefined;
  return parts.reduce((ms, [, amount, unit]) => ms + Number(amount) * (durationUnitsMs[unit ?? ""] ?? 0), 0);
}

/** `64MiB` or a bare number of bytes; undefined when it is none. */
export function parseSize(given: unknown): number | undefined {
  if (typeof given === "number") return Number.isSafeInteger(given) && given >= 0 ? given : undefined;
  if (typeof given !== "string") return undefined;
  const found = /^(\d+(?:\.\d+)?)\s*([KMGT]i?B|B)?$/.exec(given);
  return found ? Math.round(Number(found[1]) * (sizeUnits[found[2] ?? "B"] ?? 1)) : undefined;
}

const durationText = z.union([z.string(), z.number()]);

/** A duration; the value that components see is milliseconds. */
export function duration(byDefault: string, description: string) {
  return writtenDuration().prefault(byDefault).meta({ description, format: "duration" });
}

/** A duration whose default depends on other settings: undefined where nothing is written. `usually` is what is shown. */
export function optionalDuration(usually: string, description: string) {
  return writtenDuration().optional().meta({ description, format: "duration", default: usually });
}

/** A duration, or a word that leaves it to the program. */
export function durationOr<Word extends string>(word: Word, byDefault: string, description: string) {
  return durationText
    .transform((given, context) => (given === word ? word : readDuration(given, context, `${word} or a duration`)))
    .prefault(byDefault)
    .meta({ description, format: "duration" });
}

function writtenDuration() {
  return durationText.transform((given, context) => readDuration(given, context, "a duration"));
}

function readDuration(given: string | number, context: z.core.$RefinementCtx, expected: string): number {
  const ms = parseDuration(given);
  if (ms !== undefined) return ms;
  const hint =
    typeof given === "number" ? `; write the unit, as in ${given}s or ${given}ms` : "; write it as 1h2m3s or 200ms";
  context.addIssue({
    code: "custom",
    message: `must be ${expected}, not ${JSON.stringify(given)}${hint}`,
    input: given,
  });
  return z.NEVER;
}

/** A size; the value that components see is bytes. */
export function size(byDefault: string, description: string) {
  return durationText
    .transform((given, context) => {
      const bytes = parseSize(given);
      if (bytes !== undefined) return bytes;
      context.addIssue({
        code: "custom",
        message: `must be a size such as 64MiB, not ${JSON.stringify(given)}`,
        input: given,
      });
      return z.NEVER;
    })
    .prefault(byDefault)
    .meta({ description, format: "size" });
}

/** A key of the Collector that has no meaning here: it loads, and is named in one warning with the reason. */
export function inert(reason: string) {
  return z
    .unknown()
    .optional()
    .meta({ description: `Accepted and without effect: ${reason}.`, inert: reason });
}

/** `host:port` of a listener. Port 0 takes a free port. */
export function listenAddress(byDefault: string, description: string) {
  return hostAndPort().prefault(byDefault).meta({ description });
}

/** The same where nothing listens unless it is written. */
export function optionalListenAddress(description: string) {
  return hostAndPort().optional().meta({ description });
}

function hostAndPort() {
  return z.string().refine((given) => parseAddress(given) !== undefined, {
    error: (issue) => `must be host:port with a port of 0 to 65535, not ${JSON.stringify(issue.input)}`,
  });
}

/** Host and port of `localhost:4318`, `:4318` (all interfaces) or `[::1]:4318`. */
export function parseAddress(given: string): { readonly host: string; readonly port: number } | undefined {
  const found = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(given);
  const port = Number(found?.[3]);
  if (!found || port > 65_535) return undefined;
  return { host: found[1] ?? (found[2] || "0.0.0.0"), port };
}

/** A group of settings. `key:` with nothing behind it means its defaults, as in the Collector. */
export function section<S extends z.ZodObject>(settings: S, description: string) {
  return z.preprocess((given) => given ?? {}, settings).meta({ description });
}

/** The id of an extension, `type[/name]`, that `service.extensions` must list: the configuration is checked for it. */
export function extensionId(type: string, description: string) {
  return z.string().min(1).optional().meta({ description, extension: type });
}
